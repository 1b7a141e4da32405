/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The server's domain in a world of its own: see world.h. */
#include "world.h"

#include <string.h>

#include "clock.h"
#include "error.h"
#include "message.h"

World *world;

/* Clocks and loop. */

static uint64_t now = 1795406400ull * USEC_PER_SEC;
static int64_t set_by; /* how far the real time has been set off */

uint64_t now_realtime(void) {
        return now + (uint64_t) set_by;
}

void world_set_clock(int64_t by_usec) {
        set_by += by_usec;
}

uint64_t now_monotonic(void) {
        return now;
}

typedef struct Call {
        LoopTimerHandler handler;
        void *userdata;
} Call;

struct LoopTimer {
        Call call;
        uint64_t at, repeat;
};

static GQueue deferred = G_QUEUE_INIT;
static GPtrArray *timers;

static Call *call_new(LoopTimerHandler handler, void *userdata) {
        Call *c = g_new0(Call, 1);

        *c = (Call){ handler, userdata };
        return c;
}

void loop_defer(Loop *l, LoopTimerHandler handler, void *userdata) {
        g_queue_push_tail(&deferred, call_new(handler, userdata));
}

LoopTimer *loop_timer_new(Loop *l, uint64_t delay_ms, uint64_t repeat_ms, LoopTimerHandler handler,
                          void *userdata) {
        LoopTimer *t = g_new0(LoopTimer, 1);

        *t = (LoopTimer){ { handler, userdata }, now + delay_ms * USEC_PER_MSEC, repeat_ms * USEC_PER_MSEC };
        g_ptr_array_add(timers, t);
        return t;
}

LoopTimer *loop_timer_free(LoopTimer *t) {
        if (t && g_ptr_array_remove(timers, t))
                g_free(t);
        return NULL;
}

bool world_step(void) {
        g_autofree Call *c = g_queue_pop_head(&deferred);

        if (!c)
                return false;
        c->handler(c->userdata);
        return true;
}

void world_run(void) {
        while (world_step())
                ;
}

/* What the killed server had on its mind stays reachable here, so that it is no leak. */
void world_forget(void) {
        static GQueue forgotten = G_QUEUE_INIT;
        Call *c;

        while ((c = g_queue_pop_head(&deferred)))
                g_queue_push_tail(&forgotten, c);
}

static LoopTimer *next_due(uint64_t until) {
        LoopTimer *first = NULL;

        for (unsigned i = 0; i < timers->len; i++) {
                LoopTimer *t = g_ptr_array_index(timers, i);

                if (t->at <= until && (!first || t->at < first->at))
                        first = t;
        }
        return first;
}

static bool fire_next(uint64_t until) {
        LoopTimer *t = next_due(until);

        if (!t)
                return false;
        now = MAX(now, t->at);
        t->at = t->repeat ? now + t->repeat : UINT64_MAX;
        t->call.handler(t->call.userdata);
        return true;
}

bool world_fire(uint64_t usec) {
        return fire_next(now + usec);
}

void world_pass(uint64_t usec) {
        uint64_t until = now + usec;

        while (fire_next(until))
                world_run();
        now = until;
}

/* The journal. */

struct AuditEntry {
        GString *text;
        char *event, *id;
        bool once;
};

AuditEntry *audit_entry_new(const char *event, const char *message_id, int priority) {
        AuditEntry *e = g_new0(AuditEntry, 1);

        e->text = g_string_new(event);
        e->event = g_strdup(event);
        g_assert_cmpuint(strlen(message_id), ==, 32);
        return e;
}

AuditEntry *audit_entry_free(AuditEntry *e) {
        if (!e)
                return NULL;
        g_string_free(e->text, true);
        g_free(e->event);
        g_free(e->id);
        g_free(e);
        return NULL;
}

void audit_entry_add(AuditEntry *e, const char *field, const char *value) {
        static const char *const shown[] = { "MSERVER_CLIENT", "MSERVER_STATUS", "MSERVER_REASON", NULL };

        if (value && g_strv_contains(shown, field))
                g_string_append_printf(e->text, " %s", value);
        if (value && strcmp(field, "MSERVER_COMMAND_ID") == 0)
                e->id = g_strdup(value);
}

void audit_entry_addf(AuditEntry *e, const char *field, const char *format, ...) {
        g_autofree char *value = NULL;
        va_list ap;

        va_start(ap, format);
        value = g_strdup_vprintf(format, ap);
        va_end(ap);
        audit_entry_add(e, field, value);
}

void audit_entry_add_number(AuditEntry *e, const char *field, int64_t n) {
        audit_entry_addf(e, field, "%" G_GINT64_FORMAT, n);
}

void audit_entry_message(AuditEntry *e, const char *format, ...) {
}

void audit_entry_once(AuditEntry *e) {
        e->once = true;
}

/* It is there from now on, also when the server is killed before it hears so. */
static void journal_takes(AuditEntry *e) {
        g_autofree char *key = g_strdup_printf("%s %s", e->event, e->id);

        if (e->once && g_hash_table_contains(world->journal, key))
                return;
        g_string_append_printf(world->log, "audit %s\n", e->text->str);
        if (e->id && world->audit_says)
                g_hash_table_add(world->journal, g_steal_pointer(&key));
}

typedef struct Handed {
        AuditDone done;
        void *userdata;
} Handed;

static void handed(void *userdata) {
        Handed *h = userdata;

        if (h->done)
                h->done(world->audit_says, h->userdata);
        g_free(h);
}

void audit_submit(Audit *a, AuditEntry *e, AuditDone done, void *userdata) {
        Handed *h = g_new0(Handed, 1);

        journal_takes(e);
        *h = (Handed){ done, userdata };
        loop_defer(NULL, handed, h);
        audit_entry_free(e);
}

const char *audit_broken(const Audit *a) {
        return world->trail_broken;
}

/* Key files. */

static void file_written(void *userdata) {
        Call *c = userdata;
        g_autoptr(GError) error = NULL;

        if (world->disk_is_full)
                fleet_fail(&error, FLEET_ERROR_FAILED, "the disk is full");
        ((KeyFilesDone) c->handler)(error, c->userdata);
        g_free(c);
}

void key_files_write(KeyFiles *k, const KeyFile *f, KeyFilesDone done, void *userdata) {
        g_string_append_printf(world->log, "file %s\n", f->container);
        loop_defer(NULL, file_written, call_new((LoopTimerHandler) done, userdata));
}

/* Connections. */

struct WsPeer {
        char *identity, *address;
        void *userdata;
        bool closed, gone;
};

static GPtrArray *peers;

bool ws_peer_send(WsPeer *peer, const char *text, size_t size) {
        g_autoptr(GError) error = NULL;
        g_autoptr(Message) m = message_parse(text, size, &error);

        g_assert_no_error(error);
        g_assert_false(peer->gone);
        g_string_append_printf(world->log, "%s < %s\n", peer->identity, m->type_name);
        if (world->sent)
                world->sent(peer, m);
        return true;
}

void ws_peer_close(WsPeer *peer, uint16_t code, const char *reason) {
        g_assert_cmpuint(strlen(reason), <=, 123);
        g_string_append_printf(world->log, "%s closed %u %s\n", peer->identity, code, reason);
        peer->closed = true;
}

void ws_call_answer(WsCall *call, unsigned status, const char *json) {
        g_string_append_printf(world->log, "answer %u %s\n", status, json ?: "-");
}

const char *ws_peer_identity(const WsPeer *peer) {
        return peer->identity;
}

const char *ws_peer_address(const WsPeer *peer) {
        return peer->address;
}

void ws_peer_set_userdata(WsPeer *peer, void *p) {
        peer->userdata = p;
}

void *ws_peer_userdata(const WsPeer *peer) {
        return peer->userdata;
}

static void peer_free(void *p) {
        WsPeer *peer = p;

        g_free(peer->identity);
        g_free(peer->address);
        g_free(peer);
}

WsPeer *world_open(const char *id) {
        WsPeer *p = g_new0(WsPeer, 1);

        p->identity = g_strdup(id);
        p->address = g_strdup("192.0.2.1");
        g_ptr_array_add(peers, p);
        sessions_handler.opened(p, world->sessions);
        return p;
}

void world_says(WsPeer *peer, const char *text) {
        sessions_handler.message(peer, text, strlen(text), world->sessions);
        world_run();
}

void world_says_and_free(WsPeer *peer, char *text) {
        world_says(peer, text);
        g_free(text);
}

WsPeer *world_connect(const char *id, unsigned features) {
        WsPeer *p = world_open(id);

        world_says_and_free(p, message_register(id, "test", "host", NULL, NULL, features, 1));
        return p;
}

static void lose(WsPeer *peer) {
        if (!peer->gone)
                sessions_handler.closed(peer, "closed by the client (1000)", world->sessions);
        peer->gone = true;
}

void world_hangs_up(WsPeer *peer) {
        lose(peer);
        world_run();
}

bool world_is_closed(const WsPeer *peer) {
        return peer->closed;
}

bool world_is_gone(const WsPeer *peer) {
        return peer->gone;
}

/* The world itself. */

static void follow_batches(const CommandRecord *r, void *userdata) {
        g_string_append_printf(world->log, "tell %s\n", command_state_to_string(r->state));
        batches_command_changed(world->batches, r);
}

static void follow_keys(const char *client, const char *container, const char *key, void *userdata) {
        g_string_append_printf(world->log, "tell key %s %s %s\n", client, container, key);
}

static void follow_backups(const char *client, const char *container, const char *file, void *userdata) {
        g_string_append_printf(world->log, "tell backup %s %s %s\n", client, container, file);
}

static const FleetObserver observer = {
        .command_changed = follow_batches,
        .key_updated = follow_keys,
        .backup_completed = follow_backups,
};

static void start(World *w) {
        w->dispatcher = dispatcher_new(NULL, &w->store, NULL, w->fleet);
        w->batches = batches_new(NULL, &w->store, w->fleet, w->dispatcher);
        w->sessions = sessions_new(NULL, w->fleet, w->dispatcher, w->keyring, NULL);
}

static void end(World *w) {
        sessions_free(w->sessions);
        batches_free(w->batches);
        dispatcher_free(w->dispatcher);
}

static void loaded(const GError *error, void *userdata) {
        g_assert_no_error(error);
}

void world_kill(void) {
        world_forget();
        for (unsigned i = 0; i < peers->len; i++)
                lose(g_ptr_array_index(peers, i));
        world_forget();
        end(world);
        start(world);
        dispatcher_load(world->dispatcher, loaded, NULL);
        world_run();
        batches_load(world->batches, loaded, NULL);
        world_run();
}

World *world_new(void) {
        World *w = g_new0(World, 1);

        world = w;
        timers = g_ptr_array_new();
        peers = g_ptr_array_new_with_free_func(peer_free);
        w->log = g_string_new(NULL);
        w->store_says = STORE_OK;
        w->audit_says = true;
        w->outputs = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_bytes_unref);
        w->commands = g_hash_table_new_full(g_str_hash, g_str_equal, NULL,
                                            (GDestroyNotify) command_record_free);
        w->batch_rows = g_hash_table_new_full(g_str_hash, g_str_equal, NULL,
                                              (GDestroyNotify) batch_record_free);
        w->store.ops = &world_store;
        w->fleet = fleet_new(&w->store, NULL, 100);
        w->settled = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        w->journal = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        w->reports = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        w->keyring = keyring_new(&w->store, NULL, w->fleet, NULL);
        start(w);
        fleet_observe(w->fleet, &observer, NULL);
        return w;
}

void world_free(World *w) {
        world_run();
        for (unsigned i = 0; i < peers->len; i++)
                world_hangs_up(g_ptr_array_index(peers, i));
        end(w);
        keyring_free(w->keyring);
        g_hash_table_unref(w->reports);
        g_hash_table_unref(w->journal);
        g_hash_table_unref(w->settled);
        fleet_free(w->fleet);
        g_assert_cmpuint(timers->len, ==, 0); /* everything gives its timers back */
        g_ptr_array_unref(timers);
        g_ptr_array_unref(peers);
        g_hash_table_unref(w->commands);
        g_hash_table_unref(w->batch_rows);
        g_hash_table_unref(w->outputs);
        g_string_free(w->log, true);
        g_free(w);
        world = NULL;
}

char *world_take_log(void) {
        char *text = g_strdup(world->log->str);

        g_string_truncate(world->log, 0);
        return text;
}

typedef struct Submitted {
        char *id;
        GError *error;
} Submitted;

static void submitted(const CommandRecord *r, const GError *error, void *userdata) {
        Submitted *s = userdata;

        s->id = r ? g_strdup(r->id) : NULL;
        s->error = error ? g_error_copy(error) : NULL;
}

char *world_submit(const char *client, const char *command, const char *params, bool queue, GError **error) {
        Submitted s = {};
        CommandRequest q = {
                .client = client,
                .command = command,
                .params = json_tokener_parse(params ?: "{}"),
                .queue = queue,
                .caller = { .uid = 1000 },
        };

        dispatcher_submit(world->dispatcher, &q, submitted, &s);
        json_object_put(q.params);
        world_run();
        if (s.error)
                g_propagate_error(error, s.error);
        return s.id;
}

CommandState world_state(const char *id) {
        const CommandRecord *r = g_hash_table_lookup(world->commands, id);

        g_assert_nonnull(r);
        return r->state;
}
