/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files: whole or not at all, exclusive, bounded, and where credentials come from. */
#include "file.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "error.h"
#include "limits.h"

typedef struct Dir {
        char *path;
} Dir;

static void setup(Dir *d, gconstpointer data) {
        d->path = g_dir_make_tmp("test-file-XXXXXX", NULL);
        g_assert_nonnull(d->path);
}

static void teardown(Dir *d, gconstpointer data) {
        GDir *dir = g_dir_open(d->path, 0, NULL);
        const char *name;

        g_assert_nonnull(dir);
        while ((name = g_dir_read_name(dir))) {
                g_autofree char *file = g_build_filename(d->path, name, NULL);

                g_assert_cmpint(g_remove(file), ==, 0);
        }
        g_dir_close(dir);
        g_assert_cmpint(g_rmdir(d->path), ==, 0);
        g_free(d->path);
}

static char *in(const Dir *d, const char *name) {
        return g_build_filename(d->path, name, NULL);
}

static unsigned count_files(const Dir *d) {
        g_autoptr(GDir) dir = g_dir_open(d->path, 0, NULL);
        unsigned n = 0;

        while (g_dir_read_name(dir))
                n++;
        return n;
}

static void put(const char *path, const char *text) {
        g_autoptr(GError) error = NULL;

        g_assert_true(file_write_atomic(path, text, strlen(text), 0600, false, &error));
        g_assert_no_error(error);
}

static void assert_content(const char *path, const char *expected) {
        g_autoptr(GError) error = NULL;
        g_autofree char *text = NULL;
        size_t size;

        g_assert_true(file_read(path, 4096, &text, &size, &error));
        g_assert_no_error(error);
        g_assert_cmpmem(text, size, expected, strlen(expected));
        g_assert_cmpint(text[size], ==, '\0');
}

static void test_replace(Dir *d, gconstpointer data) {
        g_autoptr(GError) error = NULL;
        g_autofree char *path = in(d, "a");
        mode_t old_mask = umask(0077);
        struct stat st;

        g_assert_true(file_write_atomic(path, "one", 3, 0640, false, &error));
        (void) umask(old_mask);
        g_assert_cmpint(stat(path, &st), ==, 0);
        g_assert_cmpint(st.st_mode & 07777, ==, 0640);

        put(path, "the second");
        assert_content(path, "the second");
        g_assert_cmpuint(count_files(d), ==, 1);
}

static void test_exclusive(Dir *d, gconstpointer data) {
        g_autoptr(GError) error = NULL;
        g_autofree char *path = in(d, "a");

        g_assert_true(file_write_atomic(path, "first", 5, 0600, true, &error));
        g_assert_no_error(error);
        g_assert_false(file_write_atomic(path, "second", 6, 0600, true, &error));
        g_assert_error(error, FLEET_ERROR, FLEET_ERROR_ALREADY_EXISTS);
        g_assert_nonnull(strstr(error->message, path));
        assert_content(path, "first");
        g_assert_cmpuint(count_files(d), ==, 1);
}

static void test_no_directory(Dir *d, gconstpointer data) {
        g_autoptr(GError) error = NULL;
        g_autofree char *path = in(d, "not-there/a");

        g_assert_false(file_write_atomic(path, "x", 1, 0600, false, &error));
        g_assert_error(error, FLEET_ERROR, FLEET_ERROR_FAILED);
        g_assert_nonnull(strstr(error->message, "not-there"));
}

/* A target that cannot be replaced: what was there stays, and no temporary file is left. */
static void test_failure_leaves_nothing(Dir *d, gconstpointer data) {
        g_autoptr(GError) error = NULL;
        g_autofree char *path = in(d, "directory");

        g_assert_cmpint(g_mkdir(path, 0700), ==, 0);
        g_assert_false(file_write_atomic(path, "x", 1, 0600, false, &error));
        g_assert_error(error, FLEET_ERROR, FLEET_ERROR_FAILED);
        g_assert_cmpuint(count_files(d), ==, 1);
}

static void test_longest_name(Dir *d, gconstpointer data) {
        g_autofree char *name = g_strnfill(255, 'n'), *path = in(d, name);

        put(path, "x");
        assert_content(path, "x");
}

static void test_read_bounds(Dir *d, gconstpointer data) {
        g_autoptr(GError) error = NULL;
        g_autofree char *path = in(d, "a"), *missing = in(d, "b"), *text = NULL, *unread = NULL;
        size_t size = 0;

        put(path, "12345");
        g_assert_true(file_read(path, 5, &text, &size, &error));
        g_assert_cmpuint(size, ==, 5);
        g_assert_false(file_read(path, 4, &unread, &size, &error));
        g_assert_error(error, FLEET_ERROR, FLEET_ERROR_LIMIT_EXCEEDED);
        g_clear_error(&error);

        g_assert_false(file_read(missing, 4, &unread, &size, &error));
        g_assert_error(error, FLEET_ERROR, FLEET_ERROR_UNAVAILABLE);
        g_clear_error(&error);

        g_assert_false(file_read(d->path, 4, &unread, &size, &error));
        g_assert_error(error, FLEET_ERROR, FLEET_ERROR_FAILED);
        g_assert_null(unread);
        g_assert_cmpuint(size, ==, 5);
}

static void assert_credential(const char *fallback, const char *expected) {
        g_autoptr(GError) error = NULL;
        g_autofree char *text = credential_read("token", fallback, &error);

        g_assert_no_error(error);
        g_assert_cmpstr(text, ==, expected);
}

static void test_credential(Dir *d, gconstpointer data) {
        g_autoptr(GError) error = NULL;
        g_autofree char *passed = in(d, "token"), *fallback = in(d, "fallback");

        g_unsetenv("CREDENTIALS_DIRECTORY");
        g_assert_null(credential_read("token", NULL, &error));
        g_assert_error(error, FLEET_ERROR, FLEET_ERROR_UNAVAILABLE);
        g_clear_error(&error);
        g_assert_null(credential_read("token", fallback, &error));
        g_assert_error(error, FLEET_ERROR, FLEET_ERROR_UNAVAILABLE);
        g_assert_nonnull(strstr(error->message, fallback));
        g_clear_error(&error);

        put(fallback, "from the file\n \n");
        assert_credential(fallback, "from the file");

        g_setenv("CREDENTIALS_DIRECTORY", d->path, true);
        assert_credential(fallback, "from the file");
        put(passed, "passed\n");
        assert_credential(fallback, "passed");
        assert_credential(NULL, "passed");

        /* One that was passed and is unusable is an error, not a reason to take the other. */
        g_assert_true(file_write_atomic(passed, "a\0b", 3, 0600, false, NULL));
        g_assert_null(credential_read("token", fallback, &error));
        g_assert_error(error, FLEET_ERROR, FLEET_ERROR_FAILED);
        g_unsetenv("CREDENTIALS_DIRECTORY");
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add("/file/replace", Dir, NULL, setup, test_replace, teardown);
        g_test_add("/file/exclusive", Dir, NULL, setup, test_exclusive, teardown);
        g_test_add("/file/no-directory", Dir, NULL, setup, test_no_directory, teardown);
        g_test_add("/file/failure-leaves-nothing", Dir, NULL, setup, test_failure_leaves_nothing, teardown);
        g_test_add("/file/longest-name", Dir, NULL, setup, test_longest_name, teardown);
        g_test_add("/file/read-bounds", Dir, NULL, setup, test_read_bounds, teardown);
        g_test_add("/file/credential", Dir, NULL, setup, test_credential, teardown);
        return g_test_run();
}
