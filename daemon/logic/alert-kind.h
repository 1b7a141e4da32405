/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What can be wrong: the kinds of alerts, how grave each is, and by what measure one is raised and cleared. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "alert.h"

typedef enum AlertKind {
        ALERT_CLIENT_OFFLINE,
        ALERT_CONTAINER_DOWN,
        ALERT_CONTAINER_RESTARTING, /* restarts in ALERT_RESTARTS_USEC */
        ALERT_NODE_SYNCING,
        ALERT_NODE_NO_PEERS,
        ALERT_BLOCK_STALLED,
        ALERT_FINALITY_LAG,         /* blocks */
        ALERT_DISK_FULL,            /* percent */
        ALERT_MEMORY_FULL,          /* percent */
        ALERT_CLOCK_SKEW,           /* µs */
        ALERT_KEY_UNREGISTERED,     /* µs since the rotation */
        ALERT_BACKUP_TOO_OLD,       /* µs since the latest */
        ALERT_CERTIFICATE_EXPIRING, /* µs until then: the less, the graver */
        ALERT_COMMAND_FAILED,
        ALERT_COMMAND_INTERRUPTED,
        ALERT_AUDIT_BROKEN,
        _ALERT_KIND_MAX,
} AlertKind;

/* What an alert of a kind is of. Events are what has happened once, rather than what lasts: they end after a time. */
typedef enum AlertScope {
        ALERT_OF_CLIENT,
        ALERT_OF_CONTAINER,
        ALERT_OF_SERVER,
        ALERT_EVENT_OF_COMMAND,
        ALERT_EVENT_OF_SERVER,
} AlertScope;

/* What a kind's number in the configuration is. */
typedef enum AlertUnit {
        ALERT_UNIT_NONE, /* it is or is not so */
        ALERT_UNIT_NUMBER,
        ALERT_UNIT_PERCENT,
        ALERT_UNIT_TIME, /* µs */
} AlertUnit;

typedef struct AlertKindInfo {
        const char *name; /* "disk-full": on D-Bus, in the journal and for people */
        const char *key;  /* "DiskFull": in mserver.conf(5) */
        AlertSeverity severity;
        AlertScope scope;
        AlertUnit unit;
        bool falls; /* the less the worse */
        /* The defaults of its rule (alert-condition.h). */
        uint64_t raise, clear, hold_usec;
} AlertKindInfo;

const AlertKindInfo *alert_kind_info(AlertKind kind);
/* Returns false and leaves *ret alone when name is none's. */
bool alert_kind_from_string(const char *name, AlertKind *ret);
bool alert_kind_is_event(AlertKind kind);

/* Restarts count for so long. */
#define ALERT_RESTARTS_USEC (15ull * 60 * 1000000)
#define ALERT_RESTARTS_MAX 16
