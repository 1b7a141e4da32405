/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The one loop of a daemon: libuv, with an sd_event (for sd-bus) embedded in it. docs/ARCHITECTURE.md says
 * why. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <systemd/sd-event.h>
#include <uv.h>

typedef struct Loop Loop;

/* SIGPIPE is ignored from then on. */
Loop *loop_new(GError **error);

/* Every handle must have been closed by its owner, and every sd_bus detached: waits for the closing ones and
 * aborts, naming the kind, when one is left open. What is still deferred is dropped. */
Loop *loop_free(Loop *l);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Loop, loop_free)

uv_loop_t *loop_uv(Loop *l);
sd_event *loop_event(Loop *l); /* borrowed; attach sd_bus to it */

/* Runs until loop_quit(). Returns the code given there. */
int loop_run(Loop *l);
void loop_quit(Loop *l, int code);

/* Calls back in the loop when the process gets SIGTERM, SIGINT or SIGHUP (reload); the handlers go with the
 * loop. */
typedef void (*LoopSignal)(int signum, void *userdata);
void loop_on_signal(Loop *l, LoopSignal handler, void *userdata);

/* systemd's watchdog (WatchdogSec=), kept by the loop itself: it stops when the loop stalls. Nothing to do,
 * and no error, where systemd asked for none (sd_watchdog_enabled(3)). */
bool loop_watchdog(Loop *l, GError **error);

/* One timer. The callback may free it. Delay in ms from now; repeat 0 is once. */
typedef struct LoopTimer LoopTimer;
typedef void (*LoopTimerHandler)(void *userdata);
LoopTimer *loop_timer_new(Loop *l, uint64_t delay_ms, uint64_t repeat_ms, LoopTimerHandler handler,
                          void *userdata);
LoopTimer *loop_timer_free(LoopTimer *t);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LoopTimer, loop_timer_free)

/* Calls back once at the end of this turn of the loop or of the next, after what is ready now. */
void loop_defer(Loop *l, LoopTimerHandler handler, void *userdata);

/* Takes back all that was deferred with these two and has not run yet. */
void loop_undefer(Loop *l, LoopTimerHandler handler, void *userdata);
