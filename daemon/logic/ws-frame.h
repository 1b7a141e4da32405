/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* RFC 6455 framing for a server: bytes in, whole messages out. Strict, since what comes in is from strangers:
 * whatever the RFC forbids a client ends in an error that carries the close code to answer with. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ws-close.h"

typedef enum WsOpcode {
        WS_OPCODE_CONTINUATION = 0,
        WS_OPCODE_TEXT = 1,
        WS_OPCODE_BINARY = 2,
        WS_OPCODE_CLOSE = 8,
        WS_OPCODE_PING = 9,
        WS_OPCODE_PONG = 10,
} WsOpcode;

#define WS_HEADER_MAX 14   /* with a 64-bit length and a mask */
#define WS_CONTROL_MAX 125 /* payload of ping, pong and close */

typedef enum WsEventType {
        WS_EVENT_MORE, /* all input is used up */
        WS_EVENT_TEXT,
        WS_EVENT_PING,
        WS_EVENT_PONG,
        WS_EVENT_CLOSE,
        WS_EVENT_ERROR, /* nothing may be fed after this */
} WsEventType;

/* Data is borrowed until the next call for this parser, and NUL-terminated beyond size. */
typedef struct WsEvent {
        WsEventType type;
        const char *data; /* text; payload of ping and pong; reason of close; of an error what was wrong */
        size_t size;
        uint16_t code; /* close, error */
} WsEvent;

/* Part of a connection; start with ws_parser_init(). */
typedef struct WsParser {
        size_t message_max;
        GByteArray *message; /* of a text message in pieces: what is there */
        bool in_message;     /* a text message has begun and is not complete */

        uint8_t header[WS_HEADER_MAX], have, need; /* the header being read; have == need: in its payload */
        bool final;
        uint8_t opcode;
        uint64_t left; /* payload bytes of this frame to come */
        uint64_t mask; /* the mask twice over, turned to the next byte */
        uint8_t control[WS_CONTROL_MAX + 1], control_size;

        uint8_t *terminated; /* where a NUL was put over input that is still to be read */
        uint8_t overwritten;
} WsParser;

void ws_parser_init(WsParser *p, size_t message_max);
void ws_parser_clear(WsParser *p);

/* Reads up to the next event and moves *data and *size past what it used. Input is unmasked in place, and the
 * byte beyond *size must be writable. Call again with the rest until it returns WS_EVENT_MORE or an error:
 * only then may the input go. */
WsEventType ws_parser_feed(WsParser *p, uint8_t **data, size_t *size, WsEvent *ret);

/* Writes the header of a frame from a server (unmasked, final) that ends at end; returns where it starts, at
 * most 10 bytes before. */
uint8_t *ws_frame_header(uint8_t *end, WsOpcode opcode, size_t size);

/* A close frame; reason is cut to fit. Returns its size. */
size_t ws_frame_close(uint8_t buffer[static WS_CONTROL_MAX + 2], uint16_t code, const char *reason);
