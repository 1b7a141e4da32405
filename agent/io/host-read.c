/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads what a HostSample is made of. */
#include "host-read.h"

#include <sys/statvfs.h>
#include <unistd.h>

#include "file.h"
#include "limits.h"

#define PROC_BYTES_MAX (1024u * 1024) /* /proc/stat has a line per processor, mounts one per container */

/* NULL where it cannot be read: then the rest is still worth having. */
static char *read_proc(const char *path) {
        char *text = NULL;

        (void) file_read(path, PROC_BYTES_MAX, &text, NULL, NULL);
        return text;
}

static void read_numbers(HostSample *s) {
        g_autofree char *uptime = read_proc("/proc/uptime"), *stat = read_proc("/proc/stat"),
                        *memory = read_proc("/proc/meminfo"), *load = read_proc("/proc/loadavg");

        s->has_uptime = uptime && procfs_parse_uptime(uptime, &s->uptime_sec);
        s->has_cpu = stat && procfs_parse_stat(stat, &s->cpu);
        s->has_memory = memory && procfs_parse_meminfo(memory, &s->memory);
        s->has_load = load && procfs_parse_loadavg(load, s->load);
}

static void read_disks(HostSample *s) {
        g_autofree char *text = read_proc("/proc/self/mounts");
        g_autoptr(GPtrArray) mounts = procfs_parse_mounts(text ?: "");

        for (guint i = 0; i < mounts->len; i++) {
                struct statvfs v;

                if (statvfs(mounts->pdata[i], &v) == 0)
                        host_sample_add_disk(s, mounts->pdata[i], v.f_blocks * v.f_frsize,
                                             (v.f_blocks - v.f_bfree) * v.f_frsize, v.f_bavail * v.f_frsize);
        }
}

static void read_temperatures(HostSample *s) {
        for (unsigned i = 0; i < TEMPERATURE_ZONES_MAX; i++) {
                g_autofree char *path = g_strdup_printf("/sys/class/thermal/thermal_zone%u/temp", i),
                                *text = read_proc(path);

                if (text)
                        host_sample_add_temperature(s, text);
                else if (access(path, F_OK) < 0)
                        break;
        }
}

HostSample *host_read(void) {
        HostSample *s = host_sample_new();
        g_autofree char *network = read_proc("/proc/net/dev");
        char name[HOST_NAME_MAX + 1];

        if (gethostname(name, sizeof(name)) == 0)
                s->host_name = g_strdup(name);
        read_numbers(s);
        read_disks(s);
        read_temperatures(s);
        if (network)
                s->network = procfs_parse_net_dev(network);
        return s;
}
