/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What one target is to be told.
 *
 *  - A notice is in the database before it is here, and goes from there when the target has it. So what a kill leaves is told
 *    after the next start; mserver-notify knows what it has just told, and does not tell it twice (notify/sender.c).
 *  - Of an alert that a target was told of, the row stays until it was told that it is over: what was not raised is not cleared.
 *  - An Alertmanager takes an alert for over when it hears nothing of it for its resolve_timeout, so it is told again and again
 *    what lasts; that is not kept anywhere. */
#include "notice-lane.h"

#include <string.h>
#include <sys/random.h>

#include "limits.h"
#include "log.h"
#include "text.h"

typedef struct Waiting {
        int64_t seq;
        Notice *notice;
} Waiting;

static void waiting_free(void *p) {
        Waiting *w = p;

        (void) notice_free(w->notice);
        g_free(w);
}

static void start_timer(NoticeLane *k, uint64_t delay_ms, LoopTimerHandler handler) {
        loop_timer_free(k->timer);
        k->timer = loop_timer_new(k->shared->loop, delay_ms, 0, handler, k);
}

/* Attempts */

static void no_answer(void *userdata) {
        NoticeLane *k = userdata;
        NoticeReport r = { .outcome = NOTICE_LATER, .error = (char *) "mserver-notify does not answer" };

        lane_answered(k, &r);
}

static int compare_ids(const void *a, const void *b) {
        return strcmp(*(char *const *) a, *(char *const *) b);
}

static bool is_silenced(const NoticeLane *k, const char *alert) {
        const AlertRecord *a = g_hash_table_lookup(k->shared->open, alert);

        return a && a->silenced;
}

/* The next of those that last and were told, in order of their ids; new array of AlertRecord, borrowed. */
static GPtrArray *next_to_refresh(const NoticeLane *k) {
        g_autoptr(GPtrArray) ids = g_ptr_array_new();
        GPtrArray *alerts = g_ptr_array_new();
        GHashTableIter i;
        char *id;

        g_hash_table_iter_init(&i, k->told);
        while (g_hash_table_iter_next(&i, (void **) &id, NULL))
                if ((!k->refresh_after || strcmp(id, k->refresh_after) > 0) &&
                    g_hash_table_contains(k->shared->open, id) && !is_silenced(k, id))
                        g_ptr_array_add(ids, id);
        g_ptr_array_sort(ids, compare_ids);
        for (unsigned n = 0; n < ids->len && n < NOTIFY_REFRESH_MAX; n++)
                g_ptr_array_add(alerts, g_hash_table_lookup(k->shared->open, ids->pdata[n]));
        return alerts;
}

static void end_refresh(NoticeLane *k) {
        k->refresh_due = false;
        g_clear_pointer(&k->refresh_after, g_free);
}

static void send_refresh(NoticeLane *k) {
        g_autoptr(GPtrArray) alerts = next_to_refresh(k);
        Notice notices[NOTIFY_REFRESH_MAX];
        const Notice *all[NOTIFY_REFRESH_MAX];

        if (alerts->len == 0) {
                end_refresh(k);
                return;
        }
        for (unsigned n = 0; n < alerts->len; n++) {
                notices[n] = (Notice){ false, alerts->pdata[n] };
                all[n] = &notices[n];
        }
        k->flight = k->shared->send(k->name, all, alerts->len, k->shared->userdata);
        k->refreshing = k->flight != 0;
        if (!k->refreshing)
                return;
        g_free(k->refresh_after);
        k->refresh_after = alerts->len == NOTIFY_REFRESH_MAX
                                           ? g_strdup(((AlertRecord *) alerts->pdata[alerts->len - 1])->id)
                                           : NULL;
}

void lane_try(NoticeLane *k) {
        const Waiting *w = g_queue_peek_head(&k->waiting);

        if (k->flight || k->timer)
                return;
        if (w)
                k->flight = k->shared->send(k->name, (const Notice *const *) &w->notice, 1,
                                            k->shared->userdata);
        else if (k->refresh_due)
                send_refresh(k);
        if (k->flight)
                start_timer(k, NOTIFY_ANSWER_SEC * 1000, no_answer);
}

static void try_again(void *userdata) {
        NoticeLane *k = userdata;

        k->timer = loop_timer_free(k->timer);
        lane_try(k);
}

static void retry_later(NoticeLane *k, const NoticeReport *r) {
        uint64_t random = 0, delay;
        g_autofree char *shown = NULL;

        (void) !getrandom(&random, sizeof random, GRND_NONBLOCK);
        delay = backoff_next(&k->backoff, random);
        delay = MAX(delay, MIN(r->retry_after_sec, (uint64_t) NOTIFY_RETRY_AFTER_MAX_SEC) * 1000);
        k->count.failed++;
        if (!k->failing) {
                shown = text_duration(delay * 1000);
                log_warning("[Notify %s] %s; %u notices wait, next try in %s", k->name, r->error,
                            k->waiting.length, shown);
        }
        k->failing = true;
        start_timer(k, delay, try_again);
}

static void told_written(const char *problem, void *userdata) {
        if (problem)
                log_warning("That a notice was told cannot be noted, it may be told again after a restart: %s",
                            problem);
}

static void head_is_told(NoticeLane *k) {
        Waiting *w = g_queue_pop_head(&k->waiting);
        const char *id = w->notice->alert->id;

        k->count.sent++;
        if (w->seq)
                notice_db_sent(k->shared->db, w->seq, told_written, NULL);
        if (w->notice->cleared) {
                notice_db_forget(k->shared->db, k->name, id);
                (void) g_hash_table_remove(k->told, id);
        }
        waiting_free(w);
}

/* It goes without having been told; then that it is over is not told, either. refreshed: that it lasts will be told again anyway. */
static void drop(NoticeLane *k, Waiting *w, bool refreshed) {
        if (w->seq)
                notice_db_drop(k->shared->db, w->seq);
        if (w->notice->cleared)
                notice_db_forget(k->shared->db, k->name, w->notice->alert->id);
        if (w->notice->cleared || !refreshed)
                (void) g_hash_table_remove(k->told, w->notice->alert->id);
        waiting_free(w);
}

static void head_is_refused(NoticeLane *k, const char *error) {
        Waiting *w = g_queue_pop_head(&k->waiting);

        k->count.refused++;
        log_warning("[Notify %s] is not told of %s (%s), as it does not take it: %s", k->name,
                    w->notice->alert->id, w->notice->alert->kind, error);
        drop(k, w, false);
}

/* That it could not be told once is no reason to tell it now. */
static void drop_silenced_head(NoticeLane *k) {
        const Waiting *w = g_queue_peek_head(&k->waiting);

        if (w && !w->notice->cleared && is_silenced(k, w->notice->alert->id))
                drop(k, g_queue_pop_head(&k->waiting), false);
}

static void recovered(NoticeLane *k) {
        if (k->failing)
                log_info("[Notify %s] takes notices again, %u wait", k->name, k->waiting.length);
        k->failing = false;
        backoff_reset(&k->backoff);
}

void lane_answered(NoticeLane *k, const NoticeReport *r) {
        bool refreshing = k->refreshing;

        k->flight = 0;
        k->refreshing = false;
        k->timer = loop_timer_free(k->timer);
        if (r->outcome == NOTICE_LATER || (refreshing && r->outcome == NOTICE_REFUSED)) {
                if (refreshing)
                        g_clear_pointer(&k->refresh_after, g_free);
                else
                        drop_silenced_head(k);
                retry_later(k, r);
                return;
        }
        recovered(k);
        if (refreshing) {
                if (!k->refresh_after)
                        end_refresh(k);
        } else if (r->outcome == NOTICE_SENT)
                head_is_told(k);
        else
                head_is_refused(k, r->error);
        if (k->waiting.length == 0)
                k->dropping = false;
        lane_try(k);
}

/* What is to be told */

bool lane_wants(NoticeLane *k, const AlertRecord *a, bool cleared, GHashTable *labels) {
        if (cleared)
                return g_hash_table_contains(k->told, a->id);
        /* What is of no client is of the server itself, and everybody's. */
        if (a->severity < k->target->severity ||
            (k->target->clients && *a->client && !selector_matches(k->target->clients, a->client, labels)))
                return false;
        if (g_hash_table_contains(k->told, a->id))
                return false;
        (void) g_hash_table_insert(k->told, g_strdup(a->id), alert_record_copy(a));
        return true;
}

static void drop_oldest(NoticeLane *k) {
        Waiting *w = g_queue_pop_nth(&k->waiting, k->flight && !k->refreshing ? 1 : 0);

        if (!w)
                return;
        if (!k->dropping)
                log_warning("[Notify %s] more than %d notices wait: the oldest are dropped, beginning with %s",
                            k->name, NOTIFY_WAITING_MAX, w->notice->alert->id);
        k->dropping = true;
        k->count.dropped++;
        drop(k, w, k->target->shape == NOTICE_ALERTMANAGER);
}

static void queue(NoticeLane *k, int64_t seq, Notice *notice) {
        Waiting *w = g_new(Waiting, 1);

        *w = (Waiting){ seq, notice };
        g_queue_push_tail(&k->waiting, w);
        if (k->waiting.length > NOTIFY_WAITING_MAX)
                drop_oldest(k);
}

void lane_load(NoticeLane *k, int64_t seq, bool sent, Notice *notice) {
        if (!notice->cleared)
                (void) g_hash_table_replace(k->told, g_strdup(notice->alert->id),
                                            alert_record_copy(notice->alert));
        if (sent)
                (void) notice_free(notice);
        else
                queue(k, seq, notice);
}

void lane_put(NoticeLane *k, int64_t seq, Notice *notice) {
        g_autofree char *alert = g_strdup(notice->alert->id);

        queue(k, seq, notice);
        if (is_silenced(k, alert)) /* since it was written */
                lane_silence(k, alert);
        lane_try(k);
}

void lane_silence(NoticeLane *k, const char *alert) {
        if (!g_hash_table_contains(k->told, alert))
                return;
        for (GList *i = k->waiting.head; i; i = i->next) {
                Waiting *w = i->data;

                if (w->notice->cleared || !g_str_equal(w->notice->alert->id, alert) ||
                    (i == k->waiting.head && k->flight && !k->refreshing))
                        continue;
                g_queue_delete_link(&k->waiting, i);
                drop(k, w, false);
                return; /* there is one of each alert */
        }
}

/* The lane */

static void refresh_is_due(void *userdata) {
        NoticeLane *k = userdata;

        k->refresh_due = k->target->shape == NOTICE_ALERTMANAGER;
        lane_try(k);
}

static void free_alert(void *p) {
        (void) alert_record_free(p);
}

NoticeLane *lane_new(const LaneShared *shared, const NotifyTarget *target) {
        NoticeLane *k = g_new0(NoticeLane, 1);

        *k = (NoticeLane){ .shared = shared,
                           .target = target,
                           .name = g_strdup(target->name),
                           .told = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_alert),
                           .backoff = { NOTIFY_RETRY_MIN_MSEC, NOTIFY_RETRY_MAX_MSEC } };
        g_queue_init(&k->waiting);
        k->refresh = loop_timer_new(shared->loop, NOTIFY_REFRESH_SEC * 1000, NOTIFY_REFRESH_SEC * 1000,
                                    refresh_is_due, k);
        return k;
}

NoticeLane *lane_free(NoticeLane *k) {
        if (!k)
                return NULL;
        loop_timer_free(k->timer);
        loop_timer_free(k->refresh);
        g_queue_clear_full(&k->waiting, waiting_free);
        g_hash_table_unref(k->told);
        g_free(k->refresh_after);
        g_free(k->name);
        g_free(k);
        return NULL;
}
