/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Entries of the audit trail read back from the journal: sd_journal_enumerate_data(3). */
#pragma once

#include <stdbool.h>
#include <systemd/sd-journal.h>

#include "audit-check.h"

/* Whom an entry must come from to be the server's, by the fields that journald vouches for. */
typedef struct AuditSource {
        uint32_t uid;
        const char *unit; /* NULL: any, or none */
} AuditSource;

typedef struct AuditReader AuditReader;

/* j is borrowed; its data threshold is lifted. unit is copied. */
AuditReader *audit_reader_new(sd_journal *j, const AuditSource *source);
AuditReader *audit_reader_free(AuditReader *r);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AuditReader, audit_reader_free)

uint32_t audit_reader_uid(const AuditReader *r);

/* Restricts the journal to what has the server's SYSLOG_IDENTIFIER= and, where it is given, MSERVER_INSTANCE=, and comes
 * from the source's user. An error of sd_journal_add_match(3). */
int audit_reader_match(AuditReader *r, const char *instance);

/* To all that has MSERVER_EVENT=, whoever wrote it. *ret_any: there is something. */
int audit_reader_match_alike(AuditReader *r, bool *ret_any);

/* For audit_check_finish(): when (realtime µs) the oldest entry of the journal, whoever wrote it, was written. UINT64_MAX:
 * there are none, so all were deleted; 0: not known. */
uint64_t audit_reader_oldest(const AuditReader *r);

/* The entry at which the journal is; belongs to the reader until the next call. NULL with the error of the journal in
 * *ret_error, a negative errno. */
const AuditSeen *audit_reader_entry(AuditReader *r, int *ret_error);
