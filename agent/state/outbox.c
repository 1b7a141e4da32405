/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the server must learn, kept until it says that it has.  Each container that has records has a lane, and the
 * oldest record of a lane is the only one of it that is under way, so that none overtakes another:
 *
 *   waiting ─► loading ─► sent ─► removing ─► waiting … until its table has no more
 *
 * Lanes take turns: a few are under way at a time, and sent OUTBOX_PAUSE_MSEC apart. A server of version 1.1.0 names
 * no record in its acknowledgements: to such a one a single record is under way in all. */
#include "outbox.h"

#include "error.h"
#include "limits.h"
#include "log.h"
#include "message.h"

struct Outbox {
        Loop *loop;
        AgentDb *db;
        const ServerLink *link;
        void *userdata;
        Backlog backlog;

        /* While the server is there. */
        bool online, names_records;
        unsigned connection; /* counts: what was asked for during an earlier one is stale */
        GHashTable *lanes;   /* container to Lane */
        GQueue waiting;      /* Lane */
        bool loading;        /* the next record to be sent is being read */
        LoopTimer *pause;    /* until the next record may be sent */
};

typedef enum LaneState {
        LANE_WAITING,
        LANE_LOADING,
        LANE_SENT,
        LANE_REMOVING,
} LaneState;

typedef struct Lane {
        Outbox *outbox;
        char *container;
        LaneState state;
        LoopTimer *again; /* until what did not succeed is tried again */

        /* The record under way, from the first time it was loaded. */
        int64_t seq;
        OutboxKind kind;
        char *id;
} Lane;

struct OutboxPut {
        Outbox *outbox;
        char *container;
        OutboxPutDone done;
        void *userdata;
};

/* Which lane of which connection something is for. */
typedef struct Ticket {
        Outbox *outbox;
        unsigned connection;
        char *container;
} Ticket;

static void pump(Outbox *o);

static void lane_free(void *p) {
        Lane *l = p;

        loop_timer_free(l->again);
        g_free(l->container);
        g_free(l->id);
        g_free(l);
}

static Ticket *ticket_new(const Lane *l) {
        Ticket *t = g_new(Ticket, 1);

        *t = (Ticket){ l->outbox, l->outbox->connection, g_strdup(l->container) };
        return t;
}

/* The lane, where it is still the same connection and state; frees the ticket. */
static Lane *ticket_redeem(Ticket *t, LaneState state) {
        Outbox *o = t->outbox;
        Lane *l = t->connection == o->connection ? g_hash_table_lookup(o->lanes, t->container) : NULL;

        g_free(t->container);
        g_free(t);
        return l && l->state == state ? l : NULL;
}

static void lane_wait(Lane *l) {
        l->state = LANE_WAITING;
        g_queue_push_tail(&l->outbox->waiting, l);
}

/* There is, or may be, a record of this container. */
static void want(Outbox *o, const char *container) {
        Lane *l;

        if (!o->online || g_hash_table_contains(o->lanes, container))
                return;
        l = g_new0(Lane, 1);
        l->outbox = o;
        l->container = g_strdup(container);
        g_hash_table_insert(o->lanes, l->container, l);
        lane_wait(l);
        pump(o);
}

/* Removing */

static void lane_remove(Lane *l);

static void again(void *userdata) {
        Lane *l = userdata;

        l->again = loop_timer_free(l->again);
        if (l->state == LANE_REMOVING)
                lane_remove(l);
        else {
                lane_wait(l);
                pump(l->outbox);
        }
}

static void lane_try_again(Lane *l, unsigned sec) {
        loop_timer_free(l->again);
        l->again = loop_timer_new(l->outbox->loop, sec * 1000, 0, again, l);
}

static void removed(bool changed, const char *problem, void *userdata) {
        Ticket *t = userdata;
        Outbox *o = t->outbox;
        Lane *l = ticket_redeem(t, LANE_REMOVING);

        if (changed)
                backlog_set(&o->backlog, o->backlog.count - 1);
        if (!l)
                return;
        if (problem) {
                log_warning("A record that the server has acknowledged cannot be removed, trying again in %d s: %s",
                            LEDGER_RETRY_SEC, problem);
                lane_try_again(l, LEDGER_RETRY_SEC);
                return;
        }
        g_clear_pointer(&l->id, g_free);
        lane_wait(l);
        pump(o);
}

static void lane_remove(Lane *l) {
        if (l->state == LANE_WAITING)
                (void) g_queue_remove(&l->outbox->waiting, l);
        l->again = loop_timer_free(l->again);
        l->state = LANE_REMOVING;
        outbox_table_remove(l->outbox->db, l->seq, removed, ticket_new(l));
}

/* Sending */

static void pause_over(void *userdata) {
        Outbox *o = userdata;

        o->pause = loop_timer_free(o->pause);
        pump(o);
}

static void lane_send(Lane *l, const char *message) {
        Outbox *o = l->outbox;

        if (!o->link->send(message, o->userdata)) {
                lane_try_again(l, LEDGER_RETRY_SEC);
                return;
        }
        log_debug("%s of %s sent: %s", outbox_kind_to_string(l->kind), l->container, l->id);
        o->pause = loop_timer_new(o->loop, OUTBOX_PAUSE_MSEC, 0, pause_over, o);
        l->state = LANE_SENT;
        if (o->names_records)
                lane_try_again(l, OUTBOX_RESEND_SEC);
        else if (l->kind == OUTBOX_BACKUP_COMPLETE)
                lane_remove(l); /* there will be no acknowledgement */
}

static void send_loaded(Lane *l, const OutboxRecord *r, int64_t seq) {
        l->seq = seq;
        l->kind = r->kind;
        g_free(l->id);
        l->id = g_strdup(r->id);
        lane_send(l, r->message);
}

static void loaded(const OutboxRecord *r, int64_t seq, const char *problem, void *userdata) {
        Ticket *t = userdata;
        Outbox *o = t->outbox;
        bool stale = t->connection != o->connection;
        Lane *l = ticket_redeem(t, LANE_LOADING);

        if (stale)
                return;
        o->loading = false;
        if (l && problem) {
                log_error("A record for the server cannot be read, trying again in %d s: %s",
                          LEDGER_RETRY_SEC, problem);
                lane_try_again(l, LEDGER_RETRY_SEC);
        } else if (l && r)
                send_loaded(l, r, seq);
        else if (l)
                g_hash_table_remove(o->lanes, l->container);
        pump(o);
}

static unsigned under_way(const Outbox *o) {
        return g_hash_table_size(o->lanes) - o->waiting.length;
}

static void pump(Outbox *o) {
        unsigned most = o->names_records ? OUTBOX_IN_FLIGHT_MAX : 1;
        Lane *l;

        if (!o->online || o->loading || o->pause || o->waiting.length == 0 || under_way(o) >= most ||
            o->link->is_congested(o->userdata))
                return;
        l = g_queue_pop_head(&o->waiting);
        l->state = LANE_LOADING;
        o->loading = true;
        outbox_table_oldest(o->db, l->container, loaded, ticket_new(l));
}

static Lane *find_lane(const Outbox *o, OutboxKind kind, const char *id) {
        GHashTableIter iter;
        void *value;

        g_hash_table_iter_init(&iter, o->lanes);
        while (g_hash_table_iter_next(&iter, NULL, &value)) {
                Lane *l = value;

                if (l->id && l->state != LANE_REMOVING && l->kind == kind &&
                    (id ? g_str_equal(l->id, id) : l->state == LANE_SENT))
                        return l;
        }
        return NULL;
}

void outbox_acked(Outbox *o, OutboxKind kind, const char *id) {
        Lane *l = id || !o->names_records ? find_lane(o, kind, id) : NULL;

        if (l)
                lane_remove(l);
        else
                log_debug("The server acknowledges a %s that was not under way: %s",
                          outbox_kind_to_string(kind), id ?: "without an id");
}

/* Putting */

bool outbox_has_room(const Outbox *o, GError **error) {
        if (!backlog_is_full(&o->backlog))
                return true;
        return fleet_fail(error, FLEET_ERROR_LIMIT_EXCEEDED,
                          "the outbox is full: %u records wait for the server, at most %u may",
                          o->backlog.count, OUTBOX_RECORDS_MAX);
}

void outbox_put_elsewhere(Outbox *o, const char *container) {
        backlog_set(&o->backlog, o->backlog.count + 1);
        want(o, container);
}

static void put_done(bool changed, const char *problem, void *userdata) {
        OutboxPut *p = userdata;
        Outbox *o = p->outbox;

        if (changed)
                outbox_put_elsewhere(o, p->container);
        if (p->done)
                p->done(problem, p->userdata);
        g_free(p->container);
        g_free(p);
}

OutboxPut *outbox_put(Outbox *o, const OutboxRecord *r, OutboxPutDone done, void *userdata) {
        OutboxPut *p = g_new(OutboxPut, 1);

        *p = (OutboxPut){ o, g_strdup(r->container), done, userdata };
        outbox_table_put(o->db, r, put_done, p);
        return p;
}

OutboxPut *outbox_put_free(OutboxPut *p) {
        if (p)
                p->done = NULL;
        return NULL;
}

unsigned outbox_pending(const Outbox *o) {
        return o->backlog.count;
}

const Backlog *outbox_backlog(const Outbox *o) {
        return &o->backlog;
}

/* The connection */

static void listed(char **containers, unsigned records, const char *problem, void *userdata) {
        g_autofree Ticket *t = userdata;
        Outbox *o = t->outbox;

        if (problem)
                log_error("The records for the server cannot be listed: %s", problem);
        else
                backlog_set(&o->backlog, records);
        if (t->connection != o->connection)
                return;
        for (char **c = containers; *c; c++)
                want(o, *c);
}

static void list(Outbox *o) {
        Ticket *t = g_new(Ticket, 1);

        *t = (Ticket){ o, o->connection, NULL };
        outbox_table_list(o->db, listed, t);
}

void outbox_online(Outbox *o, unsigned features) {
        outbox_offline(o);
        o->online = true;
        o->names_records = features & FEATURE_BACKUP_ACK;
        list(o);
}

void outbox_offline(Outbox *o) {
        o->online = o->loading = false;
        o->connection++;
        o->pause = loop_timer_free(o->pause);
        g_queue_clear(&o->waiting);
        g_hash_table_remove_all(o->lanes);
}

void outbox_drained(Outbox *o) {
        pump(o);
}

Outbox *outbox_new(Loop *l, AgentDb *db, const ServerLink *link, void *userdata) {
        Outbox *o = g_new0(Outbox, 1);

        *o = (Outbox){ .loop = l, .db = db, .link = link, .userdata = userdata };
        o->backlog = (Backlog){ .what = "keys and backups",
                                .consequence = "no keys are rotated or backed up",
                                .max = OUTBOX_RECORDS_MAX,
                                .changed = link ? link->backlog_changed : NULL,
                                .userdata = userdata };
        o->lanes = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, lane_free);
        list(o); /* how many there are */
        return o;
}

Outbox *outbox_free(Outbox *o) {
        if (!o)
                return NULL;
        outbox_offline(o);
        g_hash_table_unref(o->lanes);
        g_free(o);
        return NULL;
}
