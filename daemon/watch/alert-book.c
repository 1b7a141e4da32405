/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The alerts that last: durable, in the journal, told - each once and in this order. The store and the journal answer in
 * order, so an alert that is cleared at once is told of as raised before. */
#include "alert-book.h"

#include <syslog.h>

#include "clock.h"
#include "error.h"
#include "hash.h"
#include "ident.h"
#include "limits.h"
#include "loading.h"
#include "log.h"
#include "names.h"
#include "text.h"

#define FULL_WARN_USEC (3600 * USEC_PER_SEC)

typedef struct Incident {
        AlertRecord *record;
        AlertKind kind;
        bool told; /* that it was raised */
} Incident;

struct AlertBook {
        Store *store;
        Audit *audit;
        Fleet *fleet;
        Silences *silences;
        GHashTable *open;      /* id → Incident, whose it is */
        GHashTable *of_client; /* client → how many */
        unsigned counts[_ALERT_KIND_MAX][2];
        unsigned cleared;    /* since the store was trimmed */
        uint64_t quiet_usec; /* monotonic: until then nobody is warned again that there is no room */
};

static void incident_free(void *p) {
        Incident *i = p;

        alert_record_free(i->record);
        g_free(i);
}

AlertBook *alert_book_new(Store *store, Audit *audit, Fleet *fleet, Silences *silences) {
        AlertBook *b = g_new0(AlertBook, 1);

        *b = (AlertBook){ .store = store, .audit = audit, .fleet = fleet, .silences = silences };
        b->open = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, incident_free);
        b->of_client = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        return b;
}

AlertBook *alert_book_free(AlertBook *b) {
        if (!b)
                return NULL;
        g_hash_table_unref(b->open);
        g_hash_table_unref(b->of_client);
        g_free(b);
        return NULL;
}

/* Who there is */

static unsigned count_of(const AlertBook *b, const char *client) {
        return GPOINTER_TO_UINT(g_hash_table_lookup(b->of_client, client));
}

static void set_count(AlertBook *b, const char *client, unsigned n) {
        if (n > 0)
                g_hash_table_replace(b->of_client, g_strdup(client), GUINT_TO_POINTER(n));
        else
                (void) g_hash_table_remove(b->of_client, client);
}

static void insert(AlertBook *b, AlertRecord *record, AlertKind kind, bool told) {
        Incident *i = g_new0(Incident, 1);

        *i = (Incident){ record, kind, told };
        g_hash_table_replace(b->open, record->id, i);
        b->counts[kind][record->silenced]++;
        set_count(b, record->client, count_of(b, record->client) + 1);
}

static void drop(AlertBook *b, Incident *i) {
        b->counts[i->kind][i->record->silenced]--;
        set_count(b, i->record->client, count_of(b, i->record->client) - 1);
        (void) g_hash_table_remove(b->open, i->record->id);
}

const AlertRecord *alert_book_find(const AlertBook *b, const char *id) {
        Incident *i = g_hash_table_lookup(b->open, id);

        return i ? i->record : NULL;
}

unsigned alert_book_count(const AlertBook *b, AlertKind kind, bool silenced) {
        return b->counts[kind][silenced];
}

static int newest_first(const void *a, const void *b) {
        const AlertRecord *x = *(AlertRecord *const *) a, *y = *(AlertRecord *const *) b;

        return x->since != y->since ? (x->since < y->since ? 1 : -1) : g_strcmp0(y->id, x->id);
}

GPtrArray *alert_book_list(const AlertBook *b) {
        GPtrArray *list = g_ptr_array_new();
        GHashTableIter iter;
        Incident *i;

        g_hash_table_iter_init(&iter, b->open);
        while (g_hash_table_iter_next(&iter, NULL, (void **) &i))
                g_ptr_array_add(list, i->record);
        g_ptr_array_sort(list, newest_first);
        return list;
}

/* Telling of it */

typedef struct Telling {
        AlertBook *book;
        AlertRecord *record; /* as it was */
        AlertChange change;
} Telling;

static void telling_free(Telling *t) {
        alert_record_free(t->record);
        g_free(t);
}

static int priority_of(AlertSeverity severity) {
        static const int priorities[_ALERT_SEVERITY_MAX] = { LOG_NOTICE, LOG_WARNING, LOG_ERR };

        return priorities[severity];
}

static AuditEntry *entry_new(const char *event, const char *message_id, int priority, const AlertRecord *a) {
        AuditEntry *e = audit_entry_new(event, message_id, priority);

        if (a->client[0])
                audit_entry_add(e, "MSERVER_CLIENT", a->client);
        if (a->container[0])
                audit_entry_add(e, "MSERVER_CONTAINER", a->container);
        audit_entry_add(e, "MSERVER_ALERT_ID", a->id);
        audit_entry_add(e, "MSERVER_ALERT_KIND", a->kind);
        audit_entry_add(e, "MSERVER_ALERT_SEVERITY", alert_severity_to_string(a->severity));
        audit_entry_add(e, "MSERVER_REASON", a->message);
        return e;
}

static void add_message(AuditEntry *e, const AlertRecord *a, const char *what) {
        audit_entry_message(e, "%s%s%s: %s%s (%s)", a->client, a->client[0] ? ": " : "", a->kind, a->message,
                            what, a->id);
}

static AuditEntry *raised_entry(const AlertRecord *a) {
        AuditEntry *e = entry_new("alert-raised", MESSAGE_ID_ALERT_RAISED, priority_of(a->severity), a);

        if (a->silenced)
                audit_entry_add(e, "MSERVER_ALERT_SILENCED", "yes");
        add_message(e, a, a->silenced ? ", silenced" : "");
        return e;
}

static AuditEntry *cleared_entry(const AlertRecord *a) {
        AuditEntry *e = entry_new("alert-cleared", MESSAGE_ID_ALERT_CLEARED, LOG_NOTICE, a);
        uint64_t lasted = a->cleared > a->since ? a->cleared - a->since : 0;
        g_autofree char *how_long = text_duration(lasted),
                        *what = g_strdup_printf(": over after %s", how_long);

        audit_entry_add_number(e, "MSERVER_DURATION_USEC", (int64_t) lasted);
        add_message(e, a, what);
        return e;
}

/* What is not in the journal is told all the same: somebody should look at it. */
static void audited(bool handed_over, void *userdata) {
        Telling *t = userdata;
        AlertBook *b = t->book;
        Incident *i = g_hash_table_lookup(b->open, t->record->id);

        if (t->change == ALERT_CHANGE_RAISED && i) {
                i->told = true;
                t->record->silenced = i->record->silenced; /* it may have changed meanwhile */
        }
        if (handed_over)
                b->store->ops->settle_alert(b->store->engine, t->record->id, t->record->cleared);
        fleet_tell_alert(b->fleet, t->record, t->change);
        telling_free(t);
}

static void write_entry(Telling *t) {
        const AlertRecord *a = t->record;

        audit_submit(t->book->audit, t->change == ALERT_CHANGE_RAISED ? raised_entry(a) : cleared_entry(a),
                     audited, t);
}

/* A store that takes nothing is no reason to be silent: what is lost then is that it is remembered over a restart. */
static void stored(StoreStatus status, void *userdata) {
        Telling *t = userdata;

        if (status != STORE_OK)
                log_warning("the store does not take that alert %s was %s", t->record->id,
                            t->change == ALERT_CHANGE_RAISED ? "raised" : "cleared");
        write_entry(t);
}

static void tell(AlertBook *b, const AlertRecord *a, AlertChange change) {
        Telling *t = g_new0(Telling, 1);

        *t = (Telling){ b, alert_record_copy(a), change };
        b->store->ops->put_alert(b->store->engine, a, false, stored, t);
}

/* Raising and clearing */

static bool has_room(AlertBook *b, const AlertPlace *place) {
        bool room = g_hash_table_size(b->open) < ALERTS_MAX &&
                    (!place->client[0] || count_of(b, place->client) < ALERTS_PER_CLIENT_MAX);

        if (!room && now_monotonic() >= b->quiet_usec) {
                b->quiet_usec = now_monotonic() + FULL_WARN_USEC;
                log_warning("there are %u alerts, %u of them of \"%s\": more are not raised until some are cleared",
                            g_hash_table_size(b->open), count_of(b, place->client), place->client);
        }
        return room;
}

const AlertRecord *alert_book_raise(AlertBook *b, const AlertPlace *place, const char *message) {
        const AlertKindInfo *info = alert_kind_info(place->kind);
        uint64_t now = now_realtime();
        AlertRecord *a;

        if (!has_room(b, place))
                return NULL;
        a = g_new0(AlertRecord, 1);
        *a = (AlertRecord){ .id = alert_id_new(now),
                            .severity = info->severity,
                            .kind = g_strdup(info->name),
                            .client = g_strdup(place->client),
                            .container = g_strdup(place->container),
                            .message = text_shown(message, ALERT_MESSAGE_MAX),
                            .since = now,
                            .silenced = silences_match(b->silences, info->name, place->client),
                            .subject = g_strdup(place->subject) };
        insert(b, a, place->kind, false);
        tell(b, a, ALERT_CHANGE_RAISED);
        return a;
}

void alert_book_clear(AlertBook *b, const AlertRecord *a) {
        Incident *i = g_hash_table_lookup(b->open, a->id);

        i->record->cleared = MAX(now_realtime(), 1);
        tell(b, i->record, ALERT_CHANGE_CLEARED);
        drop(b, i);
        if (++b->cleared < ALERTS_PAST_MAX / 16)
                return;
        b->cleared = 0;
        b->store->ops->trim_alerts(b->store->engine, ALERTS_PAST_MAX);
}

/* Knowing of it */

typedef struct Acknowledging {
        AlertBook *book;
        AlertRecord *record;
        uint32_t caller_uid;
        FleetDone done;
        void *userdata;
} Acknowledging;

static void acknowledged(StoreStatus status, void *userdata) {
        g_autofree Acknowledging *k = userdata;
        g_autoptr(AlertRecord) a = k->record;
        Incident *i = g_hash_table_lookup(k->book->open, a->id);
        g_autoptr(GError) error = NULL;
        AuditEntry *e;

        if (i)
                a->silenced = i->record->silenced; /* it may have changed meanwhile */
        if (status != STORE_OK) {
                if (i)
                        i->record->acknowledged = false;
                (void) fleet_fail(&error, FLEET_ERROR_UNAVAILABLE,
                                  "the store did not record that alert %s is acknowledged", a->id);
                k->done(error, k->userdata);
                return;
        }
        e = entry_new("alert-acknowledged", MESSAGE_ID_ALERT_ACKNOWLEDGED, LOG_NOTICE, a);
        audit_entry_add_number(e, "MSERVER_CALLER_UID", k->caller_uid);
        audit_entry_message(e, "%s%s%s: %s: acknowledged by uid %u (%s)", a->client,
                            a->client[0] ? ": " : "", a->kind, a->message, k->caller_uid, a->id);
        audit_submit(k->book->audit, e, NULL, NULL);
        fleet_tell_alert(k->book->fleet, a, ALERT_CHANGE_ACKNOWLEDGED);
        k->done(NULL, k->userdata);
}

void alert_book_acknowledge(AlertBook *b, const char *id, uint32_t caller_uid, FleetDone done,
                            void *userdata) {
        Incident *i = g_hash_table_lookup(b->open, id);
        g_autoptr(GError) error = NULL;
        Acknowledging *k;

        if (!i || i->record->acknowledged) {
                if (!i)
                        (void) fleet_fail(&error, FLEET_ERROR_INVALID_PARAMETER,
                                          "No alert \"%s\": expected one of those that ListAlerts names",
                                          id);
                done(error, userdata);
                return;
        }
        i->record->acknowledged = true;
        k = g_new0(Acknowledging, 1);
        *k = (Acknowledging){ b, alert_record_copy(i->record), caller_uid, done, userdata };
        b->store->ops->put_alert(b->store->engine, i->record, i->told, acknowledged, k);
}

static void set_silenced(AlertBook *b, Incident *i, bool silenced) {
        b->counts[i->kind][i->record->silenced]--;
        i->record->silenced = silenced;
        b->counts[i->kind][silenced]++;
        b->store->ops->put_alert(b->store->engine, i->record, i->told, NULL, NULL);
        if (i->told)
                fleet_tell_alert(b->fleet, i->record,
                                 silenced ? ALERT_CHANGE_SILENCED : ALERT_CHANGE_RAISED);
}

void alert_book_silence(AlertBook *b) {
        g_autoptr(GPtrArray) all = hash_values(b->open);

        for (unsigned n = 0; n < all->len; n++) {
                Incident *i = all->pdata[n];
                bool silenced = silences_match(b->silences, i->record->kind, i->record->client);

                if (silenced != i->record->silenced)
                        set_silenced(b, i, silenced);
        }
}

/* Start */

static void tell_again(AlertBook *b, const AlertRecord *a) {
        Telling *t = g_new0(Telling, 1);

        *t = (Telling){ b, alert_record_copy(a), a->cleared ? ALERT_CHANGE_CLEARED : ALERT_CHANGE_RAISED };
        write_entry(t);
}

/* A kind that this version does not know cannot be looked at any more. */
static void take(AlertBook *b, AlertRow *row) {
        AlertRecord *a = row->alert;
        AlertKind kind;

        if (!a->cleared && !alert_kind_from_string(a->kind, &kind)) {
                a->cleared = now_realtime();
                tell(b, a, ALERT_CHANGE_CLEARED);
                return;
        }
        if (!row->told)
                tell_again(b, a);
        if (!a->cleared)
                insert(b, g_steal_pointer(&row->alert), kind, row->told);
}

static void take_all(GPtrArray *rows, void *book) {
        for (unsigned i = 0; i < rows->len; i++)
                take(book, rows->pdata[i]);
}

void alert_book_load(AlertBook *b, FleetReady ready, void *userdata) {
        b->store->ops->open_alerts(b->store->engine, loading_rows,
                                   loading_new("the alerts", take_all, b, ready, userdata));
}
