/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tells of alerts: which target is told of what, and the connection to mserver-notify. */
#include "notifier.h"

#include "clock.h"
#include "hash.h"
#include "log.h"
#include "notice-lane.h"
#include "notify-stream.h"

struct Notifier {
        LaneShared shared;
        Fleet *fleet;
        char *socket;
        GPtrArray *targets; /* of NotifyTarget */
        GPtrArray *lanes;   /* of NoticeLane, one for each */
        NotifyStream *stream;
        uint64_t last_request;
        bool renewing; /* mserver-notify is to end, and the next request starts a new one */
        bool said_end; /* to it */
        bool loaded, ending;
        bool memory_only; /* the last notice could not be written */
        FleetReady ready;
        void *ready_userdata;
};

static NoticeLane *lane_at(const Notifier *n, unsigned i) {
        return n->lanes->pdata[i];
}

static NoticeLane *find_lane(const Notifier *n, const char *name) {
        for (unsigned i = 0; i < n->lanes->len; i++)
                if (g_str_equal(lane_at(n, i)->name, name))
                        return lane_at(n, i);
        return NULL;
}

/* The connection */

static void try_all(Notifier *n) {
        for (unsigned i = 0; i < n->lanes->len; i++)
                lane_try(lane_at(n, i));
}

/* Once what is under way has come to its end. */
static void renew(Notifier *n) {
        if (!n->renewing || n->said_end)
                return;
        for (unsigned i = 0; i < n->lanes->len; i++)
                if (lane_at(n, i)->flight)
                        return;
        n->said_end = true;
        notify_stream_send(n->stream, NOTICE_END_LINE "\n");
}

static void disconnected(Notifier *n, const char *problem) {
        NoticeReport r = { .outcome = NOTICE_LATER };

        n->stream = notify_stream_free(n->stream);
        n->renewing = n->said_end = false;
        r.error = g_strdup_printf("mserver-notify.socket: %s", problem);
        for (unsigned i = 0; i < n->lanes->len; i++)
                if (lane_at(n, i)->flight)
                        lane_answered(lane_at(n, i), &r);
        g_free(r.error);
        try_all(n);
}

static void on_line(const char *line, void *userdata) {
        Notifier *n = userdata;
        g_auto(NoticeReport) r = {};
        g_autoptr(GError) error = NULL;

        if (!notice_report_parse(line, &r, &error)) {
                disconnected(n, error->message);
                return;
        }
        for (unsigned i = 0; i < n->lanes->len; i++)
                if (lane_at(n, i)->flight == r.id && r.id != 0) {
                        lane_answered(lane_at(n, i), &r);
                        break;
                }
        renew(n);
}

static void on_ended(const char *problem, void *userdata) {
        disconnected(userdata, problem);
}

static const NotifyStreamHandler stream_handler = { on_line, on_ended };

static uint64_t send_request(const char *target, const Notice *const *notices, unsigned count,
                             void *userdata) {
        Notifier *n = userdata;
        g_autofree char *line = NULL;

        if (!n->loaded || n->ending || n->renewing)
                return 0;
        if (!n->stream)
                n->stream = notify_stream_connect(n->shared.loop, n->socket, &stream_handler, n);
        line = notice_request_format(++n->last_request, target, notices, count);
        notify_stream_send(n->stream, line);
        return n->last_request;
}

/* Alerts */

typedef struct Put {
        Notifier *notifier;
        char *target;
        Notice *notice;
} Put;

static void say_memory_only(Notifier *n, const char *problem) {
        if (problem && !n->memory_only)
                log_warning("Notices of alerts cannot be written, and would not survive the server's end: %s",
                            problem);
        n->memory_only = problem != NULL;
}

static void on_put(int64_t seq, const char *problem, void *userdata) {
        Put *p = userdata;
        Notifier *n = p->notifier;
        NoticeLane *k = n->ending ? NULL : find_lane(n, p->target);

        say_memory_only(n, problem);
        /* What is written before the queue is read comes from there. */
        if (k && n->loaded && (seq || problem))
                lane_put(k, seq, g_steal_pointer(&p->notice));
        (void) notice_free(p->notice);
        g_free(p->target);
        g_free(p);
}

static void put(Notifier *n, const NoticeLane *k, const AlertRecord *a, bool cleared) {
        Put *p = g_new(Put, 1);

        *p = (Put){ n, g_strdup(k->name), notice_new(a, cleared) };
        notice_db_put(n->shared.db, k->name, p->notice, on_put, p);
}

static void put_for_all(Notifier *n, const AlertRecord *a, bool cleared) {
        const Client *c = *a->client ? fleet_find(n->fleet, a->client) : NULL;

        for (unsigned i = 0; i < n->lanes->len; i++)
                if (lane_wants(lane_at(n, i), a, cleared, c ? c->labels : NULL))
                        put(n, lane_at(n, i), a, cleared);
}

static void on_alert(const AlertRecord *a, AlertChange change, void *userdata) {
        Notifier *n = userdata;
        bool cleared = change == ALERT_CHANGE_CLEARED;

        if (change == ALERT_CHANGE_ACKNOWLEDGED)
                return;
        if (cleared)
                (void) g_hash_table_remove(n->shared.open, a->id);
        else
                (void) g_hash_table_replace(n->shared.open, g_strdup(a->id), alert_record_copy(a));

        if (cleared || !a->silenced) {
                put_for_all(n, a, cleared);
                return;
        }
        for (unsigned i = 0; i < n->lanes->len; i++)
                lane_silence(lane_at(n, i), a->id);
}

static const FleetObserver observer = { .alert_changed = on_alert };

/* Of those that this target was told of, who last no more. */
static void catch_up_lane(Notifier *n, NoticeLane *k, GHashTable *lasting) {
        g_autoptr(GList) told = g_hash_table_get_values(k->told);

        for (GList *i = told; i; i = i->next) {
                AlertRecord *a = i->data;

                if (g_hash_table_contains(lasting, a->id))
                        continue;
                a->cleared = now_realtime(); /* by now; when it was nobody has noted */
                put(n, k, a, true);          /* unless this is what waits */
        }
}

void notifier_catch_up(Notifier *n, GPtrArray *lasting) {
        g_autoptr(GHashTable) ids = g_hash_table_new(g_str_hash, g_str_equal);

        for (unsigned i = 0; i < lasting->len; i++) {
                AlertRecord *a = lasting->pdata[i];

                (void) g_hash_table_add(ids, a->id);
                on_alert(a, ALERT_CHANGE_RAISED, n);
        }
        for (unsigned i = 0; i < n->lanes->len; i++)
                catch_up_lane(n, lane_at(n, i), ids);
}

/* Targets */

static void free_lane(void *p) {
        (void) lane_free(p);
}

static void keep_or_drop_lane(Notifier *n, NoticeLane *k, GPtrArray *targets, GPtrArray *lanes) {
        const NotifyTarget *t = notify_targets_find(targets, k->name);

        if (t) {
                k->target = t;
                g_ptr_array_add(lanes, k);
        } else {
                notice_db_remove_target(n->shared.db, k->name);
                (void) lane_free(k);
        }
}

static int oldest_first(const void *a, const void *b) {
        const AlertRecord *x = *(AlertRecord *const *) a, *y = *(AlertRecord *const *) b;

        return x->since != y->since ? (x->since < y->since ? -1 : 1) : g_strcmp0(x->id, y->id);
}

/* What lasts, for a target that is new, or that is to hear of more than before. */
static void put_lasting(Notifier *n) {
        g_autoptr(GPtrArray) lasting = hash_values(n->shared.open);

        g_ptr_array_sort(lasting, oldest_first);
        for (unsigned i = 0; i < lasting->len; i++) {
                const AlertRecord *a = lasting->pdata[i];

                if (!a->silenced)
                        put_for_all(n, a, false);
        }
}

void notifier_set_targets(Notifier *n, GPtrArray *targets) {
        g_autoptr(GPtrArray) old = g_steal_pointer(&n->lanes);

        n->lanes = g_ptr_array_new_with_free_func(free_lane);
        g_ptr_array_set_free_func(old, NULL);
        for (unsigned i = 0; i < old->len; i++)
                keep_or_drop_lane(n, old->pdata[i], targets, n->lanes);
        for (unsigned i = 0; i < targets->len; i++) {
                const NotifyTarget *t = targets->pdata[i];

                if (!find_lane(n, t->name))
                        g_ptr_array_add(n->lanes, lane_new(&n->shared, t));
        }
        g_ptr_array_unref(n->targets);
        n->targets = g_ptr_array_ref(targets);
        n->renewing = n->stream != NULL;
        if (n->loaded)
                put_lasting(n);
        renew(n);
        try_all(n);
}

unsigned notifier_count_targets(const Notifier *n) {
        return n->lanes->len;
}

NotifyCount notifier_count(const Notifier *n, unsigned target) {
        const NoticeLane *k = lane_at(n, target);

        return (NotifyCount){ k->name,         k->waiting.length, k->failing,      k->count.sent,
                              k->count.failed, k->count.refused,  k->count.dropped };
}

/* Its life */

static void on_rows(GPtrArray *rows, const char *problem, void *userdata) {
        Notifier *n = userdata;

        if (problem)
                log_warning("The queue of notices cannot be read: %s", problem);
        for (unsigned i = 0; i < rows->len; i++) {
                NoticeRow *r = rows->pdata[i];
                NoticeLane *k = find_lane(n, r->target);

                if (k)
                        lane_load(k, r->seq, r->sent, g_steal_pointer(&r->notice));
                else
                        notice_db_remove_target(n->shared.db, r->target);
        }
        n->loaded = true;
        if (n->ready && !n->ending)
                n->ready(NULL, n->ready_userdata);
        try_all(n);
}

void notifier_load(Notifier *n, FleetReady ready, void *userdata) {
        n->ready = ready;
        n->ready_userdata = userdata;
        notice_db_load(n->shared.db, on_rows, n);
}

static void free_alert(void *p) {
        (void) alert_record_free(p);
}

Notifier *notifier_new(Loop *l, Fleet *fleet, const char *state_directory, const char *socket,
                       GError **error) {
        g_autofree char *path = g_build_filename(state_directory, "notices.db", NULL);
        NoticeDb *db = notice_db_open(l, path, error);
        Notifier *n;

        if (!db)
                return NULL;
        n = g_new0(Notifier, 1);
        n->shared = (LaneShared){ .loop = l,
                                  .db = db,
                                  .open = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_alert),
                                  .send = send_request,
                                  .userdata = n };
        n->fleet = fleet;
        n->socket = g_strdup(socket);
        n->targets = g_ptr_array_new();
        n->lanes = g_ptr_array_new_with_free_func(free_lane);
        fleet_observe(fleet, &observer, n);
        return n;
}

Notifier *notifier_free(Notifier *n) {
        if (!n)
                return NULL;
        n->ending = true;
        fleet_unobserve(n->fleet, n);
        (void) notice_db_close(n->shared.db);
        if (n->stream) { /* the next server may be another version, and wants one of its own */
                n->renewing = true;
                renew(n);
        }
        g_ptr_array_unref(n->lanes);
        g_ptr_array_unref(n->targets);
        (void) notify_stream_free(n->stream);
        g_hash_table_unref(n->shared.open);
        g_free(n->socket);
        g_free(n);
        return NULL;
}
