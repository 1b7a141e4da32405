/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What of a sample says that something is wrong, and that odd samples say nothing. */
#include "alert-measure.h"

#define NOW UINT64_C(1000000)
#define SEC UINT64_C(1000000)

static void write_down(AlertKind kind, uint64_t value, uint64_t at, void *userdata) {
        g_string_append_printf(userdata, "%s=%" G_GUINT64_FORMAT, alert_kind_info(kind)->name, value);
        if (at != NOW * SEC)
                g_string_append_printf(userdata, "@-%" G_GUINT64_FORMAT, NOW - at / SEC);
        g_string_append_c(userdata, ' ');
}

static void assert_host(const char *text, const char *expected) {
        json_object *o = json_tokener_parse(text);
        g_autoptr(GString) got = g_string_new(NULL);

        alert_measure_host(o, NOW * SEC, write_down, got);
        g_assert_cmpstr(got->str, ==, expected);
        json_object_put(o);
}

static void test_host(void) {
        assert_host("{\"memory_used_percent\":95.9,\"disks\":[{\"mount\":\"/\",\"used_percent\":50},"
                    "{\"mount\":\"/var\",\"used_percent\":89.9},7,{}]}",
                    "disk-full=89 memory-full=95 ");
        assert_host("{\"memory_used_percent\":\"95\",\"disks\":[]}", "");
        assert_host("{\"memory_used_percent\":-5,\"disks\":{}}", "memory-full=0 ");
        assert_host("{\"memory_used_percent\":1e300}", "memory-full=1000 ");
        assert_host("{\"memory_used_percent\":NaN}", "");
        assert_host("[]", "");
        assert_host("7", "");
        assert_host("null", "");
}

static void assert_container(AlertSeen *seen, const char *text, const char *expected) {
        json_object *o = json_tokener_parse(text);
        g_autoptr(GString) got = g_string_new(NULL);

        alert_measure_container(o, seen, NOW * SEC, write_down, got);
        g_assert_cmpstr(got->str, ==, expected);
        json_object_put(o);
}

static void assert_one(const char *text, const char *expected) {
        AlertSeen seen = {};

        assert_container(&seen, text, expected);
}

static void test_container(void) {
        assert_one("{\"name\":\"a\",\"state\":\"running\"}", "container-down=0 ");
        assert_one("{\"name\":\"a\",\"state\":\"exited\"}", "container-down=1 ");
        assert_one("{\"name\":\"a\",\"state\":\"absent\"}", "container-down=1 ");
        assert_one("{\"node\":{\"peers\":8,\"syncing\":false,\"should_have_peers\":true,\"finality_lag\":2,\"best\":9}}",
                   "node-syncing=0 node-no-peers=0 finality-lag=2 block-stalled=0 ");
        assert_one("{\"node\":{\"peers\":0,\"syncing\":true,\"should_have_peers\":true,\"age_sec\":70}}",
                   "node-syncing=1@-70 node-no-peers=1@-70 ");
        assert_one("{\"node\":{\"peers\":0,\"syncing\":false,\"should_have_peers\":false}}",
                   "node-syncing=0 node-no-peers=0 ");
        assert_one("{\"node\":{\"peers\":0,\"syncing\":false}}", "node-syncing=0 node-no-peers=1 ");
        assert_one("{\"node\":{\"error\":\"no answer\"}}", "");
        assert_one("{\"node\":{\"peers\":0,\"age_sec\":18446744073709551615}}", "node-no-peers=1@-1000000 ");
}

static void test_odd(void) {
        static const char *const nothing[] = {
                "{}",
                "[]",
                "7",
                "null",
                "{\"state\":7,\"restarts\":\"1\",\"node\":7}",
                "{\"restarts\":-1,\"node\":[]}",
                "{\"node\":{\"peers\":\"0\",\"syncing\":1,\"finality_lag\":-5,\"best\":-1,\"error\":7}}",
        };

        for (unsigned i = 0; i < G_N_ELEMENTS(nothing); i++)
                assert_one(nothing[i], "");
}

static void test_restarts(void) {
        AlertSeen seen = {};

        assert_container(&seen, "{\"restarts\":7}", "container-restarting=0 "); /* before us */
        assert_container(&seen, "{\"restarts\":8}", "container-restarting=1 ");
        assert_container(&seen, "{\"restarts\":8}", "container-restarting=1 ");
        assert_container(&seen, "{\"restarts\":10}", "container-restarting=3 ");
        assert_container(&seen, "{\"restarts\":0}", "container-restarting=3 "); /* made anew */
        assert_container(&seen, "{\"restarts\":1}", "container-restarting=4 ");
        for (unsigned i = 0; i < seen.n_restarted; i++)
                seen.restarted[i] -= ALERT_RESTARTS_USEC - (i == 3);
        assert_container(&seen, "{\"restarts\":1}", "container-restarting=1 "); /* others are long ago */
        assert_container(&seen, "{\"restarts\":9000000000}", "container-restarting=16 ");
}

/* Of many in a long time that nobody saw, one has been just now, at the latest. */
static void test_unseen_restarts(void) {
        AlertSeen seen = {};

        assert_container(&seen, "{\"restarts\":7}", "container-restarting=0 ");
        seen.restarts_usec -= ALERT_RESTARTS_USEC;
        assert_container(&seen, "{\"restarts\":9}", "container-restarting=2 ");
        seen.restarts_usec -= ALERT_RESTARTS_USEC + 1;
        assert_container(&seen, "{\"restarts\":9}", "container-restarting=2 ");
        seen.restarts_usec -= ALERT_RESTARTS_USEC + 1;
        assert_container(&seen, "{\"restarts\":50}", "container-restarting=3 ");
}

static void test_best(void) {
        AlertSeen seen = {};

        assert_container(&seen, "{\"node\":{\"error\":\"x\"}}", ""); /* it never told of one */
        assert_container(&seen, "{\"node\":{\"best\":100,\"age_sec\":60}}", "block-stalled=0@-60 ");
        assert_container(&seen, "{\"node\":{\"best\":100,\"age_sec\":61}}", ""); /* the same picture */
        assert_container(&seen, "{\"node\":{\"best\":100,\"age_sec\":59}}", "");
        assert_container(&seen, "{\"node\":{\"best\":100,\"age_sec\":40}}",
                         "block-stalled=1@-60 block-stalled=1@-40 ");
        assert_container(&seen, "{\"node\":{\"error\":\"no answer\",\"age_sec\":20}}",
                         "block-stalled=1@-60 block-stalled=1@-20 ");
        assert_container(&seen, "{\"node\":{\"best\":101}}", "block-stalled=0 ");
        assert_container(&seen, "{\"node\":{\"best\":50}}", "block-stalled=0 "); /* it begins anew */
        assert_container(&seen, "{\"state\":\"exited\"}", "container-down=1 ");
}

/* How long a block has been the highest is not known where nobody has seen the node: it counts from when it is seen again. */
static void test_unseen_best(void) {
        static const char *const away[] = { "{\"state\":\"paused\",\"node\":{\"best\":100}}",
                                            "{\"state\":\"exited\"}", "{\"state\":\"running\"}" };
        static const char *const back[] = { "{\"node\":{\"best\":100,\"age_sec\":40}}",
                                            "{\"node\":{\"error\":\"no answer\",\"age_sec\":40}}" };

        for (unsigned i = 0; i < G_N_ELEMENTS(away); i++)
                for (unsigned k = 0; k < G_N_ELEMENTS(back); k++) {
                        AlertSeen seen = {};

                        assert_container(&seen, "{\"node\":{\"best\":100,\"age_sec\":3600}}",
                                         "block-stalled=0@-3600 ");
                        assert_container(&seen, away[i], i < 2 ? "container-down=1 " : "container-down=0 ");
                        seen.unseen_usec -= 60 * SEC; /* that was a minute ago */
                        assert_container(&seen, back[k], "");
                        assert_container(&seen, "{\"node\":{\"best\":100,\"age_sec\":10}}",
                                         "block-stalled=1@-40 block-stalled=1@-10 ");
                }
        {
                AlertSeen seen = {};

                assert_container(&seen, "{\"node\":{\"best\":100,\"age_sec\":3600}}",
                                 "block-stalled=0@-3600 ");
                alert_seen_interrupted(&seen, NOW * SEC - 60 * SEC);
                assert_container(&seen, "{\"node\":{\"best\":100,\"age_sec\":70}}",
                                 ""); /* it is from before */
                assert_container(&seen, "{\"node\":{\"best\":100,\"age_sec\":20}}",
                                 "block-stalled=1@-60 block-stalled=1@-20 ");
                alert_seen_interrupted(&seen, NOW * SEC);
                assert_container(&seen, "{\"node\":{\"best\":101}}", "block-stalled=0 ");
                assert_container(&seen, "{\"node\":{\"best\":101,\"age_sec\":1}}", "");
        }
}

static void assert_text(AlertKind kind, const char *object, uint64_t value, const char *expected) {
        json_object *o = object ? json_tokener_parse(object) : NULL;
        g_autofree char *text = alert_text(kind, o, value);

        g_assert_cmpstr(text, ==, expected);
        json_object_put(o);
}

static void test_text(void) {
        assert_text(ALERT_CLIENT_OFFLINE, NULL, 1, "offline");
        assert_text(ALERT_DISK_FULL,
                    "{\"disks\":[{\"mount\":\"/\",\"used_percent\":50},{\"mount\":\"/var\\n\",\"used_percent\":93.5}]}",
                    93, "/var? is 93 % full");
        assert_text(ALERT_MEMORY_FULL, "{}", 96, "96 % of the memory is in use");
        assert_text(ALERT_CLOCK_SKEW, NULL, 45 * SEC, "its clock and the server's are 45 s apart");
        assert_text(ALERT_CERTIFICATE_EXPIRING, NULL, 9 * 86400 * SEC,
                    "the server's TLS certificate expires in 9 d");
        assert_text(ALERT_CERTIFICATE_EXPIRING, NULL, 0, "the server's TLS certificate has expired");
        assert_text(ALERT_CONTAINER_DOWN, "{\"name\":\"3node0\",\"state\":\"exited\"}", 1, "3node0: exited");
        assert_text(ALERT_CONTAINER_RESTARTING, "{\"name\":\"3node0\"}", 4,
                    "3node0: restarted 4 times in 15 min");
        assert_text(ALERT_NODE_SYNCING, "{\"name\":\"a\",\"node\":{\"peers\":1}}", 1, "a: syncing, 1 peer");
        assert_text(ALERT_NODE_SYNCING, "{\"name\":\"a\",\"node\":{\"peers\":2,\"best\":5,\"target\":8}}", 1,
                    "a: syncing, 3 blocks behind, 2 peers");
        assert_text(ALERT_NODE_NO_PEERS, "{\"name\":\"a\"}", 1, "a: no peers");
        assert_text(ALERT_BLOCK_STALLED, "{\"name\":\"a\",\"node\":{\"best\":7}}", 1, "a: no block after 7");
        assert_text(ALERT_BLOCK_STALLED, "{\"name\":\"a\",\"node\":{\"error\":\"x\"}}", 1,
                    "a: the node does not answer");
        assert_text(ALERT_FINALITY_LAG, "{\"name\":\"a\"}", 60, "a: 60 blocks are not final");
        assert_text(ALERT_KEY_UNREGISTERED, "{\"name\":\"a\"}", 7 * 3600 * SEC,
                    "a: session keys made 7 h ago are not registered");
        assert_text(ALERT_BACKUP_TOO_OLD, "{\"name\":\"a\"}", 9 * 86400 * SEC,
                    "a: no backup of the keys for 9 d");
}

static void test_keys(void) {
        static const struct {
                const char *text;
                bool says, registered;
        } cases[] = {
                { "{\"node\":{\"keys_registered\":true}}", true, true },
                { "{\"node\":{\"keys_registered\":false}}", true, false },
                { "{\"node\":{\"keys_registered\":1}}", false },
                { "{\"node\":{}}", false },
                { "{}", false },
        };

        for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
                json_object *o = json_tokener_parse(cases[i].text);
                bool registered = false;

                g_assert_cmpint(alert_keys_registered(o, &registered), ==, cases[i].says);
                g_assert_cmpint(registered, ==, cases[i].registered);
                json_object_put(o);
        }
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/alert-measure/host", test_host);
        g_test_add_func("/alert-measure/container", test_container);
        g_test_add_func("/alert-measure/odd", test_odd);
        g_test_add_func("/alert-measure/restarts", test_restarts);
        g_test_add_func("/alert-measure/unseen-restarts", test_unseen_restarts);
        g_test_add_func("/alert-measure/best", test_best);
        g_test_add_func("/alert-measure/unseen-best", test_unseen_best);
        g_test_add_func("/alert-measure/text", test_text);
        g_test_add_func("/alert-measure/keys", test_keys);
        return g_test_run();
}
