/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One thread beside the loop. Two lists cross between them under one lock, whole and in one step each: what
 * is queued, and what is finished. */
#include "worker.h"

#include <pthread.h>
#include <signal.h>

#include "error.h"
#include "limits.h"

typedef struct WorkList {
        WorkItem *head, *tail;
} WorkList;

struct Worker {
        const WorkerOps *ops;
        void *userdata;
        uv_thread_t thread;
        uv_async_t wake; /* something is finished */

        /* The loop's alone. */
        Loop *loop;
        unsigned depth, depth_max;
        WorkList submitted; /* in this turn: the thread is woken once for all */
        WorkList ready;     /* finished, and not given back in this turn */

        uv_mutex_t lock; /* for all below */
        uv_cond_t queued_more, finished_more;
        WorkList queued, finished;
        bool stop;
};

static void list_move(WorkList *to, WorkList *from) {
        if (!from->head)
                return;
        if (to->tail)
                to->tail->next = from->head;
        else
                to->head = from->head;
        to->tail = from->tail;
        *from = (WorkList){};
}

static void list_append(WorkList *list, WorkItem *item) {
        WorkList one = { item, item };

        item->next = NULL;
        list_move(list, &one);
}

/* Cuts list after last and returns the part up to it. */
static WorkList list_cut(WorkList *list, WorkItem *last) {
        WorkList front = { list->head, last };

        list->head = last->next;
        if (!list->head)
                list->tail = NULL;
        last->next = NULL;
        return front;
}

static void thread_main(void *arg) {
        Worker *w = arg;
        WorkList taken = {};

        uv_mutex_lock(&w->lock);
        for (;;) {
                WorkList front;

                list_move(&taken, &w->queued);
                if (!taken.head) {
                        if (w->stop)
                                break;
                        uv_cond_wait(&w->queued_more, &w->lock);
                        continue;
                }

                uv_mutex_unlock(&w->lock);
                front = list_cut(&taken, w->ops->work(taken.head, w->userdata));
                uv_mutex_lock(&w->lock);
                list_move(&w->finished, &front);
                uv_cond_signal(&w->finished_more);
                (void) uv_async_send(&w->wake);
        }
        uv_mutex_unlock(&w->lock);
}

/* Gives back at most max of those that are ready. */
static void give_back(Worker *w, unsigned max) {
        for (WorkItem *item; max > 0 && (item = w->ready.head); max--) {
                (void) list_cut(&w->ready, item);
                w->depth--;
                w->ops->done(item, w->userdata);
        }
}

static void wake_handler(uv_async_t *h) {
        Worker *w = h->data;

        uv_mutex_lock(&w->lock);
        list_move(&w->ready, &w->finished);
        uv_mutex_unlock(&w->lock);

        /* The rest in the next turn: the bus and the sockets get theirs in between. */
        give_back(w, FAN_OUT_CHUNK);
        if (w->ready.head)
                (void) uv_async_send(&w->wake);
}

/* The thread inherits a mask with everything blocked: signals are the loop's. */
static int start_thread(Worker *w, const char *name) {
        sigset_t all, old;
        int r;

        (void) sigfillset(&all);
        (void) pthread_sigmask(SIG_SETMASK, &all, &old);
        r = uv_thread_create(&w->thread, thread_main, w);
        (void) pthread_sigmask(SIG_SETMASK, &old, NULL);
        if (r == 0)
                (void) pthread_setname_np(w->thread, name);
        return r;
}

static void release(Worker *w) {
        uv_cond_destroy(&w->finished_more);
        uv_cond_destroy(&w->queued_more);
        uv_mutex_destroy(&w->lock);
        g_free(w);
}

static void wake_closed(uv_handle_t *h) {
        release(h->data);
}

Worker *worker_new(Loop *l, const char *name, const WorkerOps *ops, void *userdata, unsigned depth_max,
                   GError **error) {
        Worker *w = g_new0(Worker, 1);
        int r;

        w->loop = l;
        w->ops = ops;
        w->userdata = userdata;
        w->depth_max = depth_max;
        w->wake.data = w;
        /* These fail only where memory does. */
        if (uv_mutex_init(&w->lock) < 0 || uv_cond_init(&w->queued_more) < 0 ||
            uv_cond_init(&w->finished_more) < 0)
                g_error("Cannot make the locks of thread \"%s\"", name);

        r = uv_async_init(loop_uv(l), &w->wake, wake_handler);
        if (r < 0) {
                release(w);
                goto fail;
        }
        r = start_thread(w, name);
        if (r < 0) {
                uv_close((uv_handle_t *) &w->wake, wake_closed);
                goto fail;
        }
        return w;
fail:
        (void) fleet_fail_errno(error, FLEET_ERROR_FAILED, r, "Cannot start thread \"%s\"", name);
        return NULL;
}

static void wait_for_finished(Worker *w) {
        uv_mutex_lock(&w->lock);
        while (!w->ready.head && !w->finished.head)
                uv_cond_wait(&w->finished_more, &w->lock);
        list_move(&w->ready, &w->finished);
        uv_mutex_unlock(&w->lock);
}

static void hand_over(void *userdata) {
        Worker *w = userdata;

        uv_mutex_lock(&w->lock);
        list_move(&w->queued, &w->submitted);
        uv_cond_signal(&w->queued_more);
        uv_mutex_unlock(&w->lock);
}

void worker_drain(Worker *w) {
        while (w->depth > 0) {
                hand_over(w);
                wait_for_finished(w);
                give_back(w, UINT_MAX);
        }
        loop_undefer(w->loop, hand_over, w); /* also what was submitted here has asked for it */
}

Worker *worker_free(Worker *w) {
        if (!w)
                return NULL;

        worker_drain(w);
        uv_mutex_lock(&w->lock);
        w->stop = true;
        uv_cond_signal(&w->queued_more);
        uv_mutex_unlock(&w->lock);
        (void) uv_thread_join(&w->thread);
        uv_close((uv_handle_t *) &w->wake, wake_closed);
        return NULL;
}

bool worker_submit(Worker *w, WorkItem *item) {
        if (w->depth >= w->depth_max)
                return false;
        w->depth++;
        if (!w->submitted.head)
                loop_defer(w->loop, hand_over, w);
        list_append(&w->submitted, item);
        return true;
}

unsigned worker_depth(const Worker *w) {
        return w->depth;
}
