/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How long a command may take: to wait in the queue, and to run. Counted on the clock that nobody sets; the other one,
 * which may jump, is asked only for what outlives this process, and never makes a wait longer than it was to be. */
#include "clock.h"
#include "dispatcher-internal.h"
#include "limits.h"
#include "session.h"
#include "text.h"

static void end_unanswered(Open *o) {
        const Client *c = fleet_find(o->dispatcher->fleet, o->record->client);
        g_autofree char *limit = text_duration(o->record->timeout);
        g_autofree char *error = NULL;

        if (c && c->online) {
                if (c->features & FEATURE_CANCEL)
                        session_send(c->session, message_command_cancel(o->record->id));
                error = g_strdup_printf("no answer within %s", limit);
                open_finish(o, COMMAND_TIMED_OUT, NULL, error);
        } else {
                error = g_strdup_printf(
                                "the client went away and did not return within %s: the outcome is unknown",
                                limit);
                open_finish(o, COMMAND_INTERRUPTED, NULL, error);
        }
}

void open_expire(Open *o) {
        open_finish(o, COMMAND_EXPIRED, NULL, "still queued at its deadline");
}

static void on_deadline(void *userdata) {
        Open *o = userdata;

        if (o->record->state == COMMAND_QUEUED)
                open_expire(o);
        else
                end_unanswered(o);
}

static void arm(Open *o, uint64_t delay_usec) {
        loop_timer_free(o->timer);
        o->timer = loop_timer_new(o->dispatcher->loop, (delay_usec + USEC_PER_MSEC - 1) / USEC_PER_MSEC, 0,
                                  on_deadline, o);
}

static uint64_t left_until(uint64_t then, uint64_t now) {
        return then > now ? then - now : 0;
}

void open_begin_queue(Open *o) {
        o->timer = loop_timer_free(o->timer);
        if (o->record->expires != 0)
                arm(o, left_until(o->record->expires, now_realtime()));
}

bool open_is_expired(const Open *o) {
        const CommandRecord *r = o->record;

        return r->state == COMMAND_QUEUED && r->expires != 0 && r->expires <= now_realtime();
}

void open_begin_run(Open *o) {
        o->run_until = now_monotonic() + o->record->timeout;
        arm(o, o->record->timeout + COMMAND_GRACE_USEC);
}

/* The clock may have been set back since, or far ahead. */
void open_go_on_running(Open *o) {
        const CommandRecord *r = o->record;
        uint64_t gone = MIN(left_until(now_realtime(), r->sent), r->timeout), left = r->timeout - gone;

        o->run_until = now_monotonic() + left;
        arm(o, MAX(left + COMMAND_GRACE_USEC, RESTART_GRACE_USEC));
}

uint64_t open_time_to_run(const Open *o) {
        return left_until(o->run_until, now_monotonic());
}
