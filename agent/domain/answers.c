/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Outcomes of commands on their way to the server. */
#include "answers.h"

#include <json-c/json.h>

#include "clock.h"
#include "log.h"
#include "message.h"

struct Answers {
        AgentLedger *ledger;
        const ServerLink *link;
        void *userdata;

        bool online;
        unsigned features;   /* the server's */
        GQueue unsent;       /* of char*: ids whose outcomes are sent from the ledger */
        bool loading;        /* the first of them, or the list of all, is being read */
        unsigned connection; /* counts: what was asked for during an earlier one is stale */
};

/* Which connection something was asked of the ledger for. */
typedef struct Loading {
        Answers *answers;
        unsigned connection;
} Loading;

static Loading *loading_new(Answers *a) {
        Loading *loading = g_new(Loading, 1);

        *loading = (Loading){ a, a->connection };
        return loading;
}

static bool send_outcome(Answers *a, const char *id, const LedgerOutcome *o) {
        json_object *result = o->result ? json_tokener_parse(o->result) : NULL;
        g_autofree char *text =
                        message_command_response(id, message_response_state(o->state, a->features), result,
                                                 a->features & FEATURE_PROGRESS ? o->output_bytes : 0,
                                                 o->error, now_realtime() / USEC_PER_MSEC);

        json_object_put(result);
        return a->link->send(text, a->userdata);
}

static void pump(Answers *a);

static void outcome_loaded(const char *id, const LedgerOutcome *outcome, const char *problem,
                           void *userdata) {
        g_autofree Loading *loading = userdata;
        Answers *a = loading->answers;

        if (loading->connection != a->connection)
                return;
        a->loading = false;
        if (problem)
                log_warning("The outcome of %s cannot be read from the ledger: %s", id, problem);
        else if (outcome && !send_outcome(a, id, outcome)) {
                g_queue_push_head(&a->unsent,
                                  g_strdup(id)); /* until answers_drained() or the next connection */
                return;
        }
        pump(a);
}

/* One at a time, so that only one outcome is ever in memory. */
static void pump(Answers *a) {
        g_autofree char *id = NULL;

        if (!a->online || a->loading || a->link->is_congested(a->userdata))
                return;
        id = g_queue_pop_head(&a->unsent);
        if (!id)
                return;
        a->loading = true;
        agent_ledger_load(a->ledger, id, outcome_loaded, loading_new(a));
}

/* Straight away, unless others wait before it. */
void answers_put(Answers *a, const char *id, const LedgerOutcome *outcome) {
        if (!a->online)
                return;
        if (a->unsent.length == 0 && !a->loading && !a->link->is_congested(a->userdata) &&
            send_outcome(a, id, outcome))
                return;
        answers_put_stored(a, id);
}

void answers_put_stored(Answers *a, const char *id) {
        if (!a->online)
                return;
        g_queue_push_tail(&a->unsent, g_strdup(id));
        pump(a);
}

void answers_once(Answers *a, const char *id, const LedgerOutcome *outcome) {
        if (a->online)
                (void) send_outcome(a, id, outcome);
}

static void unacked_listed(char **ids, const char *problem, void *userdata) {
        g_autofree Loading *loading = userdata;
        Answers *a = loading->answers;

        if (loading->connection != a->connection)
                return;
        if (problem)
                log_error("The unacknowledged outcomes cannot be read from the ledger: %s", problem);
        /* Before what has ended since: that is in the list as well, and sent twice at worst. */
        for (int i = (int) g_strv_length(ids) - 1; i >= 0; i--)
                g_queue_push_head(&a->unsent, g_strdup(ids[i]));
        a->loading = false;
        pump(a);
}

void answers_again(Answers *a) {
        if (!a->online)
                return;
        a->connection++;
        a->loading = true;
        agent_ledger_unacked(a->ledger, unacked_listed, loading_new(a));
}

void answers_online(Answers *a, unsigned features) {
        a->online = true;
        a->features = features;
        answers_again(a);
}

void answers_offline(Answers *a) {
        a->online = a->loading = false;
        a->connection++;
        g_queue_clear_full(&a->unsent, g_free);
}

void answers_drained(Answers *a) {
        pump(a);
}

bool answers_is_online(const Answers *a) {
        return a->online;
}

bool answers_has(const Answers *a, unsigned feature) {
        return a->online && a->features & feature;
}

Answers *answers_new(AgentLedger *ledger, const ServerLink *link, void *userdata) {
        Answers *a = g_new0(Answers, 1);

        *a = (Answers){ .ledger = ledger, .link = link, .userdata = userdata };
        return a;
}

Answers *answers_free(Answers *a) {
        if (!a)
                return NULL;
        g_queue_clear_full(&a->unsent, g_free);
        g_free(a);
        return NULL;
}
