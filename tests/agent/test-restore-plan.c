/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a restore writes: what is missing, and never over something else. */
#include <glib.h>
#include <string.h>

#include "error.h"
#include "restore-plan.h"
#include "tar-write.h"

#define GRAN "6772616e2f8c6129d816cf51c374bc7f08c3e63ed156cf78aefb4a6550d97b87997977ee"
#define BABE "62616265cc8c6129d816cf51c374bc7f08c3e63ed156cf78aefb4a6550d97b87997977ee"

/* "NAME=CONTENT …", names in a folder "keystore" of mode 0750, owner 7, group 8. */
static KeyBundle *bundle(const char *text) {
        GByteArray *a = g_byte_array_new();
        g_auto(GStrv) words = g_strsplit(text, " ", 0);
        KeyBundle *b = key_bundle_new();
        g_autoptr(GBytes) archive = NULL;

        tar_append(a, &(TarEntry){ .name = "keystore",
                                   .type = TAR_DIRECTORY,
                                   .mode = 0750,
                                   .uid = 7,
                                   .gid = 8 });
        for (char **w = words; *w; w++) {
                g_auto(GStrv) parts = g_strsplit(*w, "=", 2);
                g_autofree char *name = g_strconcat("keystore/", parts[0], NULL);

                tar_append(a, &(TarEntry){ .name = name,
                                           .type = TAR_FILE,
                                           .mode = 0604,
                                           .uid = 1000,
                                           .data = parts[1],
                                           .size = strlen(parts[1]) });
        }
        tar_append_end(a);
        archive = g_byte_array_free_to_bytes(a);
        g_assert_true(key_bundle_add_keystore(b, archive, NULL));
        return b;
}

static void test_missing(void) {
        static const struct {
                const char *backup, *there, *missing; /* NULL: refused */
        } cases[] = {
                { "a=1 b=2", "", "a b" },   { "a=1 b=2", "a=1", "b" }, { "a=1 b=2", "a=1 b=2", "" },
                { "a=1", "z=9", "a" },      /* what else is there is not looked at */
                { "a=1 b=2", "b=3", NULL }, /* whole or not at all */
                { "a=12", "a=2", NULL },    /* no beginning of it */
                { "a=1", "a=12", NULL },    /* more than it */
                { "a=123", "a=12", "a" },   /* cut off: the rest of it */
                { "a=123", "a=", "a" },     /* likewise, right at the start */
                { "", "a=1", "" },
        };

        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                g_autoptr(KeyBundle) backup = bundle(cases[i].backup), there = bundle(cases[i].there);
                g_autoptr(GError) error = NULL;
                g_autoptr(GPtrArray) missing = restore_missing(backup, there, &error);
                g_autoptr(GString) names = g_string_new(NULL);

                g_test_message("%s into %s", cases[i].backup, cases[i].there);
                if (!cases[i].missing) {
                        g_assert_null(missing);
                        g_assert_error(error, FLEET_ERROR, FLEET_ERROR_ALREADY_EXISTS);
                        continue;
                }
                g_assert_no_error(error);
                for (unsigned n = 0; n < missing->len; n++)
                        g_string_append_printf(names, "%s%s", n > 0 ? " " : "",
                                               ((KeyFile *) missing->pdata[n])->path + strlen("keystore/"));
                g_assert_cmpstr(names->str, ==, cases[i].missing);
        }
}

static void test_shared_keys(void) {
        g_autoptr(KeyBundle) a = bundle(GRAN "=1 " BABE "=2 notes=3"), b = bundle(BABE "=9 notes=3"),
                             c = bundle("notes=3");
        g_autofree char *ab = restore_shared_keys(a, b), *ac = restore_shared_keys(a, c),
                        *aa = restore_shared_keys(a, a);

        g_assert_cmpstr(ab, ==, "babe 0xcc8c6129d816cf51c374bc7f08c3e63ed156cf78aefb4a6550d97b87997977ee");
        g_assert_null(ac); /* other files are no keys */
        g_assert_true(g_str_has_prefix(aa, "babe 0xcc") && strstr(aa, ", gran 0x2f"));
}

static void test_archive(void) {
        g_autoptr(KeyBundle) backup = bundle("a=1 b=22"), there = bundle("a=1");
        g_autoptr(GPtrArray) missing = restore_missing(backup, there, NULL);
        g_autoptr(GBytes) archive = restore_archive(missing, &there->folder);
        g_autoptr(TarReader) r = tar_reader_new(g_bytes_get_data(archive, NULL), g_bytes_get_size(archive));
        TarEntry e;

        g_assert_cmpint(tar_reader_next(r, &e, NULL), ==, TAR_ENTRY);
        g_assert_cmpstr(e.name, ==, "b");
        g_assert_cmpmem(e.data, e.size, "22", 2);
        g_assert_cmpuint(e.uid, ==, 7);
        g_assert_cmpuint(e.gid, ==, 8);
        g_assert_cmpuint(e.mode, ==, 0600); /* others cannot look into the folder either */
        g_assert_cmpint(tar_reader_next(r, &e, NULL), ==, TAR_END);
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/restore-plan/missing", test_missing);
        g_test_add_func("/restore-plan/shared-keys", test_shared_keys);
        g_test_add_func("/restore-plan/archive", test_archive);
        return g_test_run();
}
