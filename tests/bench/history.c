/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What GetStats costs once there is all the history that is kept: a database as it is after 100 days, then reads of it as the
 * server makes them, of one client after the other, so that hardly any finds its pages in SQLite's cache.
 *
 *   bench-history [CLIENTS [CONTAINERS]]     default: 1000 clients of 2 nodes, 1.0 MB each
 *
 * The file is made in $TMPDIR; it should be on a disk. Prints a table. */
#include <fcntl.h>
#include <glib/gstdio.h>
#include <json-c/json.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "history-db.h"
#include "history-metric.h"
#include "history-pending.h"
#include "limits.h"

#define POINTS 300
#define READS 200

static void fail(const char *what) {
        fprintf(stderr, "bench-history: %s\n", what);
        exit(1);
}

/* A sample that has all there is to measure. */
static json_object *sample(unsigned containers) {
        json_object *o = json_tokener_parse(
                                    "{\"system\":{\"cpu_percent\":12,\"memory_used_percent\":55,"
                                    "\"temperature\":41,\"load\":[0.5,0.6,0.7],"
                                    "\"disks\":[{\"mount\":\"/\",\"used_percent\":61}],"
                                    "\"network\":[{\"name\":\"eth0\",\"rx_bytes\":1,\"tx_bytes\":2}]}}"),
                    *list = json_object_new_array();

        for (unsigned i = 0; i < containers; i++) {
                g_autofree char *text = g_strdup_printf(
                                "{\"name\":\"3node%u\",\"state\":\"running\",\"cpu_percent\":7,\"memory_used\":1000,"
                                "\"rx_bytes\":1,\"tx_bytes\":1,\"read_bytes\":1,\"written_bytes\":1,\"node\":"
                                "{\"peers\":8,\"finality_lag\":2,\"syncing\":false,\"best\":7,\"target\":7}}",
                                i);

                (void) json_object_array_add(list, json_tokener_parse(text));
        }
        (void) json_object_object_add(o, "containers", list);
        return o;
}

static void take_names(uint64_t start, const HistoryBlock *block, void *userdata) {
        GPtrArray *names = userdata;

        for (unsigned i = 0; i < history_block_size(block); i++)
                if (!g_ptr_array_find_with_equal_func(names, history_block_name(block, i), g_str_equal,
                                                      NULL))
                        g_ptr_array_add(names, g_strdup(history_block_name(block, i)));
}

/* The series that such samples make. */
static GPtrArray *series_of(unsigned containers) {
        GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
        g_autoptr(HistoryPending) pending = history_pending_new();
        json_object *o = sample(containers);

        history_pending_add(pending, o, 1000);
        history_pending_add(pending, o, 1010); /* what is a counter needs two */
        history_pending_take(pending, take_names, names);
        json_object_put(o);
        return names;
}

static GBytes *block_bytes(GPtrArray *names, unsigned cells, unsigned seed) {
        g_autoptr(HistoryBlock) b = history_block_new(cells);

        for (unsigned i = 0; i < names->len; i++)
                for (unsigned c = 0; c < cells; c++)
                        history_block_row(b, names->pdata[i])[c] =
                                        history_value_encode((seed + c * 7 + i) % 1000);
        return history_block_to_bytes(b);
}

static void run_sql(sqlite3 *db, const char *sql) {
        if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
                fail(sqlite3_errmsg(db));
}

/* In the order in which they come: one after the other, all clients of a block. */
static void fill_level(sqlite3 *db, HistoryLevelId level, GPtrArray *names, unsigned clients, uint64_t now) {
        const HistoryLevel *l = &history_levels[level];
        uint64_t span = (uint64_t) l->step_sec * l->cells,
                 first = history_block_start(level, now - l->keep_sec);
        sqlite3_stmt *s;

        if (sqlite3_prepare_v2(db, "INSERT INTO blocks (client, level, start, data) VALUES (?, ?, ?, ?)", -1,
                               &s, NULL) != SQLITE_OK)
                fail(sqlite3_errmsg(db));
        for (uint64_t start = first; start <= now; start += span) {
                g_autoptr(GBytes) bytes = block_bytes(names, l->cells, (unsigned) (start / span));

                for (unsigned i = 0; i < clients; i++) {
                        g_autofree char *client = g_strdup_printf("host-%u", i);

                        (void) sqlite3_bind_text(s, 1, client, -1, SQLITE_STATIC);
                        (void) sqlite3_bind_int(s, 2, (int) level);
                        (void) sqlite3_bind_int64(s, 3, (sqlite3_int64) start);
                        (void) sqlite3_bind_blob64(s, 4, g_bytes_get_data(bytes, NULL),
                                                   g_bytes_get_size(bytes), SQLITE_STATIC);
                        if (sqlite3_step(s) != SQLITE_DONE)
                                fail(sqlite3_errmsg(db));
                        (void) sqlite3_reset(s);
                }
        }
        (void) sqlite3_finalize(s);
}

static void fill(const char *path, GPtrArray *names, unsigned clients, uint64_t now) {
        sqlite3 *db;

        if (sqlite3_open(path, &db) != SQLITE_OK)
                fail("the database cannot be opened");
        run_sql(db, "PRAGMA synchronous=OFF");
        run_sql(db, "BEGIN");
        for (HistoryLevelId level = 0; level < _HISTORY_LEVEL_MAX; level++)
                fill_level(db, level, names, clients, now);
        run_sql(db, "COMMIT");
        run_sql(db, "PRAGMA wal_checkpoint(TRUNCATE)");
        (void) sqlite3_close(db);
}

/* What the kernel has of the file in memory is forgotten. */
static void make_cold(const char *path) {
        int fd = open(path, O_RDONLY | O_CLOEXEC);

        if (fd < 0 || fsync(fd) < 0 || posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED) != 0)
                fail("the file cannot be taken out of memory");
        (void) close(fd);
}

typedef struct Reading {
        Loop *loop;
        size_t size;
} Reading;

static void on_text(const char *json, void *userdata) {
        Reading *r = userdata;

        if (!json)
                fail("a read failed");
        r->size = strlen(json);
        loop_quit(r->loop, 0);
}

static int compare(const void *a, const void *b) {
        return (*(const double *) a > *(const double *) b) - (*(const double *) a < *(const double *) b);
}

static void measure(Loop *l, HistoryDb *db, const char *path, unsigned clients, uint64_t now,
                    const char *what, uint64_t span, bool cold) {
        static const uint64_t since[_HISTORY_LEVEL_MAX]; /* all is there */
        HistoryPlan plan = history_plan(now - span, now, POINTS, since);
        Reading r = { .loop = l };
        double took[READS];

        for (unsigned i = 0; i < READS; i++) {
                g_autofree char *client = g_strdup_printf("host-%u", i * 7919 % clients);
                uint64_t begin;

                if (cold)
                        make_cold(path);
                begin = now_monotonic();
                history_db_read(db, client, &plan, on_text, &r);
                (void) loop_run(l);
                took[i] = (double) (now_monotonic() - begin);
        }
        qsort(took, READS, sizeof(*took), compare);
        printf("%-10s %-5s %8.1f ms %8.1f ms %8u %8zu KB\n", what, cold ? "disk" : "",
               took[READS / 2] / 1000, took[READS * 99 / 100] / 1000, plan.points, r.size / 1024);
}

int main(int argc, char *argv[]) {
        static const struct {
                const char *what;
                uint64_t span;
        } spans[] = {
                { "an hour", 3600 }, { "a day", 86400 }, { "a week", 7 * 86400 }, { "100 days", 99 * 86400 }
        };
        unsigned clients = argc > 1 ? (unsigned) atoi(argv[1]) : 1000,
                 containers = argc > 2 ? (unsigned) atoi(argv[2]) : 2;
        g_autofree char *dir = g_dir_make_tmp("bench-history-XXXXXX", NULL), *path = NULL;
        g_autoptr(GPtrArray) names = series_of(containers);
        uint64_t now = now_realtime() / USEC_PER_SEC;
        g_autoptr(Loop) loop = loop_new(NULL);
        HistoryDb *db;
        GStatBuf st;

        if (clients == 0 || !dir)
                fail("expected a number of clients, and a place for a file");
        path = g_build_filename(dir, "history.db", NULL);
        db = history_db_open(loop, path, NULL);
        history_db_close(db); /* made */
        fill(path, names, clients, now);
        if (g_stat(path, &st) < 0)
                fail("the database is not there");
        printf("%u clients, %u series each: %.0f MB\n\n", clients, names->len, (double) st.st_size / 1e6);
        printf("%-10s %-5s %11s %11s %8s %11s\n", "the last", "from", "median", "99 of 100", "points",
               "text");
        db = history_db_open(loop, path, NULL);
        for (unsigned i = 0; i < G_N_ELEMENTS(spans); i++)
                for (unsigned cold = 0; cold < 2; cold++)
                        measure(loop, db, path, clients, now, spans[i].what, spans[i].span, cold);
        history_db_close(db);
        (void) g_remove(path);
        (void) g_rmdir(dir);
        return 0;
}
