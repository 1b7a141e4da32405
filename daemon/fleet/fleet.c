/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* All clients: who is known, who is online, and who watches. */
#include "fleet.h"

#include <syslog.h>

#include "clock.h"
#include "error.h"
#include "fleet-internal.h"
#include "hash.h"
#include "ident.h"
#include "limits.h"
#include "names.h"
#include "session.h"
#include "text.h"

Fleet *fleet_new(Store *store, Audit *audit, unsigned clients_max) {
        Fleet *f = g_new0(Fleet, 1);

        f->store = store;
        f->audit = audit;
        f->clients_max = clients_max;
        f->clients = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, (GDestroyNotify) client_free);
        f->tokens = fleet_hashes_new((GDestroyNotify) token_record_free);
        f->enrollments = fleet_hashes_new((GDestroyNotify) enrollment_record_free);
        f->grants = g_ptr_array_new();
        f->observers = g_array_new(false, false, sizeof(Observer));
        return f;
}

void fleet_set_clients_max(Fleet *f, unsigned clients_max) {
        f->clients_max = clients_max;
}

Fleet *fleet_free(Fleet *f) {
        if (!f)
                return NULL;
        g_clear_pointer(&f->sorted, g_ptr_array_unref);
        g_hash_table_unref(f->clients);
        g_hash_table_unref(f->tokens);
        g_hash_table_unref(f->enrollments);
        g_ptr_array_unref(f->grants);
        g_array_unref(f->observers);
        g_free(f);
        return NULL;
}

void fleet_observe(Fleet *f, const FleetObserver *observer, void *userdata) {
        g_array_append_val(f->observers, ((Observer){ observer, userdata }));
}

void fleet_unobserve(Fleet *f, void *userdata) {
        for (unsigned i = f->observers->len; i-- > 0;)
                if (g_array_index(f->observers, Observer, i).userdata == userdata)
                        g_array_remove_index(f->observers, i);
}

#define TELL(f, call, ...)                                                                 \
        do {                                                                               \
                for (unsigned _i = 0; _i < (f)->observers->len; _i++) {                    \
                        const Observer *_o = &g_array_index((f)->observers, Observer, _i); \
                        if (_o->calls->call)                                               \
                                _o->calls->call(__VA_ARGS__, _o->userdata);                \
                }                                                                          \
        } while (0)

void fleet_tell_access_ended(Fleet *f, const char *client, const char *reason) {
        TELL(f, access_ended, client, reason);
}

void fleet_tell_command(Fleet *f, const CommandRecord *r) {
        TELL(f, command_changed, r);
}

void fleet_tell_output(Fleet *f, const CommandRecord *r, uint64_t offset, const void *chunk, size_t size) {
        TELL(f, command_output, r, offset, chunk, size);
}

uint64_t fleet_output_passed(Fleet *f, const CommandRecord *r, uint64_t end) {
        uint64_t passed = end;

        for (unsigned i = 0; i < f->observers->len; i++) {
                const Observer *o = &g_array_index(f->observers, Observer, i);

                if (o->calls->output_passed)
                        passed = MIN(passed, o->calls->output_passed(r, end, o->userdata));
        }
        return passed;
}

void fleet_tell_key(Fleet *f, const char *client, const char *container, const char *session_key) {
        TELL(f, key_updated, client, container, session_key);
}

void fleet_tell_backup(Fleet *f, const char *client, const char *container, const char *file) {
        TELL(f, backup_completed, client, container, file);
}

void fleet_tell_stats(Fleet *f, const Client *c, json_object *data, int64_t timestamp_ms) {
        TELL(f, stats_received, c, data, timestamp_ms);
}

void fleet_tell_batch(Fleet *f, const Batch *b, bool added, bool ended) {
        TELL(f, batch_changed, b, added, ended);
}

void fleet_tell_schedule(Fleet *f, const Schedule *s, ScheduleNews news) {
        TELL(f, schedule_changed, s, news);
}

void fleet_tell_alert(Fleet *f, const AlertRecord *a, AlertChange change) {
        TELL(f, alert_changed, a, change);
}

Client *fleet_find(const Fleet *f, const char *id) {
        return g_hash_table_lookup(f->clients, id);
}

unsigned fleet_size(const Fleet *f) {
        return g_hash_table_size(f->clients);
}

unsigned fleet_online(const Fleet *f) {
        return f->online;
}

static int by_id(const void *a, const void *b) {
        return strcmp((*(Client *const *) a)->id, (*(Client *const *) b)->id);
}

GPtrArray *fleet_list(const Fleet *f) {
        if (!f->sorted) {
                ((Fleet *) f)->sorted = hash_values(f->clients);
                g_ptr_array_sort(f->sorted, by_id);
        }
        return g_ptr_array_copy(f->sorted, NULL, NULL);
}

static Client *insert(Fleet *f, Client *c) {
        g_hash_table_replace(f->clients, c->id, c);
        g_clear_pointer(&f->sorted, g_ptr_array_unref);
        return c;
}

Client *fleet_add(Fleet *f, const char *id, uint64_t now_usec, GError **error) {
        Client *c;

        if (fleet_size(f) >= f->clients_max) {
                fleet_fail(error, FLEET_ERROR_LIMIT_EXCEEDED,
                           "cannot add client \"%s\": the fleet already has its %u clients (MaxClients=)",
                           id, f->clients_max);
                return NULL;
        }
        c = insert(f, client_new(id));
        c->since = now_usec;
        TELL(f, client_added, c);
        return c;
}

void fleet_remove(Fleet *f, Client *c) {
        TELL(f, client_removed, c);
        g_clear_pointer(&f->sorted, g_ptr_array_unref);
        g_hash_table_remove(f->clients, c->id);
}

void fleet_save(Fleet *f, const Client *c, bool forgotten, StoreDone done, void *userdata) {
        ClientRecord r;

        client_to_record(c, &r);
        r.forgotten = forgotten;
        f->store->ops->put_client(f->store->engine, &r, done, userdata);
        client_record_clear_texts(&r);
}

AuditEntry *fleet_audit_entry(const char *event, const char *message_id, int priority, const char *client,
                              const char *address, const char *reason) {
        AuditEntry *e = audit_entry_new(event, message_id, priority);

        audit_entry_add(e, "MSERVER_CLIENT", client);
        audit_entry_add(e, "MSERVER_ADDRESS", address);
        audit_entry_add(e, "MSERVER_REASON", reason);
        return e;
}

static void audit_online(Fleet *f, const Client *c, const char *reason) {
        AuditEntry *e = fleet_audit_entry("client-online", MESSAGE_ID_CLIENT_ONLINE, LOG_INFO, c->id,
                                          c->address, reason);

        audit_entry_message(e, "%s: online from %s%s%s", c->id, c->address, reason ? ", " : "",
                            reason ?: "");
        audit_submit(f->audit, e, NULL, NULL);
}

static void audit_offline(Fleet *f, const Client *c, const char *reason) {
        AuditEntry *e = fleet_audit_entry("client-offline", MESSAGE_ID_CLIENT_OFFLINE, LOG_NOTICE, c->id,
                                          c->address, reason);

        audit_entry_message(e, "%s: offline: %s", c->id, reason);
        audit_submit(f->audit, e, NULL, NULL);
}

void fleet_set_host(Fleet *f, Client *c, const char *host) {
        g_free(c->host);
        c->host = text_cut(host, HOST_NAME_MAX_BYTES);
        fleet_save(f, c, false, NULL, NULL);
        TELL(f, client_described, c);
}

static void describe(Client *c, FleetRegister *what) {
        if (what->host && what->host[0]) {
                g_free(c->host);
                c->host = g_strdup(what->host);
        }
        g_free(c->version);
        g_free(c->address);
        c->version = g_strdup(what->version ?: "");
        c->address = g_strdup(what->address ?: "");
        c->features = what->features;
        if (what->labels) {
                g_hash_table_unref(c->labels);
                c->labels = g_steal_pointer(&what->labels);
        } else
                g_hash_table_remove_all(c->labels);
        g_strfreev(c->commands);
        c->commands = g_steal_pointer(&what->commands) ?: g_new0(char *, 1);
}

Client *fleet_register(Fleet *f, const char *id, FleetRegister *what, Session *session, uint64_t now_usec,
                       GError **error) {
        Client *c = fleet_find(f, id) ?: fleet_add(f, id, now_usec, error);
        g_autofree char *reason = NULL;
        Session *old;
        bool again;

        if (!c)
                return NULL;
        again = c->session == session; /* it describes itself anew */
        old = c->session != session ? c->session : NULL;
        if (old)
                reason = g_strdup_printf("replacing the connection from %s", c->address);
        describe(c, what);
        if (!c->online) {
                c->since = now_usec;
                f->online++;
        }
        c->online = true;
        c->session = session;
        c->last_seen = now_usec;
        fleet_save(f, c, false, NULL, NULL);
        if (!again)
                audit_online(f, c, reason);
        if (old) {
                session_close(old, WS_CLOSE_POLICY, "replaced by a newer connection of this client");
                session_orphan(old); /* it may take its time to close, and the client may be forgotten by then */
        }
        if (again)
                TELL(f, client_described, c);
        else
                TELL(f, client_online, c);
        return c;
}

void fleet_unregister(Fleet *f, Client *c, Session *session, const char *reason, uint64_t now_usec) {
        if (c->session != session)
                return;
        c->session = NULL;
        c->online = false;
        c->since = now_usec;
        c->last_seen = MAX(c->last_seen, now_usec);
        f->online--;
        fleet_save(f, c, false, NULL, NULL);
        audit_offline(f, c, reason);
        TELL(f, client_offline, c, reason);
}

typedef struct Loading {
        Fleet *fleet;
        FleetReady ready;
        void *userdata;
} Loading;

static void loading_end(Loading *l, StoreStatus status) {
        g_autoptr(GError) error = NULL;

        if (status != STORE_OK)
                fleet_fail(&error, FLEET_ERROR_UNAVAILABLE, "the store does not give out the clients");
        l->ready(error, l->userdata);
        g_free(l);
}

static void enrollments_loaded(StoreStatus status, GPtrArray *rows, void *userdata) {
        Loading *l = userdata;

        while (rows && rows->len > 0)
                fleet_take_enrollment(l->fleet, g_ptr_array_steal_index_fast(rows, rows->len - 1));
        loading_end(l, status);
}

static void tokens_loaded(StoreStatus status, GPtrArray *rows, void *userdata) {
        Loading *l = userdata;
        Store *s = l->fleet->store;

        while (rows && rows->len > 0)
                fleet_take_token(l->fleet, g_ptr_array_steal_index_fast(rows, rows->len - 1));
        if (status == STORE_OK)
                s->ops->load_enrollments(s->engine, enrollments_loaded, l);
        else
                loading_end(l, status);
}

static void clients_loaded(StoreStatus status, GPtrArray *rows, void *userdata) {
        Loading *l = userdata;
        Fleet *f = l->fleet;

        if (status != STORE_OK) {
                loading_end(l, status);
                return;
        }
        for (unsigned i = 0; i < rows->len; i++) {
                const ClientRecord *r = g_ptr_array_index(rows, i);
                Client *c;

                if (r->forgotten)
                        continue;
                c = insert(f, client_from_record(r));
                if (!c->online)
                        continue;
                /* The last run ended without saying so. */
                c->online = false;
                c->since = now_realtime();
                fleet_save(f, c, false, NULL, NULL);
                audit_offline(f, c, "the server was restarted");
        }
        f->store->ops->load_tokens(f->store->engine, tokens_loaded, l);
}

void fleet_load(Fleet *f, FleetReady ready, void *userdata) {
        Loading *l = g_new0(Loading, 1);

        *l = (Loading){ f, ready, userdata };
        f->store->ops->load_clients(f->store->engine, clients_loaded, l);
}
