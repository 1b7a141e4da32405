/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One look at the host, and its "system" object. */
#include "host-sample.h"

#include <string.h>

#include "json-path.h"

static void disk_use_free(void *p) {
        DiskUse *d = p;

        g_free(d->mount);
        g_free(d);
}

HostSample *host_sample_new(void) {
        HostSample *s = g_new0(HostSample, 1);

        s->disks = g_ptr_array_new_with_free_func(disk_use_free);
        return s;
}

HostSample *host_sample_free(HostSample *s) {
        if (!s)
                return NULL;
        g_free(s->host_name);
        g_ptr_array_unref(s->disks);
        if (s->network)
                g_ptr_array_unref(s->network);
        g_free(s);
        return NULL;
}

void host_sample_add_disk(HostSample *s, const char *mount, uint64_t total, uint64_t used,
                          uint64_t available) {
        DiskUse *d = g_new(DiskUse, 1);

        *d = (DiskUse){ g_strdup(mount), total, used, available };
        g_ptr_array_add(s->disks, d);
}

void host_sample_add_temperature(HostSample *s, const char *text) {
        double celsius = (double) g_ascii_strtoll(text, NULL, 10) / 1000;

        if (celsius <= 0 || celsius >= 150 || (s->has_temperature && celsius <= s->temperature))
                return;
        s->has_temperature = true;
        s->temperature = celsius;
}

static void add_percent(json_object *o, const char *key, uint64_t part, uint64_t whole) {
        if (whole > 0)
                json_add_decimal(o, key, 100.0 * (double) part / (double) whole, 1);
}

static void add_cpu(json_object *o, const HostSample *s, const HostSample *before) {
        json_add_uint(o, "cpus", s->cpu.cpus);
        /* The kernel's idle and iowait counters may step back a little (proc(5)). */
        if (before && before->has_cpu && s->cpu.total > before->cpu.total && s->cpu.busy >= before->cpu.busy)
                add_percent(o, "cpu_percent", s->cpu.busy - before->cpu.busy,
                            s->cpu.total - before->cpu.total);
}

static void add_memory(json_object *o, const MemoryInfo *m) {
        uint64_t used = m->total - MIN(m->available, m->total);

        json_add_uint(o, "memory_total", m->total);
        json_add_uint(o, "memory_used", used);
        add_percent(o, "memory_used_percent", used, m->total);
        json_add_uint(o, "swap_total", m->swap_total);
        json_add_uint(o, "swap_used", m->swap_total - MIN(m->swap_free, m->swap_total));
}

static json_object *load_to_json(const double load[static 3]) {
        json_object *a = json_object_new_array_ext(3);

        for (unsigned i = 0; i < 3; i++)
                (void) json_object_array_add(a, json_decimal(load[i], 2));
        return a;
}

static json_object *disks_to_json(GPtrArray *disks) {
        json_object *a = json_object_new_array();

        for (unsigned i = 0; i < disks->len; i++) {
                const DiskUse *d = disks->pdata[i];
                json_object *o = json_object_new_object();

                json_add_string(o, "mount", d->mount);
                json_add_uint(o, "total", d->total);
                json_add_uint(o, "used", d->used);
                /* As df(1) does: what root keeps for itself counts as neither. */
                add_percent(o, "used_percent", d->used, d->used + d->available);
                (void) json_object_array_add(a, o);
        }
        return a;
}

/* Loopback says nothing of the network, and each veth is one end of what its container reports. */
static bool is_worth_showing(const char *interface) {
        return strcmp(interface, "lo") != 0 && !g_str_has_prefix(interface, "veth");
}

static json_object *network_to_json(GPtrArray *network) {
        json_object *a = json_object_new_array();

        for (unsigned i = 0; i < network->len; i++) {
                const NetCounters *n = network->pdata[i];
                json_object *o;

                if (!is_worth_showing(n->interface))
                        continue;
                o = json_object_new_object();
                json_add_string(o, "interface", n->interface);
                json_add_uint(o, "rx_bytes", n->rx_bytes);
                json_add_uint(o, "tx_bytes", n->tx_bytes);
                (void) json_object_array_add(a, o);
        }
        return a;
}

json_object *host_sample_to_json(const HostSample *s, const HostSample *before) {
        json_object *o = json_object_new_object();

        json_add_string(o, "host_name", s->host_name);
        if (s->has_uptime)
                json_add_uint(o, "uptime_sec", s->uptime_sec);
        if (s->has_cpu)
                add_cpu(o, s, before);
        if (s->has_load)
                (void) json_object_object_add(o, "load", load_to_json(s->load));
        if (s->has_memory)
                add_memory(o, &s->memory);
        if (s->has_temperature)
                json_add_decimal(o, "temperature", s->temperature, 1);
        (void) json_object_object_add(o, "disks", disks_to_json(s->disks));
        if (s->network)
                (void) json_object_object_add(o, "network", network_to_json(s->network));
        return o;
}
