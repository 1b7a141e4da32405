/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Command lines taken apart: what sets what, where the words begin, and what ends the program. */
#include <glib.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "command-line.h"

static bool flag;
static const char *value;
static unsigned helped;

static void help(void) {
        helped++;
}

static const CommandOption options[] = { { "flag", 'f', &flag, NULL }, { "value", 0, NULL, &value }, {} };

/* text: words between spaces. Returns the words that are left, joined, or NULL with the code in *ret_code. */
static char *read_line(const char *text, bool stop_at_word, const char *version, int *ret_code) {
        const CommandLine line = { options, stop_at_word, help, version };
        g_auto(GStrv) words = g_strsplit(text, " ", 0);
        g_autofree char **argv = g_memdup2(words, (g_strv_length(words) + 1) * sizeof(char *));
        int first;

        flag = false;
        g_clear_pointer((char **) &value, g_free);
        helped = 0;
        first = command_line_read(&line, (int) g_strv_length(words), argv, ret_code);
        value = g_strdup(value); /* it was a part of argv */
        return first < 0 ? NULL : g_strjoinv(" ", argv + first);
}

static void test_read(void) {
        static const struct {
                const char *line;
                bool stop_at_word;
                const char *words; /* that are left */
                bool flag;
                const char *value;
        } rows[] = {
                { "p", false, "", false, NULL },
                { "p a b", false, "a b", false, NULL },
                { "p -f a", false, "a", true, NULL },
                { "p a --flag b", false, "a b", true, NULL },
                { "p a --flag b", true, "a --flag b", false, NULL },
                { "p --value=1 --value 2 a", true, "a", false, "2" },
                { "p --value= a", false, "a", false, "" },
                { "p --val=1", false, "", false, "1" },
                { "p --value=1 -- -f", false, "-f", false, "1" },
                { "p -- --help", true, "--help", false, NULL },
        };

        for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
                int code = -1;
                g_autofree char *words = read_line(rows[i].line, rows[i].stop_at_word, "p 1", &code);

                g_assert_cmpstr(words, ==, rows[i].words);
                g_assert_true(flag == rows[i].flag);
                g_assert_cmpstr(value, ==, rows[i].value);
                g_assert_cmpuint(helped, ==, 0);
                g_assert_cmpint(code, ==, -1);
        }
}

static void assert_ends(const char *text, const char *version, int code) {
        int ended = -1;

        g_assert_null(read_line(text, true, version, &ended));
        g_assert_cmpint(ended, ==, code);
}

static void test_help(void) {
        assert_ends("p --help", NULL, EXIT_SUCCESS);
        g_assert_cmpuint(helped, ==, 1);
        assert_ends("p -f -h x", NULL, EXIT_SUCCESS);
        g_assert_cmpuint(helped, ==, 1);
}

static void say_version(void) {
        assert_ends("p --version", "p 1.2", EXIT_SUCCESS);
        exit(EXIT_SUCCESS);
}

static void say_wrong(void) {
        assert_ends("p --wrong", "p 1.2", EX_USAGE);
        assert_ends("p --value", "p 1.2", EX_USAGE);
        assert_ends("p --flag=x", "p 1.2", EX_USAGE);
        assert_ends("p -x", "p 1.2", EX_USAGE);
        assert_ends("p --version", NULL, EX_USAGE);
        exit(EXIT_SUCCESS);
}

static void test_version(void) {
        if (g_test_subprocess())
                say_version();
        g_test_trap_subprocess(NULL, 0, 0);
        g_test_trap_assert_passed();
        g_test_trap_assert_stdout("*p 1.2\n");
}

static void test_wrong(void) {
        if (g_test_subprocess())
                say_wrong();
        g_test_trap_subprocess(NULL, 0, 0);
        g_test_trap_assert_passed();
        g_test_trap_assert_stderr("p: *--wrong*\np: *--value*\np: *--flag*\np: *x*\np: *--version*\n");
}

int main(int argc, char *argv[]) {
        int code;

        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/command-line/read", test_read);
        g_test_add_func("/command-line/help", test_help);
        g_test_add_func("/command-line/version", test_version);
        g_test_add_func("/command-line/wrong", test_wrong);
        code = g_test_run();
        g_clear_pointer((char **) &value, g_free);
        return code;
}
