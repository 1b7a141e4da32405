/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Backups in their directory: whole or not at all, also on a full disk, and none removed that is needed. */
#include <glib.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backup-files.h"
#include "error.h"
#include "mount-namespace.h"

#define TIME 1795406712331 /* 2026-11-23 04:05:12 */
#define NAME "3node0_20261123_040512"

typedef struct Place {
        char *top, *directory;
} Place;

static Place place_new(void) {
        Place p = { .top = g_dir_make_tmp("backup-XXXXXX", NULL) };

        p.directory = g_build_filename(p.top, "lib", "backups", NULL);
        return p;
}

static void place_free(Place *p) {
        const char *argv[] = { "rm", "-r", p->top, NULL };

        g_assert_true(g_spawn_sync(NULL, (char **) argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL,
                                   NULL, NULL));
        g_free(p->top);
        g_free(p->directory);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Place, place_free)

static BackupRecord *record(uint64_t created, const char *content) {
        BackupRecord *r = g_new0(BackupRecord, 1);

        r->container = g_strdup("3node0");
        r->created = created;
        r->content = g_strsplit(content, " ", -1);
        return r;
}

static void add(const Place *p, uint64_t created, const char *content, const char *expected) {
        g_autoptr(BackupRecord) r = record(created, content);
        g_autoptr(GBytes) data = g_bytes_new_static("archive", 7);
        g_autoptr(GError) error = NULL;

        g_assert_true(backup_files_add(p->directory, r, data, &error));
        g_assert_no_error(error);
        g_assert_cmpstr(r->file, ==, expected);
}

static int compare(const void *a, const void *b) {
        return strcmp(*(char *const *) a, *(char *const *) b);
}

/* All names in the directory, in order. */
static void assert_names(const Place *p, const char *expected) {
        g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
        g_autoptr(GDir) d = g_dir_open(p->directory, 0, NULL);
        g_autofree char *all = NULL;
        const char *name;

        while ((name = g_dir_read_name(d)))
                g_ptr_array_add(names, g_strdup(name));
        g_ptr_array_sort(names, compare);
        g_ptr_array_add(names, NULL);
        all = g_strjoinv(" ", (char **) names->pdata);
        g_assert_cmpstr(all, ==, expected);
}

static char *path_in(const Place *p, const char *name) {
        return g_build_filename(p->directory, name, NULL);
}

static void put(const Place *p, const char *name) {
        g_autofree char *path = path_in(p, name);

        g_assert_true(g_file_set_contents(path, "something", -1, NULL));
}

static void prune(const Place *p, const char *latest, unsigned keep, unsigned expected) {
        BackupRecord r = { .container = (char *) "3node0", .file = (char *) latest };
        g_autoptr(GError) error = NULL;
        unsigned removed = 0;

        g_assert_true(backup_files_prune(p->directory, &r, keep, &removed, &error));
        g_assert_no_error(error);
        g_assert_cmpuint(removed, ==, expected);
}

static void test_add(void) {
        g_auto(Place) p = place_new();
        g_autofree char *path = path_in(&p, NAME ".tar"), *record_path = path_in(&p, NAME ".tar.json"),
                        *text = NULL;
        g_autoptr(GPtrArray) list = NULL;
        BackupRecord *r;
        struct stat st;

        add(&p, TIME, "a b", NAME ".tar"); /* makes the directory */
        assert_names(&p, NAME ".tar " NAME ".tar.json");
        g_assert_cmpint(stat(p.directory, &st), ==, 0);
        g_assert_cmpuint(st.st_mode & 07777, ==, 0700);
        g_assert_cmpint(stat(path, &st), ==, 0);
        g_assert_cmpuint(st.st_mode & 07777, ==, 0600);
        g_assert_cmpint(stat(record_path, &st), ==, 0);
        g_assert_cmpuint(st.st_mode & 07777, ==, 0600);
        g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
        g_assert_cmpstr(text, ==, "archive");

        list = backup_files_list(p.directory, "3node0", NULL);
        g_assert_cmpuint(list->len, ==, 1);
        r = list->pdata[0];
        g_assert_cmpstr(r->file, ==, NAME ".tar");
        g_assert_cmpuint(r->size, ==, 7);
        g_assert_cmpstr(r->sha256, ==, "0eb3e36bfb24dcd9bb1d1bece1531216b59539a8fde17ee80224af0653c92aa3");
        g_assert_cmpstr(r->content[1], ==, "b");
}

static void test_same_second(void) {
        g_auto(Place) p = place_new();

        add(&p, TIME, "a", NAME ".tar");
        add(&p, TIME, "a", NAME "_2.tar");
        put(&p, NAME "_3.tar"); /* somebody else's: neither replaced nor taken for ours */
        add(&p, TIME, "a", NAME "_4.tar");
        assert_names(&p, NAME ".tar " NAME ".tar.json " NAME "_2.tar " NAME "_2.tar.json " NAME
                              "_3.tar " NAME "_4.tar " NAME "_4.tar.json");
        prune(&p, NAME "_4.tar", 3, 0);
        prune(&p, NAME "_4.tar", 1, 2);
        assert_names(&p, NAME "_3.tar " NAME "_4.tar " NAME "_4.tar.json");
}

/* What a kill left goes; what is whole, or not ours, stays. */
static void test_prepare(void) {
        g_auto(Place) p = place_new();

        g_assert_true(backup_files_prepare(p.directory, NULL));
        add(&p, TIME, "a", NAME ".tar");
        put(&p, ".#" NAME "_2.tar.Ab12Xy");
        put(&p, ".#" NAME "_2.tar.cms.json.Ab12Xy");
        put(&p, NAME "_5.tar.json");
        put(&p, ".#notes.txt.Ab12Xy");
        put(&p, "other_20261123_040512.tar.cms");
        put(&p, "notes.json");
        g_assert_true(backup_files_prepare(p.directory, NULL));
        assert_names(&p, ".#notes.txt.Ab12Xy " NAME ".tar " NAME
                         ".tar.json notes.json other_20261123_040512.tar.cms");
}

/* One that was cut or whose record is gone is no backup: none is given up for it, and it is left to a person. */
static void test_damaged(void) {
        g_auto(Place) p = place_new();
        g_autofree char *cut = path_in(&p, NAME "_2.tar"), *record_path = path_in(&p, NAME "_3.tar.json");

        add(&p, TIME, "a", NAME ".tar");
        add(&p, TIME, "a", NAME "_2.tar");
        add(&p, TIME, "a", NAME "_3.tar");
        g_assert_cmpint(truncate(cut, 3), ==, 0);
        g_assert_cmpint(g_unlink(record_path), ==, 0);
        prune(&p, NAME ".tar", 1, 0);
        assert_names(&p, NAME ".tar " NAME ".tar.json " NAME "_2.tar " NAME "_2.tar.json " NAME "_3.tar");
}

static void test_prune(void) {
        g_auto(Place) p = place_new();

        for (unsigned i = 0; i < 6; i++) {
                g_autofree char *name = g_strdup_printf("3node0_20261123_04051%u.tar", 2 + i);

                add(&p, TIME + 1000 * i, i == 1 ? "a lost" : "a", name);
        }
        put(&p, "3node1_20261123_040512.tar");
        prune(&p, "3node0_20261123_040517.tar", 2, 3);
        assert_names(&p,
                     "3node0_20261123_040513.tar 3node0_20261123_040513.tar.json 3node0_20261123_040516.tar "
                     "3node0_20261123_040516.tar.json 3node0_20261123_040517.tar 3node0_20261123_040517.tar.json "
                     "3node1_20261123_040512.tar");
}

/* The clock was set back: what was just made is the oldest. */
static void test_clock_set_back(void) {
        g_auto(Place) p = place_new();

        add(&p, TIME, "a", NAME ".tar");
        add(&p, TIME + 2000, "a", "3node0_20261123_040514.tar");
        prune(&p, NAME ".tar", 1, 0);
        prune(&p, "3node0_20261123_040514.tar", 1, 1);
}

static void test_no_directory(void) {
        g_auto(Place) p = place_new();
        g_autofree char *file = g_build_filename(p.top, "lib", NULL);
        g_autoptr(BackupRecord) r = record(TIME, "a");
        g_autoptr(GBytes) data = g_bytes_new_static("archive", 7);
        g_autoptr(GError) error = NULL;

        g_assert_true(g_file_set_contents(file, "", 0, NULL));
        g_assert_false(backup_files_add(p.directory, r, data, &error));
        g_assert_nonnull(strstr(error->message, p.directory));
}

/* Whatever there is room for, what fails leaves nothing, and what was there stays. */
static void test_full_disk(void) {
        static const unsigned sizes[] = { 4096, 8192, 16384, 20480, 24576, 1024 * 1024 };
        bool seen[2] = {};

        for (unsigned i = 0; i < G_N_ELEMENTS(sizes); i++) {
                g_auto(Place) p = place_new();
                g_autofree char *block = g_strnfill(12000, 'x');
                g_autoptr(BackupRecord) r = record(TIME, "a");
                g_autoptr(GBytes) data = g_bytes_new_static(block, strlen(block));
                g_autoptr(GError) error = NULL;

                if (!mount_tmpfs(p.top, sizes[i])) {
                        g_test_skip("no mount namespace");
                        return;
                }
                g_assert_true(backup_files_prepare(p.directory, NULL));
                if (backup_files_add(p.directory, r, data, &error)) {
                        seen[true] = true;
                        assert_names(&p, NAME ".tar " NAME ".tar.json");
                } else {
                        seen[false] = true;
                        g_assert_nonnull(strstr(error->message, "No space left on device"));
                        assert_names(&p, "");
                }
                g_assert_cmpint(umount(p.top), ==, 0);
        }
        g_assert_true(seen[true] && seen[false]);
}

int main(int argc, char *argv[]) {
        bool namespace_entered = enter_mount_namespace();

        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/backup-files/add", test_add);
        g_test_add_func("/backup-files/same-second", test_same_second);
        g_test_add_func("/backup-files/prepare", test_prepare);
        g_test_add_func("/backup-files/damaged", test_damaged);
        g_test_add_func("/backup-files/prune", test_prune);
        g_test_add_func("/backup-files/clock-set-back", test_clock_set_back);
        g_test_add_func("/backup-files/no-directory", test_no_directory);
        if (namespace_entered)
                g_test_add_func("/backup-files/full-disk", test_full_disk);
        return g_test_run();
}
