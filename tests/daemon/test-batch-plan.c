/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The plan of a batch: each decision in a table, and whole batches played through, whatever order things end in. */
#include <glib.h>

#include "batch-plan.h"

#define ANY BATCH_FAILURES_ANY
#define FOREVER (24ull * 3600 * 1000000)

static void test_decisions(void) {
        static const struct {
                BatchPlan plan;   /* max_parallel, max_failures, pause, require_healthy */
                BatchProgress at; /* waiting, active, wave, failed, wave_ended, healthy */
                uint64_t now;
                BatchStep expected; /* action, count, until */
        } cases[] = {
                /* Everybody at once. */
                { { 0, ANY }, { 5000 }, 0, { BATCH_START, 5000 } },
                { { 0, ANY }, { 1, 4999, 4999 }, 0, { BATCH_START, 1 } },
                { { 0, ANY }, { 0, 1, 5000 }, 0, { BATCH_WAIT } },
                { { 0, ANY }, { 0, 0, 5000, 5000 }, 0, { BATCH_END } },
                { { 0, ANY }, { 0 }, 0, { BATCH_END } },
                /* So many at a time: whoever ends makes room, whatever the others do. */
                { { 3, ANY }, { 10 }, 0, { BATCH_START, 3 } },
                { { 3, ANY }, { 2 }, 0, { BATCH_START, 2 } },
                { { 3, ANY }, { 7, 3, 3 }, 0, { BATCH_WAIT } },
                { { 3, ANY }, { 7, 2, 3 }, 0, { BATCH_START, 1 } },
                { { 3, ANY }, { 7, 0, 3 }, 0, { BATCH_START, 3 } },
                { { 3, ANY }, { 7, 4, 4 }, 0, { BATCH_WAIT } },
                /* Failures: so many are borne, one more is too many. */
                { { 1, 0 }, { 5, 0, 1, 0 }, 0, { BATCH_START, 1 } },
                { { 1, 0 }, { 5, 0, 1, 1 }, 0, { BATCH_STOP } },
                { { 4, 2 }, { 5, 3, 4, 2 }, 0, { BATCH_START, 1 } },
                { { 4, 2 }, { 5, 4, 4, 2 }, 0, { BATCH_WAIT } },
                { { 4, 2 }, { 5, 3, 4, 3 }, 0, { BATCH_STOP } },
                { { 4, 2 }, { 0, 3, 4, 3 }, 0, { BATCH_WAIT } },
                { { 4, 2 }, { 0, 0, 4, 3 }, 0, { BATCH_END } },
                { { 0, 2 }, { 256, 256, 512, 3 }, 0, { BATCH_STOP } },
                { { 1, ANY }, { 5, 0, 1, UINT32_MAX }, 0, { BATCH_START, 1 } },
                /* Waves: full first, then to their end, then the pause. */
                { { 3, ANY, 100 }, { 10 }, 50, { BATCH_START, 3 } },
                { { 3, ANY, 100 }, { 8, 2, 2 }, 50, { BATCH_START, 1 } },
                { { 3, ANY, 100 }, { 8, 0, 2, 2 }, 50, { BATCH_START, 1 } },
                { { 3, ANY, 100 }, { 7, 1, 3 }, 50, { BATCH_WAIT } },
                { { 3, ANY, 100 }, { 7, 0, 3, 0, 40 }, 50, { BATCH_PAUSE, 0, 140 } },
                { { 3, ANY, 100 }, { 7, 0, 3, 0, 40 }, 139, { BATCH_PAUSE, 0, 140 } },
                { { 3, ANY, 100 }, { 7, 0, 3, 0, 40 }, 140, { BATCH_NEXT_WAVE, 3 } },
                { { 3, ANY, 100 }, { 2, 0, 3, 0, 40 }, 500, { BATCH_NEXT_WAVE, 2 } },
                { { 3, ANY, 100 }, { 0, 0, 3, 0, 40 }, 50, { BATCH_END } },
                { { 3, 0, 100 }, { 7, 0, 3, 1, 40 }, 50, { BATCH_STOP } },
                /* One at a time where it is not said. */
                { { 0, ANY, 100 }, { 10 }, 50, { BATCH_START, 1 } },
                { { 0, ANY, 0, true }, { 10 }, 50, { BATCH_START, 1 } },
                /* Healthy: after the pause, and not for the last wave. */
                { { 2, ANY, 0, true }, { 7, 1, 2 }, 50, { BATCH_WAIT } },
                { { 2, ANY, 0, true }, { 7, 0, 2, 0, 40 }, 50, { BATCH_CHECK } },
                { { 2, ANY, 0, true }, { 7, 0, 2, 0, 40, true }, 50, { BATCH_NEXT_WAVE, 2 } },
                { { 2, ANY, 100, true }, { 7, 0, 2, 0, 40 }, 50, { BATCH_PAUSE, 0, 140 } },
                { { 2, ANY, 100, true }, { 7, 0, 2, 0, 40 }, 140, { BATCH_CHECK } },
                { { 2, ANY, 0, true }, { 0, 0, 2, 0, 40 }, 50, { BATCH_END } },
                { { 2, 0, 0, true }, { 7, 0, 2, 1, 40 }, 50, { BATCH_STOP } },
        };

        for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
                BatchStep s = batch_plan_step(&cases[i].plan, &cases[i].at, cases[i].now);

                if (s.action != cases[i].expected.action || s.count != cases[i].expected.count ||
                    s.until != cases[i].expected.until)
                        g_error("case %u: got %d %u %" G_GUINT64_FORMAT, i, s.action, s.count, s.until);
        }
}

/* A batch of which everything happens that can, by dice; what must never be is checked at every turn. */
typedef struct Play {
        BatchPlan plan;
        BatchProgress at;
        GRand *dice;
        unsigned total, turns, waves, skipped, ended;
        uint64_t now;
        bool stopped;
} Play;

/* Some of those whose turn it is are away. */
static void start_some(Play *p, unsigned count) {
        unsigned limit = p->plan.max_parallel ?: p->plan.pause || p->plan.require_healthy ? 1 : p->total;

        g_assert_cmpuint(count, >, 0);
        g_assert_cmpuint(count, <=, p->at.waiting);
        g_assert_false(p->stopped);
        for (unsigned i = 0; i < count; i++) {
                p->at.waiting--;
                p->turns++;
                if (g_rand_int_range(p->dice, 0, 4) == 0) {
                        p->skipped++;
                        continue;
                }
                p->at.active++;
                p->at.wave++;
        }
        g_assert_cmpuint(p->at.active, <=, limit);
}

static void end_one(Play *p) {
        g_assert_cmpuint(p->at.active, >, 0); /* or it would wait for ever */
        p->now += g_rand_int_range(p->dice, 0, 50);
        p->ended++;
        p->at.failed += g_rand_int_range(p->dice, 0, 3) == 0;
        if (--p->at.active == 0)
                p->at.wave_ended = p->now;
}

static bool turn(Play *p) {
        BatchStep s = batch_plan_step(&p->plan, &p->at, p->now);

        switch (s.action) {
        case BATCH_NEXT_WAVE:
                g_assert_cmpuint(p->at.active, ==, 0);
                g_assert_cmpuint(p->now - p->at.wave_ended, >=, p->plan.pause);
                g_assert_true(p->at.healthy || !p->plan.require_healthy);
                p->waves++;
                p->at.wave = 0;
                p->at.healthy = false;
                start_some(p, s.count);
                return true;
        case BATCH_START:
                start_some(p, s.count);
                return true;
        case BATCH_WAIT:
                end_one(p);
                return true;
        case BATCH_PAUSE:
                g_assert_cmpuint(s.until, >, p->now);
                p->now = s.until;
                return true;
        case BATCH_CHECK:
                g_assert_false(p->at.healthy);
                p->at.healthy = true;
                return true;
        case BATCH_STOP:
                g_assert_false(p->stopped);
                g_assert_cmpuint(p->at.failed, >, p->plan.max_failures);
                p->stopped = true;
                p->at.waiting = 0;
                return true;
        case BATCH_END:
                return false;
        }
        return false;
}

static void play(GRand *dice, const BatchPlan *plan, unsigned total) {
        Play p = { .plan = *plan, .at = { .waiting = total }, .dice = dice, .total = total };
        unsigned steps = 0;

        while (turn(&p))
                g_assert_cmpuint(++steps, <, 10 * total + 10);
        g_assert_cmpuint(p.at.active, ==, 0);
        g_assert_cmpuint(p.ended + p.skipped, ==, p.turns);
        if (!p.stopped)
                g_assert_cmpuint(p.turns, ==, total); /* nobody is forgotten */
}

static void test_whole(void) {
        static const unsigned parallel[] = { 0, 1, 2, 7, 100 }, totals[] = { 1, 2, 3, 20, 101 };
        static const uint64_t pauses[] = { 0, 30, FOREVER };
        static const unsigned failures[] = { 0, 1, 5, ANY };
        GRand *dice = g_rand_new_with_seed(20261123);

        for (unsigned i = 0; i < G_N_ELEMENTS(parallel); i++)
                for (unsigned j = 0; j < G_N_ELEMENTS(totals); j++)
                        for (unsigned k = 0; k < G_N_ELEMENTS(pauses); k++)
                                for (unsigned l = 0; l < G_N_ELEMENTS(failures); l++)
                                        for (unsigned healthy = 0; healthy < 2; healthy++)
                                                for (unsigned n = 0; n < 5; n++)
                                                        play(dice,
                                                             &(BatchPlan){ parallel[i], failures[l],
                                                                           pauses[k], healthy },
                                                             totals[j]);
        g_rand_free(dice);
}

int main(int argc, char **argv) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/batch-plan/decisions", test_decisions);
        g_test_add_func("/batch-plan/whole", test_whole);
        return g_test_run();
}
