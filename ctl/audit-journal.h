/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The journal that has the audit trail: this machine's, or files that somebody has kept. */
#pragma once

#include "audit-read.h"
#include "ctl.h"

typedef struct AuditJournal {
        sd_journal *journal;
        AuditReader *reader;
        bool live; /* this machine's, and not files */
} AuditJournal;

/* --file=, --directory= and --uid= of a verb's options. Opens it; NULL with error set. */
AuditJournal *audit_journal_open(const Ctl *ctl, const Args *args, GError **error);
AuditJournal *audit_journal_free(AuditJournal *j);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AuditJournal, audit_journal_free)

/* Of a call of sd-journal(3) that has failed with this negative errno: sets error, and is false. */
bool audit_journal_fail(int code, GError **error);

/* What to do where there is no entry at all: sets error, and is false. */
bool audit_journal_none(const AuditJournal *j, GError **error);
