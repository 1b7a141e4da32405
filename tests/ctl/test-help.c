/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Help, in English and in Korean: it names all there is, fits, and lines up. */
#include "help.h"

#include <string.h>

#include "display.h"
#include "speak.h"

#define WIDTH 80

static const Terminal plain = { .utf8 = true };

static void assert_fits(const char *text) {
        g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

        for (char **line = lines; *line; line++)
                if (display_width(*line) > WIDTH)
                        g_error("too wide: %s", *line);
        g_assert_null(strchr(text, '\t'));
}

static void check_all(void) {
        g_autofree char *overview = help_overview(&plain, false), *session = help_overview(&plain, true);

        assert_fits(overview);
        assert_fits(session);
        for (const Verb *const *v = verb_table; *v; v++) {
                g_autofree char *text = help_verb(*v, &plain, false),
                                *item = g_strdup_printf("\n  %s ", (*v)->name);

                assert_fits(text);
                g_assert_cmpint(strstr(overview, item) != NULL, ==, verb_is_shown(*v, false));
                g_assert_cmpint(strstr(session, item) != NULL, ==, verb_is_shown(*v, true));
        }
        for (const CommandInfo *info = command_table; info->name; info++) {
                g_autofree char *text = help_command(info, &plain);

                assert_fits(text);
        }
}

static void test_english(void) {
        speak("en");
        check_all();
}

/* Where in the line of an item its help begins. */
static size_t help_column(const char *text, const char *item, const char *help) {
        const char *begin = strstr(text, item), *end = begin ? strstr(begin, help) : NULL;
        g_autofree char *left = NULL;

        g_assert_nonnull(end);
        left = g_strndup(begin, (size_t) (end - begin));
        return display_width(left);
}

static void test_korean(void) {
        g_autofree char *text = NULL;

        speak("ko");
        check_all();
        text = help_overview(&plain, false);
        g_assert_cmpuint(help_column(text, "  list [패턴...]", "클라이언트와"), ==,
                         help_column(text, "  command ID", "명령 하나의"));
        g_assert_nonnull(strstr(text, "-H --host=[사용자@]호스트"));
}

static void test_command(void) {
        g_autofree char *text = NULL;

        speak("en");
        text = help_command(command_info("rotate_keys"), &plain);
        g_assert_true(g_str_has_prefix(text, "send CLIENT rotate_keys [container] [force]\n"));
        g_assert_nonnull(strstr(text, "\n  force      also while the node is syncing"));
}

int main(int argc, char **argv) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/help/english", test_english);
        g_test_add_func("/help/command", test_command);
        /* The last: see speak.h. */
        g_test_add_func("/help/korean", test_korean);
        return g_test_run();
}
