/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Stands in for daemon/io/audit.c: keeps the entries for the test to look at, takes each, on the loop. */
#pragma once

#include "audit.h"

/* The latest entry with this MSERVER_EVENT=, as "FIELD=value" lines in order; NULL: none. Borrowed until the next. */
const char *fake_audit_latest(const char *event);
unsigned fake_audit_count_of(const char *event);

/* What the latest audit_resume() was given. */
const AuditStart *fake_audit_start(void);
/* As if one more entry were in the journal. */
void fake_audit_move(Audit *a);
