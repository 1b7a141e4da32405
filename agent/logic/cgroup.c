/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the kernel counts of a control group. */
#include "cgroup.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "procfs.h"

static bool has_word(const char *list, const char *word) {
        g_auto(GStrv) words = g_strsplit(list, ",", -1);

        return g_strv_contains((const char *const *) words, word);
}

/* The container's own group, not one that something in it has made. NULL: not in the path. */
static char *up_to_id(const char *path, const char *id) {
        const char *at = strstr(path, id), *end = at ? strchr(at, '/') : NULL;

        if (!at || path[0] != '/' || strstr(path, "/../"))
                return NULL;
        return end ? g_strndup(path, (gsize) (end - path)) : g_strdup(path);
}

char *cgroup_path(const char *text, const char *controller, const char *id) {
        g_auto(GStrv) lines = g_strsplit(text ?: "", "\n", -1);

        if (!id || strlen(id) != CONTAINER_ID_DIGITS)
                return NULL;
        for (char **l = lines; *l; l++) {
                g_auto(GStrv) parts = g_strsplit(*l, ":", 3); /* hierarchy, its controllers, the path */

                if (g_strv_length(parts) == 3 &&
                    (controller ? has_word(parts[1], controller) : g_str_equal(parts[0], "0")))
                        return up_to_id(parts[2], id);
        }
        return NULL;
}

/* The number behind "KEY " at the start of a line. */
static bool keyed(const char *text, const char *key, uint64_t *ret) {
        size_t n = strlen(key);

        for (const char *p = text; p; p = strchr(p, '\n') ? strchr(p, '\n') + 1 : NULL)
                if (strncmp(p, key, n) == 0 && p[n] == ' ')
                        return sscanf(p + n, " %" SCNu64, ret) == 1;
        return false;
}

static bool number(const char *text, uint64_t *ret) {
        return text && g_ascii_isdigit(*text) && sscanf(text, "%" SCNu64, ret) == 1;
}

void cgroup_parse_cpu_stat(const char *text, ContainerUsage *usage) {
        uint64_t usec;

        if (!keyed(text, "usage_usec", &usec) || usec > UINT64_MAX / 1000)
                return;
        usage->has_cpu = true;
        usage->cpu_nsec = usec * 1000;
}

void cgroup_parse_cpuacct(const char *text, ContainerUsage *usage) {
        usage->has_cpu = number(text, &usage->cpu_nsec);
}

/* "253:0 rbytes=4096 wbytes=0 rios=1 …", a line a device. */
void cgroup_parse_io_stat(const char *text, ContainerUsage *usage) {
        g_auto(GStrv) words = text ? g_strsplit_set(text, " \n", -1) : NULL;

        usage->has_block = text != NULL;
        for (char **w = words; w && *w; w++) {
                uint64_t n;

                if (sscanf(*w, "rbytes=%" SCNu64, &n) == 1)
                        usage->read_bytes += n;
                else if (sscanf(*w, "wbytes=%" SCNu64, &n) == 1)
                        usage->written_bytes += n;
        }
}

/* "253:0 Read 4096", a line a device and operation. */
void cgroup_parse_blkio(const char *text, ContainerUsage *usage) {
        g_auto(GStrv) lines = text ? g_strsplit(text, "\n", -1) : NULL;

        usage->has_block = text != NULL;
        for (char **l = lines; l && *l; l++) {
                char op[16];
                uint64_t n;

                if (sscanf(*l, "%*s %15s %" SCNu64, op, &n) != 2)
                        continue;
                if (g_str_equal(op, "Read"))
                        usage->read_bytes += n;
                else if (g_str_equal(op, "Write"))
                        usage->written_bytes += n;
        }
}

void cgroup_parse_memory(const char *used, const char *limit, const char *stat, const char *cache,
                         uint64_t host_total, ContainerUsage *usage) {
        uint64_t n, max, unused = 0;

        if (!number(used, &n))
                return;
        if (!number(limit, &max) || max > host_total)
                max = host_total;
        (void) keyed(stat, cache, &unused);
        usage->has_memory = true;
        usage->memory_used = unused < n ? n - unused : n;
        usage->memory_limit = max;
}

void cgroup_parse_network(const char *text, ContainerUsage *usage) {
        g_autoptr(GPtrArray) list = text ? procfs_parse_net_dev(text) : NULL;

        for (unsigned i = 0; list && i < list->len; i++) {
                const NetCounters *n = g_ptr_array_index(list, i);

                if (g_str_equal(n->interface, "lo"))
                        continue;
                usage->has_network = true;
                usage->rx_bytes += n->rx_bytes;
                usage->tx_bytes += n->tx_bytes;
        }
}
