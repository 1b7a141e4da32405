/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Fuzzes WebSocket framing: the same bytes give the same events, however they are cut into pieces. The first byte of the
 * input says how. */
#include <string.h>

#include "fuzz.h"
#include "ws-frame.h"

#define MESSAGE_MAX 4096

static void note(GString *log, const WsEvent *e) {
        g_string_append_printf(log, "%d %u %zu ", e->type, e->code, e->size);
        if (e->type != WS_EVENT_MORE && e->data) {
                g_assert_cmpint(e->data[e->size], ==, '\0');
                g_string_append_len(log, e->data, e->size);
        }
}

/* What happens when the input comes in pieces of this size. */
static GString *events(const uint8_t *data, size_t size, size_t piece) {
        GString *log = g_string_new(NULL);
        WsEvent e = {};
        WsParser p;

        ws_parser_init(&p, MESSAGE_MAX);
        for (size_t at = 0; at < size && e.type != WS_EVENT_ERROR; at += piece) {
                size_t n = MIN(piece, size - at);
                g_autofree uint8_t *copy = g_malloc(n + 1);
                uint8_t *next = copy;

                memcpy(copy, data + at, n);
                while (ws_parser_feed(&p, &next, &n, &e) != WS_EVENT_MORE) {
                        note(log, &e);
                        if (e.type == WS_EVENT_ERROR)
                                break;
                }
        }
        ws_parser_clear(&p);
        return log;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        g_autoptr(GString) whole = NULL, pieces = NULL;
        uint8_t close[WS_CONTROL_MAX + 2];
        g_autofree char *reason = NULL;

        if (size < 2)
                return 0;
        whole = events(data + 1, size - 1, size);
        pieces = events(data + 1, size - 1, 1 + data[0] % 64);
        g_assert_cmpmem(whole->str, whole->len, pieces->str, pieces->len);

        reason = g_strndup((const char *) data, size);
        g_assert_cmpuint(ws_frame_close(close, 1002, reason), <=, sizeof(close));
        return 0;
}
