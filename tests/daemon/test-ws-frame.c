/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Framing as whole conversations: what a client may send in any pieces, and everything it may not. */
#include <string.h>

#include "limits.h"
#include "ws-frame.h"

#define MESSAGE_MAX 100000

#define FIN 0x80

/* A frame as a client sends it. length_form: 0 shortest, else 2 or 8 bytes. */
static void add_frame_as(GByteArray *out, uint8_t first, bool masked, unsigned length_form,
                         const void *payload, size_t size) {
        static const uint8_t mask[4] = { 0x11, 0xfe, 0x00, 0x80 };
        unsigned form = length_form > 0 ? length_form : size < 126 ? 1 : size < 65536 ? 2 : 8;
        uint8_t head[10] = { first, (uint8_t) ((masked ? 0x80 : 0) | (form == 1   ? size
                                                                      : form == 2 ? 126
                                                                                  : 127)) };
        size_t start;

        for (unsigned i = 0; form > 1 && i < form; i++)
                head[2 + i] = (uint8_t) ((uint64_t) size >> (8 * (form - 1 - i)));
        g_byte_array_append(out, head, form == 1 ? 2 : 2 + form);
        if (masked)
                g_byte_array_append(out, mask, 4);
        start = out->len;
        g_byte_array_append(out, payload, (guint) size);
        for (size_t i = 0; masked && i < size; i++)
                out->data[start + i] ^= mask[i % 4];
}

static void add_frame(GByteArray *out, uint8_t first, const void *payload, size_t size) {
        add_frame_as(out, first, true, 0, payload, size);
}

static void add_text(GByteArray *out, const char *text) {
        add_frame(out, FIN | WS_OPCODE_TEXT, text, strlen(text));
}

/* Feeds input in pieces of at most chunk bytes and writes down what happened, one line an event. */
static char *converse(const GByteArray *input, size_t chunk) {
        GString *log = g_string_new(NULL);
        WsEventType type = WS_EVENT_MORE;
        WsParser p;

        ws_parser_init(&p, MESSAGE_MAX);
        for (size_t at = 0; at < input->len && type != WS_EVENT_ERROR; at += chunk) {
                size_t size = MIN(chunk, input->len - at);
                /* As large as it must be, so that a byte too far is noticed by the sanitizer. */
                g_autofree uint8_t *buffer = g_malloc(size + 1);
                uint8_t *data = buffer;
                WsEvent e;

                memcpy(buffer, input->data + at, size);
                buffer[size] = 0xee;
                while ((type = ws_parser_feed(&p, &data, &size, &e)) != WS_EVENT_MORE) {
                        g_assert_cmpint(e.type, ==, type);
                        g_assert_cmpint(e.data[e.size], ==, '\0');
                        if (type == WS_EVENT_TEXT && e.size > 100)
                                g_string_append_printf(log, "text %zu %u\n", e.size, g_str_hash(e.data));
                        else if (type == WS_EVENT_CLOSE || type == WS_EVENT_ERROR)
                                g_string_append_printf(log, "%s %u %s\n",
                                                       type == WS_EVENT_CLOSE ? "close" : "error", e.code,
                                                       e.data);
                        else
                                g_string_append_printf(log, "%s %s\n",
                                                       type == WS_EVENT_TEXT   ? "text"
                                                       : type == WS_EVENT_PING ? "ping"
                                                                               : "pong",
                                                       e.data);
                        if (type == WS_EVENT_ERROR)
                                break;
                }
                if (type == WS_EVENT_MORE) {
                        g_assert_cmpuint(size, ==, 0);
                        g_assert_cmpint(data[0], ==, 0xee); /* what was borrowed is put back */
                }
        }
        ws_parser_clear(&p);
        return g_string_free(log, false);
}

/* The same in every way of cutting it. */
static void expect(const GByteArray *input, const char *expected) {
        static const size_t chunks[] = { 1,           2, 3, 5, 7, 8, 13, 64, 1000, 1040, STREAM_READ_BYTES,
                                         SIZE_MAX / 2 };

        for (size_t i = 0; i < G_N_ELEMENTS(chunks); i++) {
                g_autofree char *log = converse(input, chunks[i]);

                g_assert_cmpstr(log, ==, expected);
        }
}

static void test_messages(void) {
        g_autoptr(GByteArray) in = g_byte_array_new();

        add_text(in, "hello");
        add_text(in, "");
        add_text(in, "안녕 \xf0\x9f\x98\x80");
        add_frame(in, FIN | WS_OPCODE_PING, "p", 1);
        add_frame(in, FIN | WS_OPCODE_PONG, "", 0);
        add_text(in, "{\"type\":\"ping\"}");
        add_frame(in, FIN | WS_OPCODE_CLOSE,
                  "\x03\xe8"
                  "bye",
                  5);
        expect(in, "text hello\ntext \ntext 안녕 \xf0\x9f\x98\x80\nping p\npong \n"
                   "text {\"type\":\"ping\"}\nclose 1000 bye\n");
}

static void test_fragments(void) {
        g_autoptr(GByteArray) in = g_byte_array_new();

        add_frame(in, WS_OPCODE_TEXT, "", 0);
        add_frame(in, WS_OPCODE_CONTINUATION, "he", 2);
        add_frame(in, FIN | WS_OPCODE_PING, "between", 7);
        add_frame(in, WS_OPCODE_CONTINUATION, "", 0);
        add_frame(in, FIN | WS_OPCODE_PONG, "", 0);
        add_frame(in, FIN | WS_OPCODE_CONTINUATION, "llo", 3);
        /* A character may be cut by a frame. */
        add_frame(in, WS_OPCODE_TEXT, "\xea\xb0", 2);
        add_frame(in, FIN | WS_OPCODE_CONTINUATION, "\x80", 1);
        add_frame(in, WS_OPCODE_TEXT, "x", 1);
        add_frame(in, FIN | WS_OPCODE_CONTINUATION, "", 0);
        add_text(in, "next");
        expect(in, "ping between\npong \ntext hello\ntext 가\ntext x\ntext next\n");
}

static void test_sizes(void) {
        static const size_t sizes[] = { 125,   126,   127,   65535,           65536,
                                        16383, 16384, 16385, MESSAGE_MAX - 1, MESSAGE_MAX };

        for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
                g_autoptr(GByteArray) in = g_byte_array_new();
                g_autofree char *text = g_malloc(sizes[i] + 1), *expected = NULL;

                for (size_t k = 0; k < sizes[i]; k++)
                        text[k] = (char) ('a' + k % 23);
                text[sizes[i]] = '\0';
                add_text(in, text);
                add_text(in, "then");
                expected = g_strdup_printf("text %zu %u\ntext then\n", sizes[i], g_str_hash(text));
                expect(in, expected);
        }
}

typedef struct Wrong {
        const char *name;
        uint8_t first;
        bool unmasked;
        unsigned length_form;
        const char *payload;
        size_t size;
        const char *expected;
} Wrong;

static const Wrong wrongs[] = {
        { "unmasked", FIN | 1, true, 0, "hi", 2, "error 1002 the frame is not masked\n" },
        { "unmasked empty", FIN | 1, true, 0, "", 0, "error 1002 the frame is not masked\n" },
        { "unmasked ping", FIN | 9, true, 0, "hi", 2, "error 1002 the frame is not masked\n" },
        { "unmasked close", FIN | 8, true, 0, "\x03\xe8", 2, "error 1002 the frame is not masked\n" },
        { "rsv1", FIN | 0x40 | 1, false, 0, "hi", 2,
          "error 1002 reserved bits are set, no extension was agreed\n" },
        { "rsv3", FIN | 0x10 | 1, false, 0, "hi", 2,
          "error 1002 reserved bits are set, no extension was agreed\n" },
        { "opcode 3", FIN | 3, false, 0, "", 0, "error 1002 unknown opcode\n" },
        { "opcode 11", FIN | 11, false, 0, "", 0, "error 1002 unknown opcode\n" },
        { "fragmented ping", 9, false, 0, "", 0, "error 1002 a control frame is fragmented\n" },
        { "long ping", FIN | 9, false, 2, "", 0, "error 1002 a control frame has more than 125 bytes\n" },
        { "very long close", FIN | 8, false, 8, "", 0,
          "error 1002 a control frame has more than 125 bytes\n" },
        { "binary", FIN | 2, false, 0, "hi", 2, "error 1003 binary message, expected text\n" },
        { "continuation", FIN | 0, false, 0, "hi", 2, "error 1002 a continuation of nothing\n" },
        { "16-bit length of 5", FIN | 1, false, 2, "hello", 5,
          "error 1002 a length is not in its shortest form\n" },
        { "64-bit length of 5", FIN | 1, false, 8, "hello", 5,
          "error 1002 a length is not in its shortest form\n" },
        { "overlong UTF-8", FIN | 1, false, 0, "\xc0\x80", 2, "error 1007 the message is not UTF-8 text\n" },
        { "surrogate", FIN | 1, false, 0, "\xed\xa0\x80", 3, "error 1007 the message is not UTF-8 text\n" },
        { "cut character", FIN | 1, false, 0, "a\xea\xb0", 3, "error 1007 the message is not UTF-8 text\n" },
        { "NUL", FIN | 1, false, 0, "a\0b", 3, "error 1007 the message is not UTF-8 text\n" },
        { "close of 1 byte", FIN | 8, false, 0, "\x03", 1,
          "error 1002 a close frame without a valid code\n" },
        { "close 999", FIN | 8, false, 0, "\x03\xe7", 2, "error 1002 a close frame without a valid code\n" },
        { "close 1005", FIN | 8, false, 0, "\x03\xed", 2,
          "error 1002 a close frame without a valid code\n" },
        { "close 1006", FIN | 8, false, 0, "\x03\xee", 2,
          "error 1002 a close frame without a valid code\n" },
        { "close 1015", FIN | 8, false, 0, "\x03\xf7", 2,
          "error 1002 a close frame without a valid code\n" },
        { "close 5000", FIN | 8, false, 0, "\x13\x88", 2,
          "error 1002 a close frame without a valid code\n" },
        { "close text", FIN | 8, false, 0, "\x03\xe8\xff", 3,
          "error 1007 a close reason that is not UTF-8\n" },
};

static void test_wrong(void) {
        for (size_t i = 0; i < G_N_ELEMENTS(wrongs); i++) {
                const Wrong *w = &wrongs[i];
                g_autoptr(GByteArray) in = g_byte_array_new();
                g_autofree char *expected = g_strconcat("text before\n", w->expected, NULL);

                g_test_message("%s", w->name);
                add_text(in, "before");
                add_frame_as(in, w->first, !w->unmasked, w->length_form, w->payload, w->size);
                add_text(in, "never reached");
                expect(in, expected);
        }
}

static void test_right_closes(void) {
        static const struct {
                const char *payload;
                size_t size;
                const char *expected;
        } closes[] = {
                { "", 0, "close 1005 \n" },
                { "\x03\xe9", 2, "close 1001 \n" },
                { "\x03\xf5", 2, "close 1013 \n" },
                { "\x0b\xb8"
                  "library",
                  9, "close 3000 library\n" },
                { "\x13\x87", 2, "close 4999 \n" },
        };

        for (size_t i = 0; i < G_N_ELEMENTS(closes); i++) {
                g_autoptr(GByteArray) in = g_byte_array_new();

                add_frame(in, FIN | WS_OPCODE_CLOSE, closes[i].payload, closes[i].size);
                expect(in, closes[i].expected);
        }
}

static void test_nested(void) {
        g_autoptr(GByteArray) in = g_byte_array_new();

        add_frame(in, WS_OPCODE_TEXT, "one", 3);
        add_frame(in, FIN | WS_OPCODE_TEXT, "two", 3);
        expect(in, "error 1002 a new message inside an unfinished one\n");
}

/* Refused as soon as the header says so, whatever would follow; in one frame or in many. */
static void test_too_large(void) {
        static const uint64_t sizes[] = { MESSAGE_MAX + 1, UINT32_MAX, UINT64_MAX >> 1 };
        g_autofree char *half = g_strnfill(MESSAGE_MAX / 2, 'h');

        for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
                g_autoptr(GByteArray) in = g_byte_array_new();
                uint8_t head[14] = { FIN | WS_OPCODE_TEXT, 0x80 | 127 };

                for (int k = 0; k < 8; k++)
                        head[2 + k] = (uint8_t) (sizes[i] >> (56 - 8 * k));
                g_byte_array_append(in, head, sizeof(head));
                expect(in, "error 1009 the message is too large\n");
        }
        {
                g_autoptr(GByteArray) in = g_byte_array_new();
                uint8_t head[14] = { FIN | WS_OPCODE_TEXT, 0x80 | 127, 0x80 };

                g_byte_array_append(in, head, sizeof(head));
                expect(in, "error 1002 a length is not in its shortest form\n");
        }
        {
                g_autoptr(GByteArray) in = g_byte_array_new(), more = g_byte_array_new();

                add_frame(in, WS_OPCODE_TEXT, half, MESSAGE_MAX / 2);
                add_frame(in, WS_OPCODE_CONTINUATION, half, MESSAGE_MAX / 2);
                g_byte_array_append(more, in->data, in->len);
                add_frame(in, FIN | WS_OPCODE_CONTINUATION, "", 0);
                {
                        g_autofree char *whole = g_strnfill(MESSAGE_MAX, 'h');
                        g_autofree char *expected =
                                        g_strdup_printf("text %u %u\n", MESSAGE_MAX, g_str_hash(whole));

                        expect(in, expected);
                }
                add_frame(more, FIN | WS_OPCODE_CONTINUATION, "x", 1);
                expect(more, "error 1009 the message is too large\n");
        }
}

/* A header that promises much makes us hold nothing. */
static void test_no_memory_on_promise(void) {
        g_autoptr(GByteArray) in = g_byte_array_new();
        g_autofree uint8_t *buffer = NULL;
        uint8_t *data;
        size_t size;
        WsParser p;
        WsEvent e;

        add_frame(in, FIN | WS_OPCODE_TEXT, "x", 1);
        in->data[1] = 0x80 | 126; /* 126 now, 2 bytes of length follow */
        g_byte_array_set_size(in, 2);
        g_byte_array_append(in,
                            (const uint8_t *) "\xff\xff"
                                              "mask"
                                              "abc",
                            9);
        size = in->len;
        data = buffer = g_malloc(size + 1);
        memcpy(data, in->data, size);
        ws_parser_init(&p, MESSAGE_MAX);
        g_assert_cmpint(ws_parser_feed(&p, &data, &size, &e), ==, WS_EVENT_MORE);
        g_assert_cmpuint(p.message->len, ==, 3);
        ws_parser_clear(&p);
}

/* Noise of every kind ends somehow, and the same way in whatever pieces it comes. */
static void test_noise(void) {
        g_autoptr(GRand) rand = g_rand_new_with_seed(7);

        for (unsigned round = 0; round < 3000; round++) {
                g_autoptr(GByteArray) in = g_byte_array_new();
                g_autofree char *whole = NULL, *bytewise = NULL, *pieces = NULL;
                unsigned n = (unsigned) g_rand_int_range(rand, 1, 6);

                for (unsigned i = 0; i < n; i++) {
                        static const uint8_t firsts[] = { 0x81, 0x01, 0x00, 0x80, 0x89,
                                                          0x8a, 0x88, 0x82, 0xc1 };
                        char payload[300];
                        size_t size = (size_t) g_rand_int_range(rand, 0, i % 2 ? 300 : 20);

                        memset(payload, 'a', sizeof(payload));
                        add_frame(in, firsts[g_rand_int_range(rand, 0, G_N_ELEMENTS(firsts))], payload,
                                  size);
                }
                if (round % 2)
                        in->data[g_rand_int_range(rand, 0, (gint32) in->len)] ^=
                                        (uint8_t) (1 << g_rand_int_range(rand, 0, 8));
                whole = converse(in, SIZE_MAX / 2);
                bytewise = converse(in, 1);
                pieces = converse(in, (size_t) g_rand_int_range(rand, 2, 50));
                g_assert_cmpstr(whole, ==, bytewise);
                g_assert_cmpstr(whole, ==, pieces);
        }
}

static void test_header(void) {
        static const struct {
                size_t size;
                const char *expected;
                size_t length;
        } headers[] = {
                { 0, "\x81\x00", 2 },
                { 125, "\x81\x7d", 2 },
                { 126, "\x81\x7e\x00\x7e", 4 },
                { 65535, "\x81\x7e\xff\xff", 4 },
                { 65536, "\x81\x7f\x00\x00\x00\x00\x00\x01\x00\x00", 10 },
        };

        for (size_t i = 0; i < G_N_ELEMENTS(headers); i++) {
                uint8_t buffer[10], *end = buffer + sizeof(buffer);
                uint8_t *start = ws_frame_header(end, WS_OPCODE_TEXT, headers[i].size);

                g_assert_cmpmem(start, (size_t) (end - start), headers[i].expected, headers[i].length);
        }
}

static void test_close_frame(void) {
        uint8_t buffer[WS_CONTROL_MAX + 2];
        g_autoptr(GString) reason = g_string_new(NULL);
        size_t size;

        size = ws_frame_close(buffer, WS_CLOSE_GOING_AWAY, "bye");
        g_assert_cmpmem(buffer, size,
                        "\x88\x05\x03\xe9"
                        "bye",
                        7);
        size = ws_frame_close(buffer, WS_CLOSE_NORMAL, "");
        g_assert_cmpmem(buffer, size, "\x88\x02\x03\xe8", 4);

        /* Cut before the character that does not fit: 41 of three bytes do exactly, then not. */
        for (unsigned i = 0; i < 41; i++)
                g_string_append(reason, "가");
        size = ws_frame_close(buffer, WS_CLOSE_NORMAL, reason->str);
        g_assert_cmpuint(size, ==, 4 + CLOSE_REASON_MAX);
        g_string_prepend(reason, "a");
        size = ws_frame_close(buffer, WS_CLOSE_NORMAL, reason->str);
        g_assert_cmpuint(size, ==, 4 + 1 + 40 * 3);
        g_assert_true(g_utf8_validate((char *) buffer + 4, (gssize) size - 4, NULL));
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/ws-frame/messages", test_messages);
        g_test_add_func("/ws-frame/fragments", test_fragments);
        g_test_add_func("/ws-frame/sizes", test_sizes);
        g_test_add_func("/ws-frame/wrong", test_wrong);
        g_test_add_func("/ws-frame/right-closes", test_right_closes);
        g_test_add_func("/ws-frame/nested", test_nested);
        g_test_add_func("/ws-frame/too-large", test_too_large);
        g_test_add_func("/ws-frame/no-memory-on-promise", test_no_memory_on_promise);
        g_test_add_func("/ws-frame/noise", test_noise);
        g_test_add_func("/ws-frame/header", test_header);
        g_test_add_func("/ws-frame/close-frame", test_close_frame);
        return g_test_run();
}
