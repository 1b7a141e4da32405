/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The output buffer against a plain model: every byte of the stream is known by its offset. */
#include <glib.h>
#include <string.h>

#include "outbuf.h"

static void assert_content(const OutBuf *b, uint64_t start, const char *expected) {
        uint64_t offset = 0;
        g_autoptr(GBytes) bytes = outbuf_read(b, 0, SIZE_MAX, &offset);

        g_assert_cmpuint(outbuf_start(b), ==, start);
        g_assert_cmpuint(offset, ==, start);
        g_assert_cmpuint(outbuf_end(b), ==, start + strlen(expected));
        g_assert_cmpmem(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes), expected, strlen(expected));
}

static void assert_put(OutBuf *b, uint64_t offset, const char *text, uint64_t new_offset,
                       const char *new_text) {
        const void *data = NULL;
        uint64_t start = 0;
        size_t n = outbuf_put(b, offset, text, strlen(text), &start, &data);

        g_assert_cmpmem(data, n, new_text, strlen(new_text));
        if (n > 0)
                g_assert_cmpuint(start, ==, new_offset);
}

static void test_append(void) {
        g_autoptr(OutBuf) b = outbuf_new(8);

        assert_content(b, 0, "");
        outbuf_append(b, "", 0);
        assert_content(b, 0, "");
        outbuf_append(b, "abcde", 5);
        assert_content(b, 0, "abcde");
        outbuf_append(b, "fgh", 3);
        assert_content(b, 0, "abcdefgh");
        outbuf_append(b, "i", 1);
        assert_content(b, 1, "bcdefghi");
        outbuf_append(b, "0123456789ABCDEF", 16);
        assert_content(b, 17, "89ABCDEF");
}

static void test_read(void) {
        g_autoptr(OutBuf) b = outbuf_new(8);
        static const struct {
                uint64_t offset;
                size_t max;
                uint64_t from;
                const char *text;
        } cases[] = {
                { 0, 100, 2, "cdefghij" }, { 2, 3, 2, "cde" },  { 4, 100, 4, "efghij" },
                { 9, 100, 9, "j" },        { 10, 100, 10, "" }, { UINT64_MAX, 100, 10, "" },
                { 0, 0, 2, "" },
        };

        outbuf_append(b, "abcdefghij", 10);
        for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
                uint64_t from = 99;
                g_autoptr(GBytes) bytes = outbuf_read(b, cases[i].offset, cases[i].max, &from);

                g_assert_cmpuint(from, ==, cases[i].from);
                g_assert_cmpmem(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes), cases[i].text,
                                strlen(cases[i].text));
        }
}

static void test_put(void) {
        g_autoptr(OutBuf) b = outbuf_new(8);

        assert_put(b, 0, "abc", 0, "abc");
        assert_put(b, 0, "abc", 0, "");    /* again */
        assert_put(b, 1, "b", 0, "");      /* inside */
        assert_put(b, 1, "bcde", 3, "de"); /* overlaps */
        assert_put(b, 5, "", 0, "");       /* nothing */
        assert_put(b, 5, "fg", 5, "fg");   /* adjoins */
        assert_content(b, 0, "abcdefg");
        assert_put(b, 20, "", 0, ""); /* a gap with nothing behind it is none */
        assert_content(b, 0, "abcdefg");
        assert_put(b, 20, "xyz", 20, "xyz"); /* a gap */
        assert_content(b, 20, "xyz");
        assert_put(b, 7, "hij", 0, ""); /* too late */
        assert_content(b, 20, "xyz");
        assert_put(b, 22, "z0123456789", 23, "0123456789"); /* larger than the buffer */
        assert_content(b, 25, "23456789");
        assert_put(b, UINT64_MAX - 1, "ab", 0, ""); /* would wrap */
        assert_content(b, 25, "23456789");
}

static void test_none_kept(void) {
        g_autoptr(OutBuf) b = outbuf_new(0);

        outbuf_append(b, "abc", 3);
        assert_content(b, 3, "");
        assert_put(b, 3, "def", 3, "def");
        assert_content(b, 6, "");
        g_assert_null(outbuf_free(NULL));
}

/* Byte n of the stream is n mod 251; whatever the pieces, what is kept is the newest. */
static void test_random_pieces(void) {
        g_autoptr(GRand) rand = g_rand_new_with_seed(7);
        g_autofree uint8_t *stream = g_malloc(200000);

        for (unsigned i = 0; i < 200000; i++)
                stream[i] = i % 251;

        for (unsigned round = 0; round < 40; round++) {
                size_t max = g_rand_int_range(rand, 1, 3000);
                g_autoptr(OutBuf) b = outbuf_new(max);
                uint64_t end = 0;

                for (unsigned i = 0; i < 100; i++) {
                        uint64_t back = g_rand_int_range(rand, 0, 50), offset = end - MIN(back, end), start;
                        size_t size = g_rand_int_range(rand, 0, 1500);
                        const void *data;
                        g_autoptr(GBytes) bytes = NULL;

                        if (outbuf_put(b, offset, stream + offset, size, &start, &data) > 0) {
                                g_assert_cmpuint(start, ==, end);
                                g_assert_true(data == stream + end);
                        }
                        end = MAX(end, offset + size);

                        g_assert_cmpuint(outbuf_end(b), ==, end);
                        g_assert_cmpuint(outbuf_start(b), ==, end - MIN(end, max));
                        bytes = outbuf_read(b, 0, SIZE_MAX, &start);
                        g_assert_cmpmem(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes),
                                        stream + start, end - start);
                }
        }
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/outbuf/append", test_append);
        g_test_add_func("/outbuf/read", test_read);
        g_test_add_func("/outbuf/put", test_put);
        g_test_add_func("/outbuf/none-kept", test_none_kept);
        g_test_add_func("/outbuf/random-pieces", test_random_pieces);
        return g_test_run();
}
