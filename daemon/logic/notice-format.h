/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is posted of a notice, in the shape that each kind of target expects. */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "notice.h"

typedef enum NoticeShape {
        NOTICE_SLACK,        /* incoming webhooks, and what copies them (Mattermost, Rocket.Chat) */
        NOTICE_DISCORD,      /* webhooks */
        NOTICE_TELEGRAM,     /* Bot API, sendMessage */
        NOTICE_WEBHOOK,      /* notice_to_json() and "instance" */
        NOTICE_ALERTMANAGER, /* POST /api/v2/alerts */
        _NOTICE_SHAPE_MAX,
} NoticeShape;

/* "slack" … as Type= has it */
const char *notice_shape_to_string(NoticeShape shape);
bool notice_shape_from_string(const char *s, NoticeShape *ret);

typedef struct NoticeFrame {
        const char *instance; /* which server it is */
        const char *chat;     /* Telegram's chat_id; NULL elsewhere */
} NoticeFrame;

/* The body, JSON; a new string. Texts are for people, in the language of LC_MESSAGES, within the length that the service takes, and
 * mean nothing but themselves there: no markup, no mentions. n is 1 but for Alertmanager. */
char *notice_format(NoticeShape shape, const Notice *const *notices, unsigned n, const NoticeFrame *frame);
