/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The log, as a reader of stderr meets it: levels for the journal only, one line whatever the text. */
#include <glib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log.h"

static void say_all(void) {
        log_error("an error of %s", "two\nlines");
        log_warning("a warning");
        log_info("a note");
        log_debug("a detail");
}

static void test_plain(void) {
        if (g_test_subprocess()) {
                g_unsetenv("JOURNAL_STREAM");
                log_init(false);
                say_all();
                return;
        }
        g_test_trap_subprocess(NULL, 0, 0);
        g_test_trap_assert_passed();
        g_test_trap_assert_stderr("an error of two lines\na warning\na note\n");
}

static void test_debug(void) {
        if (g_test_subprocess()) {
                log_init(true);
                log_debug("a detail");
                return;
        }
        g_test_trap_subprocess(NULL, 0, 0);
        g_test_trap_assert_stderr("a detail\n");
}

static void test_journal(void) {
        if (g_test_subprocess()) {
                g_autofree char *stream = NULL;
                struct stat st;

                g_assert_cmpint(fstat(STDERR_FILENO, &st), ==, 0);
                stream = g_strdup_printf("%" G_GUINT64_FORMAT ":%" G_GUINT64_FORMAT, (guint64) st.st_dev,
                                         (guint64) st.st_ino);
                g_setenv("JOURNAL_STREAM", stream, true);
                log_init(true);
                say_all();
                return;
        }
        g_test_trap_subprocess(NULL, 0, 0);
        g_test_trap_assert_passed();
        g_test_trap_assert_stderr("<3>an error of two lines\n<4>a warning\n<6>a note\n<7>a detail\n");
}

static void test_other_stream(void) {
        if (g_test_subprocess()) {
                g_setenv("JOURNAL_STREAM", "1:1", true);
                log_init(false);
                log_info("a note");
                return;
        }
        g_test_trap_subprocess(NULL, 0, 0);
        g_test_trap_assert_stderr("a note\n");
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/log/plain", test_plain);
        g_test_add_func("/log/debug", test_debug);
        g_test_add_func("/log/journal", test_journal);
        g_test_add_func("/log/other-stream", test_other_stream);
        return g_test_run();
}
