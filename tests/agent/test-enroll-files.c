/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What an enrolment writes down on the host before, and leaves there after it. */
#include <glib.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

#include "enroll-files.h"
#include "enroll-pending.h"
#include "error.h"

#define PIN "SHA256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define SERVER "wss://fleet.example:8443/ws/monitoring/"

static char *top, *directory;

static void setup(void) {
        g_autoptr(GError) error = NULL;

        top = g_dir_make_tmp("enroll-XXXXXX", NULL);
        directory = g_build_filename(top, "mclient", NULL);
        g_assert_true(enroll_files_prepare(directory, &error));
        g_assert_no_error(error);
}

static void teardown(void) {
        const char *argv[] = { "rm", "-r", top, NULL };

        g_assert_true(g_spawn_sync(NULL, (char **) argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL,
                                   NULL, NULL));
        g_clear_pointer(&top, g_free);
        g_clear_pointer(&directory, g_free);
}

static char *path_of(const char *name) {
        return g_build_filename(directory, name, NULL);
}

static unsigned mode_of(const char *name) {
        g_autofree char *path = path_of(name);
        struct stat st;

        g_assert_cmpint(stat(path, &st), ==, 0);
        return st.st_mode & 07777;
}

static void write_file(const char *name, const char *text) {
        g_autofree char *path = path_of(name);

        g_assert_true(g_file_set_contents(path, text, -1, NULL));
}

static void test_pending(void) {
        g_autoptr(GError) error = NULL;
        g_autofree char *first = NULL, *again = NULL, *other = NULL, *text = NULL, *path = NULL;

        setup();
        g_assert_false(enroll_pending_has(directory, "one-time"));
        first = enroll_pending_token(directory, "one-time", &error);
        g_assert_no_error(error);
        g_assert_cmpuint(strlen(first), ==, 64);
        g_assert_cmpuint(mode_of("enrollment"), ==, 0600);
        g_assert_true(enroll_pending_has(directory, "one-time"));
        again = enroll_pending_token(directory, "one-time", &error);
        g_assert_cmpstr(again, ==, first);
        /* The one-time token itself is not kept. */
        path = path_of("enrollment");
        g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
        g_assert_null(strstr(text, "one-time"));
        /* Two clients must never have one token. */
        other = enroll_pending_token(directory, "another", &error);
        g_assert_cmpstr(other, !=, first);
        g_assert_false(enroll_pending_has(directory, "one-time"));
        /* What was damaged is not used. */
        write_file("enrollment", "nonsense");
        g_assert_false(enroll_pending_has(directory, "another"));
        enroll_pending_end(directory);
        g_assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
        teardown();
}

static void test_files(void) {
        Enrolment e = { "seoul-1", SERVER, PIN, "t0ken", "a key\n", "a certificate\n" };
        g_autoptr(GError) error = NULL;

        setup();
        g_assert_false(enroll_files_exist(directory));
        write_file("mclient.conf", "[Agent]\nId=mine\nLabels=a=b\nCAFile=/nonexistent.pem\n");
        g_assert_true(enroll_files_write(directory, &e, &error));
        g_assert_no_error(error);
        g_assert_true(enroll_files_exist(directory));
        g_assert_cmpuint(mode_of("token"), ==, 0600);
        g_assert_cmpuint(mode_of("client.key"), ==, 0600);
        g_assert_cmpuint(mode_of("client.pem"), ==, 0644);
        g_assert_cmpuint(mode_of(ENROLL_DROP_IN), ==, 0644);
        g_assert_cmpuint(mode_of("mclient.conf.d"), ==, 0755);
        g_assert_true(enroll_files_check(directory, &e, &error));
        g_assert_no_error(error);
        /* Anew, with a server that the system's CAs vouch for: the pin of before is gone. */
        e.fingerprint = NULL;
        g_assert_true(enroll_files_write(directory, &e, &error));
        g_assert_true(enroll_files_check(directory, &e, &error));
        g_assert_no_error(error);
        teardown();
}

static void test_later_file_wins(void) {
        static const struct {
                const char *text, *key;
        } cases[] = {
                { "Id=other", "Id=other" },   { "Server=wss://b", "Server=wss://b" },
                { "Fingerprint=" PIN, NULL }, { "Fingerprint=", "Fingerprint=" },
                { "Labels=a=b", NULL },
        };
        const Enrolment e = { "seoul-1", SERVER, PIN, "t0ken", "a key\n", "a certificate\n" };

        setup();
        for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
                g_autofree char *text = g_strdup_printf("[Agent]\n%s\n", cases[i].text);
                g_autoptr(GError) error = NULL;

                write_file("mclient.conf.d/90-site.conf", text);
                g_assert_true(enroll_files_write(directory, &e, NULL));
                g_assert_true(enroll_files_check(directory, &e, &error) == !cases[i].key);
                if (cases[i].key)
                        g_assert_nonnull(strstr(error->message, cases[i].key));
        }
        teardown();
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/enroll-files/pending", test_pending);
        g_test_add_func("/enroll-files/files", test_files);
        g_test_add_func("/enroll-files/later-file-wins", test_later_file_wins);
        return g_test_run();
}
