/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A parked method call: it is answered exactly once. */
#include "bus-request.h"

#include "bus-internal.h"
#include "error.h"
#include "limits.h"
#include "names.h"
#include "uid-count.h"

struct Requests {
        GHashTable *by_sender; /* unique name to GQueue of Request */
        UidCount *by_uid;
        unsigned parked;
};

static void queue_free(void *p) {
        GQueue *q = p;

        g_assert(g_queue_is_empty(q));
        g_queue_free(q);
}

Requests *requests_new(void) {
        Requests *rs = g_new0(Requests, 1);

        rs->by_sender = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, queue_free);
        rs->by_uid = uid_count_new();
        return rs;
}

Requests *requests_free(Requests *rs) {
        if (!rs)
                return NULL;
        g_assert(rs->parked == 0);
        g_hash_table_unref(rs->by_sender);
        g_hash_table_unref(rs->by_uid);
        g_free(rs);
        return NULL;
}

unsigned requests_parked(const Requests *rs) {
        return rs->parked;
}

static void park(Requests *rs, Request *r) {
        const char *sender = sd_bus_message_get_sender(r->message);
        GQueue *q = g_hash_table_lookup(rs->by_sender, sender);

        if (!q) {
                q = g_queue_new();
                g_hash_table_insert(rs->by_sender, g_strdup(sender), q);
        }
        r->link.data = r;
        g_queue_push_tail_link(q, &r->link);
        rs->parked++;
}

static void unpark(Request *r) {
        const char *sender = sd_bus_message_get_sender(r->message);
        GQueue *q = g_hash_table_lookup(r->requests->by_sender, sender);

        g_queue_unlink(q, &r->link);
        if (g_queue_is_empty(q))
                g_hash_table_remove(r->requests->by_sender, sender);
        r->requests->parked--;
        if (r->charged)
                uid_count_change(r->requests->by_uid, r->caller.uid, -1);
}

/* The request has had its answer, or nobody is there to hear it. What it waits for is taken back. */
static void close_request(Request *r) {
        Bus *b = r->bus;

        unpark(r);
        r->bus = NULL;
        if (r->check) {
                polkit_cancel(&r->check);
                request_unref(r);
        }
        if (r->waits_for) {
                g_autofree char *id = g_steal_pointer(&r->waits_for);

                if (dispatcher_unwait(b->server->dispatcher, id, r))
                        request_unref(r);
        }
}

void requests_caller_gone(Requests *rs, const char *sender) {
        GQueue *q;

        while ((q = g_hash_table_lookup(rs->by_sender, sender))) {
                g_autoptr(Request) r = request_ref(g_queue_peek_head(q));

                close_request(r);
        }
}

void requests_close_all(Requests *rs) {
        GHashTableIter i;
        void *q;

        for (;;) {
                g_autoptr(Request) r = NULL;
                g_autoptr(GError) error = NULL;

                g_hash_table_iter_init(&i, rs->by_sender);
                if (!g_hash_table_iter_next(&i, NULL, &q))
                        return;
                r = request_ref(g_queue_peek_head(q));
                (void) fleet_fail(&error, FLEET_ERROR_UNAVAILABLE,
                                  "The server is stopping; what it has taken on goes on");
                request_fail(r, error);
        }
}

Request *request_new(Bus *b, sd_bus_message *m, const BusMethod *method) {
        Request *r;

        if (b->requests->parked >= REQUESTS_PARKED_MAX) {
                g_autofree char *name = fleet_error_name(MSERVER_ERROR_PREFIX, FLEET_ERROR_LIMIT_EXCEEDED);

                (void) sd_bus_reply_method_errorf(
                                m, name, "%u calls wait for their answers: expected fewer, try later",
                                b->requests->parked);
                return NULL;
        }
        r = g_new0(Request, 1);
        r->n_ref = 1;
        r->bus = b;
        r->requests = b->requests;
        r->message = sd_bus_message_ref(m);
        r->method = method;
        r->owner_uid = UINT32_MAX;
        r->caller = (Caller){ .uid = UINT32_MAX, .owner_uid = UINT32_MAX };
        park(b->requests, r);
        return r;
}

Request *request_ref(Request *r) {
        r->n_ref++;
        return r;
}

Request *request_unref(Request *r) {
        if (!r || --r->n_ref > 0)
                return NULL;
        if (!request_is_answered(r)) {
                g_autoptr(GError) error = NULL;

                (void) fleet_fail(&error, FLEET_ERROR_FAILED, "The call was lost inside the server");
                r->n_ref++;
                request_fail(r, error);
                r->n_ref--;
        }
        sd_bus_message_unref(r->message);
        if (r->args.command.params)
                json_object_put(r->args.command.params);
        g_free(r->subject.client);
        g_free(r->subject.command);
        g_free(r->subject.container);
        g_free(r->subject.selector);
        g_free(r->subject.schedule);
        g_free(r->subject.command_id);
        g_free(r->subject.batch);
        caller_clear(&r->caller);
        g_free(r);
        return NULL;
}

bool request_set_caller(Request *r, const Caller *caller, GError **error) {
        r->charged = caller_charge(r->requests->by_uid, caller, REQUESTS_PARKED_PER_UID_MAX, error);
        if (r->charged)
                caller_copy(caller, &r->caller);
        return r->charged;
}

void request_reply(Request *r, const char *types, ...) {
        va_list ap;

        if (request_is_answered(r))
                return;
        va_start(ap, types);
        (void) sd_bus_reply_method_returnv(r->message, types, ap);
        va_end(ap);
        close_request(r);
}

void request_fail_name(Request *r, const char *name, const char *message) {
        if (request_is_answered(r))
                return;
        (void) sd_bus_reply_method_errorf(r->message, name, "%s", message);
        close_request(r);
}

void request_fail(Request *r, const GError *error) {
        int code = error->domain == FLEET_ERROR ? error->code : FLEET_ERROR_FAILED;
        g_autofree char *name = fleet_error_name(MSERVER_ERROR_PREFIX, code);

        request_fail_name(r, name, error->message);
}

void request_fail_lookup(Request *r, const GError *error) {
        const char *interface = sd_bus_message_get_interface(r->message);

        if (g_error_matches(error, FLEET_ERROR, FLEET_ERROR_NO_SUCH_COMMAND) && interface &&
            g_str_has_prefix(interface, "org.freedesktop.DBus."))
                request_fail_name(r, SD_BUS_ERROR_UNKNOWN_OBJECT, error->message);
        else
                request_fail(r, error);
}

void request_send(Request *r, sd_bus_message *reply, int made) {
        if (request_is_answered(r))
                return;
        if (made >= 0)
                made = sd_bus_send(NULL, reply, NULL);
        if (made < 0)
                (void) sd_bus_reply_method_errnof(r->message, made, "The answer cannot be sent: %s",
                                                  g_strerror(-made));
        close_request(r);
}

bool request_check_store(Request *r, StoreStatus status) {
        g_autoptr(GError) error = NULL;

        if (status == STORE_OK)
                return true;
        (void) fleet_fail(&error, FLEET_ERROR_UNAVAILABLE, "The store does not answer; try again");
        request_fail(r, error);
        return false;
}

static int append_rows(sd_bus_message *m, GPtrArray *rows, const char *type, RequestRow append) {
        int r;

        r = sd_bus_message_open_container(m, 'a', type);
        for (guint i = 0; r >= 0 && i < rows->len; i++)
                r = append(m, g_ptr_array_index(rows, i));
        return r < 0 ? r : sd_bus_message_close_container(m);
}

void request_reply_rows(Request *r, StoreStatus status, GPtrArray *rows, const char *type,
                        RequestRow append) {
        g_autoptr(sd_bus_message) reply = NULL;
        int made;

        if (request_is_answered(r) || !request_check_store(r, status))
                return;
        made = sd_bus_message_new_method_return(r->message, &reply);
        if (made >= 0)
                made = append_rows(reply, rows, type, append);
        request_send(r, reply, made);
}

void request_answer_text(const char *text, const GError *error, void *request) {
        g_autoptr(Request) r = request;

        if (error)
                request_fail(r, error);
        else
                request_reply(r, "s", text);
}

void request_dispatch_again(Request *r) {
        int e;

        if (request_is_answered(r))
                return;
        e = sd_bus_enqueue_for_read(r->bus->connection, r->message);
        if (e < 0)
                (void) sd_bus_reply_method_errno(r->message, e, NULL);
        close_request(r);
}
