/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the journal has from an earlier run of the server, for entries of which there may be but one: between an entry
 * and the note in the store that it was written, the server may be killed. Blocks: for the audit's thread. */
#pragma once

#include <glib.h>
#include <stdint.h>
#include <systemd/sd-journal.h>

typedef struct AuditPast AuditPast;

typedef enum AuditPastAnswer {
        AUDIT_PAST_NO,
        AUDIT_PAST_YES,
        AUDIT_PAST_UNREADABLE, /* there are no journal files, or none that we may read */
} AuditPastAnswer;

/* The journal as it is now, of all boots; NULL where journald's files cannot be opened. */
AuditPast *audit_past_open(void);
AuditPast *audit_past_close(AuditPast *p);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AuditPast, audit_past_close)

/* Whether it has an entry with all these fields ("NAME=value", NULL-terminated) from a process of our own user, which
 * journald vouches for: an entry that somebody else has made up hides none of ours. */
AuditPastAnswer audit_past_has(AuditPast *p, const char *const *fields);

/* Likewise, and waits until it has it: AUDIT_PAST_NO where it has not after this time (ms). */
AuditPastAnswer audit_past_wait(AuditPast *p, const char *const *fields, uint64_t timeout_msec);

/* For whoever reads more of it: borrowed; its matches are as the last call left them. NULL where no files may be read. */
sd_journal *audit_past_journal(AuditPast *p);
