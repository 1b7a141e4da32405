/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Alerts on the bus: listed, told, acknowledged and silenced, by those who may. */
#include <string.h>

#include "bus-fixture.h"
#include "clock.h"

#define ERROR MSERVER_ERROR_PREFIX
#define HOUR (3600 * USEC_PER_SEC)

/* A restart of 3node0 on "a" ends so. */
static void end_restart(Fixture *f, FakeAgent *a, CommandState state, const char *error) {
        g_autofree char *id = fixture_send(f, "a");

        fake_agent_ends(a, id, state, NULL, error);
}

/* "SEVERITY KIND CLIENT MESSAGE…" of the only one; its id is a new string. */
static char *the_alert(Fixture *f, bool *ret_acknowledged, const char **ret_id) {
        g_autoptr(sd_bus_message) m = manager_call(f, f->root, "ListAlerts", NULL);
        const char *id, *severity, *kind, *client, *message;
        g_autofree char *line = NULL;
        uint64_t since;
        int acknowledged;

        assert_reply_error(m, NULL, NULL);
        g_assert_cmpint(sd_bus_message_enter_container(m, 'a', "(ssssstb)"), >, 0);
        g_assert_cmpint(sd_bus_message_read(m, "(ssssstb)", &id, &severity, &kind, &client, &message, &since,
                                            &acknowledged),
                        >, 0);
        g_assert_cmpint(sd_bus_message_at_end(m, false), >, 0);
        g_assert_cmpuint(since, >, now_realtime() - 60 * USEC_PER_SEC);
        if (ret_acknowledged)
                *ret_acknowledged = acknowledged;
        if (ret_id)
                *ret_id = g_intern_string(id);
        line = g_strdup_printf("%s %s %s %s", severity, kind, client, message);
        return g_steal_pointer(&line);
}

static void test_life(Fixture *f, const void *data) {
        FakeAgent *a = fake_agent_new(&f->server, "a");
        Listener *l = listener_new(f, f->user);
        g_autofree char *line = NULL, *told = NULL;
        const char *id;
        bool acknowledged;

        end_restart(f, a, COMMAND_FAILED, "no such container");
        g_assert_nonnull(strstr(listener_wait(l, "AlertRaised "),
                                " warning command-failed a restart 3node0 failed: no such container"));
        line = the_alert(f, &acknowledged, &id);
        g_assert_true(g_str_has_prefix(line,
                                       "warning command-failed a restart 3node0 failed: no such container"));
        g_assert_false(acknowledged);
        g_assert_nonnull(strstr(fake_audit_latest("alert-raised"), id));
        {
                g_autoptr(sd_bus_message)
                                m = manager_call(f, f->root, "AcknowledgeAlert", "s", id),
                                again = manager_call(f, f->root, "AcknowledgeAlert", "s", id),
                                wrong = manager_call(f, f->root, "AcknowledgeAlert", "s", "alert_1_1");

                assert_reply_error(m, NULL, NULL);
                assert_reply_error(again, NULL, NULL);
                assert_reply_error(wrong, ERROR "InvalidParameter", "alert_1_1");
                g_assert_cmpuint(fake_audit_count_of("alert-acknowledged"), ==, 1);
                g_assert_nonnull(strstr(fake_audit_latest("alert-acknowledged"), "MSERVER_CALLER_UID=0"));
        }
        /* A restart of the server neither forgets it nor tells it again. */
        fake_agent_free(a);
        fixture_stop_server(f);
        fixture_start_server(f);
        g_free(the_alert(f, &acknowledged, &id));
        g_assert_true(acknowledged);
        g_assert_cmpuint(listener_count(l, "AlertRaised "), ==, 1);

        a = fake_agent_new(&f->server, "a");
        end_restart(f, a, COMMAND_SUCCEEDED, NULL);
        told = g_strdup_printf("AlertCleared %s", id);
        (void) listener_wait(l, told);
        {
                g_autoptr(sd_bus_message)
                                now = manager_call(f, f->root, "ListAlerts", NULL),
                                past = manager_call(f, f->root, "ListPastAlerts", "u", UINT32_C(0)),
                                many = manager_call(f, f->root, "ListPastAlerts", "u", UINT32_C(5001));
                const char *past_id, *severity, *kind, *client, *message;
                uint64_t since, cleared;

                g_assert_cmpint(sd_bus_message_enter_container(now, 'a', "(ssssstb)"), >, 0);
                g_assert_cmpint(sd_bus_message_at_end(now, false), >, 0);
                assert_reply_error(many, ERROR "InvalidParameter", "5001");
                g_assert_cmpint(sd_bus_message_enter_container(past, 'a', "(ssssstt)"), >, 0);
                g_assert_cmpint(sd_bus_message_read(past, "(ssssstt)", &past_id, &severity, &kind, &client,
                                                    &message, &since, &cleared),
                                >, 0);
                g_assert_cmpstr(past_id, ==, id);
                g_assert_cmpuint(cleared, >=, since);
        }
        listener_free(l);
        fake_agent_free(a);
}

static char *silence(Fixture *f, const char *selector, const char *kind, uint64_t until) {
        g_autoptr(sd_bus_message) m =
                        manager_call(f, f->root, "SilenceAlerts", "ssts", selector, kind, until, "upgrade");
        const char *id;

        assert_reply_error(m, NULL, NULL);
        g_assert_cmpint(sd_bus_message_read(m, "s", &id), >, 0);
        return g_strdup(id);
}

static void test_silences(Fixture *f, const void *data) {
        uint64_t until = now_realtime() + HOUR;
        g_autofree char *id = silence(f, "role=test", "node-syncing", until);
        const char *i, *selector, *kind, *comment;
        uint64_t created, ends;
        uint32_t uid;

        fixture_stop_server(f);
        fixture_start_server(f);
        {
                g_autoptr(sd_bus_message) m = manager_call(f, f->root, "ListSilences", NULL);

                assert_reply_error(m, NULL, NULL);
                g_assert_cmpint(sd_bus_message_enter_container(m, 'a', "(sssttus)"), >, 0);
                g_assert_cmpint(sd_bus_message_read(m, "(sssttus)", &i, &selector, &kind, &created, &ends,
                                                    &uid, &comment),
                                >, 0);
                g_assert_cmpstr(i, ==, id);
                g_assert_cmpstr(selector, ==, "role=test");
                g_assert_cmpstr(kind, ==, "node-syncing");
                g_assert_cmpuint(ends, ==, until);
                g_assert_cmpuint(uid, ==, geteuid());
                g_assert_cmpstr(comment, ==, "upgrade");
        }
        {
                g_autoptr(sd_bus_message) m = manager_call(f, f->root, "RemoveSilence", "s", id),
                                          again = manager_call(f, f->root, "RemoveSilence", "s", id),
                                          past = manager_call(f, f->root, "SilenceAlerts", "ssts", "all", "",
                                                              UINT64_C(1), ""),
                                          kinds = manager_call(f, f->root, "SilenceAlerts", "ssts", "all",
                                                               "x", until, ""),
                                          whom = manager_call(f, f->root, "SilenceAlerts", "ssts", "a b", "",
                                                              until, "");

                assert_reply_error(m, NULL, NULL);
                assert_reply_error(again, ERROR "InvalidParameter", id);
                assert_reply_error(past, ERROR "InvalidParameter", "past");
                assert_reply_error(kinds, ERROR "InvalidParameter", "\"x\"");
                assert_reply_error(whom, ERROR "InvalidParameter", "a b");
        }
}

/* What is silenced is on the bus like any other. */
static void test_silenced(Fixture *f, const void *data) {
        FakeAgent *a = fake_agent_new(&f->server, "a");
        Listener *l = listener_new(f, f->user);
        g_autofree char *id = silence(f, "a", "", now_realtime() + HOUR);

        end_restart(f, a, COMMAND_FAILED, "why");
        (void) listener_wait(l, "AlertRaised ");
        g_assert_nonnull(strstr(fake_audit_latest("alert-raised"), "MSERVER_ALERT_SILENCED=yes"));
        {
                g_autoptr(sd_bus_message) m = manager_call(f, f->root, "RemoveSilence", "s", id);

                assert_reply_error(m, NULL, NULL);
        }
        run_until(f->loop, listener_count(l, "AlertRaised ") == 2);
        g_assert_cmpuint(fake_audit_count_of("alert-raised"), ==, 1);
        listener_free(l);
        fake_agent_free(a);
}

static void assert_asks(Fixture *f, sd_bus_message *m, const char *member, const char *expected) {
        g_autofree char *log = fake_polkit_take_log(f->polkit);

        assert_reply_error(m, SD_BUS_ERROR_ACCESS_DENIED, member);
        g_assert_cmpstr(log, ==, expected);
}

static void test_actions(Fixture *f, const void *data) {
        FakeAgent *a = fake_agent_new(&f->server, "a");
        Listener *l = listener_new(f, f->root);
        const char *id;
        sd_bus_message *m;

        end_restart(f, a, COMMAND_FAILED, "why");
        (void) listener_wait(l, "AlertRaised ");
        g_free(the_alert(f, NULL, &id));
#define ASKS(expected, member, ...)                               \
        m = manager_call(f, f->user, member, __VA_ARGS__);        \
        assert_asks(f, m, member, "org.mserver1." expected "\n"); \
        sd_bus_message_unref(m)
        ASKS("read client= command= container= selector=", "ListAlerts", NULL);
        ASKS("read client= command= container= selector=", "ListPastAlerts", "u", UINT32_C(0));
        ASKS("read client= command= container= selector=", "ListSilences", NULL);
        ASKS("manage-alerts client=a command= container= selector=", "AcknowledgeAlert", "s", id);
        ASKS("manage-alerts client= command= container= selector=role=x", "SilenceAlerts", "ssts", "role=x",
             "", now_realtime() + HOUR, "");
        ASKS("manage-alerts client= command= container= selector=", "RemoveSilence", "s", "silence_1");
        listener_free(l);
        fake_agent_free(a);
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        fixture_add("/bus/alerts/life", test_life);
        fixture_add("/bus/alerts/silences", test_silences);
        fixture_add("/bus/alerts/silenced", test_silenced);
        fixture_add("/bus/alerts/actions", test_actions);
        return g_test_run();
}
