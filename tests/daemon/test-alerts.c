/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What goes wrong in a fleet is told once, and once more when it is over, whatever is killed or cut in between. */
#include "alert-world.h"

#include <string.h>

#include "clock.h"
#include "error.h"
#include "message.h"

#define RUNS "{\"containers\":[{\"name\":\"3node0\",\"state\":\"running\"}]}"
#define EXITED "{\"containers\":[{\"name\":\"3node0\",\"state\":\"exited\"}]}"

static void test_offline(void) {
        AlertWorld *w = alert_world_new();
        WsPeer *a = world_connect("a", FEATURES_ALL);
        char *id;

        world_hangs_up(a);
        world_pass(4 * MINUTE);
        (void) world_connect("a", FEATURES_ALL); /* a restart is none */
        world_pass(10 * MINUTE);
        assert_told(w, "");

        a = world_connect("a", FEATURES_ALL);
        world_hangs_up(a);
        world_pass(5 * MINUTE + 2 * SEC);
        assert_told(w, "raised client-offline a offline\n");
        id = g_strdup(the_alert(w)->id);
        g_assert_cmpint(the_alert(w)->severity, ==, ALERT_CRITICAL);
        world_pass(DAY);
        assert_told(w, "");
        a = world_connect("a", FEATURES_ALL);
        world_pass(50 * SEC);
        world_hangs_up(a); /* it was not back for long: the same incident */
        world_pass(HOUR);
        assert_told(w, "");
        g_assert_cmpstr(the_alert(w)->id, ==, id);
        (void) world_connect("a", FEATURES_ALL);
        world_pass(MINUTE + 2 * SEC);
        assert_told(w, "cleared client-offline a\n");
        g_assert_cmpuint(open_alerts(w), ==, 0);
        g_free(id);
        alert_world_free(w);
}

static void done(const GError *error, void *userdata) {
        g_assert_no_error(error);
}

/* Who was sent away is not missed, and who is forgotten has no alerts. */
static void test_sent_away(void) {
        AlertWorld *w = alert_world_new();
        WsPeer *a = world_connect("a", FEATURES_ALL), *b = world_connect("b", FEATURES_ALL);

        fleet_revoke(w->world->fleet, "a", 0, done, NULL);
        world_hangs_up(a);
        world_pass(HOUR);
        assert_told(w, "");
        samples(b, EXITED, 3 * MINUTE);
        world_hangs_up(b);
        world_pass(6 * MINUTE);
        assert_told(w, "raised container-down b 3node0: exited\nraised client-offline b offline\n");
        fleet_revoke(w->world->fleet, "b", 0, done, NULL);
        world_pass(2 * SEC);
        assert_told(w, "cleared client-offline b\ncleared container-down b\n");
        fleet_forget(w->world->fleet, "b", 0, done, NULL);
        world_pass(HOUR);
        assert_told(w, "");
        alert_world_free(w);
}

static void test_container(void) {
        AlertWorld *w = alert_world_new();
        WsPeer *a = world_connect("a", FEATURES_ALL);

        samples(a, EXITED, 100 * SEC);
        samples(a, RUNS, 100 * SEC);
        assert_told(w, "");
        samples(a, EXITED, 300 * SEC);
        assert_told(w, "raised container-down a 3node0: exited\n");
        /* Away it tells nothing: what is known stays. */
        world_hangs_up(a);
        world_pass(4 * MINUTE);
        a = world_connect("a", FEATURES_ALL);
        assert_told(w, "");
        samples(a, RUNS, 50 * SEC);
        assert_told(w, "");
        samples(a, RUNS, 20 * SEC);
        assert_told(w, "cleared container-down a\n");
        samples(a, EXITED, 300 * SEC);
        assert_told(w, "raised container-down a 3node0: exited\n"); /* a new one */
        alert_world_free(w);
}

/* What is pending is not counted while nothing is seen. */
static void test_unseen(void) {
        AlertWorld *w = alert_world_new();
        WsPeer *a = world_connect("a", FEATURES_ALL);

        samples(a, EXITED, 100 * SEC);
        world_hangs_up(a);
        world_pass(4 * MINUTE);
        a = world_connect("a", FEATURES_ALL);
        samples(a, EXITED, 100 * SEC);
        assert_told(w, "");
        samples(a, EXITED, 30 * SEC);
        assert_told(w, "raised container-down a 3node0: exited\n");
        alert_world_free(w);
}

/* A container that is not one of our nodes may come and go; one of ours that is not there any more is down. */
static void test_gone(void) {
        AlertWorld *w = alert_world_new();
        WsPeer *a = world_connect("a", FEATURES_ALL);

        samples(a, RUNS, MINUTE);
        samples(a, "{\"containers\":[]}", 5 * MINUTE);
        samples(a, "{\"containers_error\":\"docker is away\"}", 5 * MINUTE);
        assert_told(w, "");
        samples(a, EXITED, 3 * MINUTE);
        assert_told(w, "raised container-down a 3node0: exited\n");
        /* Docker did not answer to the end. */
        samples(a, "{\"containers\":[],\"containers_error\":\"docker did not answer in time\"}", 5 * MINUTE);
        assert_told(w, "");
        samples(a, "{\"containers\":[]}", 10 * SEC);
        assert_told(w, "cleared container-down a\n");

        world_says_and_free(a, message_key_update("k1", "3node0", "0xabcd", "rotate_keys", 1795406400000));
        samples(a, RUNS, MINUTE);
        samples(a, "{\"containers\":[]}", 3 * MINUTE);
        assert_told(w, "raised container-down a 3node0: not there\n");
        alert_world_kill(w);
        samples(a, "{\"containers\":[]}", 3 * MINUTE);
        assert_told(w, "");
        samples(a, RUNS, 2 * MINUTE);
        assert_told(w, "cleared container-down a\n");
        samples(a, "{\"containers\":[]}", DAY + MINUTE);
        assert_told(w, "raised container-down a 3node0: not there\ncleared container-down a\n");
        samples(a, "{\"containers\":[]}", HOUR);
        assert_told(w, "");
        alert_world_free(w);
}

/* Samples that each last so long, and what that is. */
static void test_measured(void) {
        static const struct {
                const char *data;
                uint64_t usec;
                const char *told;
        } cases[] = {
                { "{\"system\":{\"memory_used_percent\":94.9,\"disks\":[{\"mount\":\"/\",\"used_percent\":89}]}}",
                  HOUR, "" },
                { "{\"system\":{\"memory_used_percent\":95}}", 10 * MINUTE,
                  "raised memory-full a 95 % of the memory is in use\n" },
                { "{\"system\":{\"memory_used_percent\":92}}", HOUR, "" },
                { "{\"system\":{\"memory_used_percent\":89}}", MINUTE, "cleared memory-full a\n" },
                { "{\"system\":{\"disks\":[{\"mount\":\"/var\",\"used_percent\":97.2}]}}", 10 * MINUTE,
                  "raised disk-full a /var is 97 % full\n" },
                { "{\"system\":{\"disks\":[{\"mount\":\"/var\",\"used_percent\":50}]}}", MINUTE,
                  "cleared disk-full a\n" },
                { "{\"containers\":[{\"name\":\"n\",\"state\":\"running\",\"node\":{\"peers\":2,\"syncing\":true,\"best\":5,"
                  "\"target\":105}}]}",
                  16 * MINUTE,
                  "raised block-stalled a n: no block after 5\nraised node-syncing a n: syncing, 100 blocks behind, 2 peers\n" },
                { "{\"containers\":[{\"name\":\"n\",\"state\":\"running\",\"node\":{\"peers\":0,\"syncing\":false,\"finality_lag\":60}}]}",
                  5 * MINUTE, "cleared node-syncing a\nraised node-no-peers a n: no peers\n" },
                { "{\"containers\":[{\"name\":\"n\",\"state\":\"running\",\"node\":{\"peers\":9,\"syncing\":false,\"finality_lag\":60,"
                  "\"best\":9}}]}",
                  2 * MINUTE, "cleared node-no-peers a\n" },
                { "{\"containers\":[{\"name\":\"n\",\"state\":\"running\",\"node\":{\"peers\":9,\"syncing\":false,\"finality_lag\":60,"
                  "\"best\":10}}]}",
                  4 * MINUTE, "raised finality-lag a n: 60 blocks are not final\n" },
        };
        AlertWorld *w = alert_world_new();
        WsPeer *a = world_connect("a", FEATURES_ALL);

        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                samples(a, cases[i].data, cases[i].usec);
                assert_told(w, cases[i].told);
        }
        alert_world_free(w);
}

/* A node's picture that is shown again and again is one picture. */
static void test_old_picture(void) {
        AlertWorld *w = alert_world_new();
        WsPeer *a = world_connect("a", FEATURES_ALL);

        for (unsigned age = 0; age < 1800; age += 10) {
                g_autofree char *data = g_strdup_printf(
                                "{\"containers\":[{\"name\":\"n\",\"state\":\"running\",\"node\":{\"peers\":0,"
                                "\"syncing\":true,\"best\":5,\"age_sec\":%u}}]}",
                                age);
                sample(a, data);
                world_pass(10 * SEC);
        }
        assert_told(w, "");
        sample(a,
               "{\"containers\":[{\"name\":\"n\",\"state\":\"running\",\"node\":{\"error\":\"no answer\",\"age_sec\":0}}]}");
        assert_told(w, "raised block-stalled a n: the node does not answer\n");
        alert_world_free(w);
}

/* None is long enough to be told of. */
static WsPeer *outages(WsPeer *a, unsigned n) {
        for (; n > 0; n--) {
                world_hangs_up(a);
                world_pass(4 * MINUTE);
                a = world_connect("a", FEATURES_ALL);
        }
        return a;
}

#define AT_BLOCK(best) \
        "{\"containers\":[{\"name\":\"n\",\"state\":\"running\",\"node\":{\"best\":" best "}}]}"

/* A node that has the same block after an outage, or after it was stopped, has not been seen to stand still. */
static void test_block_unseen(void) {
        static const char stopped[] = "{\"containers\":[{\"name\":\"n\",\"state\":\"exited\"}]}";
        AlertWorld *w = alert_world_new();
        WsPeer *a = world_connect("a", FEATURES_ALL);

        samples(a, AT_BLOCK("5"), MINUTE);
        a = outages(a, 3);
        samples(a, AT_BLOCK("5"), 9 * MINUTE);
        assert_told(w, "");
        samples(a, AT_BLOCK("5"), 2 * MINUTE);
        assert_told(w, "raised block-stalled a n: no block after 5\n");
        a = outages(a, 1); /* what is raised stays */
        samples(a, AT_BLOCK("5"), 2 * MINUTE);
        assert_told(w, "");
        sample(a, AT_BLOCK("6"));
        world_pass(MINUTE);
        sample(a, AT_BLOCK("7"));
        assert_told(w, "cleared block-stalled a\n");

        samples(a, stopped, 100 * SEC);
        for (unsigned i = 0; i < 10; i++) { /* never for long enough to be down */
                samples(a, "{\"containers\":[{\"name\":\"n\",\"state\":\"running\"}]}", 10 * SEC);
                samples(a, stopped, 100 * SEC);
        }
        samples(a, AT_BLOCK("7"), MINUTE);
        assert_told(w, "");
        alert_world_free(w);
}

/* A node of ours that was not there, which is kept in mind. */
static void test_block_gone(void) {
        AlertWorld *w = alert_world_new();
        WsPeer *a = world_connect("a", FEATURES_ALL);

        world_says_and_free(a, message_key_update("k1", "n", "0xabcd", "rotate_keys", 1795406400000));
        samples(a, AT_BLOCK("5"), MINUTE);
        samples(a, "{\"containers\":[]}", 12 * MINUTE);
        assert_told(w, "raised container-down a n: not there\n");
        samples(a, AT_BLOCK("5"), 2 * MINUTE);
        assert_told(w, "cleared container-down a\n");
        alert_world_free(w);
}

#define RESTARTED(n) "{\"containers\":[{\"name\":\"n\",\"state\":\"running\",\"restarts\":" n "}]}"

/* What happened in a long outage has not happened in the last 15 minutes; but what was going on before is the same incident. */
static void test_restarting_unseen(void) {
        AlertWorld *w = alert_world_new();
        WsPeer *a = world_connect("a", FEATURES_ALL);

        samples(a, RESTARTED("0"), MINUTE);
        a = outages(a, 5);
        samples(a, RESTARTED("9"), MINUTE);
        assert_told(w, "");
        samples(a, RESTARTED("11"), MINUTE);
        assert_told(w, "raised container-restarting a n: restarted 3 times in 15 min\n");
        a = outages(a, 5);
        samples(a, RESTARTED("13"), 5 * MINUTE);
        assert_told(w, "");
        samples(a, RESTARTED("13"), 12 * MINUTE);
        assert_told(w, "cleared container-restarting a\n");
        alert_world_free(w);
}

static void test_restarting(void) {
        AlertWorld *w = alert_world_new();
        WsPeer *a = world_connect("a", FEATURES_ALL);

        for (unsigned restarts = 5; restarts <= 8; restarts++) {
                g_autofree char *data = g_strdup_printf(
                                "{\"containers\":[{\"name\":\"n\",\"state\":\"running\",\"restarts\":%u}]}",
                                restarts);
                assert_told(w, "");
                samples(a, data, 2 * MINUTE);
        }
        assert_told(w, "raised container-restarting a n: restarted 3 times in 15 min\n");
        samples(a, "{\"containers\":[{\"name\":\"n\",\"state\":\"running\",\"restarts\":8}]}", 12 * MINUTE);
        assert_told(w, "");
        samples(a, "{\"containers\":[{\"name\":\"n\",\"state\":\"running\",\"restarts\":8}]}", 3 * MINUTE);
        assert_told(w, "cleared container-restarting a\n");
        alert_world_free(w);
}

/* A container that restarts once in five minutes is the same incident to a server that was restarted itself. */
static void test_restarting_over_restart(void) {
        AlertWorld *w = alert_world_new();
        WsPeer *a = world_connect("a", FEATURES_ALL);
        unsigned restarts = 0;

        for (unsigned i = 0; i < 6; i++) {
                g_autofree char *data = g_strdup_printf(
                                "{\"containers\":[{\"name\":\"n\",\"state\":\"running\",\"restarts\":%u}]}",
                                restarts++);
                if (i == 4) {
                        assert_told(w, "raised container-restarting a n: restarted 3 times in 15 min\n");
                        alert_world_kill(w);
                }
                samples(a, data, 5 * MINUTE - SEC);
        }
        assert_told(w, "");
        samples(a, "{\"containers\":[{\"name\":\"n\",\"state\":\"running\",\"restarts\":5}]}", 15 * MINUTE);
        assert_told(w, "cleared container-restarting a\n");
        alert_world_free(w);
}

#define KEYS(registered)                                                                                        \
        "{\"containers\":[{\"name\":\"3node0\",\"state\":\"running\",\"node\":{\"keys_registered\":" registered \
        "}}]}"

static void test_keys(void) {
        AlertWorld *w = alert_world_new();
        WsPeer *a = world_connect("a", FEATURES_ALL);

        samples(a, KEYS("false"), 7 * HOUR); /* nobody rotated */
        assert_told(w, "");
        world_says_and_free(a, message_key_update("k1", "3node0", "0xabcd", "rotate_keys", 1795406400000));
        samples(a, KEYS("false"), 6 * HOUR - MINUTE);
        assert_told(w, "");
        samples(a, KEYS("false"), 2 * MINUTE);
        assert_told(w, "raised key-unregistered a 3node0: session keys made 6 h ago are not registered\n");
        samples(a, KEYS("true"), 2 * MINUTE);
        assert_told(w, "cleared key-unregistered a\n");
        world_says_and_free(a, message_key_update("k2", "3node0", "0xabce", "rotate_keys", 1795406400000));
        samples(a, KEYS("false"), HOUR);
        assert_told(w, "");
        alert_world_free(w);
}

static void test_backups(void) {
        static const char old[] =
                        "{\"containers\":[{\"name\":\"old\",\"state\":\"running\"},{\"name\":\"new\",\"state\":\"running\"}]}";
        AlertWorld *w;
        WsPeer *a;

        w = alert_world_new();
        a = world_connect("a", FEATURES_ALL);
        alert_world_kill(w); /* the store knows of a key of "old", a week ago */
        samples(a, old, 23 * HOUR);
        assert_told(w, "");
        samples(a, old, 2 * HOUR);
        assert_told(w, "raised backup-too-old a old: no backup of the keys for 8 d\n");
        world_says_and_free(a, message_backup_complete("b1", "old", "/b/1.tar", "ff", 512, 1795406400000));
        samples(a, old, 2 * MINUTE);
        assert_told(w, "cleared backup-too-old a\n");
        alert_world_free(w);
}

static void test_clock(void) {
        AlertWorld *w = alert_world_new();
        WsPeer *a = world_connect("a", FEATURES_ALL);

        world_set_clock(-3600 * (int64_t) SEC); /* what was kept back is from an hour ago */
        for (unsigned i = 0; i < 20; i++)
                sample(a, RUNS);
        world_set_clock(3600 * (int64_t) SEC);
        samples(a, RUNS, 5 * MINUTE);
        assert_told(w, "");
        for (unsigned i = 0; i < 15; i++) {
                json_object *o = json_tokener_parse(RUNS);

                world_says_and_free(a, message_stats("a", 1000 + i, 10, o,
                                                     (int64_t) (now_realtime() / USEC_PER_MSEC) + 45000));
                json_object_put(o);
                world_pass(10 * SEC);
        }
        assert_told(w, "raised clock-skew a its clock and the server's are 45 s apart\n");
        samples(a, RUNS, 2 * MINUTE);
        assert_told(w, "cleared clock-skew a\n");
        alert_world_free(w);
}

static void test_commands(void) {
        AlertWorld *w = alert_world_new();
        WsPeer *a = world_connect("a", FEATURES_ALL);
        g_autofree char *line = NULL;

        end_command(a, "status", COMMAND_FAILED, "docker is away");
        end_command(a, "restart", COMMAND_CANCELLED, NULL);
        end_command(a, "restart", COMMAND_REJECTED, "no");
        assert_told(w, "");
        end_command(a, "restart", COMMAND_FAILED, "no such container");
        line = g_strdup(w->told->str);
        g_assert_true(g_str_has_prefix(
                        line, "raised command-failed a restart 3node0 failed: no such container (cmd_"));
        assert_told(w, line);
        end_command(a, "restart", COMMAND_FAILED, "again"); /* the same incident */
        end_command(a, "backup_keys", COMMAND_SUCCEEDED, NULL);
        assert_told(w, "");
        end_command(a, "restart", COMMAND_SUCCEEDED, NULL);
        assert_told(w, "cleared command-failed a\n");

        end_command(a, "backup_keys", COMMAND_FAILED, NULL);
        g_string_truncate(w->told, 0);
        world_pass(DAY - MINUTE);
        end_command(a, "backup_keys", COMMAND_FAILED, NULL);
        world_pass(DAY - MINUTE);
        assert_told(w, "");
        alert_world_kill(w); /* it is counted from its beginning then */
        world_pass(2 * MINUTE);
        assert_told(w, "cleared command-failed a\n");
        alert_world_free(w);
}

static void test_interrupted(void) {
        AlertWorld *w = alert_world_new();
        WsPeer *a = world_connect("a", FEATURES_ALL);
        g_autofree char *id = world_submit("a", "payout", "{\"container\":\"3node0\"}", false, NULL);

        world_says_and_free(a, message_command_response(id, COMMAND_INTERRUPTED, NULL, 0,
                                                        "the host was restarted", 1795406400000));
        g_assert_cmpstr(the_alert(w)->kind, ==, "command-interrupted");
        g_assert_cmpstr(the_alert(w)->subject, ==, "payout");
        g_string_truncate(w->told, 0);
        /* Its outcome has become known after all. */
        world_says_and_free(
                        a, message_command_response(id, COMMAND_FAILED, NULL, 0, "no funds", 1795406400000));
        g_assert_true(g_str_has_prefix(
                        w->told->str,
                        "cleared command-interrupted a\nraised command-failed a payout 3node0 failed"));
        alert_world_free(w);
}

static void test_server(void) {
        AlertWorld *w = alert_world_new();

        world_pass(MINUTE);
        alerts_set_certificate(w->alerts, now_realtime() + 15 * DAY);
        world_pass(23 * HOUR);
        assert_told(w, "");
        world_pass(HOUR + MINUTE);
        assert_told(w, "raised certificate-expiring - the server's TLS certificate expires in 14 d\n");
        alerts_set_certificate(w->alerts, now_realtime() + 90 * DAY);
        world_pass(MINUTE + 2 * SEC);
        assert_told(w, "cleared certificate-expiring -\n");

        w->world->trail_broken = "entry 7 is missing";
        world_pass(MINUTE);
        assert_told(w, "raised audit-broken - The audit trail is broken: entry 7 is missing\n");
        w->world->trail_broken = NULL;
        alert_world_kill(w);
        world_pass(DAY);
        assert_told(w, "cleared audit-broken -\n");
        alert_world_free(w);
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/alerts/offline", test_offline);
        g_test_add_func("/alerts/sent-away", test_sent_away);
        g_test_add_func("/alerts/container", test_container);
        g_test_add_func("/alerts/unseen", test_unseen);
        g_test_add_func("/alerts/gone", test_gone);
        g_test_add_func("/alerts/measured", test_measured);
        g_test_add_func("/alerts/old-picture", test_old_picture);
        g_test_add_func("/alerts/block-unseen", test_block_unseen);
        g_test_add_func("/alerts/block-gone", test_block_gone);
        g_test_add_func("/alerts/restarting", test_restarting);
        g_test_add_func("/alerts/restarting-unseen", test_restarting_unseen);
        g_test_add_func("/alerts/restarting-over-restart", test_restarting_over_restart);
        g_test_add_func("/alerts/keys", test_keys);
        g_test_add_func("/alerts/backups", test_backups);
        g_test_add_func("/alerts/clock", test_clock);
        g_test_add_func("/alerts/commands", test_commands);
        g_test_add_func("/alerts/interrupted", test_interrupted);
        g_test_add_func("/alerts/server", test_server);
        return g_test_run();
}
