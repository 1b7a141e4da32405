/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Nodes in all states, as text. */
#include "node-text.h"

#include <glib.h>

#include "json.h"

static void test_texts(void) {
        static const struct {
                const char *node, *text, *trouble;
        } table[] = {
                { "{\"peers\":8,\"syncing\":false,\"should_have_peers\":true,\"best\":1507577,\"target\":1507577,"
                  "\"finalized\":1507575,\"finality_lag\":2,\"version\":\"3\",\"age_sec\":1}",
                  "synced, 8 peers, block 1,507,577, 2 not final", NULL },
                { "{\"peers\":1,\"syncing\":true,\"should_have_peers\":true,\"best\":999,\"target\":1377020}",
                  "syncing, 1 peer, block 999 of 1,377,020", "syncing" },
                { "{\"peers\":0,\"syncing\":false,\"should_have_peers\":true,\"best\":1000}",
                  "synced, no peers, block 1,000", "no peers" },
                { "{\"peers\":0,\"syncing\":false,\"should_have_peers\":false}", "synced, no peers", NULL },
                { "{\"error\":\"no answer within 10 s\"}", "no answer within 10 s", "no answer" },
        };

        for (size_t i = 0; i < G_N_ELEMENTS(table); i++) {
                g_autoptr(json_object) node = json_tokener_parse(table[i].node);
                Color color = COLOR_NONE;
                g_autofree char *text = node_text(node, &color);

                g_assert_cmpstr(text, ==, table[i].text);
                g_assert_cmpstr(node_trouble(node), ==, table[i].trouble);
                g_assert_cmpint(color, ==, table[i].trouble ? COLOR_WARN : COLOR_GOOD);
        }
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/node-text/texts", test_texts);
        return g_test_run();
}
