/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Keeps the head of the audit trail in the store. It is noted a moment after the entries that it is of, once for all of
 * that moment: after a kill the journal says the rest (daemon/io/audit-resume.h). */
#pragma once

#include "audit.h"
#include "store.h"

typedef struct AuditKeeper AuditKeeper;

AuditKeeper *audit_keeper_new(Loop *l, Store *store, Audit *audit);
/* Notes the last head, as one after which nothing comes: the audit must be drained before, the store after. */
AuditKeeper *audit_keeper_free(AuditKeeper *k);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AuditKeeper, audit_keeper_free)

/* Reads the head and resumes the audit; then ready, with what kept it from that. Before any entry is submitted. */
typedef void (*AuditKeeperReady)(const GError *error, void *userdata);
void audit_keeper_load(AuditKeeper *k, AuditKeeperReady ready, void *userdata);
