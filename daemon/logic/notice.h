/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A notice: that an alert was raised, or cleared, to be told to a target. Its JSON is what the queue keeps, what goes from the
 * server to mserver-notify, and what a generic webhook gets (mserver.conf(5)). */
#pragma once

#include <glib.h>
#include <json-c/json.h>
#include <stdbool.h>

#include "alert.h"

typedef struct Notice {
        bool cleared;       /* else raised */
        AlertRecord *alert; /* owned */
} Notice;

/* alert is copied. */
Notice *notice_new(const AlertRecord *alert, bool cleared);
Notice *notice_free(Notice *n);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Notice, notice_free)

/* "alert_…-raised", "alert_…-cleared": two notices with the same key are the same one. New string. */
char *notice_key(const Notice *n);

/* RFC 3339, in UTC, to the millisecond: "2026-11-28T07:53:28.123Z". New string. */
char *notice_time(uint64_t usec);

/* A new object, with all that is known. */
json_object *notice_to_json(const Notice *n);
/* NULL and FLEET_ERROR_PROTOCOL where it is none. */
Notice *notice_from_json(json_object *o, GError **error);
