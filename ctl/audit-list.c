/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who did what, from the audit trail. */
#include "audit-list.h"

#include <glib/gi18n.h>
#include <pwd.h>
#include <string.h>

#include "command-list.h"
#include "state.h"
#include "text.h"
#include "when.h"

static const ColumnInfo columns[] = {
        { "time", N_("TIME") },     { "who", N_("WHO") },
        { "client", N_("CLIENT") }, { "container", N_("CONTAINER") },
        { "what", N_("WHAT") },     { "end", N_("END"), COLUMN_SHRINK },
        { "id", N_("ID") },         {},
};

typedef struct Row {
        uint64_t usec;
        char *who, *client, *container, *what, *end, *id;
} Row;

struct AuditList {
        bool merge;
        uint32_t user;
        unsigned max;
        GPtrArray *rows;  /* newest first */
        GHashTable *ends; /* command id to the Row of an end that waits for its request */
        GPtrArray *order; /* of these, newest first; borrowed */
};

static void row_free(void *p) {
        Row *r = p;

        g_free(r->who);
        g_free(r->client);
        g_free(r->container);
        g_free(r->what);
        g_free(r->end);
        g_free(r->id);
        g_free(r);
}

AuditList *audit_list_new(bool merge, uint32_t user, unsigned max) {
        AuditList *l = g_new0(AuditList, 1);

        *l = (AuditList){ .merge = merge, .user = user, .max = max };
        l->rows = g_ptr_array_new_with_free_func(row_free);
        l->ends = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, row_free);
        l->order = g_ptr_array_new();
        return l;
}

AuditList *audit_list_free(AuditList *l) {
        if (!l)
                return NULL;
        g_ptr_array_unref(l->order);
        g_hash_table_unref(l->ends);
        g_ptr_array_unref(l->rows);
        g_free(l);
        return NULL;
}

/* "" where there is none; new string. */
static char *value_of(const AuditSeen *e, const char *name) {
        size_t size;
        const char *value = audit_field_value(e->fields, e->n_fields, name, &size);

        return value ? g_strndup(value, size) : g_strdup("");
}

/* UINT32_MAX: it has none. */
static uint32_t uid_of(const AuditSeen *e, const char *name) {
        g_autofree char *text = value_of(e, name);
        uint64_t n;

        return text_to_uint(text, 0, UINT32_MAX - 1, &n) ? (uint32_t) n : UINT32_MAX;
}

static char *user_name(uint32_t uid) {
        const struct passwd *p = getpwuid(uid);

        return p ? g_strdup_printf("%s (%u)", p->pw_name, (unsigned) uid)
                 : g_strdup_printf("%u", (unsigned) uid);
}

/* Who had logged in counts, and who he has become is said. */
static char *who(const AuditSeen *e) {
        uint32_t uid = uid_of(e, "MSERVER_CALLER_UID="), owner = uid_of(e, "MSERVER_CALLER_OWNER_UID=");
        g_autofree char *as = NULL, *name = NULL;

        if (uid == UINT32_MAX)
                return g_strdup("");
        as = user_name(uid);
        if (owner == UINT32_MAX || owner == uid)
                return g_steal_pointer(&as);
        name = user_name(owner);
        return g_strdup_printf(_("%s as %s"), name, as);
}

bool audit_list_wants(const AuditSeen *e, uint32_t user) {
        return user == UINT32_MAX || uid_of(e, "MSERVER_CALLER_UID=") == user ||
               uid_of(e, "MSERVER_CALLER_OWNER_UID=") == user;
}

static char *end_of(const AuditSeen *e, const char *event) {
        g_autofree char *status = value_of(e, "MSERVER_STATUS=");

        if (status[0])
                return g_steal_pointer(&status);
        if (g_str_equal(event, "command-denied"))
                return g_strdup("denied");
        return value_of(e, "MSERVER_REASON=");
}

static Row *row_new(const AuditSeen *e, const char *event) {
        Row *r = g_new0(Row, 1);

        r->usec = e->usec;
        r->who = who(e);
        r->client = value_of(e, "MSERVER_CLIENT=");
        r->container = value_of(e, "MSERVER_CONTAINER=");
        r->what = value_of(e, "MSERVER_COMMAND=");
        r->id = value_of(e, "MSERVER_COMMAND_ID=");
        r->end = end_of(e, event);
        if (!r->what[0]) {
                g_free(r->what);
                r->what = g_strdup(event);
        }
        return r;
}

static bool is_end(const char *event) {
        return g_str_equal(event, "command-finished") || g_str_equal(event, "command-settled");
}

/* The newest one says how it ended: a settled outcome took the place of the one before. */
static void keep_end(AuditList *l, const AuditSeen *e, const char *event) {
        Row *r = row_new(e, event);

        if (g_hash_table_contains(l->ends, r->id)) {
                row_free(r);
                return;
        }
        g_hash_table_insert(l->ends, r->id, r);
        g_ptr_array_add(l->order, r);
}

static void take_end(AuditList *l, Row *request) {
        Row *end = g_hash_table_lookup(l->ends, request->id);

        if (!end)
                return;
        g_free(request->end);
        request->end = g_steal_pointer(&end->end);
        (void) g_ptr_array_remove(l->order, end);
        g_hash_table_remove(l->ends, request->id);
}

bool audit_list_add(AuditList *l, const AuditSeen *e) {
        g_autofree char *event = value_of(e, "MSERVER_EVENT=");
        bool request = g_str_equal(event, "command-requested");
        Row *r;

        if (l->rows->len >= l->max)
                return false;
        if (l->merge && is_end(event)) {
                keep_end(l, e, event);
                return true;
        }
        if (!event[0] || !audit_list_wants(e, l->user))
                return true;
        r = row_new(e, event);
        if (l->merge && request) {
                g_free(r->end);
                r->end = g_strdup(""); /* of one that was sent again, why */
                take_end(l, r);
        }
        g_ptr_array_add(l->rows, r);
        return l->rows->len < l->max;
}

static Color color_of(const char *end) {
        CommandState state;

        if (command_state_from_string(end, &state))
                return command_state_color(end);
        return g_str_equal(end, "denied") ? COLOR_BAD : COLOR_NONE;
}

static void add_row(Table *t, const Row *r) {
        g_autofree char *when = when_local(r->usec);

        table_add_value(t, COLOR_DIM, when, json_object_new_uint64(r->usec));
        table_add(t, r->who);
        table_add_colored(t, COLOR_STRONG, r->client);
        table_add(t, r->container);
        table_add(t, r->what);
        table_add_colored(t, color_of(r->end), r->end);
        table_add_colored(t, COLOR_DIM, r->id);
}

static int newest_first(gconstpointer a, gconstpointer b) {
        const Row *x = *(Row *const *) a, *y = *(Row *const *) b;

        return (x->usec < y->usec) - (x->usec > y->usec);
}

Table *audit_list_table(AuditList *l, bool all) {
        Table *t = table_new(columns);
        g_autoptr(GPtrArray) shown = g_ptr_array_new();

        for (unsigned i = 0; i < l->rows->len; i++)
                g_ptr_array_add(shown, l->rows->pdata[i]);
        for (unsigned i = 0; all && l->user == UINT32_MAX && i < l->order->len && shown->len < l->max; i++)
                g_ptr_array_add(shown, l->order->pdata[i]);
        g_ptr_array_sort(shown, newest_first);
        for (unsigned i = shown->len; i > 0; i--)
                add_row(t, shown->pdata[i - 1]);
        return t;
}

static bool is_number(const char *key) {
        static const char *const keys[] = { "seq",        "caller_uid",    "caller_owner_uid",
                                            "caller_pid", "duration_usec", NULL };

        return g_strv_contains(keys, key);
}

static void add_member(json_object *o, const char *key, const char *value, size_t size) {
        g_autofree char *text = g_utf8_make_valid(value, (gssize) size);
        uint64_t n;

        if (is_number(key) && text_to_uint(text, 0, INT64_MAX, &n))
                json_object_object_add(o, key, json_object_new_uint64(n));
        else
                json_object_object_add(o, key, json_object_new_string(text));
}

json_object *audit_entry_to_json(const AuditSeen *e) {
        json_object *o = json_object_new_object();

        json_object_object_add(o, "time", json_object_new_uint64(e->usec));
        for (size_t i = 0; i < e->n_fields; i++) {
                const AuditField *f = &e->fields[i];
                const char *equals = memchr(f->text, '=', f->size);
                g_autofree char *name = g_strndup(f->text, (size_t) (equals - f->text));
                g_autofree char *key = g_ascii_strdown(
                                g_str_has_prefix(name, "MSERVER_") ? name + strlen("MSERVER_") : name, -1);

                add_member(o, key, equals + 1, f->size - (size_t) (equals + 1 - f->text));
        }
        json_object_object_add(o, "cursor", json_object_new_string(e->cursor));
        return o;
}
