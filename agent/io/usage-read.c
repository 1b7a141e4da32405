/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads what a container has used. Where its control group is follows from /proc/PID/cgroup; the hierarchies are where every
 * distribution mounts them: version 2 alone, version 1, or both ("hybrid"), where what counts is version 1. */
#include "usage-read.h"

#include <glib.h>

#include "cgroup.h"
#include "file.h"
#include "json-path.h"

#define MOUNT "/sys/fs/cgroup"
#define TEXT_BYTES_MAX (64u * 1024) /* io.stat has a line per device, net/dev one per interface */

UsageSource *usage_source_new(json_object *inspect) {
        UsageSource *s = g_new0(UsageSource, 1);
        uint64_t pid;

        if (json_uint_at(inspect, "State.Pid", &pid) && pid <= INT32_MAX)
                s->pid = (int) pid;
        s->id = g_strdup(json_string_at(inspect, "Id"));
        s->host_network = g_strcmp0(json_string_at(inspect, "HostConfig.NetworkMode"), "host") == 0;
        return s;
}

UsageSource *usage_source_free(UsageSource *s) {
        if (!s)
                return NULL;
        g_free(s->id);
        g_free(s);
        return NULL;
}

/* NULL where it cannot be read. */
static char *read_text(const char *directory, const char *name) {
        g_autofree char *path = g_strconcat(directory, "/", name, NULL);
        char *text = NULL;

        (void) file_read(path, TEXT_BYTES_MAX, &text, NULL, NULL);
        return text;
}

static void read_version_2(const char *path, uint64_t host_total, ContainerUsage *u) {
        static const char *const mounts[] = { MOUNT, MOUNT "/unified" };
        g_autofree char *directory = NULL, *cpu = NULL, *io = NULL, *used = NULL, *limit = NULL,
                        *stat = NULL;

        for (unsigned i = 0; i < G_N_ELEMENTS(mounts) && !cpu; i++) {
                g_free(directory);
                directory = g_strconcat(mounts[i], path, NULL);
                cpu = read_text(directory, "cpu.stat");
        }
        if (!cpu)
                return;
        io = read_text(directory, "io.stat");
        used = read_text(directory, "memory.current");
        limit = read_text(directory, "memory.max");
        stat = read_text(directory, "memory.stat");
        cgroup_parse_cpu_stat(cpu, u);
        cgroup_parse_io_stat(io, u);
        cgroup_parse_memory(used, limit, stat, "inactive_file", host_total, u);
}

/* Where the container is in the hierarchy of a controller; NULL: nowhere. */
static char *version_1(const char *text, const char *controller, const char *id) {
        g_autofree char *path = cgroup_path(text, controller, id);

        return path ? g_strconcat(MOUNT "/", controller, path, NULL) : NULL;
}

static void read_version_1(const char *text, const char *id, uint64_t host_total, ContainerUsage *u) {
        g_autofree char *cpu = version_1(text, "cpuacct", id), *memory = version_1(text, "memory", id),
                        *block = version_1(text, "blkio", id);

        if (cpu) {
                g_autofree char *usage = read_text(cpu, "cpuacct.usage");

                cgroup_parse_cpuacct(usage, u);
        }
        if (memory) {
                g_autofree char *used = read_text(memory, "memory.usage_in_bytes"),
                                *limit = read_text(memory, "memory.limit_in_bytes"),
                                *stat = read_text(memory, "memory.stat");

                cgroup_parse_memory(used, limit, stat, "total_inactive_file", host_total, u);
        }
        if (block) {
                g_autofree char *bytes = read_text(block, "blkio.throttle.io_service_bytes_recursive");

                cgroup_parse_blkio(bytes, u);
        }
}

bool usage_read(const UsageSource *s, uint64_t host_total, ContainerUsage *ret) {
        g_autofree char *process = g_strdup_printf("/proc/%d", s->pid), *text = NULL, *unified = NULL;
        ContainerUsage u = {};

        if (s->pid <= 0)
                return false;
        text = read_text(process, "cgroup");
        read_version_1(text, s->id, host_total, &u);
        unified = cgroup_path(text, NULL, s->id);
        if (!u.has_cpu && unified)
                read_version_2(unified, host_total, &u);
        if (!u.has_cpu)
                return false;
        if (!s->host_network) {
                g_autofree char *network = read_text(process, "net/dev");

                cgroup_parse_network(network, &u);
        }
        *ret = u;
        return true;
}
