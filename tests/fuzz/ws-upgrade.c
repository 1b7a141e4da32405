/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Fuzzes the HTTP request before a WebSocket, from the first byte to the answer. */
#include <string.h>

#include "fuzz.h"
#include "limits.h"
#include "ws-upgrade.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        size_t head = ws_upgrade_head_size((const char *) data, size);
        g_autofree char *copy = NULL;
        char response[WS_RESPONSE_MAX];
        WsUpgrade u = {};
        unsigned status;
        size_t n;

        g_assert_cmpuint(head, <=, size);
        if (head == 0 || head > HANDSHAKE_BYTES_MAX)
                return 0;
        copy = g_memdup2(data, head);
        status = ws_upgrade_parse(copy, head, &u);
        g_assert_true(status == 101 || (status >= 400 && status < 600));
        if (status == 101) {
                g_assert_cmpuint(strlen(u.accept), ==, WS_ACCEPT_SIZE - 1);
                if (u.token)
                        g_assert_cmpuint(strlen(u.token), <=, TOKEN_LENGTH_MAX);
        }
        n = ws_upgrade_response(response, status, status == 101 ? u.accept : NULL);
        g_assert_cmpuint(n, <=, sizeof(response));
        return 0;
}
