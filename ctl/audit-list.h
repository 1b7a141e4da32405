/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who did what, from the audit trail: one row a request, with its end where that is there too. Pure but for the names of
 * users. */
#pragma once

#include <json-c/json.h>

#include "audit-check.h"
#include "table.h"

typedef struct AuditList AuditList;

/* merge: the end of a command goes to its request; else each entry is a row. user: UINT32_MAX, any; else who asked, or had
 * logged in. At most max rows. */
AuditList *audit_list_new(bool merge, uint32_t user, unsigned max);
AuditList *audit_list_free(AuditList *l);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AuditList, audit_list_free)

/* Entries of the server's, newest first. False: enough. */
bool audit_list_add(AuditList *l, const AuditSeen *e);

/* After the last one. all: there are none before it, so that an end without a request is a row, too. Oldest first. */
Table *audit_list_table(AuditList *l, bool all);

/* Whether user asked for it (as above). */
bool audit_list_wants(const AuditSeen *e, uint32_t user);

/* {"time", "seq", "event", "cursor", "message", …}: an entry, its other fields in lower case without MSERVER_; a new
 * reference. */
json_object *audit_entry_to_json(const AuditSeen *e);
