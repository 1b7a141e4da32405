/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Structured entries in the agent's journal. */
#define SD_JOURNAL_SUPPRESS_LOCATION /* every entry would come from this file and line */
#include "journal-entry.h"

#include <string.h>
#include <sys/uio.h>
#include <systemd/sd-journal.h>

#include "limits.h"
#include "log.h"
#include "names.h"
#include "text.h"

struct JournalEntry {
        GPtrArray *fields; /* of char*: "NAME=value" */
};

JournalEntry *journal_entry_new(const char *event, const char *message_id, int priority) {
        JournalEntry *e = g_new0(JournalEntry, 1);

        e->fields = g_ptr_array_new_with_free_func(g_free);
        journal_entry_add(e, "SYSLOG_IDENTIFIER", MCLIENT_SYSLOG_IDENTIFIER);
        journal_entry_add(e, "MCLIENT_EVENT", event);
        journal_entry_add(e, "MESSAGE_ID", message_id);
        journal_entry_add_number(e, "PRIORITY", priority);
        return e;
}

void journal_entry_add(JournalEntry *e, const char *field, const char *value) {
        g_autofree char *cut =
                        value && strlen(value) > AUDIT_VALUE_MAX ? text_cut(value, AUDIT_VALUE_MAX) : NULL;

        if (value)
                g_ptr_array_add(e->fields, g_strconcat(field, "=", cut ?: value, NULL));
}

void journal_entry_add_number(JournalEntry *e, const char *field, int64_t n) {
        g_ptr_array_add(e->fields, g_strdup_printf("%s=%" G_GINT64_FORMAT, field, n));
}

static void write_fields(const GPtrArray *fields) {
        g_autofree struct iovec *parts = g_new(struct iovec, fields->len);
        int r;

        for (guint i = 0; i < fields->len; i++)
                parts[i] = (struct iovec){ fields->pdata[i], strlen(fields->pdata[i]) };
        r = sd_journal_sendv(parts, (int) fields->len);
        if (r < 0)
                log_error("The journal does not take an entry: %s", g_strerror(-r));
}

void journal_entry_send(JournalEntry *e, const char *format, ...) {
        g_autofree char *line = NULL;
        va_list ap;

        va_start(ap, format);
        line = g_strdup_vprintf(format, ap);
        va_end(ap);
        journal_entry_add(e, "MESSAGE", line);
        if (log_is_journal())
                write_fields(e->fields);
        else
                log_info("%s", line);
        g_ptr_array_unref(e->fields);
        g_free(e);
}
