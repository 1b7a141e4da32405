/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The hash that chains an audit entry to the one before it. audit_hash() of common/logic says the same; this one is for
 * the thread that hashes each entry of a broadcast: one digest, nothing allocated. */
#pragma once

#include "audit-chain.h"

typedef struct AuditSeal AuditSeal;

AuditSeal *audit_seal_new(void);
AuditSeal *audit_seal_free(AuditSeal *s);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AuditSeal, audit_seal_free)

/* MSERVER_CHAIN= of the entry with these fields (their order is changed) behind one whose is previous. */
void audit_seal(AuditSeal *s, const char *previous, AuditField *fields, size_t n,
                char ret[AUDIT_HASH_LENGTH + 1]);
