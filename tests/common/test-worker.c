/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The worker thread: order, the bound, fairness to the loop, and that freeing it loses nothing. */
#include "worker.h"

#include <pthread.h>
#include <semaphore.h>
#include <signal.h>

#include "limits.h"

#define DEADLINE_MS 20000

typedef struct Number {
        WorkItem item;
        unsigned value;
        bool worked;
} Number;

typedef struct Fixture {
        Loop *loop;
        LoopTimer *deadline;
        Worker *worker;
        unsigned group_max; /* what work() takes at a time */
        sem_t gate;         /* work() takes one for each group */
        unsigned submitted, given_back, quit_at, submit_from_done;
        unsigned turns, most_in_one_turn, in_this_turn;
        bool signals_blocked;
} Fixture;

static void too_late(void *userdata) {
        g_error("not finished in time");
}

static WorkItem *work(WorkItem *first, void *userdata) {
        Fixture *f = userdata;
        WorkItem *last = NULL;
        sigset_t mask;

        while (sem_wait(&f->gate) < 0)
                ;
        pthread_sigmask(SIG_SETMASK, NULL, &mask);
        f->signals_blocked = sigismember(&mask, SIGTERM) == 1;
        for (unsigned n = 0; first && n < f->group_max; n++, first = first->next) {
                ((Number *) first)->worked = true;
                last = first;
        }
        return last;
}

static bool submit(Fixture *f) {
        Number *n = g_new0(Number, 1);

        n->value = f->submitted;
        if (!worker_submit(f->worker, &n->item)) {
                g_free(n);
                return false;
        }
        f->submitted++;
        return true;
}

static void end_of_turn(void *userdata) {
        Fixture *f = userdata;

        f->turns++;
        f->in_this_turn = 0;
}

static void done(WorkItem *item, void *userdata) {
        Fixture *f = userdata;
        Number *n = (Number *) item;

        g_assert_true(n->worked);
        g_assert_cmpuint(n->value, ==, f->given_back);
        g_free(n);
        f->given_back++;
        if (f->in_this_turn++ == 0)
                loop_defer(f->loop, end_of_turn, f);
        f->most_in_one_turn = MAX(f->most_in_one_turn, f->in_this_turn);
        if (f->submit_from_done > 0) {
                f->submit_from_done--;
                g_assert_true(submit(f));
        }
        if (f->given_back == f->quit_at)
                loop_quit(f->loop, 0);
}

static const WorkerOps ops = { work, done };

#define GATE_SHUT GUINT_TO_POINTER(0)
#define GATE_OPEN GUINT_TO_POINTER(100000)

static void setup(Fixture *f, gconstpointer gate) {
        f->loop = loop_new(NULL);
        f->deadline = loop_timer_new(f->loop, DEADLINE_MS, 0, too_late, NULL);
        f->group_max = 7;
        g_assert_cmpint(sem_init(&f->gate, 0, GPOINTER_TO_UINT(gate)), ==, 0);
        f->worker = worker_new(f->loop, "test", &ops, f, 5000, NULL);
        g_assert_nonnull(f->worker);
}

static void teardown(Fixture *f, gconstpointer data) {
        worker_free(f->worker);
        loop_timer_free(f->deadline);
        loop_free(f->loop);
        sem_destroy(&f->gate);
}

static void run_until(Fixture *f, unsigned given_back) {
        f->quit_at = given_back;
        loop_run(f->loop);
        g_assert_cmpuint(f->given_back, ==, given_back);
}

static void test_order(Fixture *f, gconstpointer data) {
        for (unsigned i = 0; i < 1000; i++)
                g_assert_true(submit(f));
        g_assert_cmpuint(f->given_back, ==, 0); /* never from inside the call */
        run_until(f, 1000);
        g_assert_true(f->signals_blocked);
        g_assert_cmpuint(worker_depth(f->worker), ==, 0);

        /* And again after it slept. */
        g_assert_true(submit(f));
        run_until(f, 1001);
}

static void test_bound(Fixture *f, gconstpointer data) {
        f->group_max = 1;
        for (unsigned i = 0; i < 5000; i++)
                g_assert_true(submit(f));
        g_assert_false(submit(f));
        g_assert_cmpuint(worker_depth(f->worker), ==, 5000);

        sem_post(&f->gate);
        run_until(f, 1);
        g_assert_true(submit(f));
        for (unsigned i = 0; i < 5000; i++)
                sem_post(&f->gate);
        run_until(f, 5001);
}

/* However much is finished at once, the loop gets it in portions. */
static void test_portions(Fixture *f, gconstpointer data) {
        f->group_max = UINT_MAX;
        for (unsigned i = 0; i < 4 * FAN_OUT_CHUNK; i++)
                g_assert_true(submit(f));
        sem_post(&f->gate); /* what the thread took while we submitted */
        sem_post(&f->gate); /* the rest */
        run_until(f, 4 * FAN_OUT_CHUNK);
        g_assert_cmpuint(f->most_in_one_turn, <=, FAN_OUT_CHUNK);
}

/* Freed with work queued, work that queues more work, and the loop not running. */
static void test_free_finishes(Fixture *f, gconstpointer data) {
        for (unsigned i = 0; i < 1000; i++)
                g_assert_true(submit(f));
        f->submit_from_done = 500;
        f->worker = worker_free(f->worker);
        g_assert_cmpuint(f->given_back, ==, 1500);
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
#define ADD(path, gate, function) g_test_add("/worker/" path, Fixture, gate, setup, function, teardown)
        ADD("order", GATE_OPEN, test_order);
        ADD("bound", GATE_SHUT, test_bound);
        ADD("portions", GATE_SHUT, test_portions);
        ADD("free-finishes", GATE_OPEN, test_free_finishes);
        return g_test_run();
}
