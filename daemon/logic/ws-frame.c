/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* RFC 6455 sections 5 and 7, from the server's side. A text message that arrives in one piece is handed out
 * where it lies in the input; only what comes in pieces is copied, and no more is kept than has come. */
#include "ws-frame.h"

#include <string.h>

#include "limits.h"

#define FIN 0x80
#define RESERVED 0x70
#define OPCODE 0x0f
#define MASKED 0x80
#define IS_CONTROL(opcode) (((opcode) &8) != 0)

void ws_parser_init(WsParser *p, size_t message_max) {
        *p = (WsParser){ .message_max = message_max, .need = 2 };
}

void ws_parser_clear(WsParser *p) {
        g_clear_pointer(&p->message, g_byte_array_unref);
}

static WsEventType fail(WsEvent *ret, uint16_t code, const char *what) {
        *ret = (WsEvent){ WS_EVENT_ERROR, what, strlen(what), code };
        return WS_EVENT_ERROR;
}

static bool is_known(uint8_t opcode) {
        return opcode <= WS_OPCODE_BINARY || (opcode >= WS_OPCODE_CLOSE && opcode <= WS_OPCODE_PONG);
}

/* The first two bytes: everything that is wrong without knowing the rest. */
static WsEventType check_start(WsParser *p, WsEvent *ret) {
        uint8_t opcode = p->header[0] & OPCODE, length = p->header[1] & ~MASKED;
        bool final = p->header[0] & FIN;

        if (p->header[0] & RESERVED)
                return fail(ret, WS_CLOSE_PROTOCOL, "reserved bits are set, no extension was agreed");
        if (!is_known(opcode))
                return fail(ret, WS_CLOSE_PROTOCOL, "unknown opcode");
        if (!(p->header[1] & MASKED))
                return fail(ret, WS_CLOSE_PROTOCOL, "the frame is not masked");
        if (IS_CONTROL(opcode) && !final)
                return fail(ret, WS_CLOSE_PROTOCOL, "a control frame is fragmented");
        if (IS_CONTROL(opcode) && length > WS_CONTROL_MAX)
                return fail(ret, WS_CLOSE_PROTOCOL, "a control frame has more than 125 bytes");
        if (opcode == WS_OPCODE_BINARY)
                return fail(ret, WS_CLOSE_UNSUPPORTED, "binary message, expected text");
        if (opcode == WS_OPCODE_CONTINUATION && !p->in_message)
                return fail(ret, WS_CLOSE_PROTOCOL, "a continuation of nothing");
        if (opcode == WS_OPCODE_TEXT && p->in_message)
                return fail(ret, WS_CLOSE_PROTOCOL, "a new message inside an unfinished one");
        return WS_EVENT_MORE;
}

static uint64_t read_be(const uint8_t *p, size_t n) {
        uint64_t value = 0;

        for (size_t i = 0; i < n; i++)
                value = value << 8 | p[i];
        return value;
}

/* The header is complete. */
static WsEventType start_payload(WsParser *p, WsEvent *ret) {
        uint8_t length = p->header[1] & ~MASKED;
        size_t extended = length == 127 ? 8 : length == 126 ? 2 : 0;
        uint32_t mask;

        p->final = p->header[0] & FIN;
        p->opcode = p->header[0] & OPCODE;
        p->left = extended > 0 ? read_be(p->header + 2, extended) : length;
        memcpy(&mask, p->header + 2 + extended, sizeof(mask));
        p->mask = (uint64_t) mask << 32 | mask;

        if ((extended == 2 && p->left < 126) || (extended == 8 && (p->left <= UINT16_MAX || p->left >> 63)))
                return fail(ret, WS_CLOSE_PROTOCOL, "a length is not in its shortest form");
        if (!IS_CONTROL(p->opcode)) {
                size_t have = p->in_message && p->message ? p->message->len : 0;

                if (p->left > p->message_max - have)
                        return fail(ret, WS_CLOSE_TOO_LARGE, "the message is too large");
                p->in_message = true;
        } else
                p->control_size = 0;
        return WS_EVENT_MORE;
}

static WsEventType read_header(WsParser *p, uint8_t **data, size_t *size, WsEvent *ret) {
        while (*size > 0 && p->have < p->need) {
                p->header[p->have++] = *(*data)++;
                (*size)--;
                if (p->have == 2) {
                        uint8_t length = p->header[1] & ~MASKED;

                        if (check_start(p, ret) == WS_EVENT_ERROR)
                                return WS_EVENT_ERROR;
                        p->need = 2 + (length == 127 ? 8 : length == 126 ? 2 : 0) + 4;
                }
        }
        if (p->have < p->need)
                return WS_EVENT_MORE;
        return start_payload(p, ret);
}

static void unmask(WsParser *p, uint8_t *data, size_t n) {
        const uint8_t *mask = (const uint8_t *) &p->mask;
        unsigned turn = 8 * (n % 4);
        size_t i = 0;

        for (; i + 8 <= n; i += 8) {
                uint64_t word;

                memcpy(&word, data + i, 8);
                word ^= p->mask;
                memcpy(data + i, &word, 8);
        }
        for (; i < n; i++)
                data[i] ^= mask[i % 8];
        if (turn > 0)
                p->mask = GUINT64_TO_LE(GUINT64_FROM_LE(p->mask) >> turn | GUINT64_FROM_LE(p->mask)
                                                                                           << (64 - turn));
}

/* RFC 6455 section 7.4.1 and 7.4.2: what may stand in a close frame. */
static bool close_code_is_valid(uint16_t code) {
        return (code >= 1000 && code <= 1014 && code != 1004 && code != WS_CLOSE_NO_CODE && code != 1006) ||
               (code >= 3000 && code <= 4999);
}

static WsEventType finish_close(WsParser *p, WsEvent *ret) {
        const char *reason = (const char *) p->control + 2;
        uint16_t code;

        if (p->control_size == 0) {
                *ret = (WsEvent){ WS_EVENT_CLOSE, "", 0, WS_CLOSE_NO_CODE };
                return WS_EVENT_CLOSE;
        }
        code = (uint16_t) read_be(p->control, 2);
        if (p->control_size == 1 || !close_code_is_valid(code))
                return fail(ret, WS_CLOSE_PROTOCOL, "a close frame without a valid code");
        if (!g_utf8_validate_len(reason, p->control_size - 2u, NULL))
                return fail(ret, WS_CLOSE_INVALID_DATA, "a close reason that is not UTF-8");
        *ret = (WsEvent){ WS_EVENT_CLOSE, reason, p->control_size - 2u, code };
        return WS_EVENT_CLOSE;
}

static WsEventType finish_control(WsParser *p, WsEvent *ret) {
        p->control[p->control_size] = '\0';
        if (p->opcode == WS_OPCODE_CLOSE)
                return finish_close(p, ret);
        *ret = (WsEvent){
                .type = p->opcode == WS_OPCODE_PING ? WS_EVENT_PING : WS_EVENT_PONG,
                .data = (const char *) p->control,
                .size = p->control_size,
        };
        return ret->type;
}

static WsEventType finish_text(WsParser *p, uint8_t *data, size_t size, WsEvent *ret) {
        p->in_message = false;
        if (!g_utf8_validate_len((const char *) data, size, NULL))
                return fail(ret, WS_CLOSE_INVALID_DATA, "the message is not UTF-8 text");
        *ret = (WsEvent){ WS_EVENT_TEXT, (const char *) data, size, 0 };
        return WS_EVENT_TEXT;
}

/* The frame's last byte of a text message is at data + n. */
static WsEventType take_text(WsParser *p, uint8_t *data, size_t n, WsEvent *ret) {
        bool complete = p->final && p->left == 0;

        if (complete && (!p->message || p->message->len == 0)) {
                p->terminated = data + n;
                p->overwritten = data[n];
                data[n] = '\0';
                return finish_text(p, data, n, ret);
        }
        if (!p->message)
                p->message = g_byte_array_new();
        g_byte_array_append(p->message, data, (guint) n);
        if (!complete)
                return WS_EVENT_MORE;
        g_byte_array_append(p->message, (const uint8_t *) "", 1);
        return finish_text(p, p->message->data, p->message->len - 1, ret);
}

static WsEventType read_payload(WsParser *p, uint8_t **data, size_t *size, WsEvent *ret) {
        uint8_t *start = *data;
        size_t n = MIN(*size, p->left);

        unmask(p, start, n);
        *data += n;
        *size -= n;
        p->left -= n;
        if (p->left == 0) {
                p->have = 0; /* a new header follows */
                p->need = 2;
        }
        if (!IS_CONTROL(p->opcode))
                return take_text(p, start, n, ret);
        memcpy(p->control + p->control_size, start, n);
        p->control_size += (uint8_t) n;
        return p->left == 0 ? finish_control(p, ret) : WS_EVENT_MORE;
}

/* The caller is done with the last event: put back what its NUL covered, give back what it was held in. */
static void release_last(WsParser *p) {
        if (p->terminated) {
                *p->terminated = p->overwritten;
                p->terminated = NULL;
        }
        if (!p->in_message)
                g_clear_pointer(&p->message, g_byte_array_unref);
}

WsEventType ws_parser_feed(WsParser *p, uint8_t **data, size_t *size, WsEvent *ret) {
        WsEventType type;

        release_last(p);
        do {
                if (p->have < p->need) {
                        type = read_header(p, data, size, ret);
                        if (type == WS_EVENT_ERROR || p->have < p->need)
                                return type;
                }
                /* An empty payload is complete with its header. */
                if (p->left > 0 && *size == 0)
                        return WS_EVENT_MORE;
                type = read_payload(p, data, size, ret);
        } while (type == WS_EVENT_MORE && *size > 0);
        return type;
}

uint8_t *ws_frame_header(uint8_t *end, WsOpcode opcode, size_t size) {
        size_t extended = size < 126 ? 0 : size <= UINT16_MAX ? 2 : 8;

        for (size_t i = 0, rest = size; i < extended; i++, rest >>= 8)
                *--end = (uint8_t) rest;
        *--end = (uint8_t) (extended == 0 ? size : extended == 2 ? 126 : 127);
        *--end = (uint8_t) (FIN | opcode);
        return end;
}

size_t ws_frame_close(uint8_t buffer[static WS_CONTROL_MAX + 2], uint16_t code, const char *reason) {
        size_t n = strlen(reason);

        if (n > CLOSE_REASON_MAX) {
                n = CLOSE_REASON_MAX;
                while (n > 0 && (reason[n] & 0xc0) == 0x80) /* not inside a character */
                        n--;
        }
        buffer[0] = FIN | WS_OPCODE_CLOSE;
        buffer[1] = (uint8_t) (n + 2);
        buffer[2] = (uint8_t) (code >> 8);
        buffer[3] = (uint8_t) code;
        memcpy(buffer + 4, reason, n);
        return n + 4;
}
