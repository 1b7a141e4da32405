/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A command's output: chunks and offsets add up, the tail is bounded and says what is gone. */
#include <string.h>

#include "limits.h"
#include "output.h"

static void append(Output *o, unsigned source, const char *text) {
        output_append(o, source, text, strlen(text));
}

static void test_chunks(void) {
        g_autoptr(Output) o = output_new(true);
        g_autofree char *first = NULL, *second = NULL, *tail = NULL;
        size_t size;
        uint64_t offset, gone;

        g_assert_false(output_ready(o));
        g_assert_null(output_take(o, &size, &offset));
        tail = output_tail(o, &gone);
        g_assert_cmpstr(tail, ==, "");
        g_clear_pointer(&tail, g_free);

        append(o, 1, "one\n");
        append(o, 1, "two\n");
        g_assert_true(output_ready(o));
        first = output_take(o, &size, &offset);
        g_assert_cmpstr(first, ==, "one\ntwo\n");
        g_assert_cmpuint(size, ==, 8);
        g_assert_cmpuint(offset, ==, 0);
        g_assert_false(output_ready(o));
        g_assert_null(output_take(o, &size, &offset));

        append(o, 2, "three\n");
        second = output_take(o, &size, &offset);
        g_assert_cmpstr(second, ==, "three\n");
        g_assert_cmpuint(offset, ==, 8);
        tail = output_tail(o, &gone);
        g_assert_cmpstr(tail, ==, "one\ntwo\nthree\n");
        g_assert_cmpuint(gone, ==, 0);
        g_assert_cmpuint(output_bytes(o), ==, 14);
}

/* Each source has its own unfinished character. */
static void test_sources(void) {
        g_autoptr(Output) o = output_new(true);
        g_autofree char *tail = NULL;
        uint64_t gone;

        append(o, 1, "\xed\x95");
        append(o, 2, "err ");
        append(o, 1, "\x9c\n");
        append(o, 2, "\xe2\x82");
        output_end(o);
        tail = output_tail(o, &gone);
        g_assert_cmpstr(tail, ==, "err 한\n\xef\xbf\xbd");
}

/* However much comes at once, chunks are of whole characters and within the bound. */
static void test_chunk_bound(void) {
        g_autoptr(Output) o = output_new(true);
        g_autoptr(GString) in = g_string_new(NULL), back = g_string_new(NULL);
        size_t size;
        uint64_t offset;
        char *text;

        for (unsigned i = 0; i < 20000; i++) /* sizes that divide nothing, all within the tail */
                g_string_append(in, i % 3 ? "한" : "é😀");
        g_assert_false(output_full(o));
        output_append(o, 1, in->str, in->len);
        g_assert_true(output_full(o));
        while ((text = output_take(o, &size, &offset))) {
                g_assert_cmpuint(size, <=, OUTPUT_CHUNK_BYTES);
                g_assert_cmpuint(offset, ==, back->len);
                g_assert_true(g_utf8_validate(text, (gssize) size, NULL));
                g_string_append(back, text);
                g_free(text);
        }
        g_assert_cmpstr(back->str, ==, in->str);
        g_assert_false(output_full(o));
}

static void test_tail_bound(void) {
        g_autoptr(Output) o = output_new(true);
        g_autofree char *tail = NULL;
        uint64_t total = 0, gone;

        for (unsigned i = 0; i < 30000; i++) {
                g_autofree char *line = g_strdup_printf("line %u of many\n", i);

                append(o, 1, line);
                total += strlen(line);
        }
        tail = output_tail(o, &gone);
        g_assert_cmpuint(strlen(tail), <=, AGENT_OUTPUT_BYTES_MAX);
        g_assert_cmpuint(strlen(tail), >, AGENT_OUTPUT_BYTES_MAX - 64);
        g_assert_cmpuint(output_bytes(o), ==, total);
        g_assert_cmpuint(gone + strlen(tail), ==, total);
        g_assert_true(g_str_has_prefix(tail, "line "));
        g_assert_true(g_str_has_suffix(tail, "line 29999 of many\n"));
}

/* Nobody took it and the source did not pause: the offset jumps, to a whole character. */
static void test_jump(void) {
        g_autoptr(Output) o = output_new(true);
        g_autofree char *text = NULL;
        size_t size;
        uint64_t offset;

        for (unsigned i = 0; i < AGENT_OUTPUT_BYTES_MAX; i++)
                append(o, 1, "한");
        append(o, 1, "!");
        text = output_take(o, &size, &offset);
        g_assert_cmpuint(offset, >=, output_bytes(o) - AGENT_OUTPUT_BYTES_MAX);
        g_assert_cmpuint(offset, <, output_bytes(o) - AGENT_OUTPUT_BYTES_MAX + 3);
        g_assert_true(g_str_has_prefix(text, "한"));
        g_assert_true(g_utf8_validate(text, (gssize) size, NULL));
}

/* One endless line: cut at a character where there is no line to cut at. */
static void test_tail_without_lines(void) {
        g_autoptr(Output) o = output_new(true);
        g_autofree char *tail = NULL;
        uint64_t gone;

        for (unsigned i = 0; i < AGENT_OUTPUT_BYTES_MAX / 3 + 10; i++)
                append(o, 1, "한");
        append(o, 1, "\n");
        tail = output_tail(o, &gone);
        g_assert_true(g_str_has_prefix(tail, "한"));
        g_assert_true(g_utf8_validate(tail, -1, NULL));
        g_assert_cmpuint(gone + strlen(tail), ==, output_bytes(o));
}

/* Takes all that may be sent; returns how much that is, and what the offset behind it is. */
static size_t take_all(Output *o, uint64_t *ret_end) {
        size_t size, all = 0;
        uint64_t offset;
        char *text;

        while ((text = output_take(o, &size, &offset))) {
                all += size;
                *ret_end = offset + size;
                g_free(text);
        }
        return all;
}

/* Not further than the server wants, chunks of whole characters though they are. */
static void test_window(void) {
        g_autoptr(Output) o = output_new(true);
        uint64_t end = 0;

        output_begin(o, true);
        for (unsigned i = 0; i < 60000; i++)
                append(o, 1, "한");
        g_assert_cmpuint(take_all(o, &end), >=, OUTPUT_WINDOW_BYTES);
        g_assert_cmpuint(end, <, OUTPUT_WINDOW_BYTES + OUTPUT_CHUNK_BYTES);
        g_assert_false(output_ready(o));
        g_assert_true(output_full(o));
        output_passed(o, 10);
        g_assert_false(output_ready(o));
        output_passed(o, OUTPUT_PASSED_BYTES);
        output_passed(o, 20); /* late */
        g_assert_true(output_ready(o));
        (void) take_all(o, &end);
        g_assert_cmpuint(end, >=, OUTPUT_PASSED_BYTES + OUTPUT_WINDOW_BYTES);
        g_assert_cmpuint(end, <, OUTPUT_PASSED_BYTES + OUTPUT_WINDOW_BYTES + OUTPUT_CHUNK_BYTES);

        output_passed(o, UINT64_MAX); /* nonsense is not more than all */
        (void) take_all(o, &end);
        g_assert_cmpuint(end, ==, 180000);
}

/* The end waits for nobody. */
static void test_window_at_the_end(void) {
        g_autoptr(Output) o = output_new(true);
        uint64_t end = 0;

        output_begin(o, true);
        for (unsigned i = 0; i < 200000; i++)
                append(o, 1, "x");
        (void) take_all(o, &end);
        g_assert_cmpuint(end, <, 200000);
        output_end(o);
        g_assert_true(output_ready(o));
        (void) take_all(o, &end);
        g_assert_cmpuint(end, ==, 200000);
}

/* The next connection gets what is kept, from its oldest byte, with a window of its own. */
static void test_again(void) {
        g_autoptr(Output) o = output_new(true);
        uint64_t end = 0;
        size_t n;

        for (unsigned i = 0; i < 100; i++)
                append(o, 1, "line\n");
        g_assert_cmpuint(take_all(o, &end), ==, 500);
        output_begin(o, true);
        g_assert_cmpuint(take_all(o, &end), ==, 500);

        for (unsigned i = 0; i < 2 * AGENT_OUTPUT_BYTES_MAX / 5; i++)
                append(o, 1, "line\n"); /* nobody held its source */
        output_begin(o, true);
        n = take_all(o, &end);
        g_assert_cmpuint(end - n, ==, output_bytes(o) - AGENT_OUTPUT_BYTES_MAX);
        g_assert_cmpuint(n, >=, OUTPUT_WINDOW_BYTES);
        g_assert_cmpuint(n, <, OUTPUT_WINDOW_BYTES + OUTPUT_CHUNK_BYTES);
        output_begin(o, false);
        g_assert_cmpuint(take_all(o, &end), ==, AGENT_OUTPUT_BYTES_MAX);
}

/* What nobody hears waits for nobody: it is neither sent nor a reason to pause the source, and its end is kept. */
static void test_unheard(void) {
        g_autoptr(Output) o = output_new(false);
        g_autofree char *much = g_strnfill(2 * OUTPUT_CHUNK_BYTES, 'x'), *tail = NULL;
        uint64_t gone;

        output_begin(o, true);
        output_append(o, 1, much, strlen(much));
        g_assert_false(output_ready(o));
        g_assert_false(output_full(o));
        tail = output_tail(o, &gone);
        g_assert_cmpstr(tail, ==, much);
        g_assert_cmpuint(gone, ==, 0);
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/output/chunks", test_chunks);
        g_test_add_func("/output/sources", test_sources);
        g_test_add_func("/output/chunk-bound", test_chunk_bound);
        g_test_add_func("/output/tail-bound", test_tail_bound);
        g_test_add_func("/output/jump", test_jump);
        g_test_add_func("/output/tail-without-lines", test_tail_without_lines);
        g_test_add_func("/output/window", test_window);
        g_test_add_func("/output/window-at-the-end", test_window_at_the_end);
        g_test_add_func("/output/again", test_again);
        g_test_add_func("/output/unheard", test_unheard);
        return g_test_run();
}
