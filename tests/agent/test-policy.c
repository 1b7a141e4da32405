/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests of [Policy]: what is let through, what is not, and which rule says so. */
#include "policy.h"

#include <string.h>

#include "error.h"

static Policy *parse(const char *commands, const char *containers, const char *exec, const char *callers) {
        g_auto(GStrv) c = commands ? g_strsplit(commands, " ", 0) : NULL,
                      n = containers ? g_strsplit(containers, " ", 0) : NULL,
                      u = callers ? g_strsplit(callers, " ", 0) : NULL;
        g_autoptr(GError) error = NULL;
        Policy *p = policy_new(c, n, exec, u, &error);

        g_assert_no_error(error);
        return p;
}

static void assert_rule(char *refusal, const char *rule) {
        g_autofree char *text = refusal;

        if (!rule)
                g_assert_cmpstr(text, ==, NULL);
        else if (!text || !g_strstr_len(text, -1, rule))
                g_error("expected a refusal by %s, got \"%s\"", rule, text ?: "(allowed)");
}

static void test_default(void) {
        g_autoptr(Policy) p = parse(NULL, NULL, NULL, NULL);
        const char *const ls[] = { "ls", NULL };

        assert_rule(policy_refuses_command(p, "restart", NULL), NULL);
        assert_rule(policy_refuses_command(p, "payout", "1000"), NULL);
        assert_rule(policy_refuses_command(p, "exec", "0"), "AllowExec=");
        assert_rule(policy_refuses_command(p, "exec", POLICY_CALLER_LOCAL), "AllowExec=");
        assert_rule(policy_refuses_container(p, "3node0"), NULL);
        assert_rule(policy_refuses_exec(p, ls), "AllowExec=");
}

static void test_commands(void) {
        g_autoptr(Policy) p = parse("status logs *_keys", "3node* node[12]", "yes", NULL),
                          none = parse("status", NULL, "yes", NULL);

        assert_rule(policy_refuses_command(p, "status", "0"), NULL);
        assert_rule(policy_refuses_command(p, "rotate_keys", "0"), NULL);
        assert_rule(policy_refuses_command(p, "restart", "0"), "AllowCommands=");
        assert_rule(policy_refuses_command(none, "exec", "0"), "AllowCommands=");
        assert_rule(policy_refuses_container(p, "3node17"), NULL);
        assert_rule(policy_refuses_container(p, "node2"), NULL);
        assert_rule(policy_refuses_container(p, "node3"), "AllowContainers=");
        assert_rule(policy_refuses_container(p, "postgres"), "AllowContainers=");
}

static void test_callers(void) {
        g_autoptr(Policy) p = parse(NULL, NULL, NULL, "0 1000");

        assert_rule(policy_refuses_command(p, "status", "0"), NULL);
        assert_rule(policy_refuses_command(p, "status", "1000"), NULL);
        assert_rule(policy_refuses_command(p, "status", POLICY_CALLER_LOCAL), NULL);
        assert_rule(policy_refuses_command(p, "status", "1001"), "does not list uid 1001");
        assert_rule(policy_refuses_command(p, "status", NULL), "does not say who");
}

typedef struct ExecCase {
        const char *patterns, *line;
        bool allowed;
} ExecCase;

static const ExecCase exec_cases[] = {
        { "yes", "rm -rf /", true },
        { "*", "rm -rf /", true },
        { "on", "ls", true },
        { "no", "ls", false },
        { "false", "ls", false },
        { "ls", "ls", true },
        { "ls", "ls -l", false },
        { "ls *", "ls", true },
        { "ls *", "ls -l /", true },
        { "ls *", "lsof", false },
        { "ls ?*", "ls", false },
        { "ls ?*", "ls -l", true },
        { "ls ?*", "ls -l /", false },
        { "ls -l /var/*", "ls -l /var/log", true },
        { "ls -l /var/*", "ls -l /etc", false },
        { "ls; cat /proc/meminfo", "cat /proc/meminfo", true },
        { "ls; cat /proc/meminfo", "ls", true },
        { "ls; cat /proc/meminfo", "cat /etc/shadow", false },
        { "ls; cat /proc/meminfo", "ls cat /proc/meminfo", false },
        { "ls ; cat /proc/meminfo ;", "cat /proc/meminfo", true },
        { "'/opt/my tool' status", "'/opt/my tool' status", true },
        { "* --version", "node --version", true },
        { "* --version", "sh -c 'evil --version'", false },
        { "* * *", "a b", true },
        { "* * *", "a", false },
        { "echo ''", "echo ''", true },
        { "echo ''", "echo", false },
        /* No shell reads either side: what looks like one's syntax is an argument. */
        { "ls *", "ls '; rm -rf /'", true },
        { "ls", "'ls; rm -rf /'", false },
};

static void test_exec(void) {
        for (size_t i = 0; i < G_N_ELEMENTS(exec_cases); i++) {
                const ExecCase *c = &exec_cases[i];
                g_autoptr(Policy) p = parse(NULL, NULL, c->patterns, NULL);
                g_auto(GStrv) argv = NULL;

                g_test_message("AllowExec=%s and %s", c->patterns, c->line);
                g_assert_true(g_shell_parse_argv(c->line, NULL, &argv, NULL));
                assert_rule(policy_refuses_exec(p, (const char *const *) argv),
                            c->allowed ? NULL : "AllowExec=");
        }
}

static void test_secrets(void) {
        g_autoptr(Policy) p = parse(NULL, NULL, "ls", NULL);
        const char *const argv[] = { "curl", "--user", "admin:hunter2", NULL };
        g_autofree char *text = policy_refuses_exec(p, argv);

        g_assert_nonnull(strstr(text, "curl"));
        g_assert_null(strstr(text, "hunter2"));
}

static void assert_wrong(const char *commands, const char *exec, const char *callers, const char *expected) {
        g_auto(GStrv) c = commands ? g_strsplit(commands, " ", 0) : NULL,
                      u = callers ? g_strsplit(callers, " ", 0) : NULL;
        g_autoptr(GError) error = NULL;

        g_assert_null(policy_new(c, NULL, exec, u, &error));
        g_assert_error(error, FLEET_ERROR, FLEET_ERROR_CONFIG);
        g_assert_nonnull(strstr(error->message, expected));
}

static void test_wrong(void) {
        assert_wrong("[abc", NULL, NULL, "AllowCommands=: \"[abc\"");
        assert_wrong(NULL, "ls '", NULL, "AllowExec=ls '");
        assert_wrong(NULL, "ls [x", NULL, "\"[x\"");
        assert_wrong(NULL, "; ls", NULL, "nothing before");
        assert_wrong(NULL, "ls; ; cat", NULL, "nothing before");
        assert_wrong(NULL, NULL, "oper", "\"oper\" is no user id");
        assert_wrong(NULL, NULL, "4294967295", "4294967295");
        assert_wrong(NULL, NULL, "-1", "-1");
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/policy/default", test_default);
        g_test_add_func("/policy/commands-and-containers", test_commands);
        g_test_add_func("/policy/callers", test_callers);
        g_test_add_func("/policy/exec", test_exec);
        g_test_add_func("/policy/secrets", test_secrets);
        g_test_add_func("/policy/wrong", test_wrong);
        return g_test_run();
}
