/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who may do what: the question polkit gets, each of its answers, and what the journal says of a no. */
#include <string.h>

#include "actions.h"
#include "bus-fixture.h"
#include "command-table.h"
#include "limits.h"

#define THIRD_USER 1            /* daemon; the bus takes only users that there are */
#define CALLS_PER_CONNECTION 64 /* the bus itself lets one wait for 128 answers at most */

#define ACCESS_DENIED SD_BUS_ERROR_ACCESS_DENIED
#define INTERACTIVE SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED

static void assert_asked(Fixture *f, const char *expected) {
        g_autofree char *log = fake_polkit_take_log(f->polkit);

        g_assert_cmpstr(log, ==, expected);
}

static sd_bus_message *restart(Fixture *f, bool interactive) {
        return call_end(fixture_command_begin(f, f->user, interactive, "SendCommand", "a", "restart",
                                              "s:container=3node0", NULL));
}

static void test_root_is_not_asked(Fixture *f, const void *data) {
        FakeAgent *a = fake_agent_new(&f->server, "a");
        g_autofree char *id = fixture_send(f, "a");

        assert_asked(f, "");
        fake_agent_free(a);
}

static void test_yes(Fixture *f, const void *data) {
        FakeAgent *a = fake_agent_new(&f->server, "a");
        g_autoptr(sd_bus_message) quiet = NULL, interactive = NULL;

        fake_polkit_say(f->polkit, "org.mserver1.command.restart", "yes");
        quiet = restart(f, false);
        assert_reply_error(quiet, NULL, NULL);
        assert_asked(f,
                     "org.mserver1.command.restart client=a command=restart container=3node0 selector=\n");
        interactive = restart(f, true);
        assert_reply_error(interactive, NULL, NULL);
        assert_asked(f,
                     "org.mserver1.command.restart client=a command=restart container=3node0 selector= interactive\n");
        g_assert_nonnull(strstr(fake_audit_latest("command-requested"), "MSERVER_CALLER_UID=65534\n"));
        g_assert_cmpuint(fake_audit_count_of("command-denied"), ==, 0);
        fake_agent_free(a);
}

static void test_no(Fixture *f, const void *data) {
        FakeAgent *a = fake_agent_new(&f->server, "a");
        g_autoptr(sd_bus_message) m = restart(f, true);
        const char *entry = fake_audit_latest("command-denied");

        assert_reply_error(m, ACCESS_DENIED,
                           "SendCommand is denied (org.mserver1.command.restart): polkit said no");
        g_assert_cmpuint(fake_agent_commands(a)->len, ==, 0);
        g_assert_cmpuint(fake_audit_count_of("command-requested"), ==, 0);
        g_assert_nonnull(strstr(entry, "MESSAGE_ID=" MESSAGE_ID_COMMAND_DENIED "\nPRIORITY=4\n"));
        g_assert_nonnull(strstr(entry, "\nMSERVER_CLIENT=a\n"));
        g_assert_nonnull(strstr(entry, "\nMSERVER_COMMAND=restart\n"));
        g_assert_nonnull(strstr(entry, "\nMSERVER_CONTAINER=3node0\n"));
        g_assert_nonnull(strstr(entry, "\nMSERVER_PARAMS={"));
        g_assert_nonnull(strstr(entry, "\nMSERVER_CALLER_UID=65534\n"));
        g_assert_nonnull(strstr(entry, "\nMSERVER_CALLER_PID="));
        g_assert_nonnull(strstr(entry, "\nMSERVER_CALLER_EXE=/"));
        g_assert_nonnull(strstr(entry, "\nMSERVER_ACTION=org.mserver1.command.restart\n"));
        g_assert_nonnull(strstr(entry, "\nMSERVER_REASON=polkit said no\n"));
        g_assert_nonnull(strstr(entry, "\nMESSAGE=a: restart 3node0 denied to uid 65534 (/"));
        fake_agent_free(a);
}

static void test_challenge(Fixture *f, const void *data) {
        g_autoptr(sd_bus_message) quiet = NULL, dismissed = NULL, failed = NULL;

        fake_polkit_say(f->polkit, NULL, "challenge");
        quiet = restart(f, false);
        assert_reply_error(quiet, INTERACTIVE, "org.mserver1.command.restart");
        g_assert_cmpuint(fake_audit_count_of("command-denied"), ==, 1);
        fake_polkit_say(f->polkit, NULL, "dismissed");
        dismissed = restart(f, true);
        assert_reply_error(dismissed, ACCESS_DENIED, "dismissed");
        fake_polkit_say(f->polkit, NULL, "fail");
        failed = restart(f, true);
        assert_reply_error(failed, ACCESS_DENIED, "out of order");
}

static void test_without_polkit(Fixture *f, const void *data) {
        g_autoptr(sd_bus_message) user = NULL, root = NULL;

        f->polkit = fake_polkit_free(f->polkit);
        user = manager_call(f, f->user, "ListClients", NULL);
        assert_reply_error(user, ACCESS_DENIED, "polkit is not running");
        root = manager_call(f, f->root, "ListClients", NULL);
        assert_reply_error(root, NULL, NULL);
}

/* Each method with wrong intentions: asked for its own action, refused, and in the journal. */
static void test_every_method(Fixture *f, const void *data) {
        static const struct {
                const char *member, *types, *argument, *asked;
        } cases[] = {
                { "ListClients", NULL, NULL, "org.mserver1.read client= command= container= selector=\n" },
                { "GetClient", "s", "a", "org.mserver1.read client=a command= container= selector=\n" },
                { "RevokeClient", "s", "a",
                  "org.mserver1.manage-clients client=a command= container= selector=\n" },
                { "ForgetClient", "s", "a",
                  "org.mserver1.manage-clients client=a command= container= selector=\n" },
                { "Subscribe", NULL, NULL, "org.mserver1.read client= command= container= selector=\n" },
                { "GetCommand", "s", NULL,
                  "org.mserver1.read client=a command=restart container=3node0 selector=\n" },
                { "CancelCommand", "s", NULL,
                  "org.mserver1.cancel client=a command=restart container=3node0 selector=\n" },
        };
        FakeAgent *a = fake_agent_new(&f->server, "a");
        g_autofree char *id = fixture_send(f, "a"), *path = g_strconcat(MSERVER_COMMAND_ROOT "/", id, NULL),
                        *field = g_strdup_printf("MSERVER_COMMAND_ID=%s\n", id);
        g_autoptr(sd_bus_message) result = NULL, output = NULL;

        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                g_autoptr(sd_bus_message) m = manager_call(f, f->user, cases[i].member, cases[i].types,
                                                           cases[i].argument ?: id);

                assert_reply_error(m, ACCESS_DENIED, cases[i].member);
                assert_asked(f, cases[i].asked);
                g_assert_cmpuint(fake_audit_count_of("command-denied"), ==, i + 1);
        }
        result = call(f->loop, f->user, path, MSERVER_IFACE_COMMAND, "GetResult", NULL);
        assert_reply_error(result, ACCESS_DENIED, "GetResult");
        assert_asked(f, "org.mserver1.read-output client=a command=restart container=3node0 selector=\n");
        g_assert_nonnull(strstr(fake_audit_latest("command-denied"), "PRIORITY=6\n"));
        g_assert_nonnull(strstr(fake_audit_latest("command-denied"),
                                "MESSAGE=a: GetResult denied to uid 65534 (/"));
        g_assert_nonnull(strstr(fake_audit_latest("command-denied"), field));
        output = call(f->loop, f->user, path, MSERVER_IFACE_COMMAND, "GetOutput", "tu", UINT64_C(0), 100u);
        assert_reply_error(output, ACCESS_DENIED, "GetOutput");
        fake_agent_free(a);
}

static void test_broadcast_needs_both(Fixture *f, const void *data) {
        FakeAgent *a = fake_agent_new(&f->server, "a");
        g_autoptr(sd_bus_message) denied = NULL, allowed = NULL;

        fake_polkit_say(f->polkit, "org.mserver1.command.status", "yes");
        denied = fixture_command(f, f->user, "Broadcast", "all", "status", NULL, NULL);
        assert_reply_error(denied, ACCESS_DENIED, "org.mserver1.broadcast");
        assert_asked(f, "org.mserver1.command.status client= command=status container= selector=all\n"
                        "org.mserver1.broadcast client= command=status container= selector=all\n");
        g_assert_nonnull(strstr(fake_audit_latest("command-denied"), "MSERVER_SELECTOR=all\n"));
        fake_polkit_say(f->polkit, "org.mserver1.broadcast", "yes");
        allowed = fixture_command(f, f->user, "Broadcast", "all", "status", NULL, NULL);
        assert_reply_error(allowed, NULL, NULL);
        fake_agent_free(a);
}

/* One's own: read and cancelled without a question. */
static void test_own(Fixture *f, const void *data) {
        FakeAgent *a = fake_agent_new(&f->server, "a");
        g_autoptr(sd_bus_message) sent = NULL, result = NULL, output = NULL, cancelled = NULL;
        const char *id, *path;

        fake_polkit_say(f->polkit, "org.mserver1.command.restart", "yes");
        sent = restart(f, false);
        g_assert_cmpint(sd_bus_message_read(sent, "so", &id, &path), >, 0);
        g_free(fake_polkit_take_log(f->polkit));
        result = call(f->loop, f->user, path, MSERVER_IFACE_COMMAND, "GetResult", NULL);
        assert_reply_error(result, NULL, NULL);
        output = call(f->loop, f->user, path, MSERVER_IFACE_COMMAND, "GetOutput", "tu", UINT64_C(0), 100u);
        assert_reply_error(output, NULL, NULL);
        cancelled = manager_call(f, f->user, "CancelCommand", "s", id);
        assert_reply_error(cancelled, NULL, NULL);
        assert_asked(f, "");
        fake_agent_free(a);
}

static void test_custom(Fixture *f, const void *data) {
        g_autoptr(sd_bus_message) m = fixture_command(f, f->user, "SendCommand", "a", "reindex", NULL, NULL);

        assert_reply_error(m, ACCESS_DENIED, "org.mserver1.command.custom");
        assert_asked(f, "org.mserver1.command.custom client=a command=reindex container= selector=\n");
}

static void assert_can_run(Fixture *f, sd_bus *from, const char *expected) {
        g_autoptr(sd_bus_message) m = manager_call(f, from, "CanRun", "ss", "a", "exec");
        const char *answer;

        assert_reply_error(m, NULL, NULL);
        g_assert_cmpint(sd_bus_message_read(m, "s", &answer), >, 0);
        g_assert_cmpstr(answer, ==, expected);
}

static void test_can_run(Fixture *f, const void *data) {
        assert_can_run(f, f->root, "yes");
        assert_asked(f, "");
        assert_can_run(f, f->user, "no");
        assert_asked(f, "org.mserver1.command.exec client=a command=exec container= selector=\n");
        fake_polkit_say(f->polkit, NULL, "challenge");
        assert_can_run(f, f->user, "challenge");
        fake_polkit_say(f->polkit, NULL, "yes");
        assert_can_run(f, f->user, "yes");
        g_assert_cmpuint(fake_audit_count_of("command-denied"), ==, 0);
}

static void wait_until_held(Fixture *f, unsigned n) {
        run_until(f->loop, fake_polkit_held(f->polkit) == n);
}

/* While one caller types a password, others are served; a caller that leaves takes its question along. */
static void test_nobody_waits_for_others(Fixture *f, const void *data) {
        FakeAgent *a = fake_agent_new(&f->server, "a");
        sd_bus *slow = private_bus_connect(f->private_bus, other_uid());
        g_autoptr(sd_bus_message) denied = NULL, late = NULL;
        Pending *p, *gone;

        fake_polkit_say(f->polkit, "org.mserver1.command.restart", "hold");
        p = fixture_command_begin(f, f->user, true, "SendCommand", "a", "restart", NULL, NULL);
        gone = fixture_command_begin(f, slow, true, "SendCommand", "a", "restart", NULL, NULL);
        wait_until_held(f, 2);
        denied = manager_call(f, f->user, "ListClients", NULL);
        assert_reply_error(denied, ACCESS_DENIED, "ListClients");
        g_free(fake_polkit_take_log(f->polkit));

        private_bus_disconnect(slow);
        g_free(gone);
        wait_until_held(f, 1);
        assert_asked(f, "cancelled\n");
        g_assert_false(p->done);
        fake_polkit_release(f->polkit, "yes");
        late = call_end(p);
        assert_reply_error(late, NULL, NULL);
        g_assert_cmpuint(fake_agent_commands(a)->len, ==, 1);
        fake_agent_free(a);
}

/* One user's calls, with a polkit agent that never answers, do not take the places of others: not those at polkit, and
 * not those of parked calls. */
static void test_limits_of_a_user(Fixture *f, const void *data) {
        sd_bus *many[REQUESTS_PARKED_PER_UID_MAX / CALLS_PER_CONNECTION],
                        *third = private_bus_connect(f->private_bus, THIRD_USER);
        g_autofree Pending **parked = g_new0(Pending *, REQUESTS_PARKED_PER_UID_MAX);
        g_autoptr(sd_bus_message) more = NULL, root = NULL, of_third = NULL;
        Pending *p;

        fake_polkit_say(f->polkit, "org.mserver1.read", "hold");
        for (unsigned i = 0; i < REQUESTS_PARKED_PER_UID_MAX; i++) {
                sd_bus **from = &many[i / CALLS_PER_CONNECTION];

                if (i % CALLS_PER_CONNECTION == 0)
                        *from = private_bus_connect(f->private_bus, other_uid());
                parked[i] = manager_begin(f, *from, "ListClients", NULL);
        }
        for (unsigned i = 0; i < G_N_ELEMENTS(many); i++)
                settle(f->loop, many[i]);
        g_assert_cmpuint(fake_polkit_held(f->polkit), ==, POLKIT_QUESTIONS_PER_UID_MAX);

        more = manager_call(f, f->user, "ListClients", NULL);
        assert_reply_error(more, MSERVER_ERROR_PREFIX "LimitExceeded", "1024 calls of user 65534");
        root = manager_call(f, f->root, "ListClients", NULL);
        assert_reply_error(root, NULL, NULL);
        p = manager_begin(f, third, "ListClients", NULL);
        wait_until_held(f, POLKIT_QUESTIONS_PER_UID_MAX + 1);
        fake_polkit_say(f->polkit, "org.mserver1.read", "yes");
        fake_polkit_release(f->polkit, "yes");
        of_third = call_end(p);
        assert_reply_error(of_third, NULL, NULL);
        for (unsigned i = 0; i < REQUESTS_PARKED_PER_UID_MAX; i++) {
                g_autoptr(sd_bus_message) m = call_end(parked[i]);

                assert_reply_error(m, NULL, NULL);
        }
        for (unsigned i = 0; i < G_N_ELEMENTS(many); i++)
                private_bus_disconnect(many[i]);
        private_bus_disconnect(third);
}

static void test_every_command_has_an_action(void) {
        for (const CommandInfo *i = command_table; i->name; i++) {
                g_autofree char *expected = g_strconcat(ACTION_COMMAND_PREFIX, i->name, NULL);

                g_assert_cmpstr(command_action(i->name), ==, expected);
        }
        g_assert_cmpstr(command_action("reindex"), ==, ACTION_COMMAND_CUSTOM);
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/bus/polkit/every-command-has-an-action", test_every_command_has_an_action);
        fixture_add("/bus/polkit/root-is-not-asked", test_root_is_not_asked);
        fixture_add("/bus/polkit/yes", test_yes);
        fixture_add("/bus/polkit/no", test_no);
        fixture_add("/bus/polkit/challenge", test_challenge);
        fixture_add("/bus/polkit/without-polkit", test_without_polkit);
        fixture_add("/bus/polkit/every-method", test_every_method);
        fixture_add("/bus/polkit/broadcast-needs-both", test_broadcast_needs_both);
        fixture_add("/bus/polkit/own", test_own);
        fixture_add("/bus/polkit/custom", test_custom);
        fixture_add("/bus/polkit/can-run", test_can_run);
        fixture_add("/bus/polkit/nobody-waits-for-others", test_nobody_waits_for_others);
        fixture_add("/bus/polkit/limits-of-a-user", test_limits_of_a_user);
        return g_test_run();
}
