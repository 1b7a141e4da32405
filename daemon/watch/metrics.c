/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the server and its fleet are like now, for Prometheus. The server's own numbers come first, so that they are there whatever
 * the fleet's size; what clients measured is that of their latest sample, and goes when they do. */
#include "metrics.h"

#include <string.h>

#include "clock.h"
#include "history-metric.h"
#include "limits.h"
#include "openmetrics.h"

/* Seconds from the request to the end of a command: a node that stops takes minutes. */
static const double bounds[] = { 0.1, 0.3, 1, 3, 10, 30, 100, 300, 1000, 3000 };
#define N_BOUNDS G_N_ELEMENTS(bounds)

typedef struct Durations {
        uint64_t counts[N_BOUNDS + 1];
        double sum;
} Durations;

typedef struct Value {
        char *container; /* NULL: the host's */
        const HistoryMetric *metric;
        double value;
} Value;

struct Metrics {
        Fleet *fleet;
        Dispatcher *dispatcher;
        Store *store;
        const Audit *audit;
        const History *history;
        const Notifier *notifier;
        const AlertBook *alerts;
        Durations ended[_COMMAND_STATE_MAX]; /* of final states */
        uint64_t samples;
        GHashTable *values; /* client → GArray of Value */
};

static void value_clear(void *p) {
        g_free(((Value *) p)->container);
}

static void put_value(const char *container, const HistoryMetric *metric, double value, void *userdata) {
        GArray *values = userdata;
        Value v = { g_strdup(container), metric, value };

        g_array_append_val(values, v);
}

static void on_stats(const Client *c, json_object *data, int64_t timestamp_ms, void *userdata) {
        Metrics *m = userdata;
        GArray *values = g_hash_table_lookup(m->values, c->id);

        m->samples++;
        if (!values) {
                values = g_array_new(false, false, sizeof(Value));
                g_array_set_clear_func(values, value_clear);
                g_hash_table_insert(m->values, g_strdup(c->id), values);
        }
        g_array_set_size(values, 0);
        history_measure(data, put_value, values);
}

static void on_removed(const Client *c, void *userdata) {
        (void) g_hash_table_remove(((Metrics *) userdata)->values, c->id);
}

static void on_offline(const Client *c, const char *reason, void *userdata) {
        on_removed(c, userdata);
}

static void on_command(const CommandRecord *r, void *userdata) {
        Metrics *m = userdata;
        Durations *d = &m->ended[r->state];
        double seconds = (double) (r->finished - MIN(r->requested, r->finished)) / USEC_PER_SEC;
        unsigned i = 0;

        if (!command_state_is_final(r->state))
                return;
        while (i < N_BOUNDS && seconds > bounds[i])
                i++;
        d->counts[i]++;
        d->sum += seconds;
}

static const FleetObserver observer = { .client_removed = on_removed,
                                        .client_offline = on_offline,
                                        .command_changed = on_command,
                                        .stats_received = on_stats };

/* The text */

static void gauge(OpenMetrics *o, const char *name, const char *help, double value) {
        openmetrics_family(o, name, OM_GAUGE, help);
        openmetrics_sample(o, value, NULL);
}

/* All kinds there are, so that a rule on one has a series before the first alert. */
static void add_alerts(const Metrics *m, OpenMetrics *o) {
        for (unsigned silenced = 0; silenced < 2; silenced++) {
                openmetrics_family(o, silenced ? "mserver_alerts_silenced" : "mserver_alerts", OM_GAUGE,
                                   silenced ? "Those of mserver_alerts that nobody is told of."
                                            : "Alerts that last, by kind.");
                for (AlertKind k = 0; k < _ALERT_KIND_MAX; k++) {
                        const AlertKindInfo *info = alert_kind_info(k);
                        unsigned n = alert_book_count(m->alerts, k, true);

                        if (!silenced)
                                n += alert_book_count(m->alerts, k, false);
                        openmetrics_sample(o, n, "kind", info->name, "severity",
                                           alert_severity_to_string(info->severity), NULL);
                }
        }
}

static void add_server(const Metrics *m, OpenMetrics *o) {
        unsigned online = fleet_online(m->fleet);

        openmetrics_family(o, "mserver_build", OM_GAUGE, "The version that runs.");
        openmetrics_sample(o, 1, "version", PROJECT_VERSION, NULL);
        openmetrics_family(o, "mserver_clients", OM_GAUGE, "Clients that are known, by state.");
        openmetrics_sample(o, online, "state", "online", NULL);
        openmetrics_sample(o, fleet_size(m->fleet) - online, "state", "offline", NULL);
        gauge(o, "mserver_commands_open", "Commands that have not ended.",
              dispatcher_open_count(m->dispatcher));
        openmetrics_family(
                        o, "mserver_command_duration_seconds", OM_HISTOGRAM,
                        "Commands that ended since the start, by state, and the time from their request to their end.");
        for (CommandState s = 0; s < _COMMAND_STATE_MAX; s++)
                if (command_state_is_final(s))
                        openmetrics_histogram(o, bounds, m->ended[s].counts, N_BOUNDS, m->ended[s].sum,
                                              "state", command_state_to_string(s));
        openmetrics_family(o, "mserver_samples", OM_COUNTER,
                           "Statistics that came from clients since the start.");
        openmetrics_sample(o, (double) m->samples, NULL);
        gauge(o, "mserver_store_queue", "Calls of the database that wait.",
              m->store->ops->queue_depth(m->store->engine));
        gauge(o, "mserver_audit_queue", "Entries of the audit trail that wait for the journal.",
              audit_queue_depth(m->audit));
        gauge(o, "mserver_history_bytes", "What the history of statistics takes.",
              (double) history_bytes(m->history));
        add_alerts(m, o);
}

static void add_notices(const Metrics *m, OpenMetrics *o) {
        unsigned n = notifier_count_targets(m->notifier);

        if (n == 0)
                return;
        openmetrics_family(o, "mserver_notices", OM_COUNTER,
                           "Notices of alerts since the start, by target and what became of them.");
        for (unsigned i = 0; i < n; i++) {
                NotifyCount c = notifier_count(m->notifier, i);

                openmetrics_sample(o, (double) c.sent, "target", c.target, "outcome", "sent", NULL);
                openmetrics_sample(o, (double) c.refused, "target", c.target, "outcome", "refused", NULL);
                openmetrics_sample(o, (double) c.dropped, "target", c.target, "outcome", "dropped", NULL);
        }
        openmetrics_family(o, "mserver_notify_failures", OM_COUNTER,
                           "Attempts to tell a target that failed, and are repeated.");
        for (unsigned i = 0; i < n; i++) {
                NotifyCount c = notifier_count(m->notifier, i);

                openmetrics_sample(o, (double) c.failed, "target", c.target, NULL);
        }
        openmetrics_family(o, "mserver_notices_waiting", OM_GAUGE, "Notices that wait for their target.");
        for (unsigned i = 0; i < n; i++) {
                NotifyCount c = notifier_count(m->notifier, i);

                openmetrics_sample(o, c.waiting, "target", c.target, NULL);
        }
}

static void add_online(GPtrArray *clients, OpenMetrics *o) {
        openmetrics_family(o, "mserver_client_online", OM_GAUGE, "Whether a client is connected.");
        for (unsigned i = 0; i < clients->len; i++) {
                const Client *c = clients->pdata[i];

                openmetrics_sample(o, c->online, "client", c->id, NULL);
        }
}

/* "rx_bytes_per_sec", which is a counter in itself, is "rx_bytes". */
static char *family_name(const HistoryMetric *metric, bool of_container) {
        size_t length = strlen(metric->name);

        if (metric->is_counter)
                length -= strlen("_per_sec");
        return g_strdup_printf("mserver_%s_%.*s", of_container ? "container" : "client", (int) length,
                               metric->name);
}

static void add_family(const Metrics *m, GPtrArray *clients, OpenMetrics *o, const HistoryMetric *metric,
                       bool of_container) {
        g_autofree char *name = family_name(metric, of_container);

        openmetrics_family(o, name, metric->is_counter ? OM_COUNTER : OM_GAUGE,
                           of_container ? "Of a container, as its client measured it last."
                                        : "Of a host, as it measured it last.");
        for (unsigned i = 0; i < clients->len; i++) {
                const Client *c = clients->pdata[i];
                GArray *values = g_hash_table_lookup(m->values, c->id);

                for (unsigned k = 0; values && k < values->len; k++) {
                        const Value *v = &g_array_index(values, Value, k);

                        if (v->metric != metric || (v->container != NULL) != of_container)
                                continue;
                        if (of_container)
                                openmetrics_sample(o, v->value, "client", c->id, "container", v->container,
                                                   NULL);
                        else
                                openmetrics_sample(o, v->value, "client", c->id, NULL);
                }
        }
}

/* Every metric that there is: the families, each once and whole. */
static void add_measured(const Metrics *m, GPtrArray *clients, OpenMetrics *o) {
        for (unsigned of_container = 0; of_container < 2; of_container++) {
                g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);
                GHashTableIter iter;
                GArray *values;

                g_hash_table_iter_init(&iter, m->values);
                while (g_hash_table_iter_next(&iter, NULL, (void **) &values))
                        for (unsigned k = 0; k < values->len; k++) {
                                const Value *v = &g_array_index(values, Value, k);

                                if ((v->container != NULL) == of_container &&
                                    g_hash_table_add(seen, (void *) v->metric))
                                        add_family(m, clients, o, v->metric, of_container);
                        }
        }
}

char *metrics_text(const Metrics *m, bool openmetrics, size_t *ret_size) {
        g_autoptr(OpenMetrics) o = openmetrics_new(openmetrics, METRICS_SERIES_MAX - 1);
        g_autoptr(GPtrArray) clients = fleet_list(m->fleet);

        add_server(m, o);
        add_notices(m, o);
        add_online(clients, o);
        add_measured(m, clients, o);
        openmetrics_set_max(o, METRICS_SERIES_MAX);
        gauge(o, "mserver_series_left_out", "Series for which there was no place here.",
              openmetrics_left_out(o));
        return openmetrics_end(o, ret_size);
}

static void values_free(void *p) {
        g_array_unref(p);
}

Metrics *metrics_new(Fleet *fleet, Dispatcher *dispatcher, Store *store, const Audit *audit,
                     const History *history, const AlertBook *alerts, const Notifier *notifier) {
        Metrics *m = g_new0(Metrics, 1);

        *m = (Metrics){ .fleet = fleet,
                        .dispatcher = dispatcher,
                        .store = store,
                        .audit = audit,
                        .history = history,
                        .alerts = alerts,
                        .notifier = notifier };
        m->values = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, values_free);
        fleet_observe(fleet, &observer, m);
        return m;
}

Metrics *metrics_free(Metrics *m) {
        if (!m)
                return NULL;
        fleet_unobserve(m->fleet, m);
        g_hash_table_unref(m->values);
        g_free(m);
        return NULL;
}
