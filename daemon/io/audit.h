/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The audit trail: structured journal entries, numbered and chained (docs/AUDIT.md), handed over in order by a thread of
 * their own (a journald that is behind blocks its writers). A command goes out only after its entry was handed over. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "audit-resume.h"
#include "loop.h"

typedef struct Audit Audit;
typedef struct AuditEntry AuditEntry;

/* echo: also print each entry's MESSAGE to standard error (a server run by hand, with no journal behind it).
 */
Audit *audit_new(Loop *l, bool echo, GError **error);
/* Before the first entry is submitted: where the trail goes on. Writes audit-resumed, and before it AUDIT_BROKEN_EVENT
 * where the journal and the store do not fit. */
void audit_resume(Audit *a, const AuditStart *start);

/* The newest entry handed over that the loop has heard of, at first that of audit_resume(). Until the next turn of the
 * loop. */
const AuditHead *audit_head(const Audit *a);
/* moved runs on the loop whenever that is another one. */
typedef void (*AuditMoved)(void *userdata);
void audit_observe(Audit *a, AuditMoved moved, void *userdata);

/* Hands over all that waits; every done has run when this returns. */
void audit_drain(Audit *a);
/* Likewise, then stops. */
Audit *audit_free(Audit *a);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Audit, audit_free)

/* event is MSERVER_EVENT=, message_id one of names.h's, priority a syslog level. */
AuditEntry *audit_entry_new(const char *event, const char *message_id, int priority);
AuditEntry *audit_entry_free(AuditEntry *e);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AuditEntry, audit_entry_free)

/* field is a journal field's name without "="; a NULL value is left out, one beyond AUDIT_VALUE_MAX is cut and
 * marked. At most AUDIT_FIELDS_MAX fields. */
void audit_entry_add(AuditEntry *e, const char *field, const char *value);
void audit_entry_add_number(AuditEntry *e, const char *field, int64_t n);
void audit_entry_addf(AuditEntry *e, const char *field, const char *format, ...) G_GNUC_PRINTF(3, 4);
/* MESSAGE=: one line for people. */
void audit_entry_message(AuditEntry *e, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* This entry may be in the journal already, from a run of the server that was killed before it took note of that: then
 * it is not written again. It is that entry if MSERVER_EVENT=, MSERVER_CLIENT= and MSERVER_COMMAND_ID= are the
 * same; all three must be added.
 * Where the journal's files may not be read, or journald has not come to the end of that run's entries within
 * AUDIT_CATCH_UP_MSEC, it is written: twice is better than never. */
void audit_entry_once(AuditEntry *e);

/* Takes the entry. done (may be NULL) runs once on the loop, in order: with true when the journal has the entry
 * (or, with echo, when standard error was told), with false when it could not be handed over: no journal is
 * there, or AUDIT_QUEUE_MAX wait (then out of order: it does not wait for those). Never from inside the call.
 */
typedef void (*AuditDone)(bool handed_over, void *userdata);
void audit_submit(Audit *a, AuditEntry *e, AuditDone done, void *userdata);

/* Why the trail did not go on from what the store says, for people; NULL: it did, or that is not known yet. Borrowed. */
const char *audit_broken(const Audit *a);

uint64_t audit_count(const Audit *a); /* entries handed over since the start */
unsigned audit_queue_depth(const Audit *a);
