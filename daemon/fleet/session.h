/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One registered connection, as those see it who have something to say to its client. */
#pragma once

#include "client.h"
#include "ratelimit.h"
#include "ws-server.h"

struct Session {
        WsPeer *peer;
        Client *client;     /* NULL before register and after it was forgotten */
        RateLimit messages; /* of what it may send us */
        bool closing;
};

bool session_send(Session *s, char *message); /* takes the text; false: the connection is being closed */
void session_orphan(Session *s);              /* its client is being forgotten: it may not be named again */
void session_answered(Session *s);            /* it has ended a command: MESSAGES_PER_COMMAND */
void session_close(Session *s, uint16_t code, const char *reason);
