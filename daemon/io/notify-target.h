/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whom alerts are told to: the [Notify NAME] sections of mserver.conf(5). The server reads who gets which; mserver-notify, where. */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "config.h"
#include "notice-format.h"
#include "selector.h"

#define NOTIFY_SECTION "Notify "

/* For config_read(). */
#define NOTIFY_CONFIG_KEYS                                                                               \
        { "Notify *", "Type" }, { "Notify *", "Url" }, { "Notify *", "CAFile" }, { "Notify *", "Chat" }, \
                        { "Notify *", "Severity" }, {                                                    \
                "Notify *", "Clients"                                                                    \
        }

typedef struct NotifyTarget {
        char *name;
        NoticeShape shape;
        char *url;              /* Url=; NULL: its credential (notify_target_url()) */
        char *ca_file;          /* CAFile=; NULL: the system's */
        char *chat;             /* Chat=; NULL: not Telegram's */
        AlertSeverity severity; /* Severity=: this and worse; ALERT_WARNING */
        Selector *clients;      /* Clients=; NULL: all */
} NotifyTarget;

NotifyTarget *notify_target_free(NotifyTarget *t);

/* A new array of NotifyTarget, in the order of the sections. NULL and FLEET_ERROR_CONFIG, which names section, key and value. */
GPtrArray *notify_targets_read(const Config *c, GError **error);
/* NULL: none of this name. */
NotifyTarget *notify_targets_find(GPtrArray *targets, const char *name);

/* Where it is: Url=, or the secret, which is the credential "notify_NAME" or, without systemd, the file NAME in NOTIFY_SECRETS_DIR.
 * New string, to be wiped. FLEET_ERROR_CONFIG never quotes it. */
char *notify_target_url(const NotifyTarget *t, GError **error);
