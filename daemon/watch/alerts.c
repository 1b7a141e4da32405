/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is wrong in the fleet: its parts, how a value becomes an alert, and how all begins anew where an earlier run has left off. */
#include "alerts.h"

#include "alerts-internal.h"
#include "clock.h"
#include "error.h"
#include "limits.h"

void alerts_look(Alerts *a, AlertSpot *s, AlertKind kind, uint64_t value, uint64_t at, json_object *object) {
        const AlertPlace place = { kind, s->client, s->container, "" };
        AlertStep step = alert_condition_look(&s->conditions[kind], &a->rules.of[kind], value, at);

        if (step == ALERT_STEP_RAISE) {
                g_autofree char *text = alert_text(kind, object, value);

                s->alerts[kind] = alert_book_raise(a->book, &place, text);
                if (!s->alerts[kind])
                        alert_condition_refuse(&s->conditions[kind], step);
        } else if (step == ALERT_STEP_CLEAR)
                alert_book_clear(a->book, g_steal_pointer(&s->alerts[kind]));
}

static void end(Alerts *a, AlertSpot *s, AlertKind kind) {
        if (alert_condition_end(&s->conditions[kind]) == ALERT_STEP_CLEAR)
                alert_book_clear(a->book, g_steal_pointer(&s->alerts[kind]));
}

void alerts_end(Alerts *a, AlertSpot *s) {
        for (AlertKind k = 0; k < _ALERT_KIND_MAX; k++)
                end(a, s, k);
}

bool alerts_adopt(AlertSpot *s, AlertKind kind, const AlertRecord *record) {
        if (s->alerts[kind])
                return false;
        s->alerts[kind] = record;
        s->conditions[kind] = (AlertCondition){ ALERT_RAISED, now_monotonic() };
        return true;
}

/* The server's own. */
static void look_at_certificate(Alerts *a) {
        uint64_t now = now_realtime(), left = a->certificate_expires - MIN(a->certificate_expires, now);

        if (a->certificate_expires > 0)
                alerts_look(a, &a->server, ALERT_CERTIFICATE_EXPIRING, left, now_monotonic(), NULL);
        else
                end(a, &a->server, ALERT_CERTIFICATE_EXPIRING);
}

static void on_tick(void *userdata) {
        Alerts *a = userdata;

        silences_tick(a->silences);
        alerts_watch_tick(a);
        alerts_events_tick(a);
        look_at_certificate(a);
}

static void on_silences(void *userdata) {
        alert_book_silence(((Alerts *) userdata)->book);
}

Alerts *alerts_new(Loop *l, Store *store, Audit *audit, Fleet *fleet) {
        Alerts *a = g_new0(Alerts, 1);

        *a = (Alerts){
                .loop = l, .store = store, .audit = audit, .fleet = fleet, .rules = alert_rules_default()
        };
        a->server.client = a->server.container = "";
        a->silences = silences_new(store, audit, fleet);
        a->book = alert_book_new(store, audit, fleet, a->silences);
        a->clients = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, alerts_client_free);
        a->away = g_hash_table_new(NULL, NULL);
        a->events = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
        silences_observe(a->silences, on_silences, a);
        fleet_observe(fleet, &alerts_watch_observer, a);
        return a;
}

Alerts *alerts_free(Alerts *a) {
        if (!a)
                return NULL;
        fleet_unobserve(a->fleet, a);
        (void) loop_timer_free(a->tick);
        g_hash_table_unref(a->events);
        g_hash_table_unref(a->away);
        g_hash_table_unref(a->clients);
        alert_book_free(a->book);
        silences_free(a->silences);
        g_free(a);
        return NULL;
}

AlertBook *alerts_book(const Alerts *a) {
        return a->book;
}

Silences *alerts_silences(const Alerts *a) {
        return a->silences;
}

void alerts_set_certificate(Alerts *a, uint64_t expires) {
        a->certificate_expires = expires;
}

static void end_disabled(Alerts *a, AlertSpot *s) {
        for (AlertKind k = 0; k < _ALERT_KIND_MAX; k++)
                if (!a->rules.of[k].enabled)
                        end(a, s, k);
}

static void end_all_disabled(Alerts *a) {
        GHashTableIter i, j;
        AlertClient *c;
        AlertContainer *n;

        end_disabled(a, &a->server);
        g_hash_table_iter_init(&i, a->clients);
        while (g_hash_table_iter_next(&i, NULL, (void **) &c)) {
                end_disabled(a, &c->spot);
                g_hash_table_iter_init(&j, c->containers);
                while (g_hash_table_iter_next(&j, NULL, (void **) &n))
                        end_disabled(a, &n->spot);
        }
        alerts_events_end(a, NULL);
}

void alerts_set_rules(Alerts *a, const AlertRules *rules) {
        a->rules = *rules;
        end_all_disabled(a);
}

/* Start */

typedef struct Loading {
        Alerts *alerts;
        FleetReady ready;
        void *userdata;
} Loading;

/* The spot that an alert of an earlier run is of; NULL: nobody knows it any more. */
static AlertSpot *spot_of(Alerts *a, const AlertRecord *r) {
        const Client *client = fleet_find(a->fleet, r->client);
        AlertContainer *n;

        if (!r->client[0])
                return &a->server;
        if (!client)
                return NULL;
        if (!r->container[0])
                return &alerts_client(a, client)->spot;
        n = alerts_container(a, alerts_client(a, client), r->container);
        return n ? &n->spot : NULL;
}

/* Restarts that an earlier run had counted are forgotten: what they have led to is not over for that. */
static void keep_restarting(Alerts *a, const AlertRecord *r) {
        AlertClient *c = alerts_client(a, fleet_find(a->fleet, r->client));
        AlertContainer *n = alerts_container(a, c, r->container);

        if (n)
                alert_seen_restarted(&n->seen, now_monotonic());
}

static void adopt(Alerts *a, const AlertRecord *r) {
        AlertKind kind;
        AlertSpot *s;

        if (!alert_kind_from_string(r->kind, &kind))
                return; /* the book has none such */
        if (alert_kind_is_event(kind)) {
                alerts_events_adopt(a, kind, r);
                return;
        }
        s = spot_of(a, r);
        if (!s || !alerts_adopt(s, kind, r))
                alert_book_clear(a->book, r);
        else if (kind == ALERT_CONTAINER_RESTARTING)
                keep_restarting(a, r);
}

static void begin(Loading *l) {
        Alerts *a = l->alerts;
        g_autoptr(GPtrArray) clients = fleet_list(a->fleet), open = alert_book_list(a->book);

        for (unsigned i = 0; i < clients->len; i++)
                g_hash_table_add(a->away, alerts_client(a, clients->pdata[i]));
        for (unsigned i = 0; i < open->len; i++)
                adopt(a, open->pdata[i]);
        end_all_disabled(a);
        alert_book_silence(a->book);
        a->tick = loop_timer_new(a->loop, ALERT_TICK_MSEC, ALERT_TICK_MSEC, on_tick, a);
}

static void loading_end(Loading *l, const GError *error) {
        l->ready(error, l->userdata);
        g_free(l);
}

static void times_loaded(StoreStatus status, GPtrArray *rows, void *userdata) {
        Loading *l = userdata;
        Alerts *a = l->alerts;
        g_autoptr(GError) error = NULL;

        if (status != STORE_OK)
                (void) fleet_fail(&error, FLEET_ERROR_UNAVAILABLE,
                                  "the store does not give out when nodes reported last");
        for (unsigned i = 0; rows && i < rows->len; i++) {
                const NodeTimes *t = rows->pdata[i];
                const Client *c = fleet_find(a->fleet, t->client);
                AlertContainer *n = c ? alerts_container(a, alerts_client(a, c), t->container) : NULL;

                if (n) {
                        n->key = t->key;
                        n->backup = t->backup;
                }
        }
        loading_end(l, error);
}

static void book_loaded(const GError *error, void *userdata) {
        Loading *l = userdata;
        Alerts *a = l->alerts;

        if (error) {
                loading_end(l, error);
                return;
        }
        begin(l);
        a->store->ops->node_times(a->store->engine, times_loaded, l);
}

static void silences_loaded(const GError *error, void *userdata) {
        Loading *l = userdata;

        if (error)
                loading_end(l, error);
        else
                alert_book_load(l->alerts->book, book_loaded, l);
}

void alerts_load(Alerts *a, FleetReady ready, void *userdata) {
        Loading *l = g_new0(Loading, 1);

        *l = (Loading){ a, ready, userdata };
        silences_load(a->silences, silences_loaded, l);
}
