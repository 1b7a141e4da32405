/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Archives as tar(1) and Go write them, ours as tar(1) reads them, and archives that are none. */
#include <glib.h>
#include <glib/gstdio.h>
#include <string.h>

#include "error.h"
#include "limits.h"
#include "tar-read.h"
#include "tar-write.h"

#define KEY "keystore/6772616e2f8c6129d816cf51c374bc7f08c3e63ed156cf78aefb4a6550d97b87997977ee"

/* "TYPE MODE UID/GID MTIME NAME=DATA" per entry; NULL where it is no archive. */
static char *describe(const void *data, size_t size, GError **error) {
        g_autoptr(TarReader) r = tar_reader_new(data, size);
        g_autoptr(GString) s = g_string_new(NULL);
        TarEntry e;
        TarStep step;

        while ((step = tar_reader_next(r, &e, error)) == TAR_ENTRY)
                g_string_append_printf(s,
                                       "%c %o %" G_GUINT64_FORMAT "/%" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT
                                       " %s=%.*s\n",
                                       e.type, e.mode, e.uid, e.gid, e.mtime, e.name, (int) e.size,
                                       (const char *) e.data);
        return step == TAR_END ? g_string_free(g_steal_pointer(&s), false) : NULL;
}

static void assert_described(const GByteArray *archive, const char *expected) {
        g_autoptr(GError) error = NULL;
        g_autofree char *text = describe(archive->data, archive->len, &error);

        g_assert_no_error(error);
        g_assert_cmpstr(text, ==, expected);
}

static void assert_broken(const GByteArray *archive, const char *why) {
        g_autoptr(GError) error = NULL;
        g_autofree char *text = describe(archive->data, archive->len, &error);

        g_assert_null(text);
        g_assert_error(error, FLEET_ERROR, FLEET_ERROR_FAILED);
        g_assert_true(g_str_has_prefix(error->message, "not a whole tar archive: "));
        if (why && !strstr(error->message, why))
                g_error("\"%s\" does not say \"%s\"", error->message, why);
}

static void append(GByteArray *a, char type, const char *name, const void *data, size_t size) {
        TarEntry e = { .name = name, .type = type, .mode = 0600, .mtime = 7, .data = data, .size = size };

        tar_append(a, &e);
}

static void append_text(GByteArray *a, char type, const char *name, const char *text) {
        append(a, type, name, text, strlen(text));
}

/* Makes the checksum of the header at this place right again. */
static void mend(GByteArray *a, size_t at) {
        unsigned sum = 0;
        char text[8];

        memset(a->data + at + 148, ' ', 8);
        for (unsigned i = 0; i < TAR_BLOCK; i++)
                sum += a->data[at + i];
        g_snprintf(text, sizeof(text), "%06o", sum);
        memcpy(a->data + at + 148, text, 7);
}

static void test_round_trip(void) {
        g_autoptr(GByteArray) a = g_byte_array_new();
        g_autofree char *long_name = g_strnfill(255, 'n'), *expected = NULL;
        TarEntry odd = { .name = "odd",
                         .type = TAR_FILE,
                         .mode = 04755,
                         .uid = UINT64_C(1) << 21,
                         .gid = UINT32_MAX,
                         .mtime = UINT64_C(1) << 33 };

        append(a, TAR_DIRECTORY, "keystore/", NULL, 0);
        append_text(a, TAR_FILE, KEY, "\"a b\"");
        append_text(a, TAR_FILE, long_name, "long");
        append(a, TAR_FILE, "block", long_name, 0);
        tar_append(a, &odd);
        tar_append_end(a);
        expected = g_strdup_printf("5 600 0/0 7 keystore=\n0 600 0/0 7 " KEY
                                   "=\"a b\"\n0 600 0/0 7 %s=long\n"
                                   "0 600 0/0 7 block=\n0 4755 2097152/4294967295 8589934592 odd=\n",
                                   long_name);
        assert_described(a, expected);
}

static void test_sizes(void) {
        static const size_t sizes[] = { 1, 511, 512, 513, 1024, 100000 };

        for (unsigned i = 0; i < G_N_ELEMENTS(sizes); i++) {
                g_autoptr(GByteArray) a = g_byte_array_new();
                g_autofree char *data = g_strnfill(sizes[i], 'd'),
                                *expected = g_strdup_printf("0 600 0/0 7 a=%s\n0 600 0/0 7 b=\n", data);

                append(a, TAR_FILE, "a", data, sizes[i]);
                append(a, TAR_FILE, "b", NULL, 0);
                tar_append_end(a);
                g_assert_cmpuint(a->len % TAR_BLOCK, ==, 0);
                assert_described(a, expected);
        }
}

static void test_names(void) {
        static const struct {
                const char *name, *read;
        } table[] = {
                { "./", "" },
                { "./keystore/", "keystore" },
                { "././a", "a" },
                { "/etc/passwd", "etc/passwd" },
                { "a//", "a" },
                { "..", ".." },
                { ".hidden", ".hidden" },
        };

        for (unsigned i = 0; i < G_N_ELEMENTS(table); i++) {
                g_autoptr(GByteArray) a = g_byte_array_new();
                g_autofree char *expected = g_strdup_printf("5 600 0/0 7 %s=\n", table[i].read);

                append(a, TAR_DIRECTORY, table[i].name, NULL, 0);
                tar_append_end(a);
                assert_described(a, expected);
        }
}

/* What others write and we do not. */
static void test_other_forms(void) {
        g_autoptr(GByteArray) a = g_byte_array_new();

        append_text(a, 'g', "pax_global_header", "20 comment=whatever\n");
        append_text(a, 'x', "pax",
                    "12 path=abc\n20 SCHILY.xattr=a\nb\n14 uid=100000\n10 gid=70\n9 size=2\n");
        append_text(a, TAR_FILE, "not this", "xy");
        append(a, 'L', "././@LongLink", "long name", 10);
        append_text(a, 'K', "././@LongLink", "target");
        append(a, TAR_SYMLINK, "not this either", NULL, 0);
        append(a, '3', "device", NULL, 0);
        append_text(a, '\0', "old", "v7");
        tar_append_end(a);
        assert_described(a, "0 600 100000/70 7 abc=xy\n2 600 0/0 7 long name=\n3 600 0/0 7 device=\n"
                            "0 600 0/0 7 old=v7\n");
}

static void test_prefix(void) {
        g_autoptr(GByteArray) a = g_byte_array_new();

        append(a, TAR_FILE, "name", NULL, 0);
        memcpy(a->data + 345, "pre/fix", 7);
        mend(a, 0);
        tar_append_end(a);
        assert_described(a, "0 600 0/0 7 pre/fix/name=\n");
        memcpy(a->data + 257, "ustar  ", 8); /* GNU's: there is something else in this place */
        mend(a, 0);
        assert_described(a, "0 600 0/0 7 name=\n");
}

/* A link has no data, whatever size it gives. */
static void test_link_size(void) {
        g_autoptr(GByteArray) a = g_byte_array_new();

        append(a, TAR_HARD_LINK, "link", NULL, 0);
        memcpy(a->data + 124, "00000001000", 11);
        mend(a, 0);
        append_text(a, TAR_FILE, "file", "data");
        tar_append_end(a);
        assert_described(a, "1 600 0/0 7 link=\n0 600 0/0 7 file=data\n");
}

static void test_broken_pax(void) {
        static const char *const records[] = { "5",
                                               "6 path",
                                               "99 path=a\n",
                                               "9 path=a\nx",
                                               "9 path=ab",
                                               "8 path\n\n",
                                               "8 path=\n",
                                               "10 size=x1\n",
                                               "0 path=a\n",
                                               "1 path=a\n",
                                               "x path=a\n",
                                               "2 \n",
                                               " path=a\n",
                                               "9  path=\n\n",
                                               "11 size=-1\n\n",
                                               "99999999999999999999999 path=a\n",
                                               "20 GNU.sparse.a=111\n",
                                               "28 size=18446744073709551615\n" };

        for (unsigned i = 0; i < G_N_ELEMENTS(records); i++) {
                g_autoptr(GByteArray) a = g_byte_array_new();

                append_text(a, 'x', "pax", records[i]);
                append(a, TAR_FILE, "file", NULL, 0);
                tar_append_end(a);
                assert_broken(a, NULL);
        }
}

static void test_broken(void) {
        g_autoptr(GByteArray) a = g_byte_array_new(), text = g_byte_array_new();
        uint8_t last;

        assert_broken(a, "no end mark");
        append_text(a, TAR_FILE, "a", "data");
        assert_broken(a, "no end mark");
        tar_append_end(a);
        assert_described(a, "0 600 0/0 7 a=data\n");

        last = 1;
        g_byte_array_append(a, &last, 1);
        assert_broken(a, "something comes after its end");
        g_byte_array_set_size(a, a->len - 1 - TAR_BLOCK);
        assert_broken(a, "its end mark is cut");

        a->data[0]++;
        assert_broken(a, "wrong checksum");
        a->data[0]--;
        memcpy(a->data + 124, "00000010000", 11);
        mend(a, 0);
        assert_broken(a, "stops in the middle of an entry");
        memset(a->data + 124, 0xff, 12);
        mend(a, 0);
        assert_broken(a, "a number that is none");

        for (unsigned i = 0; i < 100; i++)
                g_byte_array_append(text, (const guint8 *) "no archive at all\n", 18);
        assert_broken(text, "wrong checksum");
}

/* Wherever an archive is cut it is not whole. */
static void test_cut(void) {
        g_autoptr(GByteArray) a = g_byte_array_new();
        size_t whole;

        append(a, TAR_DIRECTORY, "keystore", NULL, 0);
        append_text(a, TAR_FILE, KEY "long enough to need a pax header", "\"a b\"");
        append_text(a, TAR_FILE, KEY, "\"c d\"");
        tar_append_end(a);
        whole = a->len;
        for (size_t n = 0; n < whole; n++) {
                g_autofree uint8_t *copy = g_memdup2(a->data, n); /* so that a sanitizer sees its end */
                g_autofree char *text = describe(copy, n, NULL);

                g_assert_null(text);
        }
}

/* Whatever is changed, the reader stays inside; most of it shows. */
static void test_mutations(void) {
        g_autoptr(GByteArray) a = g_byte_array_new();
        unsigned found = 0;

        append_text(a, 'x', "pax", "12 path=abc\n9 size=5\n");
        append_text(a, TAR_FILE, KEY, "\"a b\"");
        append(a, 'L', "././@LongLink", "long name", 10);
        append_text(a, TAR_FILE, "b", "data");
        tar_append_end(a);
        for (unsigned i = 0; i < 200000; i++) {
                g_autofree uint8_t *copy = g_memdup2(a->data, a->len);
                g_autofree char *text = NULL;
                GByteArray view = { copy, a->len };
                size_t header = (size_t) g_test_rand_int_range(0, (gint32) (a->len / TAR_BLOCK)) * TAR_BLOCK;

                for (int n = g_test_rand_int_range(1, 5); n > 0; n--)
                        copy[header + (size_t) g_test_rand_int_range(0, TAR_BLOCK)] =
                                        (uint8_t) g_test_rand_int();
                if (i % 2)
                        mend(&view, header);
                text = describe(copy, a->len, NULL);
                found += !text;
        }
        g_assert_cmpuint(found, >, 50000);
}

static void run(const char *const argv[], const char *dir, char **ret_output) {
        g_autoptr(GError) error = NULL;
        int status;

        g_assert_true(g_spawn_sync(dir, (char **) argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, ret_output,
                                   NULL, &status, &error));
        g_assert_cmpint(status, ==, 0);
}

/* tar(1) reads ours, and we read each of its formats. */
static void test_tar_program(void) {
        static const char *const formats[] = { "v7", "ustar", "gnu", "oldgnu", "pax", "posix" };
        g_autoptr(GByteArray) a = g_byte_array_new();
        g_autofree char *dir = g_dir_make_tmp("tar-XXXXXX", NULL),
                        *path = g_build_filename(dir, "a.tar", NULL), *long_name = g_strnfill(200, 'l'),
                        *file = g_build_filename(dir, "file", NULL), *list = NULL, *expected = NULL;

        append_text(a, TAR_FILE, "file", "data");
        append_text(a, TAR_FILE, long_name, "long");
        tar_append_end(a);
        g_assert_true(g_file_set_contents(path, (const char *) a->data, a->len, NULL));
        run((const char *const[]){ "tar", "xf", "a.tar", NULL }, dir, NULL);
        run((const char *const[]){ "sh", "-c", "cat file l*", NULL }, dir, &list);
        g_assert_cmpstr(list, ==, "datalong");

        for (unsigned i = 0; i < G_N_ELEMENTS(formats); i++) {
                g_autofree char *format = g_strconcat("--format=", formats[i], NULL), *data = NULL;
                g_autofree char *text = NULL;
                g_autoptr(GError) error = NULL;
                bool whole = strstr(formats[i], "gnu") ||
                             i >= 4; /* the others have no names of that length */
                size_t size;

                run((const char *const
                                     []){ "sh", "-c",
                                          "tar c \"$1\" --owner=3 --group=4 --mtime=@7 --mode=600 file $2 >a.tar",
                                          "sh", format, whole ? long_name : "", NULL },
                    dir, NULL);
                g_assert_true(g_file_get_contents(path, &data, &size, NULL));
                text = describe(data, size, &error);
                g_assert_no_error(error);
                g_free(expected);
                expected = g_strconcat("0 600 3/4 7 file=data\n", whole ? "0 600 3/4 7 " : NULL, long_name,
                                       "=long\n", NULL);
                g_assert_cmpstr(text, ==, expected);
        }
        run((const char *const[]){ "rm", "-r", dir, NULL }, NULL, NULL);
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/tar/round-trip", test_round_trip);
        g_test_add_func("/tar/sizes", test_sizes);
        g_test_add_func("/tar/names", test_names);
        g_test_add_func("/tar/other-forms", test_other_forms);
        g_test_add_func("/tar/prefix", test_prefix);
        g_test_add_func("/tar/link-size", test_link_size);
        g_test_add_func("/tar/broken-pax", test_broken_pax);
        g_test_add_func("/tar/broken", test_broken);
        g_test_add_func("/tar/cut", test_cut);
        g_test_add_func("/tar/mutations", test_mutations);
        g_test_add_func("/tar/tar-program", test_tar_program);
        return g_test_run();
}
