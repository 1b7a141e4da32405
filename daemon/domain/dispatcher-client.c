/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The agent's side of a command's life: it returns, reports progress, answers, is asked to stop; and what an earlier
 * run of the server left open. */
#include <string.h>

#include "clock.h"
#include "dispatcher-internal.h"
#include "error.h"
#include "limits.h"
#include "log.h"
#include "session.h"

/* Never sent, or sent to an agent that never acts on an id twice. */
static bool may_send(const Open *o, const Client *c) {
        return !o->on_wire || (o->record->state == COMMAND_SENT && (c->features & FEATURE_LEDGER));
}

static void audited_again(bool handed_over, void *userdata) {
        Open *o = userdata;
        const Client *c = fleet_find(o->dispatcher->fleet, o->record->client);

        o->submitting = false;
        dispatcher_busy(o->dispatcher, -1);
        if (!handed_over || !c || !c->session)
                return; /* when it returns */
        o->restarted = false;
        open_send(o);
}

/* No act without its entry: one of an earlier run may have ended before it wrote that. */
static void send_again(Open *o) {
        if (!o->restarted) {
                open_send(o);
                return;
        }
        o->submitting = true;
        dispatcher_busy(o->dispatcher, 1);
        open_audit_requested(o, "sent after the server was restarted", audited_again);
}

void dispatcher_client_ready(Dispatcher *d, Client *c) {
        GQueue *q = open_of(d, c->id);
        GList *next;

        for (GList *l = q ? q->head : NULL; l; l = next) {
                Open *o = l->data;

                next = l->next;
                if (o->submitting || o->finishing)
                        continue;
                if (o->cancel && o->on_wire && (c->features & FEATURE_CANCEL))
                        session_send(c->session, message_command_cancel(o->record->id));
                else if (may_send(o, c))
                        send_again(o);
        }
}

static void running(Open *o) {
        Dispatcher *d = o->dispatcher;

        if (!command_record_advance(o->record, COMMAND_RUNNING, NULL, NULL, now_realtime()))
                return;
        d->store->ops->advance_command(d->store->engine, o->record, NULL, NULL);
        fleet_tell_command(d->fleet, o->record);
}

/* The open command that this client may speak of. */
static Open *find_of(Dispatcher *d, const Client *c, const char *id) {
        Open *o = open_find(d, id);

        return o && o->on_wire && !o->finishing && strcmp(o->record->client, c->id) == 0 ? o : NULL;
}

void dispatcher_progress(Dispatcher *d, Client *c, const Message *m) {
        Open *o = find_of(d, c, m->progress.id);
        const void *chunk;
        uint64_t offset;
        size_t n;

        if (!o)
                return;
        running(o);
        if (m->progress.output_size == 0)
                return;
        if (!o->output)
                o->output = outbuf_new(OUTPUT_TAIL_BYTES);
        n = outbuf_put(o->output, m->progress.offset, m->progress.output, m->progress.output_size, &offset,
                       &chunk);
        if (n > 0)
                fleet_tell_output(d->fleet, o->record, offset, chunk, n);
}

/* An answer to what is not open: most often one whose acknowledgement got lost; or the outcome, at last, of what was
 * given up as interrupted. */
typedef struct LateAnswer {
        Dispatcher *dispatcher;
        char *id, *client;
        CommandState state;
        char *result, *error;
        CommandRecord *settled; /* what it becomes */
} LateAnswer;

static void late_answer_free(LateAnswer *a) {
        g_free(a->id);
        g_free(a->client);
        g_free(a->result);
        g_free(a->error);
        command_record_free(a->settled);
        g_free(a);
}

static void late_answer_acknowledge(LateAnswer *a) {
        dispatcher_acknowledge(a->dispatcher, a->client, a->id);
        late_answer_free(a);
}

static void late_answer_audited(bool handed_over, void *userdata) {
        late_answer_acknowledge(userdata);
}

static void late_answer_stored(StoreStatus status, void *userdata) {
        LateAnswer *a = userdata;
        Dispatcher *d = a->dispatcher;
        const CommandRecord *settled = a->settled;

        if (status != STORE_OK) {
                late_answer_free(a); /* not acknowledged: it comes again */
                return;
        }
        cache_put(d, g_steal_pointer(&a->settled));
        fleet_tell_command(d->fleet, settled);
        dispatcher_audit_settled(d, settled, late_answer_audited, a);
}

static void late_answer_known(const CommandRecord *r, const GError *error, void *userdata) {
        LateAnswer *a = userdata;
        Store *s = a->dispatcher->store;

        if (g_error_matches(error, FLEET_ERROR, FLEET_ERROR_NO_SUCH_COMMAND)) {
                log_warning("%s answers command %s, which nobody here knows", a->client, a->id);
                late_answer_acknowledge(a);
                return;
        }
        if (!r || strcmp(r->client, a->client) != 0 || !command_state_is_final(r->state)) {
                late_answer_free(a);
                return;
        }
        a->settled = command_record_copy(r);
        if (command_record_advance(a->settled, a->state, a->result, a->error, now_realtime()))
                s->ops->advance_command(s->engine, a->settled, late_answer_stored, a);
        else
                late_answer_acknowledge(a);
}

static const char *result_of(const Message *m) {
        return m->response.result
                               ? json_object_to_json_string_ext(m->response.result, JSON_C_TO_STRING_PLAIN)
                               : NULL;
}

static const char *error_of(const Message *m) {
        if (m->response.status == COMMAND_SUCCEEDED)
                return NULL;
        return m->response.error ?: "the agent gave no reason";
}

void dispatcher_response(Dispatcher *d, Client *c, const Message *m) {
        Open *o = find_of(d, c, m->response.id);

        if (!o) {
                LateAnswer *a;

                /* Its end is on the way to the store: that acknowledges this answer too. */
                if ((o = open_find(d, m->response.id)) && strcmp(o->record->client, c->id) == 0) {
                        o->owe_ack = o->owe_ack || o->finishing;
                        return;
                }
                if (!command_state_is_final(m->response.status))
                        return;
                a = g_new0(LateAnswer, 1);
                a->dispatcher = d;
                a->id = g_strdup(m->response.id);
                a->client = g_strdup(c->id);
                a->state = m->response.status;
                a->result = g_strdup(result_of(m));
                a->error = g_strdup(error_of(m));
                dispatcher_get(d, m->response.id, late_answer_known, a);
                return;
        }
        if (!command_state_is_final(m->response.status)) {
                running(o);
                return;
        }
        o->owe_ack = true;
        open_finish(o, m->response.status, result_of(m), error_of(m));
}

typedef struct Cancel {
        Dispatcher *dispatcher;
        char *id;
        CommandDone done;
        void *userdata;
} Cancel;

static bool cancel_open(Open *o, GError **error) {
        const Client *c = fleet_find(o->dispatcher->fleet, o->record->client);

        if (o->finishing)
                return true;
        o->cancel = true;
        if (o->submitting)
                return true;
        if (!o->on_wire) {
                open_finish(o, COMMAND_CANCELLED, NULL, "cancelled before it was sent");
                return true;
        }
        if (!c || !c->online)
                return true; /* asked for when it returns */
        if (!(c->features & FEATURE_CANCEL))
                return fleet_fail(error, FLEET_ERROR_NOT_SUPPORTED,
                                  "client \"%s\" (version %s) cannot cancel a command that it has", c->id,
                                  c->version);
        session_send(c->session, message_command_cancel(o->record->id));
        return true;
}

static void cancel_known(const CommandRecord *r, const GError *error, void *userdata) {
        Cancel *k = userdata;
        g_autoptr(GError) refused = NULL;
        Open *o = r ? open_find(k->dispatcher, k->id) : NULL;

        if (o && !cancel_open(o, &refused)) {
                error = refused;
                r = NULL;
        }
        if (k->done)
                k->done(r, error, k->userdata);
        g_free(k->id);
        g_free(k);
}

void dispatcher_cancel(Dispatcher *d, const char *id, CommandDone done, void *userdata) {
        Cancel *k = g_new0(Cancel, 1);

        *k = (Cancel){ d, g_strdup(id), done, userdata };
        dispatcher_get(d, id, cancel_known, k);
}

typedef struct Loading {
        Dispatcher *dispatcher;
        FleetReady ready;
        void *userdata;
} Loading;

static void take_over(Dispatcher *d, CommandRecord *r) {
        Open *o = open_add(d, r);

        o->params = json_tokener_parse(r->params);
        o->restarted = true;
        o->caller = (Caller){ .uid = r->caller_uid, .owner_uid = UINT32_MAX };
        o->on_wire = r->state != COMMAND_QUEUED;
        if (!command_state_is_final(r->state)) {
                open_arm_deadline(o, RESTART_GRACE_USEC);
                return;
        }
        /* Its end was stored, and what follows from that was not done, or not known to be. */
        o->finishing = true;
        dispatcher_busy(d, 1);
        open_audit_end(o);
}

static void open_commands_loaded(StoreStatus status, GPtrArray *rows, void *userdata) {
        Loading *l = userdata;
        g_autoptr(GError) error = NULL;

        if (status != STORE_OK)
                fleet_fail(&error, FLEET_ERROR_UNAVAILABLE, "the store does not give out the open commands");
        else if (rows->len > 0)
                log_info("%u commands are still open from an earlier run", rows->len);
        /* Oldest first; the array is emptied without its rows being freed. */
        g_ptr_array_set_free_func(rows, NULL);
        for (unsigned i = 0; i < rows->len; i++)
                take_over(l->dispatcher, g_ptr_array_index(rows, i));
        l->ready(error, l->userdata);
        g_free(l);
}

void dispatcher_load(Dispatcher *d, FleetReady ready, void *userdata) {
        Loading *l = g_new0(Loading, 1);

        *l = (Loading){ d, ready, userdata };
        d->store->ops->open_commands(d->store->engine, open_commands_loaded, l);
}
