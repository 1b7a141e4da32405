/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What of a client's "stats" message is kept as history. What is not there, or of another type than docs/PROTOCOL.md says, is
 * not a value: agents of others send what they like. */
#include "history-metric.h"

#include <glib.h>

#include "ident.h"
#include "limits.h"

typedef struct Plain {
        const char *key;
        HistoryMetric metric;
} Plain;

static const Plain of_host[] = {
        { "cpu_percent", { "cpu_percent", false } },
        { "memory_used_percent", { "memory_used_percent", false } },
        { "temperature", { "temperature", false } },
};
static const HistoryMetric load = { "load", false }, disk = { "disk_used_percent", false };
static const HistoryMetric received = { "rx_bytes_per_sec", true }, sent = { "tx_bytes_per_sec", true };

static const Plain of_container[] = {
        { "cpu_percent", { "cpu_percent", false } },
        { "memory_used", { "memory_used", false } },
        { "rx_bytes", { "rx_bytes_per_sec", true } },
        { "tx_bytes", { "tx_bytes_per_sec", true } },
        { "read_bytes", { "read_bytes_per_sec", true } },
        { "written_bytes", { "written_bytes_per_sec", true } },
};
static const HistoryMetric running = { "running", false };

static const Plain of_node[] = {
        { "peers", { "peers", false } },
        { "finality_lag", { "finality_lag", false } },
};
static const HistoryMetric syncing = { "syncing", false }, behind = { "blocks_behind", false };

static json_object *member(json_object *o, const char *key) {
        json_object *value = NULL;

        if (json_object_is_type(o, json_type_object))
                (void) json_object_object_get_ex(o, key, &value);
        return value;
}

static bool number(json_object *value, double *ret) {
        if (!json_object_is_type(value, json_type_int) && !json_object_is_type(value, json_type_double))
                return false;
        *ret = json_object_get_double(value);
        return true;
}

static size_t length(json_object *array) {
        return json_object_is_type(array, json_type_array) ? json_object_array_length(array) : 0;
}

typedef struct Measuring {
        const char *container;
        HistoryMeasured measured;
        void *userdata;
} Measuring;

static void tell(const Measuring *m, const HistoryMetric *metric, double value) {
        m->measured(m->container, metric, value, m->userdata);
}

static void tell_plain(const Measuring *m, json_object *o, const Plain *plain, size_t n) {
        for (size_t i = 0; i < n; i++) {
                double value;

                if (number(member(o, plain[i].key), &value))
                        tell(m, &plain[i].metric, value);
        }
}

/* The load of one minute. */
static void measure_load(const Measuring *m, json_object *system) {
        json_object *loads = member(system, "load");
        double value;

        if (length(loads) > 0 && number(json_object_array_get_idx(loads, 0), &value))
                tell(m, &load, value);
}

/* The fullest: any that is full is one too many. */
static void measure_disks(const Measuring *m, json_object *system) {
        json_object *disks = member(system, "disks");
        double fullest = -1;

        for (size_t i = 0; i < length(disks); i++) {
                double value;

                if (number(member(json_object_array_get_idx(disks, i), "used_percent"), &value))
                        fullest = MAX(fullest, value);
        }
        if (fullest >= 0)
                tell(m, &disk, fullest);
}

static void measure_network(const Measuring *m, json_object *system) {
        json_object *interfaces = member(system, "network");
        double rx = 0, tx = 0;

        if (length(interfaces) == 0)
                return;
        for (size_t i = 0; i < length(interfaces); i++) {
                json_object *one = json_object_array_get_idx(interfaces, i);
                double value;

                if (number(member(one, "rx_bytes"), &value))
                        rx += value;
                if (number(member(one, "tx_bytes"), &value))
                        tx += value;
        }
        tell(m, &received, rx);
        tell(m, &sent, tx);
}

/* How a node does is asked more rarely than samples are taken: the same picture counts again until there is another. */
static void measure_node(const Measuring *m, json_object *node) {
        double best, target;

        tell_plain(m, node, of_node, G_N_ELEMENTS(of_node));
        if (json_object_is_type(member(node, "syncing"), json_type_boolean))
                tell(m, &syncing, json_object_get_boolean(member(node, "syncing")));
        if (number(member(node, "best"), &best) && number(member(node, "target"), &target))
                tell(m, &behind, MAX(target - best, 0));
}

static void measure_container(const Measuring *m, json_object *container) {
        json_object *state = member(container, "state");

        if (json_object_is_type(state, json_type_string))
                tell(m, &running, g_str_equal(json_object_get_string(state), "running"));
        tell_plain(m, container, of_container, G_N_ELEMENTS(of_container));
        measure_node(m, member(container, "node"));
}

void history_measure(json_object *data, HistoryMeasured measured, void *userdata) {
        json_object *system = member(data, "system"), *containers = member(data, "containers");
        Measuring m = { NULL, measured, userdata };

        tell_plain(&m, system, of_host, G_N_ELEMENTS(of_host));
        measure_load(&m, system);
        measure_disks(&m, system);
        measure_network(&m, system);
        for (size_t i = 0, n = 0; i < length(containers) && n < HISTORY_CONTAINERS_MAX; i++) {
                json_object *one = json_object_array_get_idx(containers, i), *name = member(one, "name");

                m.container = json_object_is_type(name, json_type_string) ? json_object_get_string(name)
                                                                          : NULL;
                if (!m.container || !container_name_is_valid(m.container))
                        continue;
                measure_container(&m, one);
                n++;
        }
}

char *history_series_name(const char *container, const HistoryMetric *metric) {
        return container ? g_strconcat(container, "/", metric->name, NULL) : g_strdup(metric->name);
}
