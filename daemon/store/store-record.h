/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the store keeps, but for commands: plain records, which own their strings. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "alert.h"

typedef struct ClientRecord {
        char *id, *host, *version, *address;
        char *labels;   /* JSON object text */
        char *commands; /* JSON array text */
        bool online, revoked, forgotten;
        uint64_t since, last_seen; /* realtime µs */
} ClientRecord;

typedef struct TokenRecord {
        uint8_t hash[32]; /* SHA-256 of the token; the token itself is never kept */
        char *client;
        uint64_t created, expires; /* realtime µs, 0: never */
} TokenRecord;

/* Where the audit trail has come to. */
typedef struct AuditHeadRecord {
        char *instance, *hash; /* as in the journal: MSERVER_INSTANCE=, MSERVER_CHAIN= */
        uint64_t seq, usec;    /* its number; realtime µs, when it was written */
        bool exact; /* nothing was written after it: the server has ended since, or has not begun */
} AuditHeadRecord;

/* A line that lets a host in, once: it is traded for a token. */
typedef struct EnrollmentRecord {
        uint8_t hash[32]; /* SHA-256 of the one-time token */
        char *client;
        uint64_t created, expires; /* realtime µs */
        uint32_t caller_uid;       /* who had it made */
        bool used;
        uint8_t credential[32]; /* SHA-256 of the token that it was traded for, once used */
} EnrollmentRecord;

/* What was asked for and how it ended; what became of each client its commands say. */
typedef struct BatchRecord {
        char *id, *selector, *command, *params;
        char *state, *status;         /* as on D-Bus */
        uint64_t requested, finished; /* realtime µs, 0: not yet */
        uint32_t total, caller_uid;
} BatchRecord;

/* A session key that an agent reported. id is the agent's: of the command that made the key, or of its own making; one client reports
 * each once. */
typedef struct KeyRecord {
        char *id, *client, *container, *session_key, *action;
        uint64_t received; /* realtime µs */
} KeyRecord;

typedef struct BackupRecord {
        char *id, *client, *container, *file, *sha256;
        uint64_t size, finished; /* bytes; realtime µs */
} BackupRecord;

/* When a node last reported a key and a backup: realtime µs, 0: never. */
typedef struct NodeTimes {
        char *client, *container;
        uint64_t key, backup;
} NodeTimes;

NodeTimes *node_times_free(NodeTimes *t);

/* told: all that follows from its latest change, being raised or cleared, is done. */
typedef struct AlertRow {
        AlertRecord *alert;
        bool told;
} AlertRow;

/* Alerts of these clients and of this kind are told to nobody until then. */
typedef struct SilenceRecord {
        char *id, *selector;
        char *kind;              /* "": all */
        char *comment;           /* why, for people; "" where nobody said */
        uint64_t created, until; /* realtime µs */
        uint32_t caller_uid;
} SilenceRecord;

AlertRow *alert_row_free(AlertRow *r);
SilenceRecord *silence_record_free(SilenceRecord *s);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AlertRow, alert_row_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SilenceRecord, silence_record_free)
AuditHeadRecord *audit_head_record_free(AuditHeadRecord *h);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AuditHeadRecord, audit_head_record_free)
BatchRecord *batch_record_free(BatchRecord *b);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(BatchRecord, batch_record_free)
KeyRecord *key_record_free(KeyRecord *k);
BackupRecord *backup_record_free(BackupRecord *b);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KeyRecord, key_record_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(BackupRecord, backup_record_free)
ClientRecord *client_record_free(ClientRecord *c);
TokenRecord *token_record_free(TokenRecord *t);
EnrollmentRecord *enrollment_record_free(EnrollmentRecord *e);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ClientRecord, client_record_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TokenRecord, token_record_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(EnrollmentRecord, enrollment_record_free)
