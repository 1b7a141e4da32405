/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Output that streams: who gets it by signal, and reading it afterwards. */
#include <string.h>

#include "bus-fixture.h"
#include "limits.h"

static void subscribe(Fixture *f, sd_bus *from, const char *member) {
        g_autoptr(sd_bus_message) m = manager_call(f, from, member, NULL);

        assert_reply_error(m, NULL, NULL);
}

/* A command of the user's own. */
static char *send_as_user(Fixture *f) {
        g_autoptr(sd_bus_message) m = NULL;
        const char *id;

        fake_polkit_say(f->polkit, "org.mserver1.command.logs", "yes");
        m = fixture_command(f, f->user, "SendCommand", "a", "logs", NULL, NULL);
        assert_reply_error(m, NULL, NULL);
        g_assert_cmpint(sd_bus_message_read(m, "so", &id, NULL), >, 0);
        return g_strdup(id);
}

static char *line_of(const char *id, unsigned offset, const char *text) {
        return g_strdup_printf("CommandOutput %s %u %s", id, offset, text);
}

static void test_subscribers(Fixture *f, const void *data) {
        FakeAgent *a = fake_agent_new(&f->server, "a");
        Listener *root = listener_new(f, f->root), *user = listener_new(f, f->user);
        g_autofree char *of_root = NULL, *of_user = NULL, *root_line = NULL, *user_line = NULL;

        fake_polkit_say(f->polkit, "org.mserver1.read", "yes");
        of_root = fixture_send(f, "a");
        of_user = send_as_user(f);
        root_line = line_of(of_root, 0, "hello");
        user_line = line_of(of_user, 0, "world");

        /* Nobody has subscribed. */
        fake_agent_prints(a, of_user, 0, "early");
        settle(f->loop, f->root);
        g_assert_cmpuint(listener_count(user, "CommandOutput"), ==, 0);

        subscribe(f, f->user, "Subscribe");
        subscribe(f, f->user, "Subscribe");
        subscribe(f, f->root, "Subscribe");
        g_free(fake_polkit_take_log(f->polkit));
        fake_agent_prints(a, of_root, 0, "hello");
        fake_agent_prints(a, of_user, 5, "world");
        (void) listener_wait(root, root_line);
        g_free(user_line);
        user_line = line_of(of_user, 5, "world");
        (void) listener_wait(user, user_line);
        (void) listener_wait(root, user_line);
        settle(f->loop, f->user);
        g_assert_cmpuint(listener_count(user, "CommandOutput"), ==, 1);
        {
                g_autofree char *log = fake_polkit_take_log(f->polkit);

                g_assert_cmpstr(log, ==,
                                "org.mserver1.read-output client=a command=restart container=3node0 selector=\n");
        }

        subscribe(f, f->user, "Unsubscribe");
        fake_agent_prints(a, of_user, 10, "unheard");
        settle(f->loop, f->user);
        g_assert_cmpuint(listener_count(user, "CommandOutput"), ==, 1);
        listener_free(root);
        listener_free(user);
        fake_agent_free(a);
}

/* Others' output: not before polkit's yes, which is remembered until its rules change. */
static void test_others_output(Fixture *f, const void *data) {
        FakeAgent *a = fake_agent_new(&f->server, "a");
        Listener *user = listener_new(f, f->user);
        g_autofree char *id = fixture_send(f, "a"), *third = line_of(id, 4, "cc"), *log = NULL,
                        *again = NULL;

        fake_polkit_say(f->polkit, "org.mserver1.read", "yes");
        fake_polkit_say(f->polkit, "org.mserver1.read-output", "yes");
        subscribe(f, f->user, "Subscribe");
        g_free(fake_polkit_take_log(f->polkit));
        fake_agent_prints(a, id, 0, "aa");
        settle(f->loop, f->user);
        settle(f->loop, f->user);
        fake_agent_prints(a, id, 2, "bb");
        fake_agent_prints(a, id, 4, "cc");
        (void) listener_wait(user, third);
        g_assert_cmpuint(listener_count(user, "CommandOutput"), ==, 2);
        log = fake_polkit_take_log(f->polkit);
        g_assert_cmpstr(log, ==,
                        "org.mserver1.read-output client=a command=restart container=3node0 selector=\n");

        fake_polkit_say(f->polkit, "org.mserver1.read-output", "no");
        fake_polkit_changed(f->polkit);
        settle(f->loop, f->user);
        fake_agent_prints(a, id, 6, "dd");
        settle(f->loop, f->user);
        fake_agent_prints(a, id, 8, "ee");
        settle(f->loop, f->user);
        g_assert_cmpuint(listener_count(user, "CommandOutput"), ==, 2);
        again = fake_polkit_take_log(f->polkit);
        g_assert_cmpstr(again, ==,
                        "org.mserver1.read-output client=a command=restart container=3node0 selector=\n");
        listener_free(user);
        fake_agent_free(a);
}

static void test_get_output(Fixture *f, const void *data) {
        FakeAgent *a = fake_agent_new(&f->server, "a");
        g_autofree char *id = fixture_send(f, "a"), *path = g_strconcat(MSERVER_COMMAND_ROOT "/", id, NULL);
        g_autoptr(sd_bus_message) part = NULL, rest = NULL, wrong = NULL;
        const void *chunk;
        uint64_t next;
        size_t size;
        int more;

        fake_agent_prints(a, id, 0, "hello world");
        part = call(f->loop, f->root, path, MSERVER_IFACE_COMMAND, "GetOutput", "tu", UINT64_C(0), 5u);
        assert_reply_error(part, NULL, NULL);
        g_assert_cmpint(sd_bus_message_read_array(part, 'y', &chunk, &size), >, 0);
        g_assert_cmpint(sd_bus_message_read(part, "tb", &next, &more), >, 0);
        g_assert_cmpmem(chunk, size, "hello", 5);
        g_assert_cmpuint(next, ==, 5);
        g_assert_true(more);

        fake_agent_ends(a, id, COMMAND_SUCCEEDED, "{}", NULL);
        settle(f->loop, f->root);
        rest = call(f->loop, f->root, path, MSERVER_IFACE_COMMAND, "GetOutput", "tu", next,
                    OUTPUT_TAIL_BYTES);
        assert_reply_error(rest, NULL, NULL);
        g_assert_cmpint(sd_bus_message_read_array(rest, 'y', &chunk, &size), >, 0);
        g_assert_cmpint(sd_bus_message_read(rest, "tb", &next, &more), >, 0);
        g_assert_cmpmem(chunk, size, " world", 6);
        g_assert_cmpuint(next, ==, 11);

        wrong = call(f->loop, f->root, path, MSERVER_IFACE_COMMAND, "GetOutput", "tu", UINT64_C(0), 0u);
        assert_reply_error(wrong, MSERVER_ERROR_PREFIX "InvalidParameter", "max is 0: expected 1 to");
        fake_agent_free(a);
}

/* A subscriber that leaves the bus makes room. */
static void test_limit(Fixture *f, const void *data) {
        sd_bus *all[SUBSCRIBERS_PER_UID_MAX];
        g_autoptr(sd_bus_message) more = NULL, again = NULL;

        fake_polkit_say(f->polkit, "org.mserver1.read", "yes");
        for (unsigned i = 0; i < G_N_ELEMENTS(all); i++) {
                all[i] = private_bus_connect(f->private_bus, other_uid());
                subscribe(f, all[i], "Subscribe");
        }
        more = manager_call(f, f->user, "Subscribe", NULL);
        assert_reply_error(more, MSERVER_ERROR_PREFIX "LimitExceeded", "32 subscribers");
        private_bus_disconnect(all[0]);
        settle(f->loop, f->user);
        again = manager_call(f, f->user, "Subscribe", NULL);
        assert_reply_error(again, NULL, NULL);
        for (unsigned i = 1; i < G_N_ELEMENTS(all); i++)
                private_bus_disconnect(all[i]);
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        fixture_add("/bus/output/subscribers", test_subscribers);
        fixture_add("/bus/output/others", test_others_output);
        fixture_add("/bus/output/get", test_get_output);
        fixture_add("/bus/output/limit", test_limit);
        return g_test_run();
}
