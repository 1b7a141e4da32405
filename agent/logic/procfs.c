/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* proc(5) texts to numbers. */
#include "procfs.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What follows "KEY" at the start of a line, NULL where no line starts so. */
static const char *find_line(const char *text, const char *key) {
        size_t n = strlen(key);

        for (const char *p = text; p && *p; p = strchr(p, '\n') ? strchr(p, '\n') + 1 : NULL)
                if (strncmp(p, key, n) == 0)
                        return p + n;
        return NULL;
}

bool procfs_parse_stat(const char *text, CpuTimes *ret) {
        const char *p = find_line(text, "cpu ");
        uint64_t t[8]; /* user nice system idle iowait irq softirq steal; guest time is in user already */
        CpuTimes c = {};

        if (!p || sscanf(p,
                         " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64
                         " %" SCNu64,
                         &t[0], &t[1], &t[2], &t[3], &t[4], &t[5], &t[6], &t[7]) != 8)
                return false;
        for (unsigned i = 0; i < G_N_ELEMENTS(t); i++)
                c.total += t[i];
        c.busy = c.total - t[3] - t[4];
        while ((p = find_line(p, "cpu")) && g_ascii_isdigit(*p))
                c.cpus++;
        *ret = c;
        return true;
}

static bool meminfo_bytes(const char *text, const char *key, uint64_t *ret) {
        const char *p = find_line(text, key);
        uint64_t kib;

        if (!p || sscanf(p, " %" SCNu64 " kB", &kib) != 1 || kib > UINT64_MAX / 1024)
                return false;
        *ret = kib * 1024;
        return true;
}

bool procfs_parse_meminfo(const char *text, MemoryInfo *ret) {
        MemoryInfo m;

        if (!meminfo_bytes(text, "MemTotal:", &m.total) ||
            !meminfo_bytes(text, "MemAvailable:", &m.available) ||
            !meminfo_bytes(text, "SwapTotal:", &m.swap_total) ||
            !meminfo_bytes(text, "SwapFree:", &m.swap_free))
                return false;
        *ret = m;
        return true;
}

/* A decimal number with a point, whatever the locale. */
static bool take_double(const char **p, double *ret) {
        char *end;
        double d = g_ascii_strtod(*p, &end);

        if (end == *p)
                return false;
        *p = end;
        *ret = d;
        return true;
}

bool procfs_parse_loadavg(const char *text, double ret[static 3]) {
        double d[3];

        for (unsigned i = 0; i < 3; i++)
                if (!take_double(&text, &d[i]))
                        return false;
        memcpy(ret, d, sizeof(d));
        return true;
}

bool procfs_parse_uptime(const char *text, uint64_t *ret) {
        double d;

        if (!take_double(&text, &d) || d < 0)
                return false;
        *ret = (uint64_t) d;
        return true;
}

static void net_counters_free(void *p) {
        NetCounters *n = p;

        g_free(n->interface);
        g_free(n);
}

GPtrArray *procfs_parse_net_dev(const char *text) {
        GPtrArray *list = g_ptr_array_new_with_free_func(net_counters_free);
        g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

        for (char **l = lines; *l; l++) {
                char *colon = strrchr(*l, ':'); /* an alias interface has one in its name */
                NetCounters n;

                if (!colon || sscanf(colon + 1, " %" SCNu64 " %*u %*u %*u %*u %*u %*u %*u %" SCNu64,
                                     &n.rx_bytes, &n.tx_bytes) != 2)
                        continue;
                *colon = '\0';
                n.interface = g_strdup(g_strstrip(*l));
                g_ptr_array_add(list, g_memdup2(&n, sizeof(n)));
        }
        return list;
}

static bool is_local_disk(const char *type) {
        static const char *const types[] = { "bcachefs", "btrfs",   "ext2", "ext3", "ext4", "f2fs",
                                             "jfs",      "overlay", "vfat", "xfs",  "zfs",  NULL };

        return g_strv_contains(types, type);
}

/* getmntent(3) writes space, tab, newline and backslash as \ooo. */
static char *unescape(const char *s) {
        GString *out = g_string_new(NULL);

        for (; *s; s++)
                if (s[0] == '\\' && s[1] >= '0' && s[1] <= '3' && s[2] >= '0' && s[2] <= '7' &&
                    s[3] >= '0' && s[3] <= '7') {
                        g_string_append_c(out,
                                          (char) ((s[1] - '0') << 6 | (s[2] - '0') << 3 | (s[3] - '0')));
                        s += 3;
                } else
                        g_string_append_c(out, *s);
        return g_string_free(out, false);
}

GPtrArray *procfs_parse_mounts(const char *text) {
        GPtrArray *list = g_ptr_array_new_with_free_func(g_free);
        g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

        for (char **l = lines; *l; l++) {
                g_auto(GStrv) words = g_strsplit(*l, " ", -1);
                g_autofree char *mount = NULL;
                gpointer at;

                if (g_strv_length(words) < 3 || !is_local_disk(words[2]))
                        continue;
                mount = unescape(words[1]);
                /* Every overlay calls itself "overlay"; the containers' own are the engine's business. */
                if (g_str_equal(words[2], "overlay") && !g_str_equal(mount, "/"))
                        continue;
                if (!g_hash_table_lookup_extended(seen, words[0], NULL, &at)) {
                        g_hash_table_insert(seen, g_strdup(words[0]), GUINT_TO_POINTER(list->len));
                        g_ptr_array_add(list, g_steal_pointer(&mount));
                } else if (strlen(mount) < strlen(list->pdata[GPOINTER_TO_UINT(at)])) {
                        g_free(list->pdata[GPOINTER_TO_UINT(at)]);
                        list->pdata[GPOINTER_TO_UINT(at)] = g_steal_pointer(&mount);
                }
        }
        return list;
}

/* The last number of a line of numbers. */
static bool last_number(const char *line, int *ret) {
        bool found = false;
        char *end;

        if (!line)
                return false;
        for (; *line != '\n'; line = end) {
                long n = strtol(line, &end, 10);

                if (end == line || n <= 0 || n > INT_MAX)
                        break;
                *ret = (int) n;
                found = true;
        }
        return found;
}

bool procfs_parse_ns_pid(const char *text, int *ret_pid, int *ret_pgid) {
        int pid, pgid;

        if (!last_number(find_line(text, "NSpid:"), &pid) || !last_number(find_line(text, "NSpgid:"), &pgid))
                return false;
        *ret_pid = pid;
        *ret_pgid = pgid;
        return true;
}
