/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Stands in for daemon/io/audit.c. */
#include "fake-audit.h"

struct Audit {
        Loop *loop;
        AuditHead head;
        AuditMoved moved;
        void *moved_userdata;
        uint64_t count;
        GQueue taken; /* of Taken, that is still to be told */
};

struct AuditEntry {
        char *event;
        GString *text;
};

static GHashTable *latest; /* event to text */
static AuditStart started;
static GHashTable *counts; /* event to how many */

typedef struct Taken {
        Audit *audit;
        AuditDone done;
        void *userdata;
} Taken;

Audit *audit_new(Loop *l, bool echo, GError **error) {
        Audit *a = g_new0(Audit, 1);

        a->loop = l;
        g_queue_init(&a->taken);
        latest = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
        counts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        return a;
}

void audit_resume(Audit *a, const AuditStart *start) {
        a->head = start->head;
        started = *start;
}

const AuditHead *audit_head(const Audit *a) {
        return &a->head;
}

void audit_observe(Audit *a, AuditMoved moved, void *userdata) {
        a->moved = moved;
        a->moved_userdata = userdata;
}

static void tell(void *userdata) {
        g_autofree Taken *t = userdata;

        g_queue_remove(&t->audit->taken, t);
        t->done(true, t->userdata);
}

void audit_drain(Audit *a) {
        Taken *t;

        while ((t = g_queue_peek_head(&a->taken))) {
                loop_undefer(a->loop, tell, t);
                tell(t);
        }
}

Audit *audit_free(Audit *a) {
        g_clear_pointer(&latest, g_hash_table_unref);
        g_clear_pointer(&counts, g_hash_table_unref);
        g_free(a);
        return NULL;
}

AuditEntry *audit_entry_new(const char *event, const char *message_id, int priority) {
        AuditEntry *e = g_new0(AuditEntry, 1);

        e->event = g_strdup(event);
        e->text = g_string_new(NULL);
        g_string_printf(e->text, "MESSAGE_ID=%s\nPRIORITY=%i\n", message_id, priority);
        return e;
}

AuditEntry *audit_entry_free(AuditEntry *e) {
        g_free(e->event);
        g_string_free(e->text, true);
        g_free(e);
        return NULL;
}

void audit_entry_add(AuditEntry *e, const char *field, const char *value) {
        if (value)
                g_string_append_printf(e->text, "%s=%s\n", field, value);
}

void audit_entry_addf(AuditEntry *e, const char *field, const char *format, ...) {
        g_autofree char *value = NULL;
        va_list ap;

        va_start(ap, format);
        value = g_strdup_vprintf(format, ap);
        va_end(ap);
        audit_entry_add(e, field, value);
}

void audit_entry_add_number(AuditEntry *e, const char *field, int64_t n) {
        audit_entry_addf(e, field, "%" G_GINT64_FORMAT, n);
}

void audit_entry_message(AuditEntry *e, const char *format, ...) {
        g_autofree char *value = NULL;
        va_list ap;

        va_start(ap, format);
        value = g_strdup_vprintf(format, ap);
        va_end(ap);
        audit_entry_add(e, "MESSAGE", value);
}

void audit_entry_once(AuditEntry *e) {
}

void audit_submit(Audit *a, AuditEntry *e, AuditDone done, void *userdata) {
        unsigned n = fake_audit_count_of(e->event);

        g_hash_table_insert(latest, g_strdup(e->event), g_strdup(e->text->str));
        g_hash_table_insert(counts, g_strdup(e->event), GUINT_TO_POINTER(n + 1));
        audit_entry_free(e);
        a->count++;
        if (done) {
                Taken *t = g_new0(Taken, 1);

                *t = (Taken){ a, done, userdata };
                g_queue_push_tail(&a->taken, t);
                loop_defer(a->loop, tell, t);
        }
}

const char *audit_broken(const Audit *a) {
        return NULL;
}

uint64_t audit_count(const Audit *a) {
        return a->count;
}

unsigned audit_queue_depth(const Audit *a) {
        return a->taken.length;
}

const char *fake_audit_latest(const char *event) {
        return g_hash_table_lookup(latest, event);
}

unsigned fake_audit_count_of(const char *event) {
        return GPOINTER_TO_UINT(g_hash_table_lookup(counts, event));
}

const AuditStart *fake_audit_start(void) {
        return &started;
}

void fake_audit_move(Audit *a) {
        a->head.seq++;
        a->moved(a->moved_userdata);
}
