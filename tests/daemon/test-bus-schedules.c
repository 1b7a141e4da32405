/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Schedules on the bus: made, listed, run, changed, deleted; who may; and what systemd is asked for it. */
#include <string.h>

#include "bus-fixture.h"
#include "fake-systemd.h"

#define ERROR MSERVER_ERROR_PREFIX
#define TIMER_OF(name) "mserver-schedule@" name ".timer"

static sd_bus_message *create(Fixture *f, sd_bus *from, const char *name, const char *calendar,
                              const char *selector, const char *command, const char *params,
                              const char *options) {
        g_autoptr(sd_bus_message) m = NULL;

        g_assert_cmpint(sd_bus_message_new_method_call(from, &m, MSERVER_BUS_NAME, MSERVER_ROOT,
                                                       MSERVER_IFACE_MANAGER, "CreateSchedule"),
                        >=, 0);
        g_assert_cmpint(sd_bus_message_append(m, "ssss", name, calendar, selector, command), >=, 0);
        fixture_append_dict(m, params);
        fixture_append_dict(m, options);
        return call_end(message_begin(f->loop, from, m));
}

static void create_well(Fixture *f, const char *name, const char *options) {
        g_autoptr(sd_bus_message) m = create(f, f->root, name, "Mon *-*-* 04:00 Asia/Seoul", "role=test",
                                             "status", "s:container=3node0", options);

        assert_reply_error(m, NULL, NULL);
}

static void assert_systemd(FakeSystemd *s, const char *expected) {
        g_autofree char *log = fake_systemd_take_log(s);

        g_assert_cmpstr(log, ==, expected);
}

/* "NAME CALENDAR SELECTOR COMMAND PARAMS ENABLED RAN NEXT" lines. */
static char *listed(Fixture *f) {
        g_autoptr(sd_bus_message) m = manager_call(f, f->root, "ListSchedules", NULL);
        g_autoptr(GString) all = g_string_new(NULL);
        const char *name, *calendar, *selector, *command, *params;
        uint64_t last, next;
        int enabled;

        assert_reply_error(m, NULL, NULL);
        g_assert_cmpint(sd_bus_message_enter_container(m, 'a', "(sssssbtt)"), >, 0);
        while (sd_bus_message_read(m, "(sssssbtt)", &name, &calendar, &selector, &command, &params, &enabled,
                                   &last, &next) > 0)
                g_string_append_printf(all, "%s|%s|%s|%s|%s|%s|%s|%s\n", name, calendar, selector, command,
                                       params, enabled ? "on" : "off", last ? "ran" : "never",
                                       next == FAKE_SYSTEMD_NEXT ? "next"
                                       : next                    ? "wrong"
                                                                 : "-");
        return g_string_free(g_steal_pointer(&all), false);
}

static char *file_of(Fixture *f, const char *name) {
        g_autofree char *file = g_strconcat(name, ".conf", NULL);

        return g_build_filename(f->directory, "schedules", file, NULL);
}

static void assert_file(Fixture *f, const char *name, const char *text) {
        g_autofree char *path = file_of(f, name), *content = NULL;

        if (!text) {
                g_assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
                return;
        }
        g_assert_true(g_file_get_contents(path, &content, NULL, NULL));
        g_assert_nonnull(strstr(content, text));
}

static void assert_audited(const char *event, const char *field) {
        const char *entry = fake_audit_latest(event);
        g_autofree char *line = g_strconcat(field, "\n", NULL);

        g_assert_nonnull(entry);
        if (!strstr(entry, line))
                g_error("No %s in:\n%s", field, entry);
}

static void test_life(Fixture *f, const void *data) {
        FakeSystemd *s = fake_systemd_new(f->loop, f->private_bus);
        FakeAgent *a = fake_agent_new(&f->server, "a");
        Listener *l = listener_new(f, f->user);
        g_autoptr(sd_bus_message) again = NULL, run = NULL, second = NULL, off = NULL, gone = NULL,
                                  none = NULL;
        g_autofree char *before = NULL, *after = NULL, *empty = NULL, *last = NULL, *batch_field = NULL;
        const char *batch, *path;

        create_well(f, "nightly.1", "b:persistent=true t:randomized-delay=5 u:max-parallel=1");
        assert_systemd(s, "Reload\nRestartUnit " TIMER_OF("nightly.1") "\n");
        assert_file(f, "nightly.1", "Calendar=Mon *-*-* 04:00 Asia/Seoul\n");
        assert_file(f, "nightly.1", "RandomizedDelayUSec=5\n");
        assert_file(f, "nightly.1", "MaxParallel=1\n");
        assert_audited("schedule-changed", "MSERVER_ACTION=create");
        assert_audited("schedule-changed", "MSERVER_SCHEDULE=nightly.1");
        assert_audited("schedule-changed", "MSERVER_CALLER_UID=0");
        (void) listener_wait(l, "InterfacesAdded /org/mserver1/schedule/nightly_2e1");
        before = listed(f);
        g_assert_cmpstr(before, ==,
                        "nightly.1|Mon *-*-* 04:00 Asia/Seoul|role=test|status|{\"container\":\"3node0\"}|on|never|next\n");
        again = create(f, f->root, "nightly.1", "daily", "all", "status", NULL, NULL);
        assert_reply_error(again, ERROR "AlreadyExists", "\"nightly.1\"");

        run = manager_call(f, f->root, "RunSchedule", "s", "nightly.1");
        assert_reply_error(run, NULL, NULL);
        g_assert_cmpint(sd_bus_message_read(run, "so", &batch, &path), >, 0);
        assert_audited("schedule-run", "MSERVER_STATUS=started");
        batch_field = g_strconcat("MSERVER_BATCH_ID=", batch, NULL);
        assert_audited("schedule-run", batch_field);
        assert_audited("command-requested", "MSERVER_SCHEDULE=nightly.1");
        assert_audited("command-requested", batch_field);
        last = fixture_get_string(f, "/org/mserver1/schedule/nightly_2e1", MSERVER_IFACE_SCHEDULE,
                                  "LastBatch");
        g_assert_cmpstr(last, ==, batch);

        second = manager_call(f, f->root, "RunSchedule", "s", "nightly.1");
        assert_reply_error(second, ERROR "AlreadyExists", batch);
        assert_audited("schedule-run", "MSERVER_STATUS=skipped");
        g_assert_cmpuint(fake_agent_commands(a)->len, ==, 1);
        fake_agent_obeys(a);
        (void) listener_wait(l, "InterfacesRemoved /org/mserver1/batch/");
        after = listed(f);
        g_assert_nonnull(strstr(after, "|on|ran|next\n"));

        g_free(fake_systemd_take_log(s));
        off = manager_call(f, f->root, "EnableSchedule", "sb", "nightly.1", 0);
        assert_reply_error(off, NULL, NULL);
        assert_systemd(s, "StopUnit " TIMER_OF("nightly.1") "\nReload\n");
        assert_file(f, "nightly.1", "Enabled=no\n");
        assert_audited("schedule-changed", "MSERVER_ACTION=disable");

        gone = manager_call(f, f->root, "DeleteSchedule", "s", "nightly.1");
        assert_reply_error(gone, NULL, NULL);
        assert_systemd(s, "StopUnit " TIMER_OF("nightly.1") "\nReload\n");
        assert_file(f, "nightly.1", NULL);
        assert_audited("schedule-changed", "MSERVER_ACTION=delete");
        (void) listener_wait(l, "InterfacesRemoved /org/mserver1/schedule/nightly_2e1");
        empty = listed(f);
        g_assert_cmpstr(empty, ==, "");
        none = manager_call(f, f->root, "RunSchedule", "s", "nightly.1");
        assert_reply_error(none, ERROR "NoSuchCommand", "\"nightly.1\"");
        listener_free(l);
        fake_agent_free(a);
        fake_systemd_free(s);
}

/* What is there after a restart has its timer, and what it has sent keeps its name. */
static void test_restart(Fixture *f, const void *data) {
        FakeSystemd *s = fake_systemd_new(f->loop, f->private_bus);
        g_autofree char *text = NULL, *wrong = file_of(f, "wrong"), *other = file_of(f, "-x");

        create_well(f, "one", NULL);
        create_well(f, "two", "b:enabled=false");
        assert_systemd(s, "Reload\nRestartUnit " TIMER_OF("one") "\n");
        g_assert_true(g_file_set_contents(wrong, "[Schedule]\nCalendar=%H\n", -1, NULL));
        g_assert_true(g_file_set_contents(other, "[Schedule]\n", -1, NULL));
        fixture_stop_server(f);
        fixture_start_server(f);
        text = listed(f);
        g_assert_true(g_str_has_prefix(text, "one|Mon "));
        g_assert_nonnull(strstr(text, "\ntwo|"));
        g_assert_null(strstr(text, "wrong"));
        settle(f->loop, f->root);
        assert_systemd(s, "Reload\nRestartUnit " TIMER_OF("one") "\n");

        fake_systemd_state(s, "active");
        fixture_stop_server(f);
        fixture_start_server(f);
        g_free(listed(f));
        assert_systemd(s, "");
        fake_systemd_free(s);
}

/* A schedule that systemd does not take is none. */
static void test_refused(Fixture *f, const void *data) {
        FakeSystemd *s;
        g_autoptr(sd_bus_message) away = create(f, f->root, "x", "daily", "all", "status", NULL, NULL),
                                  m = NULL, on = NULL;
        g_autofree char *text = NULL;

        assert_reply_error(away, SD_BUS_ERROR_FAILED, "systemd has not taken the timer of schedule \"x\"");
        assert_file(f, "x", NULL);

        s = fake_systemd_new(f->loop, f->private_bus);
        fake_systemd_refuse(s, "RestartUnit");
        m = create(f, f->root, "x", "daily", "all", "status", NULL, NULL);
        assert_reply_error(m, SD_BUS_ERROR_FAILED, "not RestartUnit");
        assert_file(f, "x", NULL);
        assert_audited("schedule-changed", "MSERVER_ACTION=create");
        g_assert_nonnull(strstr(fake_audit_latest("schedule-changed"), "MSERVER_ERROR="));

        create_well(f, "x", "b:enabled=false");
        on = manager_call(f, f->root, "EnableSchedule", "sb", "x", 1);
        assert_reply_error(on, SD_BUS_ERROR_FAILED, "not RestartUnit");
        assert_file(f, "x", "Enabled=no\n");
        text = listed(f);
        g_assert_nonnull(strstr(text, "|off|"));
        fake_systemd_free(s);
}

/* One that is enabled, and is to be enabled once more, stays as it is where systemd fails. */
static void test_enabled_again(Fixture *f, const void *data) {
        FakeSystemd *s = fake_systemd_new(f->loop, f->private_bus);
        g_autoptr(sd_bus_message) again = NULL;
        g_autofree char *text = NULL;

        create_well(f, "x", NULL);
        fake_systemd_refuse(s, "RestartUnit");
        again = manager_call(f, f->root, "EnableSchedule", "sb", "x", 1);
        assert_reply_error(again, SD_BUS_ERROR_FAILED, "not RestartUnit");
        assert_file(f, "x", "Enabled=yes\n");
        text = listed(f);
        g_assert_nonnull(strstr(text, "|on|"));
        fake_systemd_free(s);
}

/* What a run has queued for a client that is away gives way to the next run; a command that runs does not. */
static void test_absent(Fixture *f, const void *data) {
        FakeSystemd *s = fake_systemd_new(f->loop, f->private_bus);
        FakeAgent *a = fake_agent_new(&f->server, "a"), *b = fake_agent_new(&f->server, "b");
        Listener *l = listener_new(f, f->user);
        g_autoptr(sd_bus_message) first = NULL, second = NULL, third = NULL;
        const char *batch, *path;

        create_well(f, "x", "b:queue=true");
        fake_agent_free(b);
        first = manager_call(f, f->root, "RunSchedule", "s", "x");
        assert_reply_error(first, NULL, NULL);
        g_assert_cmpint(sd_bus_message_read(first, "so", &batch, &path), >, 0);
        second = manager_call(f, f->root, "RunSchedule", "s", "x");
        assert_reply_error(second, ERROR "AlreadyExists", batch);
        fake_agent_obeys(a);
        (void) listener_wait(
                        l,
                        "PropertiesChanged org.mserver1.Batch State running Status  Total 2 Sent 2 Succeeded 1");
        third = manager_call(f, f->root, "RunSchedule", "s", "x");
        assert_reply_error(third, NULL, NULL);
        (void) listener_wait(l, "PropertiesChanged org.mserver1.Batch State cancelled");
        listener_free(l);
        fake_agent_free(a);
        fake_systemd_free(s);
}

static void test_wrong(Fixture *f, const void *data) {
        static const struct {
                const char *name, *calendar, *selector, *command, *params, *options, *error, *text;
        } cases[] = {
                { "-x", "daily", "all", "status", NULL, NULL, ERROR "InvalidParameter",
                  "\"-x\" is no name" },
                { "a/b", "daily", "all", "status", NULL, NULL, ERROR "InvalidParameter",
                  "\"a/b\" is no name" },
                { "x", "now and then", "all", "status", NULL, NULL, ERROR "InvalidParameter",
                  "\"now and then\" is no calendar event" },
                { "x", "daily\nUnit=docker.service", "all", "status", NULL, NULL, ERROR "InvalidParameter",
                  "is no calendar event" },
                { "x", "daily%n", "all", "status", NULL, NULL, ERROR "InvalidParameter",
                  "is no calendar event" },
                { "x", "daily", "a,,b", "status", NULL, NULL, ERROR "InvalidParameter", "a,,b" },
                { "x", "daily", "all", "Status", NULL, NULL, ERROR "UnknownCommand", "Status" },
                { "x", "daily", "all", "status", "s:zebra=1", NULL, ERROR "InvalidParameter", "zebra" },
                { "x", "daily", "all", "status", NULL, "b:dry-run=true", ERROR "InvalidParameter",
                  "Unknown option \"dry-run\": expected persistent, randomized-delay, enabled, queue, timeout, "
                  "max-parallel" },
                { "x", "daily", "all", "status", NULL, "t:randomized-delay=604800000001",
                  ERROR "InvalidParameter", "expected at most 604800000000" },
                { "x", "daily", "all", "status", NULL, "t:pause=86400000001", ERROR "InvalidParameter",
                  "pause" },
        };
        g_autofree char *text = NULL;

        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                g_autoptr(sd_bus_message) m =
                                create(f, f->root, cases[i].name, cases[i].calendar, cases[i].selector,
                                       cases[i].command, cases[i].params, cases[i].options);

                assert_reply_error(m, cases[i].error, cases[i].text);
        }
        text = listed(f);
        g_assert_cmpstr(text, ==, "");
}

static void assert_asked(Fixture *f, const char *expected) {
        g_autofree char *log = fake_polkit_take_log(f->polkit);

        g_assert_cmpstr(log, ==, expected);
}

#define ABOUT(name) " client= command=exec container=3node0 selector=all schedule=" name "\n"

/* A schedule is no way around what its maker may not send, nor is one of somebody else's. */
static void test_who_may(Fixture *f, const void *data) {
        FakeSystemd *s = fake_systemd_new(f->loop, f->private_bus);
        FakeAgent *a = fake_agent_new(&f->server, "a");
        static const char params[] = "s:container=3node0 s:command=ls";
        g_autoptr(sd_bus_message) no = NULL, neither = NULL, yes = NULL, run = NULL, on = NULL, off = NULL,
                                  gone = NULL;

        fake_polkit_say(f->polkit, NULL, "yes");
        fake_polkit_say(f->polkit, "org.mserver1.command.exec", "no");
        no = create(f, f->user, "x", "daily", "all", "exec", params, NULL);
        assert_reply_error(no, SD_BUS_ERROR_ACCESS_DENIED, "org.mserver1.command.exec");
        assert_asked(f, "org.mserver1.command.exec" ABOUT("x"));
        assert_audited("command-denied", "MSERVER_SCHEDULE=x");

        fake_polkit_say(f->polkit, "org.mserver1.command.exec", "yes");
        fake_polkit_say(f->polkit, "org.mserver1.manage-schedules", "no");
        neither = create(f, f->user, "x", "daily", "all", "exec", params, NULL);
        assert_reply_error(neither, SD_BUS_ERROR_ACCESS_DENIED, "org.mserver1.manage-schedules");
        assert_asked(f, "org.mserver1.command.exec" ABOUT("x") "org.mserver1.broadcast" ABOUT(
                                        "x") "org.mserver1.manage-schedules" ABOUT("x"));

        yes = create(f, f->root, "x", "daily", "all", "exec", params, NULL);
        assert_reply_error(yes, NULL, NULL);
        fake_polkit_say(f->polkit, "org.mserver1.manage-schedules", "yes");
        fake_polkit_say(f->polkit, "org.mserver1.command.exec", "no");
        run = manager_call(f, f->user, "RunSchedule", "s", "x");
        assert_reply_error(run, SD_BUS_ERROR_ACCESS_DENIED, "org.mserver1.command.exec");
        on = manager_call(f, f->user, "EnableSchedule", "sb", "x", 1);
        assert_reply_error(on, SD_BUS_ERROR_ACCESS_DENIED, "org.mserver1.command.exec");
        g_assert_cmpuint(fake_agent_commands(a)->len, ==, 0);
        off = manager_call(f, f->user, "EnableSchedule", "sb", "x", 0);
        assert_reply_error(off, NULL, NULL);
        gone = manager_call(f, f->user, "DeleteSchedule", "s", "x");
        assert_reply_error(gone, NULL, NULL);
        fake_agent_free(a);
        fake_systemd_free(s);
}

/* Nobody matches: that is audited, and the schedule is as it was. */
static void test_no_client(Fixture *f, const void *data) {
        FakeSystemd *s = fake_systemd_new(f->loop, f->private_bus);
        g_autoptr(sd_bus_message) m = NULL;

        create_well(f, "x", NULL);
        m = manager_call(f, f->root, "RunSchedule", "s", "x");
        assert_reply_error(m, ERROR "NoSuchClient", "role=test");
        assert_audited("schedule-run", "MSERVER_STATUS=failed");
        fake_systemd_free(s);
}

/* Changed by two at once: one of them is told to wait. */
static void test_at_once(Fixture *f, const void *data) {
        FakeSystemd *s = fake_systemd_new(f->loop, f->private_bus);
        Pending *first, *second;
        g_autoptr(sd_bus_message) a = NULL, b = NULL;

        create_well(f, "x", NULL);
        first = manager_begin(f, f->root, "EnableSchedule", "sb", "x", 0);
        second = manager_begin(f, f->root, "DeleteSchedule", "s", "x");
        a = call_end(first);
        b = call_end(second);
        assert_reply_error(a, NULL, NULL);
        assert_reply_error(b, ERROR "LimitExceeded", "is being changed");
        fake_systemd_free(s);
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        fixture_add("/bus/schedules/life", test_life);
        fixture_add("/bus/schedules/restart", test_restart);
        fixture_add("/bus/schedules/refused", test_refused);
        fixture_add("/bus/schedules/enabled-again", test_enabled_again);
        fixture_add("/bus/schedules/absent", test_absent);
        fixture_add("/bus/schedules/wrong", test_wrong);
        fixture_add("/bus/schedules/who-may", test_who_may);
        fixture_add("/bus/schedules/no-client", test_no_client);
        fixture_add("/bus/schedules/at-once", test_at_once);
        return g_test_run();
}
