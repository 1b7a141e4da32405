/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Text in pieces: the same in every split, and always valid, whatever the bytes are. */
#include <stdbool.h>
#include <string.h>

#include "utf8-stream.h"

#define BAD "\xef\xbf\xbd"

static char *convert(const void *data, size_t size, size_t piece) {
        Utf8Stream u = {};
        GString *out = g_string_new(NULL);

        for (size_t i = 0; i < size; i += piece)
                utf8_stream_feed(&u, (const char *) data + i, MIN(piece, size - i), out);
        utf8_stream_end(&u, out);
        g_assert_cmpuint(u.tail_size, ==, 0);
        g_assert_true(g_utf8_validate_len(out->str, out->len, NULL));
        return g_string_free(out, false);
}

static void assert_converts(const void *data, size_t size, const char *expected) {
        for (size_t piece = 1; piece <= size; piece++) {
                g_autofree char *got = convert(data, size, piece);

                g_assert_cmpstr(got, ==, expected);
        }
}

static void test_table(void) {
        static const struct {
                const char *in;
                size_t size;
                const char *out;
        } table[] = {
                { "plain\n", 6, "plain\n" },
                { "한글 é 😀.", 15, "한글 é 😀." },
                { "a\0b", 3, "a" BAD "b" },
                { "\xed\0\xa7", 3, BAD BAD BAD }, /* GLib takes the NUL for the end of the text */
                { "\xff\xfe", 2, BAD BAD },
                { "\xfc\x80\x80\x80\x80\x80", 6,
                  BAD BAD BAD BAD BAD BAD }, /* GLib alone would wait for it */
                { "\x80x", 2, BAD "x" },
                { "\xc0\xaf", 2, BAD BAD },                 /* overlong */
                { "\xed\xa0\x80", 3, BAD BAD BAD },         /* half a surrogate pair */
                { "\xf4\x90\x80\x80", 4, BAD BAD BAD BAD }, /* beyond Unicode */
                { "\xe2\x82z", 3, BAD BAD "z" },            /* stopped in the middle */
                { "\xe2\x82\xe2\x82\xac", 5, BAD BAD "€" },
                { "\xf0\x9f\xf0\x9f\x98\x80", 6, BAD BAD "😀" },
        };

        for (unsigned i = 0; i < G_N_ELEMENTS(table); i++)
                assert_converts(table[i].in, table[i].size, table[i].out);
}

/* The start of a character is held back, and given up once at the end. */
static void test_end(void) {
        Utf8Stream u = {};
        g_autoptr(GString) out = g_string_new(NULL);

        utf8_stream_feed(&u, "x\xf0\x9f\x98", 4, out);
        g_assert_cmpstr(out->str, ==, "x");
        utf8_stream_end(&u, out);
        g_assert_cmpstr(out->str, ==, "x" BAD);
        utf8_stream_end(&u, out);
        g_assert_cmpstr(out->str, ==, "x" BAD);
        utf8_stream_feed(&u, "y", 1, out);
        g_assert_cmpstr(out->str, ==, "x" BAD "y");
}

/* Random bytes, favouring lead and continuation bytes: the split never changes the outcome. */
static void test_random(void) {
        for (unsigned round = 0; round < 300; round++) {
                unsigned char data[40];
                g_autofree char *whole = NULL;

                for (unsigned i = 0; i < sizeof(data); i++)
                        data[i] = (unsigned char) (g_test_rand_bit() ? g_test_rand_int_range(0x80, 0x100)
                                                                     : g_test_rand_int_range(0, 0x100));
                whole = convert(data, sizeof(data), sizeof(data));
                assert_converts(data, sizeof(data), whole);
        }
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/utf8-stream/table", test_table);
        g_test_add_func("/utf8-stream/end", test_end);
        g_test_add_func("/utf8-stream/random", test_random);
        return g_test_run();
}
