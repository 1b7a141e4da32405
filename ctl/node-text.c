/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How a node does, as people say it. */
#include "node-text.h"

#include <glib/gi18n.h>
#include <string.h>

#include "json.h"

static bool is_true(json_object *node, const char *key) {
        return json_object_get_boolean(json_member(node, key));
}

const char *node_trouble(json_object *node) {
        if (json_member(node, "error"))
                return _("no answer");
        if (is_true(node, "syncing"))
                return _("syncing");
        if (json_member(node, "peers") && json_uint(node, "peers") == 0 &&
            is_true(node, "should_have_peers"))
                return _("no peers");
        return NULL;
}

/* "1,204,331" */
static char *grouped(uint64_t n) {
        g_autofree char *digits = g_strdup_printf("%" G_GUINT64_FORMAT, n);
        GString *out = g_string_new(NULL);

        for (const char *c = digits; *c; c++) {
                if (c > digits && strlen(c) % 3 == 0)
                        g_string_append_c(out, ',');
                g_string_append_c(out, *c);
        }
        return g_string_free(out, false);
}

static void add_block(GString *out, json_object *node) {
        g_autofree char *best = grouped(json_uint(node, "best")),
                        *target = grouped(json_uint(node, "target"));

        if (!json_member(node, "best"))
                return;
        g_string_append(out, ", ");
        if (is_true(node, "syncing") && json_member(node, "target"))
                g_string_append_printf(out, _("block %s of %s"), best, target);
        else
                g_string_append_printf(out, _("block %s"), best);
}

char *node_text(json_object *node, Color *ret_color) {
        const char *trouble = node_trouble(node), *error = json_text(node, "error");
        GString *out = g_string_new(NULL);

        *ret_color = trouble ? COLOR_WARN : COLOR_GOOD;
        if (error[0]) {
                g_string_append(out, error);
                return g_string_free(out, false);
        }
        g_string_append(out, is_true(node, "syncing") ? _("syncing") : _("synced"));
        if (json_member(node, "peers")) {
                unsigned peers = (unsigned) json_uint(node, "peers");

                g_string_append(out, ", ");
                if (peers == 0)
                        g_string_append(out, _("no peers"));
                else
                        g_string_append_printf(out, ngettext("%u peer", "%u peers", peers), peers);
        }
        add_block(out, node);
        if (json_member(node, "finality_lag")) {
                g_string_append(out, ", ");
                g_string_append_printf(out, _("%u not final"), (unsigned) json_uint(node, "finality_lag"));
        }
        return g_string_free(out, false);
}
