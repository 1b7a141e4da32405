/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A command's parameters: from a{sv} on the bus to a JSON object. */
#include "params.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "error.h"
#include "limits.h"

typedef struct Reader {
        sd_bus_message *m;
        const char *name; /* of the parameter, for errors */
        size_t budget;    /* bytes that may still come */
        unsigned depth;
} Reader;

static bool read_value(Reader *r, json_object **ret, GError **error);

static bool fail_read(Reader *r, int e, GError **error) {
        return fleet_fail_errno(error, FLEET_ERROR_INVALID_PARAMETER, e, "Cannot read parameter \"%s\"",
                                r->name);
}

static bool charge(Reader *r, size_t bytes, GError **error) {
        if (bytes > r->budget)
                return fleet_fail(error, FLEET_ERROR_INVALID_PARAMETER,
                                  "The parameters are too large at \"%s\": expected at most %u bytes in all",
                                  r->name, PARAMS_BYTES_MAX);
        r->budget -= bytes;
        return true;
}

static bool read_string(Reader *r, char type, json_object **ret, GError **error) {
        const char *s;
        size_t n;
        int e;

        e = sd_bus_message_read_basic(r->m, type, &s);
        if (e < 0)
                return fail_read(r, e, error);
        n = strlen(s);
        if (!charge(r, n, error))
                return false;
        *ret = json_object_new_string_len(s, (int) n);
        return true;
}

static bool read_double(Reader *r, json_object **ret, GError **error) {
        double d;
        int e;

        e = sd_bus_message_read_basic(r->m, SD_BUS_TYPE_DOUBLE, &d);
        if (e < 0)
                return fail_read(r, e, error);
        if (!isfinite(d))
                return fleet_fail(error, FLEET_ERROR_INVALID_PARAMETER,
                                  "Parameter \"%s\" is %f: expected a finite number", r->name, d);
        *ret = json_object_new_double(d);
        return true;
}

static bool read_number(Reader *r, char type, json_object **ret, GError **error) {
        union {
                uint8_t y;
                int16_t n;
                uint16_t q;
                int32_t i;
                uint32_t u;
                int64_t x;
                uint64_t t;
                int b;
        } v;
        int e;

        e = sd_bus_message_read_basic(r->m, type, &v);
        if (e < 0)
                return fail_read(r, e, error);
        switch (type) {
        case SD_BUS_TYPE_BOOLEAN:
                *ret = json_object_new_boolean(v.b);
                break;
        case SD_BUS_TYPE_BYTE:
                *ret = json_object_new_int64(v.y);
                break;
        case SD_BUS_TYPE_INT16:
                *ret = json_object_new_int64(v.n);
                break;
        case SD_BUS_TYPE_UINT16:
                *ret = json_object_new_int64(v.q);
                break;
        case SD_BUS_TYPE_INT32:
                *ret = json_object_new_int64(v.i);
                break;
        case SD_BUS_TYPE_UINT32:
                *ret = json_object_new_int64(v.u);
                break;
        case SD_BUS_TYPE_INT64:
                *ret = json_object_new_int64(v.x);
                break;
        default:
                *ret = json_object_new_uint64(v.t);
                break;
        }
        return true;
}

static bool read_array(Reader *r, const char *contents, json_object **ret, GError **error) {
        json_object *array;
        int e;

        e = sd_bus_message_enter_container(r->m, SD_BUS_TYPE_ARRAY, contents);
        if (e < 0)
                return fail_read(r, e, error);
        array = json_object_new_array();
        while ((e = sd_bus_message_at_end(r->m, false)) == 0) {
                json_object *value;

                if (!read_value(r, &value, error)) {
                        json_object_put(array);
                        return false;
                }
                json_object_array_add(array, value);
        }
        if (e > 0)
                e = sd_bus_message_exit_container(r->m);
        if (e < 0) {
                json_object_put(array);
                return fail_read(r, e, error);
        }
        *ret = array;
        return true;
}

/* One {s…} entry into object. At the top the key is the parameter's name. */
static bool read_entry(Reader *r, json_object *object, GError **error) {
        json_object *value;
        const char *key;
        int e;

        e = sd_bus_message_read_basic(r->m, SD_BUS_TYPE_STRING, &key);
        if (e < 0)
                return fail_read(r, e, error);
        if (r->depth == 1)
                r->name = key;
        if (json_object_object_get_ex(object, key, NULL))
                return fleet_fail(error, FLEET_ERROR_INVALID_PARAMETER, "Parameter \"%s\" is given twice",
                                  key);
        if (!charge(r, strlen(key), error) || !read_value(r, &value, error))
                return false;
        json_object_object_add(object, key, value);
        return true;
}

static bool read_dict(Reader *r, const char *contents, json_object **ret, GError **error) {
        g_autofree char *entry = g_strndup(contents + 1, strlen(contents) - 2);
        json_object *object;
        int e;

        e = sd_bus_message_enter_container(r->m, SD_BUS_TYPE_ARRAY, contents);
        if (e < 0)
                return fail_read(r, e, error);
        object = json_object_new_object();
        while ((e = sd_bus_message_enter_container(r->m, SD_BUS_TYPE_DICT_ENTRY, entry)) > 0) {
                if (!read_entry(r, object, error)) {
                        json_object_put(object);
                        return false;
                }
                e = sd_bus_message_exit_container(r->m);
                if (e < 0)
                        break;
        }
        if (e >= 0)
                e = sd_bus_message_exit_container(r->m);
        if (e < 0) {
                json_object_put(object);
                return fail_read(r, e, error);
        }
        *ret = object;
        return true;
}

static bool read_variant(Reader *r, const char *contents, json_object **ret, GError **error) {
        int e;

        e = sd_bus_message_enter_container(r->m, SD_BUS_TYPE_VARIANT, contents);
        if (e < 0)
                return fail_read(r, e, error);
        if (!read_value(r, ret, error))
                return false;
        e = sd_bus_message_exit_container(r->m);
        if (e < 0) {
                json_object_put(*ret);
                return fail_read(r, e, error);
        }
        return true;
}

static bool read_container(Reader *r, char type, const char *contents, json_object **ret, GError **error) {
        bool ok;

        if (++r->depth > MESSAGE_DEPTH_MAX)
                return fleet_fail(error, FLEET_ERROR_INVALID_PARAMETER,
                                  "Parameter \"%s\" is nested too deep: expected at most %u levels", r->name,
                                  MESSAGE_DEPTH_MAX);
        if (type == SD_BUS_TYPE_VARIANT)
                ok = read_variant(r, contents, ret, error);
        else if (contents[0] != SD_BUS_TYPE_DICT_ENTRY_BEGIN)
                ok = read_array(r, contents, ret, error);
        else if (contents[1] == SD_BUS_TYPE_STRING)
                ok = read_dict(r, contents, ret, error);
        else
                ok = fleet_fail(error, FLEET_ERROR_INVALID_PARAMETER,
                                "Parameter \"%s\" is of type a%s: expected strings as keys", r->name,
                                contents);
        r->depth--;
        return ok;
}

static bool read_value(Reader *r, json_object **ret, GError **error) {
        const char *contents;
        char type;
        int e;

        e = sd_bus_message_peek_type(r->m, &type, &contents);
        if (e < 0)
                return fail_read(r, e, error);
        if (!charge(r, 1, error)) /* so that empty containers count, too */
                return false;
        switch (type) {
        case SD_BUS_TYPE_STRING:
        case SD_BUS_TYPE_OBJECT_PATH:
        case SD_BUS_TYPE_SIGNATURE:
                return read_string(r, type, ret, error);
        case SD_BUS_TYPE_DOUBLE:
                return read_double(r, ret, error);
        case SD_BUS_TYPE_BOOLEAN:
        case SD_BUS_TYPE_BYTE:
        case SD_BUS_TYPE_INT16:
        case SD_BUS_TYPE_UINT16:
        case SD_BUS_TYPE_INT32:
        case SD_BUS_TYPE_UINT32:
        case SD_BUS_TYPE_INT64:
        case SD_BUS_TYPE_UINT64:
                return read_number(r, type, ret, error);
        case SD_BUS_TYPE_ARRAY:
        case SD_BUS_TYPE_VARIANT:
                return read_container(r, type, contents, ret, error);
        default:
                return fleet_fail(
                                error, FLEET_ERROR_INVALID_PARAMETER,
                                "Parameter \"%s\" is of D-Bus type %c: expected a string, number, boolean, "
                                "array or dictionary",
                                r->name, type);
        }
}

bool params_read(sd_bus_message *m, json_object **ret, GError **error) {
        Reader r = { .m = m, .name = "", .budget = PARAMS_BYTES_MAX };

        return read_value(&r, ret, error);
}
