/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The way to the server, for those who have something to say to it. */
#pragma once

#include <stdbool.h>

typedef struct ServerLink {
        /* Queues one message. False when it cannot be sent now. */
        bool (*send)(const char *text, void *userdata);
        /* Hold back what can wait until the link has drained. */
        bool (*is_congested)(void *userdata);
        /* What waits for the server has changed (backlog.h). NULL where nobody wants to know. */
        void (*backlog_changed)(bool crossed, void *userdata);
} ServerLink;
