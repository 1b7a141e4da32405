/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names and records of backups, and which of them may go. */
#include <glib.h>
#include <string.h>

#include "backup-record.h"
#include "error.h"

#define TIME 1795406712331 /* 2026-11-23 04:05:12 */

static void assert_whose(const char *name, const char *container) {
        g_autofree char *found = backup_file_container(name);

        g_assert_cmpstr(found, ==, container);
}

static void test_names(void) {
        g_autofree char *one = backup_file_name("3node0", TIME, 1, false),
                        *two = backup_file_name("3node0", TIME, 2, true);

        g_assert_cmpstr(one, ==, "3node0_20261123_040512.tar");
        g_assert_cmpstr(two, ==, "3node0_20261123_040512_2.tar.cms");
        assert_whose(one, "3node0");
        assert_whose(two, "3node0");
}

static void test_whose(void) {
        static const char *const nobodys[] = {
                "",
                "3node0",
                "_20261123_040512.tar",
                "../a_20261123_040512.tar",
                "a\nb_20261123_040512.tar",
                "3node0_20261123_040512",
                "3node0_20261123_040512.tar.json",
                "3node0_20261123_040512.tar.cms.json",
                "3node0_20261123_040512.tar\n",
                ".#3node0_20261123_040512.tar.Xa3b1Q",
                "3node0_20261123_04051.tar",
                "3node0_20261123_0405123.tar",
                "3node0_20261123-040512.tar",
                "3node0_20261123_040512_.tar",
                "3node0_20261123_040512_x.tar",
                "3node0_20261123_040512.tar.cm",
        };

        for (unsigned i = 0; i < G_N_ELEMENTS(nobodys); i++)
                assert_whose(nobodys[i], NULL);
        assert_whose("a_20261123_040512_20261123_040512.tar", "a_20261123_040512");
        assert_whose("a_20261123_040512_20261123_040512_3.tar", "a_20261123_040512");
        assert_whose("a.tar_20261123_040512_3.tar.cms", "a.tar");
}

static BackupRecord *record(const char *file, uint64_t created, const char *content) {
        BackupRecord *r = g_new0(BackupRecord, 1);

        *r = (BackupRecord){
                .file = g_strdup(file),
                .container = g_strdup("3node0"),
                .created = created,
                .sha256 = g_strdup("9f2c"),
                .size = 4096,
                .encrypted = true,
                .content = g_strsplit(content, " ", -1),
        };
        return r;
}

static void test_json(void) {
        g_autoptr(BackupRecord) r = record("3node0_20261123_040512.tar.cms", TIME, "keystore/a keystore/b"),
                                back = NULL;
        g_autofree char *text = backup_record_to_json(r), *content = NULL;
        g_autoptr(GError) error = NULL;

        g_assert_nonnull(strstr(text, "\"created_at\":\"2026-11-23T04:05:12Z\""));
        back = backup_record_from_json(text, &error);
        g_assert_no_error(error);
        g_assert_cmpstr(back->file, ==, r->file);
        g_assert_cmpstr(back->container, ==, "3node0");
        g_assert_cmpuint(back->created, ==, TIME);
        g_assert_cmpstr(back->sha256, ==, "9f2c");
        g_assert_cmpuint(back->size, ==, 4096);
        g_assert_true(back->encrypted);
        content = g_strjoinv(" ", back->content);
        g_assert_cmpstr(content, ==, "keystore/a keystore/b");
}

/* A record without any one of its members, or with another type of it, is none. */
static void test_not_json(void) {
        g_autoptr(BackupRecord) r = record("3node0_20261123_040512.tar.cms", TIME, "keystore/a");
        static const char *const members[] = {
                "file", "container", "timestamp", "sha256", "size", "content"
        };
        g_autofree char *text = backup_record_to_json(r);

        for (unsigned i = 0; i < 2 * G_N_ELEMENTS(members); i++) {
                json_object *o = json_tokener_parse(text);
                g_autoptr(GError) error = NULL;

                if (i % 2)
                        json_object_object_add(o, members[i / 2], json_object_new_boolean(true));
                else
                        json_object_object_del(o, members[i / 2]);
                g_assert_null(backup_record_from_json(json_object_to_json_string(o), &error));
                g_assert_error(error, FLEET_ERROR, FLEET_ERROR_FAILED);
                json_object_put(o);
        }
        g_assert_null(backup_record_from_json("", NULL));
        g_assert_null(backup_record_from_json("[]", NULL));
        g_assert_null(backup_record_from_json("{\"file\":\"../a.tar\"}", NULL));
}

/* Backups as "TIME:CONTENT;…" in any order; what may go as their times. */
static void assert_surplus(const char *backups, unsigned keep, const char *expected) {
        g_autoptr(GPtrArray) records = g_ptr_array_new_with_free_func((GDestroyNotify) backup_record_free),
                             surplus = NULL;
        g_auto(GStrv) each = g_strsplit(backups, ";", -1);
        g_autoptr(GString) s = g_string_new(NULL);

        for (char **p = each; *p; p++) {
                g_auto(GStrv) parts = g_strsplit(*p, ":", 2);

                g_ptr_array_add(records, record(parts[0], g_ascii_strtoull(parts[0], NULL, 10), parts[1]));
        }
        surplus = backup_records_surplus(records, keep);
        for (unsigned i = 0; i < surplus->len; i++)
                g_string_append_printf(s, "%s ", ((BackupRecord *) surplus->pdata[i])->file);
        g_assert_cmpstr(s->str, ==, expected);
}

static void test_surplus(void) {
        assert_surplus("1:a", 1, "");
        assert_surplus("1:a;2:a;3:a", 3, "");
        assert_surplus("1:a;2:a;3:a", 4, "");
        assert_surplus("1:a;2:a;3:a", 2, "1 ");
        assert_surplus("2:a;3:a;1:a", 1, "1 2 ");
        assert_surplus("1:a;2:a b;3:a b c", 1, "1 2 ");
        /* the same millisecond */
        assert_surplus("1:a;1_2:a;1_3:a", 1, "1 1_2 ");
}

/* What only an older one has stays. */
static void test_surplus_last_copy(void) {
        assert_surplus("1:a b;2:a;3:a", 1, "2 ");
        assert_surplus("1:a;2:a b;3:a;4:a", 2, "1 ");
        /* wiped: the latest of the old ones is enough */
        assert_surplus("1:a b;2:a b;3:c;4:c;5:c", 2, "1 3 ");
        /* the identity is in every second one */
        assert_surplus("1:a n;2:a;3:a n;4:a", 1, "1 2 ");
        assert_surplus("1:x;2:y;3:z", 1, "");
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/backup-record/names", test_names);
        g_test_add_func("/backup-record/whose", test_whose);
        g_test_add_func("/backup-record/json", test_json);
        g_test_add_func("/backup-record/not-json", test_not_json);
        g_test_add_func("/backup-record/surplus", test_surplus);
        g_test_add_func("/backup-record/surplus-last-copy", test_surplus_last_copy);
        return g_test_run();
}
