/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A method's options: an a{sv} that a table describes. */
#include "bus-options.h"

#include <inttypes.h>
#include <string.h>

#include "error.h"

static bool fail_unknown(const BusOption *table, const char *name, GError **error) {
        g_autoptr(GString) known = g_string_new(NULL);

        for (; table->name; table++)
                g_string_append_printf(known, "%s%s", known->len > 0 ? ", " : "", table->name);
        return fleet_fail(error, FLEET_ERROR_INVALID_PARAMETER, "Unknown option \"%s\": expected %s", name,
                          known->len > 0 ? known->str : "none");
}

static bool fail_read(const BusOption *o, int r, GError **error) {
        return fleet_fail_errno(error, FLEET_ERROR_INVALID_PARAMETER, r, "Cannot read option \"%s\"",
                                o->name);
}

/* Any integer; *ret_negative where it is below 0. -EBADMSG for another type. */
static int read_integer(sd_bus_message *m, const char *type, uint64_t *ret, bool *ret_negative) {
        union {
                uint8_t y;
                int16_t n;
                uint16_t q;
                int32_t i;
                uint32_t u;
                int64_t x;
                uint64_t t;
        } v;
        int64_t s = 0;
        int r;

        if (strlen(type) != 1 || !strchr("ynqiuxt", type[0]))
                return -EBADMSG;
        r = sd_bus_message_read(m, "v", type, &v);
        if (r < 0)
                return r;
        switch (type[0]) {
        case 'y':
                s = v.y;
                break;
        case 'n':
                s = v.n;
                break;
        case 'q':
                s = v.q;
                break;
        case 'i':
                s = v.i;
                break;
        case 'u':
                s = v.u;
                break;
        case 'x':
                s = v.x;
                break;
        case 't':
                *ret = v.t;
                *ret_negative = false;
                return 0;
        }
        *ret = (uint64_t) s;
        *ret_negative = s < 0;
        return 0;
}

static bool read_number(sd_bus_message *m, const BusOption *o, const char *type, void *ret, GError **error) {
        uint64_t v, max = o->type == 'u' ? UINT32_MAX : UINT64_MAX;
        bool negative;
        int r;

        r = read_integer(m, type, &v, &negative);
        if (r == -EBADMSG)
                return fleet_fail(error, FLEET_ERROR_INVALID_PARAMETER,
                                  "Option \"%s\" is of type %s: expected %c, a number", o->name, type,
                                  o->type);
        if (r < 0)
                return fail_read(o, r, error);
        if (negative || v > max)
                return fleet_fail(error, FLEET_ERROR_INVALID_PARAMETER,
                                  "Option \"%s\" is %s%" PRIu64 ": expected 0 to %" PRIu64, o->name,
                                  negative ? "-" : "", negative ? -v : v, max);
        if (o->type == 'u')
                *(unsigned *) ret = (unsigned) v;
        else
                *(uint64_t *) ret = v;
        return true;
}

static bool read_option(sd_bus_message *m, const BusOption *o, void *ret, GError **error) {
        const char expected[] = { o->type, '\0' };
        const char *type;
        int r, flag;

        r = sd_bus_message_peek_type(m, NULL, &type);
        if (r < 0)
                return fail_read(o, r, error);
        if (o->type == 'u' || o->type == 't')
                return read_number(m, o, type, ret, error);
        if (strcmp(type, expected) != 0)
                return fleet_fail(error, FLEET_ERROR_INVALID_PARAMETER,
                                  "Option \"%s\" is of type %s: expected %s", o->name, type, expected);
        if (o->type == 's')
                r = sd_bus_message_read(m, "v", "s", ret);
        else {
                r = sd_bus_message_read(m, "v", "b", &flag);
                if (r >= 0)
                        *(bool *) ret = flag;
        }
        return r < 0 ? fail_read(o, r, error) : true;
}

bool bus_options_read(sd_bus_message *m, const BusOption *table, void *ret, GError **error) {
        uint64_t seen = 0;
        const char *name;
        int r;

        r = sd_bus_message_enter_container(m, 'a', "{sv}");
        while (r >= 0 && (r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
                const BusOption *o = table;

                r = sd_bus_message_read(m, "s", &name);
                if (r < 0)
                        break;
                while (o->name && strcmp(o->name, name) != 0)
                        o++;
                if (!o->name)
                        return fail_unknown(table, name, error);
                if (seen & (1ull << (o - table)))
                        return fleet_fail(error, FLEET_ERROR_INVALID_PARAMETER,
                                          "Option \"%s\" is given twice", name);
                seen |= 1ull << (o - table);
                if (!read_option(m, o, (char *) ret + o->offset, error))
                        return false;
                r = sd_bus_message_exit_container(m);
        }
        if (r >= 0)
                r = sd_bus_message_exit_container(m);
        if (r < 0)
                return fleet_fail_errno(error, FLEET_ERROR_INVALID_PARAMETER, r, "Cannot read the options");
        return true;
}
