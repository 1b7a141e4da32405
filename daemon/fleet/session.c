/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One registered connection, as those see it who have something to say to its client. */
#include "session.h"

#include <string.h>

#include "limits.h"

bool session_send(Session *s, char *message) {
        bool sent = !s->closing && ws_peer_send(s->peer, message, strlen(message));

        g_free(message);
        return sent;
}

void session_answered(Session *s) {
        rate_limit_give(&s->messages, MESSAGES_PER_COMMAND, MESSAGES_BURST);
}

void session_close(Session *s, uint16_t code, const char *reason) {
        if (s->closing)
                return;
        s->closing = true;
        ws_peer_close(s->peer, code, reason);
}

void session_orphan(Session *s) {
        s->client = NULL;
}
