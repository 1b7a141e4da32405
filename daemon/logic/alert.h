/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is known of one incident that somebody should look at: an alert, from when it was raised on. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef enum AlertSeverity {
        ALERT_INFO,
        ALERT_WARNING,
        ALERT_CRITICAL,
        _ALERT_SEVERITY_MAX,
} AlertSeverity;

typedef enum AlertChange {
        ALERT_CHANGE_RAISED,
        ALERT_CHANGE_CLEARED,
        ALERT_CHANGE_ACKNOWLEDGED,
        ALERT_CHANGE_SILENCED, /* it was told already, and lasts */
} AlertChange;

typedef struct AlertRecord {
        char *id; /* "alert_<ms>_<4 or more digits>", unique per incident */
        AlertSeverity severity;
        char *kind;               /* "client-offline", … */
        char *client, *container; /* "": not of one */
        char *message;            /* what is wrong, for a person: "3node0: syncing, 2 peers" */
        uint64_t since, cleared;  /* realtime µs; cleared 0: it lasts */
        bool acknowledged;        /* somebody has said that they know */
        bool silenced;            /* it is kept and shown, and nobody is told of it */
        char *subject;            /* what else it is of: the command that failed; "" or NULL: nothing */
} AlertRecord;

/* "info", "warning", "critical": as on D-Bus and in the journal. */
const char *alert_severity_to_string(AlertSeverity severity);
/* Returns false and leaves *ret alone when s names none. */
bool alert_severity_from_string(const char *s, AlertSeverity *ret);

AlertRecord *alert_record_copy(const AlertRecord *a);
AlertRecord *alert_record_free(AlertRecord *a);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AlertRecord, alert_record_free)
