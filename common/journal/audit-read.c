/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Entries of the audit trail read back from the journal. */
#include "audit-read.h"

#include <string.h>

#include "limits.h"
#include "names.h"
#include "text.h"

struct AuditReader {
        sd_journal *journal;
        uint32_t uid;
        char *unit;

        GString *text; /* the fields of the entry, one behind the other */
        size_t offsets[AUDIT_READ_FIELDS_MAX], n;
        AuditField fields[AUDIT_READ_FIELDS_MAX];
        char *cursor, *who;
        AuditSeen seen;
};

AuditReader *audit_reader_new(sd_journal *j, const AuditSource *source) {
        AuditReader *r = g_new0(AuditReader, 1);

        r->journal = j;
        r->uid = source->uid;
        r->unit = g_strdup(source->unit);
        r->text = g_string_new(NULL);
        (void) sd_journal_set_data_threshold(j, 0); /* all of a field, not its first 64 KiB */
        return r;
}

static void forget(AuditReader *r) {
        g_clear_pointer(&r->who, g_free);
        free(g_steal_pointer(&r->cursor)); /* the journal's */
        g_string_truncate(r->text, 0);
        r->n = 0;
}

AuditReader *audit_reader_free(AuditReader *r) {
        if (!r)
                return NULL;
        forget(r);
        g_string_free(r->text, true);
        g_free(r->unit);
        g_free(r);
        return NULL;
}

static int match(AuditReader *r, const char *name, const char *value) {
        g_autofree char *text = g_strconcat(name, value, NULL);

        return sd_journal_add_match(r->journal, text, 0);
}

int audit_reader_match(AuditReader *r, const char *instance) {
        g_autofree char *uid = g_strdup_printf("%u", (unsigned) r->uid);
        int code;

        sd_journal_flush_matches(r->journal);
        code = match(r, "_UID=", uid);
        if (code >= 0)
                code = match(r, "SYSLOG_IDENTIFIER=", MSERVER_SYSLOG_IDENTIFIER);
        if (code >= 0 && instance)
                code = match(r, "MSERVER_INSTANCE=", instance);
        return code;
}

uint64_t audit_reader_oldest(const AuditReader *r) {
        uint64_t from;
        int code = sd_journal_get_cutoff_realtime_usec(r->journal, &from, NULL);

        return code > 0 ? from : code == 0 ? UINT64_MAX : 0;
}

uint32_t audit_reader_uid(const AuditReader *r) {
        return r->uid;
}

/* The journal has no match for "has a field of this name", but a list of its values: of some twenty, where nobody makes
 * some up. If there are too many, each entry is looked at. */
int audit_reader_match_alike(AuditReader *r, bool *ret_any) {
        const void *data;
        unsigned n = 0;
        size_t size;
        int code;

        sd_journal_flush_matches(r->journal);
        code = sd_journal_query_unique(r->journal, "MSERVER_EVENT");
        if (code < 0)
                return code;
        sd_journal_restart_unique(r->journal);
        while ((code = sd_journal_enumerate_available_unique(r->journal, &data, &size)) > 0) {
                if (++n > AUDIT_EVENTS_MAX) {
                        sd_journal_flush_matches(r->journal);
                        break;
                }
                code = sd_journal_add_match(r->journal, data, size);
                if (code < 0)
                        return code;
        }
        *ret_any = n > 0;
        return code;
}

static void take_field(AuditReader *r, const AuditField *f) {
        size_t size;

        if (r->n >= AUDIT_READ_FIELDS_MAX)
                return; /* the hash will not fit: the server writes no such entry */
        if (!audit_field_is_chained(f) && !audit_field_value(f, 1, "MSERVER_CHAIN=", &size))
                return;
        r->offsets[r->n++] = r->text->len;
        g_string_append_len(r->text, f->text, (gssize) f->size);
}

static int read_fields(AuditReader *r) {
        const void *data;
        size_t size;
        int code;

        sd_journal_restart_data(r->journal);
        while ((code = sd_journal_enumerate_available_data(r->journal, &data, &size)) > 0)
                take_field(r, &(AuditField){ data, size });
        for (size_t i = 0; i < r->n; i++) {
                size_t end = i + 1 < r->n ? r->offsets[i + 1] : r->text->len;

                r->fields[i] = (AuditField){ r->text->str + r->offsets[i], end - r->offsets[i] };
        }
        return code;
}

/* New string; NULL: there is no such field. */
static char *trusted(AuditReader *r, const char *name) {
        const void *data;
        size_t size;

        if (sd_journal_get_data(r->journal, name, &data, &size) < 0)
                return NULL;
        return g_strndup((const char *) data + strlen(name) + 1, size - strlen(name) - 1);
}

static AuditAuthor author_of(AuditReader *r) {
        g_autofree char *uid = trusted(r, "_UID"), *unit = trusted(r, "_SYSTEMD_UNIT"), *exe = NULL;
        uint64_t n;

        if (uid && text_to_uint(uid, 0, UINT32_MAX, &n) && n == r->uid) {
                if (!r->unit || g_strcmp0(unit, r->unit) == 0)
                        return AUDIT_AUTHOR_SERVER;
                if (!unit)
                        return AUDIT_AUTHOR_ENDED;
        }
        exe = trusted(r, "_EXE");
        r->who = g_strdup_printf("uid %s%s%s%s%s", uid ?: "?", unit ? ", " : "", unit ?: "", exe ? ", " : "",
                                 exe ?: "");
        return AUDIT_AUTHOR_OTHER;
}

const AuditSeen *audit_reader_entry(AuditReader *r, int *ret_error) {
        uint64_t usec;
        int code;

        forget(r);
        code = read_fields(r);
        if (code >= 0)
                code = sd_journal_get_realtime_usec(r->journal, &usec);
        if (code >= 0)
                code = sd_journal_get_cursor(r->journal, &r->cursor);
        if (code < 0) {
                *ret_error = code;
                return NULL;
        }
        r->seen = (AuditSeen){ .fields = r->fields, .n_fields = r->n, .usec = usec, .cursor = r->cursor };
        r->seen.author = author_of(r);
        r->seen.who = r->who;
        return &r->seen;
}
