/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How a client did in the last hour, as curves: some of the host, and of each of its nodes. */
#include "client-curves.h"

#include <glib/gi18n.h>

#include "json.h"
#include "sparkline.h"

#define POINTS 120
#define WIDTH 40      /* fits beside the label on 80 columns */
#define NODE_WIDTH 16 /* of these there are several on a line */

json_object *client_curves_read(BusClient *bus, const char *id) {
        g_autoptr(sd_bus_message) reply = bus_client_peek(bus, "GetStats", "sttu", id, (uint64_t) 0,
                                                          (uint64_t) 0, (uint32_t) POINTS);
        const char *text;

        if (!reply || sd_bus_message_read(reply, "s", &text) < 0)
                return NULL;
        return json_tokener_parse(text);
}

static char *curve_text(json_object *values, double ceiling, unsigned width, const char *unit,
                        const Terminal *terminal) {
        g_autofree char *line = sparkline(values, ceiling, width, terminal),
                        *latest = sparkline_latest(values);

        return line ? g_strdup_printf("%s %s%s", line, latest, unit) : NULL;
}

static void add_host(Table *t, json_object *curves, const char *key, double ceiling, const char *unit,
                     const Terminal *terminal) {
        json_object *values = json_member(json_member(curves, "series"), key);
        g_autofree char *text = curve_text(values, ceiling, WIDTH, unit, terminal);

        table_add_value(t, COLOR_NONE, text, json_object_get(values));
}

/* One for each container that has it, behind its name. */
static void add_nodes(Table *t, json_object *curves, const char *key, const Terminal *terminal) {
        json_object *containers = json_member(curves, "containers"), *all = json_object_new_object();
        g_autoptr(GString) text = g_string_new(NULL);

        if (json_object_is_type(containers, json_type_object)) {
                json_object_object_foreach (containers, name, series) {
                        json_object *values = json_member(series, key);
                        g_autofree char *curve = curve_text(values, 0, NODE_WIDTH, "", terminal);

                        if (!curve)
                                continue;
                        g_string_append_printf(text, "%s%s %s", text->len > 0 ? "  " : "", name, curve);
                        (void) json_object_object_add(all, name, json_object_get(values));
                }
        }
        table_add_value(t, COLOR_NONE, text->len > 0 ? text->str : NULL, all);
}

void client_curves_add(Table *t, json_object *curves, const Terminal *terminal) {
        add_host(t, curves, "cpu_percent", 100, " %", terminal);
        add_host(t, curves, "memory_used_percent", 100, " %", terminal);
        add_host(t, curves, "disk_used_percent", 100, " %", terminal);
        add_host(t, curves, "load", 0, "", terminal);
        add_nodes(t, curves, "peers", terminal);
        add_nodes(t, curves, "finality_lag", terminal);
}
