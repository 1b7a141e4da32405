/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The agent's side of a command's life: it returns, reports progress, answers; and what an earlier run of the server
 * left open. */
#include <string.h>

#include "clock.h"
#include "dispatcher-internal.h"
#include "limits.h"
#include "loading.h"
#include "log.h"
#include "session.h"

/* Never sent, or sent to an agent that never acts on an id twice. */
static bool may_send(const Open *o, const Client *c) {
        return !o->on_wire || (o->record->state == COMMAND_SENT && (c->features & FEATURE_LEDGER));
}

static void audited_again(bool handed_over, void *userdata) {
        Open *o = userdata;

        open_prepared(o, NULL);
        o->restarted = !handed_over;
        if (handed_over)
                open_take_up(o);
}

/* No act without its entry: one of an earlier run may have ended before it wrote that. */
static void send_again(Open *o) {
        if (!o->restarted) {
                open_send(o);
                return;
        }
        open_prepare(o);
        open_audit_requested(o, "sent after the server was restarted", audited_again);
}

void open_take_up(Open *o) {
        const Client *c = fleet_find(o->dispatcher->fleet, o->record->client);

        if (!c || !c->session || o->preparing || o->finishing)
                return;
        if (o->record->cancel) {
                if (c->features & FEATURE_CANCEL)
                        session_send(c->session, message_command_cancel(o->record->id));
        } else if (open_is_expired(o))
                open_expire(o);
        else if (may_send(o, c))
                send_again(o);
}

void dispatcher_client_ready(Dispatcher *d, Client *c) {
        GQueue *q = open_of(d, c->id);
        GList *next;

        for (GList *l = q ? q->head : NULL; l; l = next) {
                Open *o = l->data;

                next = l->next;
                o->passed = 0; /* what it was told may have been lost with its last connection */
                open_take_up(o);
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

        if (!o)
                return;
        running(o);
        if (m->progress.output_size > 0)
                open_put_output(o, m->progress.offset, m->progress.output, m->progress.output_size);
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
        Open *o = open_find(d, m->response.id);
        CommandState state = m->response.status;

        if (o && strcmp(o->record->client, c->id) != 0)
                return;
        if (!command_state_is_final(state)) {
                if (o && o->on_wire && !o->finishing)
                        running(o);
        } else if (!o)
                late_answer_judge(
                                late_answer_new(d, m->response.id, c->id, state, result_of(m), error_of(m)));
        else if (o->on_wire && !o->finishing) {
                o->owe_ack = true;
                session_answered(c->session);
                open_complete_output(o, m->response.result, m->response.output_bytes);
                open_finish(o, state, result_of(m), error_of(m));
        } else if (o->finishing && !o->owe_ack && !o->late)
                /* We have given it up by ourselves, or an earlier run has ended it: whichever it was, that end first. */
                o->late = late_answer_new(d, m->response.id, c->id, state, result_of(m), error_of(m));
}

void open_forget(Open *o) {
        if (o->preparing || o->finishing)
                return; /* what it is on its way to finds the client gone, or comes to its end anyway */
        if (o->on_wire)
                open_finish(o, COMMAND_INTERRUPTED, NULL,
                            "the client was forgotten: the outcome is unknown");
        else
                open_finish(o, COMMAND_FAILED, NULL, "the client was forgotten before it was sent");
}

void dispatcher_client_removed(const Client *c, void *dispatcher) {
        GQueue *q = open_of(dispatcher, c->id);

        for (GList *l = q ? q->head : NULL; l; l = l->next)
                open_forget(l->data);
}

static void take_over(Dispatcher *d, CommandRecord *r) {
        Open *o = open_add(d, r);

        o->params = json_tokener_parse(r->params);
        o->restarted = true;
        o->caller = (Caller){ .uid = r->caller_uid, .owner_uid = UINT32_MAX };
        o->on_wire = r->state != COMMAND_QUEUED;
        if (command_state_is_final(r->state)) {
                /* Its end was stored, and what follows from that was not done, or not known to be. */
                o->end_unsettled = true;
                o->finishing = true;
                dispatcher_busy(d, 1);
                open_audit_end(o);
        } else if (o->on_wire)
                open_go_on_running(o);
        else if (r->cancel)
                open_finish(o, COMMAND_CANCELLED, NULL, "cancelled before it was sent");
        else
                open_begin_queue(o);
        if (!fleet_find(d->fleet, r->client))
                open_forget(o);
}

/* Oldest first; the array is emptied without its rows being freed. */
static void take_over_all(GPtrArray *rows, void *dispatcher) {
        if (rows->len > 0)
                log_info("%u commands are still open from an earlier run", rows->len);
        g_ptr_array_set_free_func(rows, NULL);
        for (unsigned i = 0; i < rows->len; i++)
                take_over(dispatcher, rows->pdata[i]);
}

void dispatcher_load(Dispatcher *d, FleetReady ready, void *userdata) {
        d->store->ops->open_commands(d->store->engine, loading_rows,
                                     loading_new("the open commands", take_over_all, d, ready, userdata));
}
