/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An audit trail to be tampered with: see audit-trail.h. */
#include "audit-trail.h"

#include <string.h>

#include "names.h"

static void entry_free(void *p) {
        Entry *e = p;

        g_ptr_array_unref(e->fields);
        g_free(e);
}

size_t entry_fields(const Entry *e, AuditField *ret) {
        for (unsigned i = 0; i < e->fields->len; i++) {
                const char *text = g_ptr_array_index(e->fields, i);

                ret[i] = (AuditField){ text, strlen(text) };
        }
        return e->fields->len;
}

void entry_add(Entry *e, char *field) {
        g_ptr_array_add(e->fields, field);
}

void entry_seal(Entry *e, const char *previous, char ret_hash[AUDIT_HASH_LENGTH + 1]) {
        AuditField fields[AUDIT_READ_FIELDS_MAX];
        g_autoptr(GString) canonical = g_string_new(NULL);

        audit_append_canonical(canonical, fields, entry_fields(e, fields));
        audit_hash(previous, canonical->str, canonical->len, ret_hash);
        entry_add(e, g_strconcat("MSERVER_CHAIN=", ret_hash, NULL));
}

Entry *entry_begin(const char *event, const char *instance, uint64_t seq) {
        Entry *e = g_new0(Entry, 1);

        e->fields = g_ptr_array_new_with_free_func(g_free);
        e->seq = seq;
        entry_add(e, g_strdup("_PID=1"));
        entry_add(e, g_strconcat("MSERVER_EVENT=", event, NULL));
        entry_add(e, g_strdup_printf("MSERVER_CLIENT=client-%" G_GUINT64_FORMAT, seq));
        entry_add(e, g_strdup("MESSAGE=something\nwas done"));
        if (instance) {
                entry_add(e, g_strconcat("MSERVER_INSTANCE=", instance, NULL));
                entry_add(e, g_strdup_printf("MSERVER_SEQ=%" G_GUINT64_FORMAT, seq));
        }
        return e;
}

void trail_append(Trail *t, Entry *e, const char *previous) {
        entry_seal(e, previous, t->head.hash);
        t->head.seq = e->seq;
        t->head.usec = e->seq * 1000;
        g_ptr_array_add(t->entries, e);
}

/* Entries 1 to n. */
Trail *trail_new(unsigned n) {
        Trail *t = g_new0(Trail, 1);

        t->entries = g_ptr_array_new_with_free_func(entry_free);
        memcpy(t->head.instance, INSTANCE, sizeof(INSTANCE));
        memcpy(t->head.hash, audit_genesis, sizeof(t->head.hash));
        for (unsigned i = 1; i <= n; i++)
                trail_append(t, entry_begin("client-online", INSTANCE, i), t->head.hash);
        return t;
}

void trail_free(Trail *t) {
        g_ptr_array_unref(t->entries);
        g_free(t);
}

Entry *trail_entry(const Trail *t, unsigned index) {
        return g_ptr_array_index(t->entries, index);
}

void entry_replace(Entry *e, const char *name, char *field) {
        for (unsigned i = 0; i < e->fields->len; i++)
                if (g_str_has_prefix(g_ptr_array_index(e->fields, i), name)) {
                        g_free(e->fields->pdata[i]);
                        e->fields->pdata[i] = field;
                        return;
                }
        g_assert_not_reached();
}

void trail_swap(Trail *t, unsigned a, unsigned b) {
        void *entry_a = t->entries->pdata[a];

        t->entries->pdata[a] = t->entries->pdata[b];
        t->entries->pdata[b] = entry_a;
}

void trail_copy(Trail *t, unsigned from, unsigned to) {
        const Entry *original = trail_entry(t, from);
        Entry *e = g_new0(Entry, 1);

        e->fields = g_ptr_array_new_with_free_func(g_free);
        e->seq = original->seq;
        for (unsigned i = 0; i < original->fields->len; i++)
                entry_add(e, g_strdup(g_ptr_array_index(original->fields, i)));
        g_ptr_array_insert(t->entries, (int) to, e);
}

void trail_show(AuditCheck *c, const Entry *e, unsigned place) {
        AuditField fields[AUDIT_READ_FIELDS_MAX];
        g_autofree char *cursor = g_strdup_printf("@%u", place);
        const AuditSeen seen = {
                fields, entry_fields(e, fields), e->author, "uid 1000", place * 1000, cursor
        };

        audit_check_entry(c, &seen);
}

char *trail_judge(const Trail *t, const AuditHead *head) {
        static const char *const names[] = {
                [AUDIT_MISSING] = "missing",   [AUDIT_CHANGED] = "changed", [AUDIT_MOVED] = "moved",
                [AUDIT_REPEATED] = "repeated", [AUDIT_FORGED] = "forged",   [AUDIT_BROKEN] = "broken",
        };
        g_autoptr(AuditCheck) c = audit_check_new(head);
        g_autoptr(GString) text = g_string_new(NULL);
        const GPtrArray *problems;
        uint64_t more;

        for (unsigned i = 0; i < t->entries->len; i++)
                trail_show(c, trail_entry(t, i), i);
        problems = audit_check_finish(c, 1, &more);
        g_assert_cmpuint(more, ==, 0);
        for (unsigned i = 0; i < problems->len; i++) {
                const AuditProblem *p = g_ptr_array_index(problems, i);

                g_string_append_printf(text, "%s%s %" G_GUINT64_FORMAT "-%" G_GUINT64_FORMAT " %s",
                                       i ? ", " : "", names[p->finding], p->from, p->to, p->cursor ?: "end");
        }
        return g_string_free(g_steal_pointer(&text), false);
}
