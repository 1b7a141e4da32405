/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Clients and their containers, as their samples tell of them. A client that is away tells nothing: then what is known of it
 * stays as it is, but for that it is away. */
#include "alerts-internal.h"
#include "clock.h"
#include "json-path.h"
#include "limits.h"

static void container_free(void *p) {
        AlertContainer *n = p;

        g_free(n->name);
        g_free(n);
}

void alerts_client_free(void *p) {
        AlertClient *c = p;

        g_hash_table_unref(c->containers);
        g_free(c);
}

AlertClient *alerts_client(Alerts *a, const Client *client) {
        AlertClient *c = g_hash_table_lookup(a->clients, client->id);

        if (c)
                return c;
        c = g_new0(AlertClient, 1);
        c->client = client;
        c->spot.client = client->id;
        c->spot.container = "";
        c->containers = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, container_free);
        g_hash_table_insert(a->clients, client->id, c);
        return c;
}

static bool has_alerts(const AlertSpot *s) {
        for (AlertKind k = 0; k < _ALERT_KIND_MAX; k++)
                if (s->alerts[k])
                        return true;
        return false;
}

/* One that is in no sample and of which nobody has to know makes room. */
static bool make_room(AlertClient *c) {
        GHashTableIter i;
        AlertContainer *n;

        if (g_hash_table_size(c->containers) < ALERT_CONTAINERS_MAX)
                return true;
        g_hash_table_iter_init(&i, c->containers);
        while (g_hash_table_iter_next(&i, NULL, (void **) &n))
                if (n->gone_usec > 0 && !has_alerts(&n->spot)) {
                        g_hash_table_iter_remove(&i);
                        return true;
                }
        return false;
}

AlertContainer *alerts_container(Alerts *a, AlertClient *c, const char *name) {
        AlertContainer *n = g_hash_table_lookup(c->containers, name);

        if (n || !make_room(c))
                return n;
        n = g_new0(AlertContainer, 1);
        n->name = g_strdup(name);
        n->spot.client = c->client->id;
        n->spot.container = n->name;
        g_hash_table_insert(c->containers, n->name, n);
        return n;
}

/* Samples */

typedef struct Looking {
        Alerts *alerts;
        AlertSpot *spot;
        json_object *object;
} Looking;

static void on_measured(AlertKind kind, uint64_t value, uint64_t at, void *userdata) {
        const Looking *l = userdata;

        alerts_look(l->alerts, l->spot, kind, value, at, l->object);
}

static uint64_t age(uint64_t since, uint64_t now) {
        return since > 0 && now > since ? now - since : 0;
}

/* A node whose keys nobody has ever seen to is no validator of ours. */
static void look_at_keys(Alerts *a, AlertContainer *n, json_object *container, uint64_t at) {
        uint64_t now = now_realtime();
        bool registered;

        if (alert_keys_registered(container, &registered))
                alerts_look(a, &n->spot, ALERT_KEY_UNREGISTERED, registered ? 0 : age(n->key, now), at,
                            container);
        if (n->key || n->backup)
                alerts_look(a, &n->spot, ALERT_BACKUP_TOO_OLD, age(n->backup ?: n->key, now), at, container);
}

static void look_at_container(Alerts *a, AlertClient *c, json_object *container, uint64_t now) {
        const char *name = alert_container_name(container);
        AlertContainer *n = name ? alerts_container(a, c, name) : NULL;
        Looking l = { a, n ? &n->spot : NULL, container };

        if (!n)
                return;
        n->sample = c->samples;
        n->gone_usec = 0;
        alert_measure_container(container, &n->seen, now, on_measured, &l);
        look_at_keys(a, n, container, now);
}

static void interrupt(AlertSpot *s) {
        for (AlertKind k = 0; k < _ALERT_KIND_MAX; k++)
                alert_condition_interrupt(&s->conditions[k]);
}

/* A node of ours that was there and is not any more is down, for as long as an event is one: after that it is not ours to
 * wait for. */
static void look_at_gone(Alerts *a, AlertContainer *n, uint64_t now) {
        bool is_ours = (n->key || n->backup) && (n->sample > 0 || n->spot.alerts[ALERT_CONTAINER_DOWN]);
        json_object *nothing;

        if (n->gone_usec == 0) {
                n->gone_usec = now;
                interrupt(&n->spot);
        }
        alert_seen_interrupted(&n->seen, now);
        if (!is_ours || now - n->gone_usec >= a->rules.events_usec) {
                alerts_end(a, &n->spot);
                n->sample = 0;
                return;
        }
        nothing = json_object_new_object();
        json_add_string(nothing, "name", n->name);
        alerts_look(a, &n->spot, ALERT_CONTAINER_DOWN, 1, now, nothing);
        json_object_put(nothing);
}

/* whole: what is not among them is not there. */
static void look_at_containers(Alerts *a, AlertClient *c, json_object *containers, bool whole,
                               uint64_t now) {
        GHashTableIter i;
        AlertContainer *n;

        for (size_t k = 0; k < json_object_array_length(containers); k++)
                look_at_container(a, c, json_object_array_get_idx(containers, k), now);
        if (!whole)
                return;
        g_hash_table_iter_init(&i, c->containers);
        while (g_hash_table_iter_next(&i, NULL, (void **) &n)) {
                if (n->sample == c->samples)
                        continue;
                look_at_gone(a, n, now);
                if (n->sample == 0 && !n->key && !n->backup)
                        g_hash_table_iter_remove(&i);
        }
}

/* What was measured while there was no connection comes late, and at once: it does not last until the newest is there. */
static void look_at_clock(Alerts *a, AlertClient *c, int64_t timestamp_ms, uint64_t at) {
        uint64_t now = now_realtime(), theirs;

        if (timestamp_ms <= 0 || (uint64_t) timestamp_ms > UINT64_MAX / USEC_PER_MSEC)
                return;
        theirs = (uint64_t) timestamp_ms * USEC_PER_MSEC;
        alerts_look(a, &c->spot, ALERT_CLOCK_SKEW, theirs > now ? theirs - now : now - theirs, at, NULL);
}

static void on_stats(const Client *client, json_object *data, int64_t timestamp_ms, void *userdata) {
        Alerts *a = userdata;
        AlertClient *c = alerts_client(a, client);
        json_object *system = json_at(data, "system"), *containers = json_at(data, "containers");
        uint64_t now = now_monotonic();
        Looking l = { a, &c->spot, system };

        if (++c->samples == 0)
                c->samples = 1;
        alert_measure_host(system, now, on_measured, &l);
        look_at_clock(a, c, timestamp_ms, now);
        if (json_object_is_type(containers, json_type_array))
                look_at_containers(a, c, containers, !json_at(data, "containers_error"), now);
}

static void on_key(const char *client, const char *container, const char *session_key, void *userdata) {
        Alerts *a = userdata;
        const Client *c = fleet_find(a->fleet, client);
        AlertContainer *n = c ? alerts_container(a, alerts_client(a, c), container) : NULL;

        if (n)
                n->key = now_realtime();
}

static void on_backup(const char *client, const char *container, const char *file, void *userdata) {
        Alerts *a = userdata;
        const Client *c = fleet_find(a->fleet, client);
        AlertContainer *n = c ? alerts_container(a, alerts_client(a, c), container) : NULL;

        if (n)
                n->backup = now_realtime();
}

/* Who is there */

/* One that never was, or that was sent away, is not missed. */
static bool is_missed(const Client *c) {
        return !c->online && !c->revoked && c->last_seen > 0;
}

static void end_all(Alerts *a, AlertClient *c) {
        GHashTableIter i;
        AlertContainer *n;

        alerts_events_end(a, c->client->id);
        alerts_end(a, &c->spot);
        g_hash_table_iter_init(&i, c->containers);
        while (g_hash_table_iter_next(&i, NULL, (void **) &n))
                alerts_end(a, &n->spot);
}

static void look_at_presence(Alerts *a, AlertClient *c) {
        AlertCondition *condition = &c->spot.conditions[ALERT_CLIENT_OFFLINE];

        if (c->client->revoked && !c->client->online) /* it will not say that something is over */
                end_all(a, c);
        alerts_look(a, &c->spot, ALERT_CLIENT_OFFLINE, is_missed(c->client), now_monotonic(), NULL);
        if (c->client->online && condition->phase == ALERT_WELL)
                (void) g_hash_table_remove(a->away, c);
        else
                g_hash_table_add(a->away, c);
}

static void on_added(const Client *client, void *userdata) {
        (void) alerts_client(userdata, client);
}

static void on_online(const Client *client, void *userdata) {
        look_at_presence(userdata, alerts_client(userdata, client));
}

static void on_offline(const Client *client, const char *reason, void *userdata) {
        Alerts *a = userdata;
        AlertClient *c = alerts_client(a, client);
        GHashTableIter i;
        AlertContainer *n;

        interrupt(&c->spot);
        g_hash_table_iter_init(&i, c->containers);
        while (g_hash_table_iter_next(&i, NULL, (void **) &n)) {
                interrupt(&n->spot);
                alert_seen_interrupted(&n->seen, now_monotonic());
        }
        look_at_presence(a, c);
}

static void on_removed(const Client *client, void *userdata) {
        Alerts *a = userdata;
        AlertClient *c = alerts_client(a, client);

        end_all(a, c);
        (void) g_hash_table_remove(a->away, c);
        (void) g_hash_table_remove(a->clients, client->id);
}

static void on_command(const CommandRecord *r, void *userdata) {
        if (command_state_is_final(r->state))
                alerts_command_ended(userdata, r);
}

const FleetObserver alerts_watch_observer = { .client_added = on_added,
                                              .client_removed = on_removed,
                                              .client_online = on_online,
                                              .client_offline = on_offline,
                                              .command_changed = on_command,
                                              .key_updated = on_key,
                                              .backup_completed = on_backup,
                                              .stats_received = on_stats };

void alerts_watch_tick(Alerts *a) {
        g_autoptr(GList) away = g_hash_table_get_keys(a->away);

        for (GList *c = away; c; c = c->next)
                look_at_presence(a, c->data);
}
