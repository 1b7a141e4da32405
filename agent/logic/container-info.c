/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Containers as the Docker Engine describes them, in our words. */
#include "container-info.h"

#include <glib.h>
#include <string.h>

#include "json-path.h"

/* Go's zero time stands for never. */
static const char *time_or_null(const char *s) {
        return s && !g_str_has_prefix(s, "0001-01-01T") ? s : NULL;
}

json_object *container_status(json_object *inspect) {
        json_object *o = json_object_new_object();
        const char *name = json_string_at(inspect, "Name"),
                   *health = json_string_at(inspect, "State.Health.Status");
        uint64_t restarts = 0;

        if (name && *name == '/')
                name++;
        if (g_strcmp0(health, "none") == 0)
                health = NULL;
        (void) json_uint_at(inspect, "RestartCount", &restarts);
        json_add_string(o, "name", name);
        json_add_string(o, "image", json_string_at(inspect, "Config.Image"));
        json_add_string(o, "state", json_string_at(inspect, "State.Status"));
        json_add_string(o, "health", health);
        json_add_uint(o, "restarts", restarts);
        json_add_string(o, "started", time_or_null(json_string_at(inspect, "State.StartedAt")));
        return o;
}

char *container_name_in(const char *message, const char *name) {
        GString *out = g_string_new(NULL);

        while (*message) {
                size_t digits = strspn(message, "0123456789abcdef");

                if (digits == CONTAINER_ID_DIGITS)
                        g_string_append(out, name);
                else if (digits > 0)
                        g_string_append_len(out, message, (gssize) digits);
                else {
                        g_string_append_c(out, *message);
                        digits = 1;
                }
                message += digits;
        }
        return g_string_free(out, false);
}

/* As docker stats counts it: the page cache that is not in use could be given back at once. The names are
 * those of cgroup v1 and v2. */
static void parse_memory(json_object *memory, ContainerUsage *u) {
        uint64_t cache = 0;

        u->has_memory = json_uint_at(memory, "usage", &u->memory_used) &&
                        json_uint_at(memory, "limit", &u->memory_limit);
        if (!u->has_memory)
                return;
        if (!json_uint_at(memory, "stats.total_inactive_file", &cache))
                (void) json_uint_at(memory, "stats.inactive_file", &cache);
        if (cache < u->memory_used)
                u->memory_used -= cache;
}

static void parse_network(json_object *networks, ContainerUsage *u) {
        if (!json_object_is_type(networks, json_type_object))
                return;
        u->has_network = true;
        json_object_object_foreach (networks, name, counters) {
                uint64_t rx = 0, tx = 0;

                (void) name;
                (void) json_uint_at(counters, "rx_bytes", &rx);
                (void) json_uint_at(counters, "tx_bytes", &tx);
                u->rx_bytes += rx;
                u->tx_bytes += tx;
        }
}

/* "read" and "Read", by version of cgroups. */
static void parse_block(json_object *entries, ContainerUsage *u) {
        if (!json_object_is_type(entries, json_type_array))
                return;
        u->has_block = true;
        for (size_t i = 0; i < json_object_array_length(entries); i++) {
                json_object *e = json_object_array_get_idx(entries, i);
                const char *op = json_string_at(e, "op");
                uint64_t n = 0;

                if (!op || !json_uint_at(e, "value", &n))
                        continue;
                if (g_ascii_strcasecmp(op, "read") == 0)
                        u->read_bytes += n;
                else if (g_ascii_strcasecmp(op, "write") == 0)
                        u->written_bytes += n;
        }
}

void container_usage_parse(json_object *stats, ContainerUsage *ret) {
        ContainerUsage u = {};

        u.has_cpu = json_uint_at(stats, "cpu_stats.cpu_usage.total_usage", &u.cpu_nsec);
        parse_memory(json_at(stats, "memory_stats"), &u);
        parse_network(json_at(stats, "networks"), &u);
        parse_block(json_at(stats, "blkio_stats.io_service_bytes_recursive"), &u);
        *ret = u;
}

void container_usage_add(json_object *status, const ContainerUsage *usage, const ContainerUsage *before,
                         uint64_t elapsed_usec) {
        /* A container that was started again counts from zero. */
        if (usage->has_cpu && before && before->has_cpu && usage->cpu_nsec >= before->cpu_nsec &&
            elapsed_usec > 0)
                json_add_decimal(status, "cpu_percent",
                                 (double) (usage->cpu_nsec - before->cpu_nsec) / 10.0 /
                                                 (double) elapsed_usec,
                                 1);
        if (usage->has_memory) {
                json_add_uint(status, "memory_used", usage->memory_used);
                json_add_uint(status, "memory_limit", usage->memory_limit);
        }
        if (usage->has_network) {
                json_add_uint(status, "rx_bytes", usage->rx_bytes);
                json_add_uint(status, "tx_bytes", usage->tx_bytes);
        }
        if (usage->has_block) {
                json_add_uint(status, "read_bytes", usage->read_bytes);
                json_add_uint(status, "written_bytes", usage->written_bytes);
        }
}
