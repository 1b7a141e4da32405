/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One look at the host, and its "system" object for "stats" (docs/PROTOCOL.md). */
#pragma once

#include <glib.h>
#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

#include "procfs.h"

typedef struct DiskUse {
        char *mount;
        uint64_t total, used, available; /* bytes; available: to who is not root */
} DiskUse;

typedef struct HostSample {
        char *host_name;
        bool has_uptime, has_cpu, has_memory, has_load,
                        has_temperature; /* what could not be read is left out */
        uint64_t uptime_sec;
        CpuTimes cpu;
        MemoryInfo memory;
        double load[3];
        double temperature; /* °C, of the hottest zone */
        GPtrArray *disks;   /* DiskUse* */
        GPtrArray *network; /* NetCounters* */
} HostSample;

HostSample *host_sample_new(void);
HostSample *host_sample_free(HostSample *s);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HostSample, host_sample_free)

void host_sample_add_disk(HostSample *s, const char *mount, uint64_t total, uint64_t used,
                          uint64_t available);

/* temp of one of the kernel's thermal zones (thermal/sysfs-api: thousandths of °C). A sensor that is not there reads as
 * something absurd, and is left out. */
void host_sample_add_temperature(HostSample *s, const char *text);

/* The new object. before: the sample before this one, for what is a rate; NULL leaves these out. */
json_object *host_sample_to_json(const HostSample *s, const HostSample *before);
