/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The history on disk: what is put comes back at every level, over restarts; what is too old or too much goes; a file that
 * cannot be used does not keep the server from starting. */
#include "history-db.h"

#include <glib/gstdio.h>
#include <json-c/json.h>
#include <string.h>

#include "limits.h"

#define DEADLINE_MS 60000
#define T0 1795392000u /* begins a block of every level */

typedef struct Fixture {
        Loop *loop;
        LoopTimer *deadline;
        char *dir, *path;
        HistoryDb *db;
        unsigned waits;
        char *text;
        uint64_t since[_HISTORY_LEVEL_MAX], bytes;
} Fixture;

static void too_late(void *userdata) {
        g_error("not finished in time");
}

static void open_db(Fixture *f) {
        g_autoptr(GError) error = NULL;

        f->db = history_db_open(f->loop, f->path, &error);
        g_assert_no_error(error);
}

static void setup(Fixture *f, gconstpointer data) {
        f->loop = loop_new(NULL);
        f->deadline = loop_timer_new(f->loop, DEADLINE_MS, 0, too_late, NULL);
        f->dir = g_dir_make_tmp("test-history-XXXXXX", NULL);
        f->path = g_build_filename(f->dir, "history.db", NULL);
        open_db(f);
}

static void teardown(Fixture *f, gconstpointer data) {
        const char *name;
        GDir *dir;

        history_db_close(f->db);
        loop_timer_free(f->deadline);
        loop_free(f->loop);
        dir = g_dir_open(f->dir, 0, NULL);
        while ((name = g_dir_read_name(dir))) {
                g_autofree char *path = g_build_filename(f->dir, name, NULL);

                g_assert_cmpint(g_remove(path), ==, 0);
        }
        g_dir_close(dir);
        g_assert_cmpint(g_rmdir(f->dir), ==, 0);
        g_free(f->text);
        g_free(f->path);
        g_free(f->dir);
}

static void answered(Fixture *f) {
        if (--f->waits == 0)
                loop_quit(f->loop, 0);
}

static void wait_all(Fixture *f) {
        if (f->waits > 0)
                (void) loop_run(f->loop);
}

static void on_put(const char *problem, void *userdata) {
        g_assert_null(problem);
        answered(userdata);
}

static void put(Fixture *f, const char *client, uint64_t start, const HistoryBlock *b) {
        f->waits++;
        history_db_put(f->db, client, start, b, on_put, f);
}

/* A block whose cells in [from, to) have this value. */
static void put_cells(Fixture *f, const char *client, uint64_t start, const char *name, unsigned from,
                      unsigned to, double value) {
        g_autoptr(HistoryBlock) b = history_block_new(history_levels[HISTORY_RAW].cells);

        for (unsigned c = from; c < to; c++)
                history_block_row(b, name)[c] = history_value_encode(value);
        put(f, client, start, b);
}

static void on_text(const char *json, void *userdata) {
        Fixture *f = userdata;

        g_free(f->text);
        f->text = g_strdup(json);
        answered(f);
}

static json_object *read_back(Fixture *f, const char *client, HistoryLevelId level, uint64_t from,
                              uint32_t step, unsigned points) {
        HistoryPlan plan = { level, from, step, points };
        json_object *o;

        f->waits++;
        history_db_read(f->db, client, &plan, on_text, f);
        wait_all(f);
        g_assert_nonnull(f->text);
        o = json_tokener_parse(f->text);
        g_assert_nonnull(o);
        return o;
}

/* "series" of the host, on one line. */
static void assert_series(Fixture *f, const char *client, HistoryLevelId level, uint64_t from,
                          unsigned points, const char *expected) {
        json_object *o = read_back(f, client, level, from, history_levels[level].step_sec, points), *series;

        g_assert_true(json_object_object_get_ex(o, "series", &series));
        g_assert_cmpstr(json_object_to_json_string_ext(series, JSON_C_TO_STRING_PLAIN), ==, expected);
        json_object_put(o);
}

static void on_trimmed(const uint64_t *since, uint64_t bytes, void *userdata) {
        Fixture *f = userdata;

        g_assert_nonnull(since);
        memcpy(f->since, since, sizeof(f->since));
        f->bytes = bytes;
        answered(f);
}

static void trim(Fixture *f, uint64_t now, uint64_t bytes_max) {
        f->waits++;
        history_db_trim(f->db, now, bytes_max, on_trimmed, f);
        wait_all(f);
}

static void test_levels(Fixture *f, gconstpointer data) {
        assert_series(f, "a", HISTORY_RAW, T0, 3, "{}");
        put_cells(f, "a", T0, "x", 0, 6, 10);
        put_cells(f, "b", T0, "x", 0, 90, 5);
        put_cells(f, "a", T0, "x", 6, 12, 30);        /* the rest of a block comes later, in a second part */
        put_cells(f, "a", T0 + 900, "x", 0, 90, 100); /* and the next one */
        put_cells(f, "a", T0 + 900, "x", 0, 1, 190);  /* some of it again */
        assert_series(f, "a", HISTORY_RAW, T0, 7, "{\"x\":[10,10,10,10,10,10,30]}");
        assert_series(f, "a", HISTORY_RAW, T0 + 890, 3, "{\"x\":[null,190,100]}");
        assert_series(f, "a", HISTORY_MINUTE, T0, 3, "{\"x\":[10,30,null]}");
        assert_series(f, "a", HISTORY_MINUTE, T0 + 900, 2, "{\"x\":[115,100]}");
        assert_series(f, "a", HISTORY_QUARTER, T0, 3, "{\"x\":[20,101,null]}");
        assert_series(f, "b", HISTORY_QUARTER, T0, 2, "{\"x\":[5,null]}");

        history_db_close(f->db);
        open_db(f);
        put_cells(f, "a", T0, "x", 12, 18, 50);
        assert_series(f, "a", HISTORY_MINUTE, T0, 4, "{\"x\":[10,30,50,null]}");
        assert_series(f, "a", HISTORY_QUARTER, T0, 3, "{\"x\":[30,101,null]}");
}

/* Three days, a sample a cell, in whatever order: the coarse levels are the means of the fine one. */
static void test_long(Fixture *f, gconstpointer data) {
        json_object *o, *series, *x;

        for (unsigned i = 0; i < 3 * 96; i++) {
                unsigned k = i * 7 % (3 * 96); /* 7 and 288 have no divisor in common */
                g_autoptr(HistoryBlock) b = history_block_new(90);

                for (unsigned c = 0; c < 90; c++)
                        history_block_row(b, "x")[c] = history_value_encode(k + (c % 2 ? 0.25 : 0.75));
                put(f, "a", T0 + 900 * k, b);
        }
        wait_all(f);
        o = read_back(f, "a", HISTORY_QUARTER, T0, 900, 3 * 96);
        g_assert_true(json_object_object_get_ex(o, "series", &series) &&
                      json_object_object_get_ex(series, "x", &x));
        for (unsigned i = 0; i < 3 * 96; i++)
                g_assert_cmpfloat_with_epsilon(json_object_get_double(json_object_array_get_idx(x, i)),
                                               i + 0.5, 0.26);
        json_object_put(o);
        o = read_back(f, "a", HISTORY_MINUTE, T0, 3600, 72);
        g_assert_true(json_object_object_get_ex(o, "series", &series) &&
                      json_object_object_get_ex(series, "x", &x));
        for (unsigned i = 0; i < 72; i++)
                g_assert_cmpfloat_with_epsilon(json_object_get_double(json_object_array_get_idx(x, i)),
                                               4 * i + 2, 0.5);
        json_object_put(o);
}

static void test_old(Fixture *f, gconstpointer data) {
        const uint64_t now = T0 + 200 * 86400;

        trim(f, now, UINT64_MAX);
        for (HistoryLevelId l = 0; l < _HISTORY_LEVEL_MAX; l++)
                g_assert_cmpuint(f->since[l], ==, UINT64_MAX);
        put_cells(f, "a", now - 900, "x", 0, 90, 1);
        put_cells(f, "a", now - 5 * 3600, "x", 0, 90, 2);
        put_cells(f, "a", now - 4 * 86400, "x", 0, 90, 3);
        put_cells(f, "a", now - 101 * 86400, "x", 0, 90, 4);
        wait_all(f);
        trim(f, now, UINT64_MAX);
        g_assert_cmpuint(f->since[HISTORY_RAW], ==, now - 900);
        g_assert_cmpuint(f->since[HISTORY_MINUTE], ==, now - 5 * 3600);
        g_assert_cmpuint(f->since[HISTORY_QUARTER], ==, now - 4 * 86400);
}

/* Whatever comes, it stays below what it may take, and the newest is there. */
static void test_too_much(Fixture *f, gconstpointer data) {
        const uint64_t max = 2 * 1024 * 1024;
        g_autoptr(HistoryBlock) b = history_block_new(90);
        uint64_t now = T0, most = 0;

        for (unsigned s = 0; s < 40; s++) {
                g_autofree char *name = g_strdup_printf("series-%u", s);

                for (unsigned c = 0; c < 90; c++)
                        history_block_row(b, name)[c] = history_value_encode(c);
        }
        for (unsigned i = 0; i < 8 * 24 * 4; i++, now += 900) { /* eight days of 10 clients */
                for (unsigned c = 0; c < 10; c++) {
                        g_autofree char *client = g_strdup_printf("client-%u", c);

                        put(f, client, now, b);
                }
                if (i % 8 == 7) {
                        wait_all(f);
                        trim(f, now, max);
                        most = MAX(most, f->bytes);
                }
        }
        g_assert_cmpuint(most, <=, max);
        g_assert_cmpuint(most, >, max / 2);
        g_assert_cmpuint(f->since[HISTORY_RAW], >, now - 4 * 3600); /* all levels have given something up */
        g_assert_cmpuint(f->since[HISTORY_MINUTE], >, now - 3 * 86400);
        g_assert_cmpuint(f->since[HISTORY_RAW], <, now);
        g_assert_cmpuint(f->since[HISTORY_QUARTER], <, now);
        {
                json_object *o = read_back(f, "client-3", HISTORY_RAW, now - 900, 10, 90), *series;

                g_assert_true(json_object_object_get_ex(o, "series", &series));
                g_assert_cmpint(json_object_object_length(series), ==, 40);
                json_object_put(o);
        }
        {
                GStatBuf s;

                history_db_close(f->db);
                g_assert_cmpint(g_stat(f->path, &s), ==, 0);
                g_assert_cmpuint((uint64_t) s.st_size, <, 2 * max); /* what is free is used again */
                open_db(f);
        }
}

static void test_unusable(Fixture *f, gconstpointer data) {
        g_autofree char *aside = g_strconcat(f->path, ".unusable", NULL);

        put_cells(f, "a", T0, "x", 0, 6, 10);
        wait_all(f);
        history_db_close(f->db);
        g_assert_true(g_file_set_contents(
                        f->path, "this is no database, and long enough to say so: 12345678901234567890", -1,
                        NULL));
        open_db(f);
        g_assert_true(g_file_test(aside, G_FILE_TEST_EXISTS));
        assert_series(f, "a", HISTORY_RAW, T0, 3, "{}");
        put_cells(f, "a", T0, "x", 0, 6, 10);
        assert_series(f, "a", HISTORY_RAW, T0, 3, "{\"x\":[10,10,10]}");
}

int main(int argc, char *argv[]) {
        static const struct {
                const char *name;
                void (*test)(Fixture *f, gconstpointer data);
        } tests[] = {
                { "levels", test_levels },     { "long", test_long },         { "old", test_old },
                { "too-much", test_too_much }, { "unusable", test_unusable },
        };

        g_test_init(&argc, &argv, NULL);
        for (unsigned i = 0; i < G_N_ELEMENTS(tests); i++) {
                g_autofree char *path = g_strconcat("/history-db/", tests[i].name, NULL);

                g_test_add(path, Fixture, NULL, setup, tests[i].test, teardown);
        }
        return g_test_run();
}
