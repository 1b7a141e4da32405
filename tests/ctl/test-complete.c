/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What completion offers, with a service of two clients. */
#include "complete.h"

#include <glib.h>

static char **clients(void *userdata) {
        return g_strsplit("seoul-1 seoul-2", " ", -1);
}

static char **commands(const char *client, void *userdata) {
        return g_strsplit(client ? "start restart sweep" : "start restart", " ", -1);
}

static char **containers(const char *client, void *userdata) {
        return g_strcmp0(client, "seoul-1") == 0 ? g_strsplit("3node4 3node5", " ", -1) : NULL;
}

static char **command_ids(void *userdata) {
        return g_strsplit("cmd_1_1000 cmd_2_1001", " ", -1);
}

static char **alert_ids(const char *action, void *userdata) {
        return g_strdupv((char *[]){
                        (char *) (g_str_equal(action, "ack") ? "alert_1_1000" : "silence_1_1000"), NULL });
}

static char **schedules(void *userdata) {
        return g_strsplit("nightly weekly", " ", -1);
}

static const CompleteSource source = {
        clients, commands, containers, command_ids, alert_ids, schedules, NULL
};

static void assert_offered(const char *line, const char *prefix, bool in_session, const char *expected) {
        g_auto(GStrv) words = g_strsplit(line, " ", -1);
        g_auto(GStrv) found = complete_words((const char *const *) words, prefix, in_session, &source);
        g_autofree char *offered = g_strjoinv(" ", found);

        g_assert_cmpstr(offered, ==, expected);
}

static void test_words(void) {
        assert_offered("", "", true,
                       "alerts audit backups broadcast cancel command enroll forget help history keys list logs quit revoke schedule send show token watch");
        assert_offered("", "qu", false, "");
        assert_offered("", "h", false, "help history");
        assert_offered("help", "re", true, "revoke");
        assert_offered("send", "se", false, "seoul-1 seoul-2");
        assert_offered("send seoul-1", "s", false, "start sweep");
        assert_offered("send seoul-1 restart", "", false, "3node4 3node5");
        assert_offered("send seoul-1 restart 3node4", "", false, "");
        assert_offered("send seoul-2 restart", "", false, "");
        assert_offered("broadcast", "", false, "restart start");
        assert_offered("broadcast restart", "", false, "");
        assert_offered("logs seoul-1", "3node5", false, "3node5");
        assert_offered("show seoul-1 seoul-2", "", false, "seoul-1 seoul-2");
        assert_offered("token seoul-1", "", false, "");
        assert_offered("keys", "seoul-", false, "seoul-1 seoul-2");
        assert_offered("backups seoul-1", "", false, "3node4 3node5");
        assert_offered("audit", "", false, "verify");
        assert_offered("schedule", "", false, "add disable enable list remove run");
        assert_offered("schedule run", "", false, "nightly weekly");
        assert_offered("schedule add x", "", false, "restart start");
        assert_offered("schedule add x", "--cal", false, "--calendar");
        assert_offered("audit --client", "", false, "seoul-1 seoul-2");
        assert_offered("audit --event", "command-f", false, "command-finished");
        assert_offered("cancel cmd_9_9999", "cmd_2", false, "cmd_2_1001");
        assert_offered("alerts", "", false, "ack list past silence silences unsilence");
        assert_offered("alerts ack", "", false, "alert_1_1000");
        assert_offered("alerts unsilence", "", false, "silence_1_1000");
        assert_offered("alerts silence --kind", "disk", false, "disk-full");
        assert_offered("no-such-verb", "", false, "");
}

static void test_options(void) {
        assert_offered("", "--no-p", false, "--no-pager");
        assert_offered("", "--ho", false, "--host");
        assert_offered("list", "--ho", false, "--host");
        /* Where the place is settled. */
        assert_offered("list", "--ho", true, "");
        assert_offered("list", "--json", false, "--json");
        assert_offered("list", "--json=", false, "--json=off --json=pretty --json=short");
        assert_offered("list --state", "o", false, "offline online");
        assert_offered("history --command", "r", false, "restart");
        assert_offered("-H there list", "s", false, "seoul-1 seoul-2");
        assert_offered("send seoul-1 restart", "--t", false, "--timeout");
        assert_offered("send seoul-1 restart", "--a", false, "--all");
        assert_offered("send seoul-1 exec", "--no-w", false, "--no-wait");
        assert_offered("send seoul-1 exec ls", "--no-w", false, "");
}

int main(int argc, char **argv) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/complete/words", test_words);
        g_test_add_func("/complete/options", test_options);
        return g_test_run();
}
