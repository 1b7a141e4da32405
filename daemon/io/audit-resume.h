/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where the audit trail goes on when the server is started: the store's head is noted a little after the entries it is
 * of, so the journal is asked, and both must fit. Blocks: for the audit's thread. */
#pragma once

#include <stdbool.h>

#include "audit-chain.h"
#include "audit-past.h"

/* What the store knows. */
typedef struct AuditStart {
        AuditHead head; /* with the instance of a new store, and number 0, where it knows none */
        bool exact; /* it was noted when the run before had written its last entry: nothing came after it */
} AuditStart;

typedef struct AuditResumed {
        AuditHead head;     /* to go on from */
        bool journal_known; /* the journal can be read, and has all that the run before has sent */
        char *broken;       /* why these two do not fit, for people (new string); NULL: they do */
} AuditResumed;

/* past: NULL where the journal cannot be opened. */
void audit_resume_find(AuditPast *past, const AuditStart *start, AuditResumed *ret);
