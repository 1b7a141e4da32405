/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Session keys as files: their names, what two in one second do, what the symlink points at. */
#include <glib.h>
#include <glib/gstdio.h>
#include <sys/stat.h>

#include "clock.h"
#include "key-files.h"

#define SECOND 1795406400ull
#define STAMP "20261123_040000"

typedef struct Fixture {
        char *directory;
        Loop *loop;
        KeyFiles *files;
        unsigned written, failed;
} Fixture;

static void set_up(Fixture *f, gconstpointer unused) {
        g_autoptr(GError) error = NULL;

        f->directory = g_dir_make_tmp("key-files-XXXXXX", &error);
        g_assert_no_error(error);
        f->loop = loop_new(&error);
        f->files = key_files_new(f->loop, f->directory, &error);
        g_assert_no_error(error);
}

static void tear_down(Fixture *f, gconstpointer unused) {
        GDir *d = g_dir_open(f->directory, 0, NULL);
        const char *name;

        key_files_free(f->files);
        loop_free(f->loop);
        while (d && (name = g_dir_read_name(d))) {
                g_autofree char *path = g_build_filename(f->directory, name, NULL);

                g_assert_cmpint(g_unlink(path), ==, 0);
        }
        g_clear_pointer(&d, g_dir_close);
        g_rmdir(f->directory);
        g_free(f->directory);
}

static void written(const GError *error, void *userdata) {
        Fixture *f = userdata;

        if (error)
                f->failed++;
        else
                f->written++;
        loop_quit(f->loop, 0);
}

static void write_file(Fixture *f, const KeyFile *k) {
        key_files_write(f->files, k, written, f);
        loop_run(f->loop);
}

static void write_key(Fixture *f, const char *key, uint64_t second) {
        const KeyFile k = { "a", "3node0", key, second * USEC_PER_SEC + 7000 };

        write_file(f, &k);
}

static char *content(Fixture *f, const char *name) {
        g_autofree char *path = g_build_filename(f->directory, name, NULL);
        char *text = NULL;

        (void) g_file_get_contents(path, &text, NULL, NULL);
        return text;
}

static void assert_latest(Fixture *f, const char *name) {
        g_autofree char *path = g_build_filename(f->directory, "a_3node0_latest.json", NULL);
        g_autofree char *target = g_file_read_link(path, NULL);

        g_assert_cmpstr(target, ==, name);
}

static void test_content(Fixture *f, gconstpointer unused) {
        g_autofree char *text = NULL,
                        *path = g_build_filename(f->directory, "a_3node0_" STAMP ".json", NULL);
        struct stat st;

        write_key(f, "0xab", SECOND);
        text = content(f, "a_3node0_" STAMP ".json");
        g_assert_nonnull(strstr(text, "\"client_id\":\"a\""));
        g_assert_nonnull(strstr(text, "\"container\":\"3node0\""));
        g_assert_nonnull(strstr(text, "\"session_key\":\"0xab\""));
        g_assert_nonnull(strstr(text, "\"timestamp\":1795406400007"));
        g_assert_nonnull(strstr(text, "\"created_at\":\"2026-11-23T04:00:00Z\""));
        g_assert_cmpint(stat(path, &st), ==, 0);
        g_assert_cmpint(st.st_mode & 07777, ==, 0640);
        assert_latest(f, "a_3node0_" STAMP ".json");
}

static void test_same_second(Fixture *f, gconstpointer unused) {
        g_autofree char *first = NULL, *second = NULL, *third = NULL;

        write_key(f, "0xab", SECOND);
        write_key(f, "0xcd", SECOND);
        write_key(f, "0xcd", SECOND); /* reported again */
        first = content(f, "a_3node0_" STAMP ".json");
        second = content(f, "a_3node0_" STAMP "_2.json");
        third = content(f, "a_3node0_" STAMP "_3.json");
        g_assert_nonnull(strstr(first, "0xab"));
        g_assert_nonnull(strstr(second, "0xcd"));
        g_assert_null(third);
        assert_latest(f, "a_3node0_" STAMP "_2.json");
}

/* A report from before the latest, sent again, does not become the latest. */
static void test_older_again(Fixture *f, gconstpointer unused) {
        write_key(f, "0xab", SECOND);
        write_key(f, "0xcd", SECOND + 3600);
        write_key(f, "0xab", SECOND);
        assert_latest(f, "a_3node0_20261123_050000.json");
        g_assert_cmpuint(f->written, ==, 3);
}

/* Nor does the ninth of one second stay it. */
static void test_many_in_a_second(Fixture *f, gconstpointer unused) {
        for (unsigned i = 1; i <= 10; i++) {
                g_autofree char *key = g_strdup_printf("0x%u", i);

                write_key(f, key, SECOND);
        }
        assert_latest(f, "a_3node0_" STAMP "_10.json");
}

/* Names may be cut in two ways; nobody gets another's link. */
static void test_name_of_another(Fixture *f, gconstpointer unused) {
        const KeyFile other = { "a_3node0", "x", "0xcd", (SECOND + 3600) * USEC_PER_SEC },
                      mine = { "a", "3node0_x", "0xab", SECOND * USEC_PER_SEC };
        g_autofree char *path = g_build_filename(f->directory, "a_3node0_x_latest.json", NULL),
                        *target = NULL;

        write_file(f, &mine);
        write_file(f, &other);
        target = g_file_read_link(path, NULL);
        g_assert_cmpstr(target, ==, "a_3node0_x_" STAMP ".json");
        g_assert_cmpuint(f->written, ==, 2);
}

static void test_directory_gone(Fixture *f, gconstpointer unused) {
        g_assert_cmpint(g_rmdir(f->directory), ==, 0);
        write_key(f, "0xab", SECOND);
        g_assert_cmpuint(f->failed, ==, 1);
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add("/key-files/content", Fixture, NULL, set_up, test_content, tear_down);
        g_test_add("/key-files/same-second", Fixture, NULL, set_up, test_same_second, tear_down);
        g_test_add("/key-files/older-again", Fixture, NULL, set_up, test_older_again, tear_down);
        g_test_add("/key-files/many-in-a-second", Fixture, NULL, set_up, test_many_in_a_second, tear_down);
        g_test_add("/key-files/name-of-another", Fixture, NULL, set_up, test_name_of_another, tear_down);
        g_test_add("/key-files/directory-gone", Fixture, NULL, set_up, test_directory_gone, tear_down);
        return g_test_run();
}
