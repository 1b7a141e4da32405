/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* When what clients measured goes to the database, and by whose clock, in a world of its own and with a database that only
 * writes down what it is given. */
#include <string.h>

#include "clock.h"
#include "history-db.h"
#include "history.h"
#include "limits.h"
#include "world.h"

typedef struct Fixture {
        History *history;
        Client client;
        char *text; /* of the last read */
} Fixture;

/* The database. */

static GString *db_log; /* "put CLIENT START+CELL=VALUE", "read LEVEL", "trim", a line each */
static unsigned n_puts, n_trims;
static const char *problem; /* with which the next n_puts end */
static uint64_t since[_HISTORY_LEVEL_MAX];
static HistoryPlan last_plan;
static uint64_t last_bytes_max;

struct HistoryDb {
        int unused;
};

HistoryDb *history_db_open(Loop *l, const char *path, GError **error) {
        g_assert_true(g_str_has_suffix(path, "/history.db"));
        return g_new0(HistoryDb, 1);
}

HistoryDb *history_db_close(HistoryDb *d) {
        world_run();
        g_free(d);
        return NULL;
}

typedef struct Answer {
        HistoryDbDone done;
        HistoryDbText read;
        HistoryDbTrimmed trimmed;
        const char *problem;
        void *userdata;
} Answer;

static void answer(void *userdata) {
        g_autofree Answer *a = userdata;

        if (a->done)
                a->done(a->problem, a->userdata);
        if (a->read)
                a->read("{}", a->userdata);
        if (a->trimmed)
                a->trimmed(since, 4096, a->userdata);
}

static void answer_later(Answer a) {
        Answer *later = g_new(Answer, 1);

        *later = a;
        loop_defer(NULL, answer, later);
}

static uint64_t second(void) {
        return now_realtime() / USEC_PER_SEC;
}

void history_db_put(HistoryDb *d, const char *client, uint64_t start, const HistoryBlock *block,
                    HistoryDbDone done, void *userdata) {
        n_puts++;
        for (unsigned i = 0; i < history_block_size(block); i++)
                for (unsigned c = 0; c < history_levels[HISTORY_RAW].cells; c++) {
                        uint16_t cell = history_block_cells(block, i)[c];

                        if (cell != HISTORY_NONE)
                                g_string_append_printf(db_log, "%s %s %+d=%.0f\n", client,
                                                       history_block_name(block, i),
                                                       (int) (start + c * 10 - second()),
                                                       history_value_decode(cell));
                }
        answer_later((Answer){ .done = done, .problem = problem, .userdata = userdata });
}

void history_db_read(HistoryDb *d, const char *client, const HistoryPlan *plan, HistoryDbText done,
                     void *userdata) {
        last_plan = *plan;
        answer_later((Answer){ .read = done, .userdata = userdata });
}

void history_db_trim(HistoryDb *d, uint64_t now_sec, uint64_t bytes_max, HistoryDbTrimmed done,
                     void *userdata) {
        n_trims++;
        last_bytes_max = bytes_max;
        answer_later((Answer){ .trimmed = done, .userdata = userdata });
}

/* The fixture. */

static void setup(Fixture *f, gconstpointer data) {
        db_log = g_string_new(NULL);
        n_puts = n_trims = 0;
        problem = NULL;
        for (HistoryLevelId l = 0; l < _HISTORY_LEVEL_MAX; l++)
                since[l] = UINT64_MAX;
        world = world_new();
        world_pass((900 - second() % 900) * USEC_PER_SEC); /* where a block begins */
        f->client.id = (char *) "a";
        f->history = history_new(NULL, world->fleet, "/nowhere", 12345678, NULL);
}

static void teardown(Fixture *f, gconstpointer data) {
        (void) history_free(f->history);
        g_free(f->text);
        world_free(world);
        g_string_free(db_log, true);
}

static void tell(Fixture *f, double cpu, int64_t timestamp_ms) {
        g_autofree char *text = g_strdup_printf("{\"system\":{\"cpu_percent\":%f}}", cpu);
        json_object *data = json_tokener_parse(text);

        fleet_tell_stats(world->fleet, &f->client, data, timestamp_ms);
        json_object_put(data);
}

static int64_t ms(int64_t from_now_sec) {
        return ((int64_t) second() + from_now_sec) * 1000;
}

static void assert_log(const char *expected) {
        g_assert_cmpstr(db_log->str, ==, expected);
        g_string_truncate(db_log, 0);
}

static void on_text(const char *json, void *userdata) {
        Fixture *f = userdata;

        g_free(f->text);
        f->text = g_strdup(json);
}

static void get(Fixture *f, int64_t from_sec, int64_t to_sec, unsigned points) {
        g_clear_pointer(&f->text, g_free);
        history_get(f->history, "a", (uint64_t) ((int64_t) second() + from_sec) * USEC_PER_SEC,
                    (uint64_t) ((int64_t) second() + to_sec) * USEC_PER_SEC, points, on_text, f);
        world_run();
        g_assert_cmpstr(f->text, ==, "{}");
}

/* A client's samples wait for each other, five minutes at most, and go as one block. */
static void test_gathers(Fixture *f, gconstpointer data) {
        for (unsigned i = 0; i < HISTORY_FLUSH_SEC / 10; i++) {
                tell(f, 10 + i, ms(0));
                world_pass(10 * USEC_PER_SEC);
                if (n_puts > 0)
                        break;
        }
        g_assert_cmpuint(n_puts, >, 0);
        g_assert_cmpuint(n_puts, <=, 2); /* where a quarter of an hour ends in between */
        n_puts = 0;
        world_pass(HISTORY_FLUSH_SEC * USEC_PER_SEC);
        g_assert_cmpuint(n_puts, ==, 0); /* nothing came since */
        tell(f, 1, ms(0));
        world_pass((HISTORY_FLUSH_SEC + 2) * USEC_PER_SEC);
        g_assert_cmpuint(n_puts, ==, 1);
}

/* Whoever asks gets what came until now. */
static void test_asked(Fixture *f, gconstpointer data) {
        tell(f, 7, ms(0));
        get(f, -60, 0, 6);
        assert_log("a cpu_percent +0=7\n");
        get(f, -60, 0, 6);
        assert_log("");
}

/* Clocks that are off: one ahead is not believed, one behind is as long as that may be a sample that had to wait. */
static void test_clocks(Fixture *f, gconstpointer data) {
        tell(f, 1, 0);                                   /* says no time */
        tell(f, 2, ms(-3600));                           /* came late */
        tell(f, 3, ms(-(int64_t) HISTORY_RAW_KEEP_SEC)); /* too late */
        get(f, -60, 0, 6);
        assert_log("a cpu_percent +0=1\na cpu_percent -3600=2\n");
        tell(f, 4, ms(HISTORY_AHEAD_SEC + 3600));
        get(f, -60, 0, 6);
        assert_log("a cpu_percent +0=4\n");
}

/* What had waited for days at a client comes at once: nothing is lost, and memory stays bounded. */
static void test_burst(Fixture *f, gconstpointer data) {
        const unsigned n = 4 * HISTORY_PENDING_MAX;
        unsigned seen = 0;

        for (unsigned i = n; i-- > 0;)
                tell(f, 5, ms(-10 * (int64_t) i));
        g_assert_cmpuint(n_puts, >=, 3);
        get(f, -60, 0, 6);
        for (const char *at = db_log->str; (at = strstr(at, "=5\n")); at++)
                seen++;
        g_assert_cmpuint(seen, ==, n);
}

/* Where a level does not reach back far enough by what the database said last, a coarser one is read. */
static void test_levels(Fixture *f, gconstpointer data) {
        get(f, -3600, 0, 361);
        g_assert_cmpint(last_plan.level, ==, HISTORY_RAW);
        g_assert_cmpuint(last_plan.step_sec, ==, 10);
        get(f, -86400, 0, 240);
        g_assert_cmpint(last_plan.level, ==, HISTORY_MINUTE);
        get(f, -30 * 86400, 0, 240);
        g_assert_cmpint(last_plan.level, ==, HISTORY_QUARTER);

        since[HISTORY_RAW] = second() - 600;
        since[HISTORY_MINUTE] = since[HISTORY_QUARTER] = second() - 2 * 86400;
        world_pass((HISTORY_TRIM_SEC + 1) * USEC_PER_SEC);
        g_assert_cmpuint(n_trims, >, 0);
        g_assert_cmpuint(last_bytes_max, ==, 12345678);
        g_assert_cmpuint(history_bytes(f->history), ==, 4096);
        get(f, -3600, 0, 360);
        g_assert_cmpint(last_plan.level, ==, HISTORY_MINUTE);
        get(f, -300, 0, 30);
        g_assert_cmpint(last_plan.level, ==, HISTORY_RAW);
}

/* Times that cannot be are brought to what there may be: from the oldest that is kept to now. */
static void test_bounds(Fixture *f, gconstpointer data) {
        g_clear_pointer(&f->text, g_free);
        history_get(f->history, "nobody", 0, UINT64_MAX, HISTORY_POINTS_MAX, on_text, f);
        world_run();
        g_assert_cmpstr(f->text, ==, "{}");
        g_assert_cmpuint(last_plan.points, <=, HISTORY_POINTS_MAX);
        g_assert_cmpuint(last_plan.from_sec, >=, second() - HISTORY_QUARTER_KEEP_SEC - last_plan.step_sec);
        g_assert_cmpuint(last_plan.from_sec + (uint64_t) last_plan.step_sec * last_plan.points, >=,
                         second());
        get(f, 10, 20, 5); /* to come */
        g_assert_cmpuint(last_plan.points, >=, 1);
}

/* A database that fails is said once, and that it works again. */
static void test_failing(Fixture *f, gconstpointer data) {
        problem = "disk full";
        for (unsigned i = 0; i < 3; i++) {
                tell(f, 1, ms(0));
                get(f, -60, 0, 6);
                world_pass(10 * USEC_PER_SEC);
        }
        g_assert_cmpuint(n_puts, ==, 3);
        problem = NULL;
        tell(f, 1, ms(0));
        get(f, -60, 0, 6);
}

/* Its end writes what there is. */
static void test_end(Fixture *f, gconstpointer data) {
        tell(f, 9, ms(0));
        f->history = history_free(f->history);
        assert_log("a cpu_percent +0=9\n");
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
#define TEST(name, run) g_test_add("/history/" name, Fixture, NULL, setup, run, teardown)
        TEST("gathers", test_gathers);
        TEST("asked", test_asked);
        TEST("clocks", test_clocks);
        TEST("burst", test_burst);
        TEST("levels", test_levels);
        TEST("bounds", test_bounds);
        TEST("failing", test_failing);
        TEST("end", test_end);
        return g_test_run();
}
