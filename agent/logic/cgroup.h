/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the kernel counts of a control group, from the texts of its files (cgroups(7), the kernel's cgroup-v2 and cgroup-v1
 * documents). Text in, numbers out; who reads the files is agent/io/usage-read.c. A text of NULL is a file that is not there. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "container-info.h"

/* From /proc/PID/cgroup: where the process is in the hierarchy of a controller of version 1 ("memory"), or, for NULL, in that of
 * version 2. Only a path that names the container's id (all 64 digits) counts: process ids are used again. New string; NULL
 * where there is none. */
char *cgroup_path(const char *text, const char *controller, const char *id);

/* Version 2: cpu.stat, memory.current, memory.max, memory.stat, io.stat. */
void cgroup_parse_cpu_stat(const char *text, ContainerUsage *usage);
void cgroup_parse_io_stat(const char *text, ContainerUsage *usage);

/* Version 1: cpuacct.usage, blkio.throttle.io_service_bytes_recursive. */
void cgroup_parse_cpuacct(const char *text, ContainerUsage *usage);
void cgroup_parse_blkio(const char *text, ContainerUsage *usage);

/* Either: what is used, its bound ("max" or more than the host has: what the host has), and memory.stat, where cache is the
 * name of the page cache that could be given back at once ("inactive_file", "total_inactive_file"). */
void cgroup_parse_memory(const char *used, const char *limit, const char *stat, const char *cache,
                         uint64_t host_total, ContainerUsage *usage);

/* /proc/PID/net/dev, without the loopback, as docker counts it. */
void cgroup_parse_network(const char *text, ContainerUsage *usage);
