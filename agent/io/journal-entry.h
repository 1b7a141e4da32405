/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Structured entries in the agent's journal: for people a line, for programs its fields. */
#pragma once

#include <glib.h>
#include <stdint.h>

typedef struct JournalEntry JournalEntry;

/* event is MCLIENT_EVENT=, message_id one of names.h's, priority a syslog level. */
JournalEntry *journal_entry_new(const char *event, const char *message_id, int priority);

/* field is a journal field's name without "="; a NULL value is left out, one beyond AUDIT_VALUE_MAX is cut. */
void journal_entry_add(JournalEntry *e, const char *field, const char *value);
void journal_entry_add_number(JournalEntry *e, const char *field, int64_t n);

/* Writes it, with this line as its MESSAGE=, and frees it. Where the log is no journal (an agent that is run by hand)
 * the line is all there is of it. */
void journal_entry_send(JournalEntry *e, const char *format, ...) G_GNUC_PRINTF(2, 3);
