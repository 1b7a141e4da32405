/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* proc(5) texts to numbers. Text in, numbers out; who reads the files is agent/io/host-read.c. Each returns
 * false, and leaves *ret alone, where the text does not have what it must. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* /proc/stat: time of all processors together since boot, in ticks. */
typedef struct CpuTimes {
        uint64_t busy, total;
        unsigned cpus; /* how many there are */
} CpuTimes;
bool procfs_parse_stat(const char *text, CpuTimes *ret);

/* /proc/meminfo, in bytes. */
typedef struct MemoryInfo {
        uint64_t total, available, swap_total, swap_free;
} MemoryInfo;
bool procfs_parse_meminfo(const char *text, MemoryInfo *ret);

/* /proc/loadavg: over 1, 5 and 15 minutes. */
bool procfs_parse_loadavg(const char *text, double ret[static 3]);

/* /proc/uptime, in whole seconds. */
bool procfs_parse_uptime(const char *text, uint64_t *ret);

/* /proc/net/dev: bytes since boot. Returns a new array of NetCounters*. */
typedef struct NetCounters {
        char *interface;
        uint64_t rx_bytes, tx_bytes;
} NetCounters;
GPtrArray *procfs_parse_net_dev(const char *text);

/* /proc/self/mounts: the local file systems worth watching, each device once and under its shortest path.
 * Network and pseudo file systems are left out: asking a dead file server blocks. Returns a new array of
 * mount points. */
GPtrArray *procfs_parse_mounts(const char *text);

/* /proc/PID/status: the process id, and that of its group, as seen innermost: inside its container. */
bool procfs_parse_ns_pid(const char *text, int *ret_pid, int *ret_pgid);
