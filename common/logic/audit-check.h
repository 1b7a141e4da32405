/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether an audit trail is whole: it is shown the entries in the order of the journal, and says which are missing,
 * changed, out of order or made up, and where. */
#pragma once

#include <glib.h>

#include "audit-chain.h"

/* Who wrote an entry, by the fields that journald itself vouches for. */
typedef enum AuditAuthor {
        AUDIT_AUTHOR_SERVER,
        AUDIT_AUTHOR_ENDED, /* the server's user, but journald came to it after the process had ended, and does not
                             * know its unit: the server's where it fits */
        AUDIT_AUTHOR_OTHER,
} AuditAuthor;

/* An entry as the journal has it. All is borrowed. */
typedef struct AuditSeen {
        AuditField *fields; /* their order may be changed */
        size_t n_fields;
        AuditAuthor author;
        const char *who; /* of one that is not the server's: for people */
        uint64_t usec;   /* realtime */
        const char *cursor;
} AuditSeen;

typedef enum AuditFinding {
        AUDIT_MISSING,  /* from … to are not there */
        AUDIT_CHANGED,  /* from, or the one before it, is not what the server wrote */
        AUDIT_MOVED,    /* from stands behind to */
        AUDIT_REPEATED, /* from is there once more */
        AUDIT_FORGED,   /* looks like one of the server's, and is not */
        AUDIT_BROKEN, /* the server itself found the chain broken when it was started, and says so in from */
        AUDIT_FINDINGS,
} AuditFinding;

typedef struct AuditProblem {
        AuditFinding finding;
        uint64_t from, to; /* numbers of entries; 0: it has none */
        uint64_t usec;     /* realtime, of the entry at which it shows; 0: at the end of the journal */
        char *cursor;      /* likewise; NULL */
        char *instance;    /* whose chain; NULL: nobody's */
        char *what;        /* forged: by whom, and its message; broken: why; else NULL */
} AuditProblem;

/* What there is of one chain. */
typedef struct AuditSpan {
        AuditHead last;
        uint64_t first, count; /* the lowest number, and how many entries */
        uint64_t first_usec;
} AuditSpan;

typedef struct AuditCheck AuditCheck;

/* head: where the server says that it has come to (NULL: not known); copied. The entries before the oldest one of a
 * chain are taken as deleted with old journal files. */
AuditCheck *audit_check_new(const AuditHead *head);
AuditCheck *audit_check_free(AuditCheck *c);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AuditCheck, audit_check_free)

/* The next entry of the journal. One of anybody's that has no MSERVER_EVENT= is left aside; so are the server's own
 * without number in front of the first one with a number: an earlier version wrote them. */
void audit_check_entry(AuditCheck *c, const AuditSeen *e);

/* Has the entry at the server's head come? False also where there is no head, or its number is 0. */
bool audit_check_at_head(const AuditCheck *c);

/* After the last one. oldest_usec: the time (realtime) of the oldest entry, anybody's, that the journal has; 0: not
 * known. Where it is later than the head's, and no entry of its chain is there, all of them were deleted with old
 * journal files. Problems in the order of their numbers, at most AUDIT_PROBLEMS_MAX; ret_more: how many there are
 * besides. The array belongs to the check. */
const GPtrArray *audit_check_finish(AuditCheck *c, uint64_t oldest_usec, uint64_t *ret_more);

/* After audit_check_finish(): the first problem of the head's chain at the head or behind it, also one of those besides;
 * it has no cursor and no strings. NULL: from the head on, the chain is whole. */
const AuditProblem *audit_check_broken(const AuditCheck *c);

/* The chains, in the order in which they begin; of AuditSpan, the check's. */
const GPtrArray *audit_check_spans(const AuditCheck *c);
uint64_t audit_check_unnumbered(const AuditCheck *c); /* of an earlier version */
