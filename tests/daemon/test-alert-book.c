/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Alerts outlive a restart and a kill, are told in the end, and are bounded; somebody may say that he knows of one. */
#include "alert-world.h"

#include <string.h>

#include "clock.h"
#include "error.h"
#include "limits.h"
#include "message.h"

#define RUNS "{\"containers\":[{\"name\":\"3node0\",\"state\":\"running\"}]}"
#define EXITED "{\"containers\":[{\"name\":\"3node0\",\"state\":\"exited\"}]}"

static void done(const GError *error, void *userdata) {
        g_assert_no_error(error);
}

/* A restart neither raises anew nor forgets. */
static void test_restart(void) {
        AlertWorld *w = alert_world_new();
        WsPeer *a = world_connect("a", FEATURES_ALL), *b = world_connect("b", FEATURES_ALL);
        g_autofree char *log = NULL;

        samples(a, EXITED, 3 * MINUTE);
        world_hangs_up(b);
        world_pass(6 * MINUTE);
        end_command(a, "restart", COMMAND_FAILED, NULL);
        world_run();
        g_string_truncate(w->told, 0);
        g_assert_cmpuint(open_alerts(w), ==, 3);
        g_free(world_take_log());
        for (unsigned i = 0; i < 3; i++) {
                alert_world_kill(w);
                g_assert_cmpuint(open_alerts(w), ==, 3);
                samples(a, EXITED, 3 * MINUTE);
                world_pass(10 * MINUTE);
                end_command(a, "restart", COMMAND_FAILED, NULL);
        }
        assert_told(w, "");
        log = world_take_log();
        g_assert_null(strstr(log, "audit alert"));
        samples(a, RUNS, 2 * MINUTE);
        end_command(a, "restart", COMMAND_SUCCEEDED, NULL);
        (void) world_connect("b", FEATURES_ALL);
        world_pass(2 * MINUTE);
        assert_told(w, "cleared container-down a\ncleared command-failed a\ncleared client-offline b\n");
        alert_world_free(w);
}

/* Killed at any point, it is told in the end, as the same alert. */
static void test_killed(void) {
        for (unsigned steps = 0; steps < 8; steps++) {
                AlertWorld *w = alert_world_new();
                WsPeer *a = world_connect("a", FEATURES_ALL);
                g_autofree char *id = NULL;

                samples(a, EXITED, 110 * SEC);
                world_pass(20 * SEC);
                {
                        /* Without running what follows from it. */
                        json_object *o = json_tokener_parse(EXITED);
                        g_autofree char *text = message_stats("a", 1, 10, o, 1);

                        sessions_handler.message(a, text, strlen(text), w->world->sessions);
                        json_object_put(o);
                }
                id = g_strdup(the_alert(w)->id);
                for (unsigned i = 0; i < steps; i++)
                        (void) world_step();
                alert_world_kill(w);
                world_run();
                g_assert_cmpstr(the_alert(w)->id, ==, id);
                assert_told(w, "raised container-down a 3node0: exited\n");
                alert_world_free(w);
        }
}

/* A store or a journal that takes nothing is no reason to be silent. */
static void test_store_is_away(void) {
        AlertWorld *w = alert_world_new();
        WsPeer *a = world_connect("a", FEATURES_ALL);

        w->world->store_says = STORE_UNAVAILABLE;
        w->world->audit_says = false;
        samples(a, EXITED, 3 * MINUTE);
        assert_told(w, "raised container-down a 3node0: exited\n");
        samples(a, RUNS, 2 * MINUTE);
        assert_told(w, "cleared container-down a\n");
        alert_world_free(w);
}

static void test_bounded(void) {
        AlertWorld *w = alert_world_new();
        WsPeer *a = world_connect("a", FEATURES_ALL), *b = world_connect("b", FEATURES_ALL);
        g_autoptr(GString) many = g_string_new("{\"containers\":["),
                           some = g_string_new("{\"containers\":[");

        for (unsigned i = 0; i < 300; i++) {
                g_string_append_printf(many, "%s{\"name\":\"n%u\",\"state\":\"exited\"}", i ? "," : "", i);
                if (i < 60)
                        g_string_append_printf(some, "%s{\"name\":\"n%u\",\"state\":\"running\"}",
                                               i ? "," : "", i);
        }
        g_string_append(many, "],\"system\":{\"memory_used_percent\":99}}");
        g_string_append(some, "],\"system\":{\"memory_used_percent\":99}}");
        samples(a, many->str, 20 * MINUTE);
        g_assert_cmpuint(open_alerts(w), ==, ALERTS_PER_CLIENT_MAX);
        samples(b, EXITED, 3 * MINUTE); /* others have their own */
        g_assert_cmpuint(open_alerts(w), ==, ALERTS_PER_CLIENT_MAX + 1);
        samples(a, some->str, 2 * MINUTE); /* there is room for what had none */
        g_assert_cmpuint(open_alerts(w), ==, 2);
        g_assert_nonnull(strstr(w->told->str, "raised memory-full a"));
        alert_world_free(w);
}

/* One that is too many takes no other's place while that is there. */
static void test_too_many_containers(void) {
        AlertWorld *w = alert_world_new();
        WsPeer *a = world_connect("a", FEATURES_ALL);
        g_autoptr(GString) rest = g_string_new(NULL);
        g_autofree char *before = NULL, *after = NULL;

        for (unsigned i = 0; i < ALERT_CONTAINERS_MAX; i++)
                g_string_append_printf(rest, "%s{\"name\":\"n%u\",\"state\":\"exited\"}", i ? "," : "", i);
        before = g_strdup_printf("{\"containers\":[%s]}", rest->str);
        after = g_strdup_printf("{\"containers\":[{\"name\":\"x\",\"state\":\"running\"},%s]}", rest->str);
        samples(a, before, 100 * SEC);
        samples(a, after, 30 * SEC);
        g_assert_cmpuint(open_alerts(w), ==, ALERT_CONTAINERS_MAX);
        alert_world_free(w);
}

static void test_rules(void) {
        AlertWorld *w = alert_world_new();
        WsPeer *a = world_connect("a", FEATURES_ALL);
        AlertRules rules = alert_rules_default();

        rules.of[ALERT_CONTAINER_DOWN].hold_usec = 10 * SEC;
        alerts_set_rules(w->alerts, &rules);
        samples(a, EXITED, 10 * SEC);
        end_command(a, "restart", COMMAND_FAILED, NULL);
        world_run();
        g_assert_cmpuint(open_alerts(w), ==, 2);
        g_string_truncate(w->told, 0);
        rules.of[ALERT_CONTAINER_DOWN].enabled = rules.of[ALERT_COMMAND_FAILED].enabled = false;
        alerts_set_rules(w->alerts, &rules);
        assert_told(w, "cleared container-down a\ncleared command-failed a\n");
        samples(a, EXITED, HOUR);
        end_command(a, "restart", COMMAND_FAILED, NULL);
        assert_told(w, "");
        alert_world_free(w);
}

static void failed(const GError *error, void *userdata) {
        g_assert_error(error, FLEET_ERROR, FLEET_ERROR_INVALID_PARAMETER);
        *(bool *) userdata = true;
}

static void test_acknowledge(void) {
        AlertWorld *w = alert_world_new();
        WsPeer *a = world_connect("a", FEATURES_ALL);
        g_autofree char *log = NULL;
        bool told_so = false;

        samples(a, EXITED, 3 * MINUTE);
        g_string_truncate(w->told, 0);
        g_free(world_take_log());
        alert_book_acknowledge(alerts_book(w->alerts), the_alert(w)->id, 1000, done, NULL);
        assert_told(w, "acknowledged container-down a\n");
        log = world_take_log();
        g_assert_cmpstr(log, ==, "audit alert-acknowledged a 3node0: exited\n");
        g_assert_true(the_alert(w)->acknowledged);
        alert_book_acknowledge(alerts_book(w->alerts), the_alert(w)->id, 1000, done, NULL);
        assert_told(w, "");
        alert_world_kill(w);
        g_assert_true(the_alert(w)->acknowledged);
        alert_book_acknowledge(alerts_book(w->alerts), "alert_1_1", 1000, failed, &told_so);
        g_assert_true(told_so);
        samples(a, RUNS, 2 * MINUTE);
        assert_told(w, "cleared container-down a\n");
        alert_world_free(w);
}

static void unavailable(const GError *error, void *userdata) {
        g_assert_error(error, FLEET_ERROR, FLEET_ERROR_UNAVAILABLE);
        *(bool *) userdata = true;
}

/* What could not be recorded can be said again. */
static void test_acknowledge_fails(void) {
        AlertWorld *w = alert_world_new();
        WsPeer *a = world_connect("a", FEATURES_ALL);
        bool told_so = false;

        samples(a, EXITED, 3 * MINUTE);
        g_string_truncate(w->told, 0);
        w->world->store_says = STORE_UNAVAILABLE;
        alert_book_acknowledge(alerts_book(w->alerts), the_alert(w)->id, 1000, unavailable, &told_so);
        assert_told(w, "");
        g_assert_true(told_so);
        w->world->store_says = STORE_OK;
        alert_book_acknowledge(alerts_book(w->alerts), the_alert(w)->id, 1000, done, NULL);
        assert_told(w, "acknowledged container-down a\n");
        alert_world_free(w);
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/alert-book/restart", test_restart);
        g_test_add_func("/alert-book/killed", test_killed);
        g_test_add_func("/alert-book/store-is-away", test_store_is_away);
        g_test_add_func("/alert-book/bounded", test_bounded);
        g_test_add_func("/alert-book/too-many-containers", test_too_many_containers);
        g_test_add_func("/alert-book/rules", test_rules);
        g_test_add_func("/alert-book/acknowledge", test_acknowledge);
        g_test_add_func("/alert-book/acknowledge-fails", test_acknowledge_fails);
        return g_test_run();
}
