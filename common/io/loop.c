/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One libuv loop with an sd_event inside it.
 *
 * sd-event expects to be asked before every sleep (sd_event_prepare(3)): an sd_bus that has read messages
 * while it waited for the answer to a synchronous call holds them in memory, where no file descriptor shows
 * them. Watching sd_event_get_fd() alone would strand them. So the descriptor only wakes the loop, and a
 * prepare handle, which runs before every sleep, empties the sd_event. Nothing else in the process may use
 * uv_prepare to touch the bus: it could run after ours. */
#include "loop.h"

#include <errno.h>
#include <signal.h>

#include "error.h"

/* Events of sd_event dispatched in one turn, before sockets get theirs. */
#define DISPATCH_MAX 64

static const int signals_handled[] = { SIGTERM, SIGINT, SIGHUP };

typedef struct Deferred {
        LoopTimerHandler handler;
        void *userdata;
} Deferred;

struct Loop {
        uv_loop_t uv;
        sd_event *event;
        uv_poll_t wake;       /* the sd_event has something */
        uv_prepare_t prepare; /* empties it before every sleep */
        uv_idle_t hurry;      /* while active the loop does not sleep */
        uv_check_t turn;      /* end of a turn: runs what was deferred */
        uv_signal_t signals[G_N_ELEMENTS(signals_handled)];

        GArray *deferred; /* Deferred; a NULL handler: taken back */
        GArray *running;  /* those of this turn */
        bool backlog;     /* the last turn left events in sd_event */
        LoopSignal on_signal;
        void *signal_userdata;
        bool quit;
        int exit_code;
};

static void hurry_handler(uv_idle_t *h) {
}

/* Keeps the loop from sleeping exactly while something waits that no descriptor shows. */
static void update_hurry(Loop *l) {
        if (l->backlog || l->deferred->len > 0)
                (void) uv_idle_start(&l->hurry, hurry_handler);
        else
                (void) uv_idle_stop(&l->hurry);
}

static void wake_handler(uv_poll_t *h, int status, int events) {
}

static void prepare_handler(uv_prepare_t *h) {
        Loop *l = h->data;
        int r = 1;

        for (unsigned i = 0; r > 0 && i < DISPATCH_MAX; i++) {
                if (sd_event_get_state(l->event) == SD_EVENT_FINISHED) {
                        /* sd_event_exit(3), as an sd_bus does that shall exit on disconnect. */
                        int code = 0;

                        (void) sd_event_get_exit_code(l->event, &code);
                        loop_quit(l, code);
                        r = 0;
                        break;
                }
                r = sd_event_run(l->event, 0);
        }
        if (r < 0)
                g_error("sd_event_run: %s", g_strerror(-r));
        l->backlog = r > 0;
        update_hurry(l);
}

static void turn_handler(uv_check_t *h) {
        Loop *l = h->data;
        if (l->deferred->len == 0)
                return;
        /* What is deferred from in here belongs to the next turn. */
        l->running = g_steal_pointer(&l->deferred);
        l->deferred = g_array_new(false, false, sizeof(Deferred));
        for (guint i = 0; i < l->running->len; i++) {
                Deferred d = g_array_index(l->running, Deferred, i);

                if (d.handler)
                        d.handler(d.userdata);
        }
        g_clear_pointer(&l->running, g_array_unref);
        update_hurry(l);
}

static void signal_handler(uv_signal_t *h, int signum) {
        Loop *l = h->data;

        l->on_signal(signum, l->signal_userdata);
}

Loop *loop_new(GError **error) {
        Loop *l = g_new0(Loop, 1);
        int r;

        /* Libraries that write to sockets (OpenSSL, libcurl) do so without MSG_NOSIGNAL; libuv gives it back
         * to the children it spawns. */
        (void) signal(SIGPIPE, SIG_IGN);
        r = uv_loop_init(&l->uv);
        if (r < 0) {
                g_free(l);
                (void) fleet_fail_errno(error, FLEET_ERROR_FAILED, r, "Cannot make an event loop");
                return NULL;
        }
        l->deferred = g_array_new(false, false, sizeof(Deferred));
        r = sd_event_new(&l->event);
        if (r < 0) {
                (void) fleet_fail_errno(error, FLEET_ERROR_FAILED, r, "Cannot make an event loop for D-Bus");
                g_array_unref(l->deferred);
                (void) uv_loop_close(&l->uv);
                g_free(l);
                return NULL;
        }
        uv_prepare_init(&l->uv, &l->prepare);
        uv_idle_init(&l->uv, &l->hurry);
        uv_check_init(&l->uv, &l->turn);
        for (size_t i = 0; i < G_N_ELEMENTS(signals_handled); i++) {
                uv_signal_init(&l->uv, &l->signals[i]);
                l->signals[i].data = l;
        }
        l->prepare.data = l->turn.data = l;
        uv_prepare_start(&l->prepare, prepare_handler);
        uv_check_start(&l->turn, turn_handler);

        r = uv_poll_init(&l->uv, &l->wake, sd_event_get_fd(l->event));
        if (r >= 0)
                r = uv_poll_start(&l->wake, UV_READABLE, wake_handler);
        if (r < 0)
                g_error("Cannot watch the event loop for D-Bus: %s", uv_strerror(r));
        return l;
}

static void close_handle(void *handle) {
        uv_close(handle, NULL);
}

static void check_closing(uv_handle_t *h, void *userdata) {
        if (!uv_is_closing(h))
                g_error("A %s handle was left in the loop", uv_handle_type_name(uv_handle_get_type(h)));
}

Loop *loop_free(Loop *l) {
        int r;

        if (!l)
                return NULL;
        close_handle(&l->wake);
        close_handle(&l->prepare);
        close_handle(&l->hurry);
        close_handle(&l->turn);
        for (size_t i = 0; i < G_N_ELEMENTS(signals_handled); i++)
                close_handle(&l->signals[i]);

        /* With no handle that is not closing, each turn ends by itself (a request that is still with libuv's
         * threads holds it until it is done). */
        do
                uv_walk(&l->uv, check_closing, NULL);
        while (uv_run(&l->uv, UV_RUN_ONCE) != 0);
        r = uv_loop_close(&l->uv);
        if (r < 0)
                g_error("The event loop does not close: %s", uv_strerror(r));
        sd_event_unref(l->event);
        g_array_unref(l->deferred);
        g_free(l);
        return NULL;
}

uv_loop_t *loop_uv(Loop *l) {
        return &l->uv;
}

sd_event *loop_event(Loop *l) {
        return l->event;
}

int loop_run(Loop *l) {
        while (!l->quit)
                (void) uv_run(&l->uv, UV_RUN_DEFAULT);
        l->quit = false;
        return l->exit_code;
}

void loop_quit(Loop *l, int code) {
        l->quit = true;
        l->exit_code = code;
        uv_stop(&l->uv);
}

void loop_on_signal(Loop *l, LoopSignal handler, void *userdata) {
        l->on_signal = handler;
        l->signal_userdata = userdata;
        for (size_t i = 0; i < G_N_ELEMENTS(signals_handled); i++) {
                int r = uv_signal_start(&l->signals[i], signal_handler, signals_handled[i]);

                if (r < 0)
                        g_error("Cannot handle %s: %s", strsignal(signals_handled[i]), uv_strerror(r));
        }
}

bool loop_watchdog(Loop *l, GError **error) {
        int r = sd_event_set_watchdog(l->event, true);

        if (r < 0)
                return fleet_fail_errno(error, FLEET_ERROR_FAILED, r, "Cannot start the watchdog");
        return true;
}

void loop_defer(Loop *l, LoopTimerHandler handler, void *userdata) {
        Deferred d = { handler, userdata };

        g_array_append_val(l->deferred, d);
        update_hurry(l);
}

static void take_back(GArray *deferred, LoopTimerHandler handler, void *userdata) {
        for (guint i = 0; deferred && i < deferred->len; i++) {
                Deferred *d = &g_array_index(deferred, Deferred, i);

                if (d->handler == handler && d->userdata == userdata)
                        d->handler = NULL;
        }
}

void loop_undefer(Loop *l, LoopTimerHandler handler, void *userdata) {
        take_back(l->deferred, handler, userdata);
        take_back(l->running, handler, userdata);
}

struct LoopTimer {
        uv_timer_t uv;
        LoopTimerHandler handler;
        void *userdata;
};

static void timer_handler(uv_timer_t *h) {
        LoopTimer *t = h->data;

        t->handler(t->userdata);
}

LoopTimer *loop_timer_new(Loop *l, uint64_t delay_ms, uint64_t repeat_ms, LoopTimerHandler handler,
                          void *userdata) {
        LoopTimer *t = g_new0(LoopTimer, 1);

        t->uv.data = t;
        t->handler = handler;
        t->userdata = userdata;
        /* libuv counts from the start of this turn, which a long one would make too early. */
        uv_update_time(&l->uv);
        uv_timer_init(&l->uv, &t->uv);
        uv_timer_start(&t->uv, timer_handler, delay_ms, repeat_ms);
        return t;
}

static void timer_closed(uv_handle_t *h) {
        g_free(h->data);
}

LoopTimer *loop_timer_free(LoopTimer *t) {
        if (t)
                uv_close((uv_handle_t *) &t->uv, timer_closed);
        return NULL;
}
