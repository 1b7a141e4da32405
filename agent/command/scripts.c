/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The operator's commands that mclient-script runs for us. */
#include "scripts.h"

#include "agent-ledger.h"
#include "clock.h"
#include "json-path.h"
#include "limits.h"
#include "log.h"
#include "script-ask.h"
#include "script-table.h"

struct Scripts {
        Loop *loop;
        AgentDb *db;
        ScriptPlace place;
        char *state; /* the helper's, where it is a child */
        ScriptsSettled settled;
        void *userdata;
        GHashTable *inherited; /* id to Inherited */
};

/* A command of an earlier process. */
typedef struct Inherited {
        Scripts *scripts;
        char *id;
        ScriptAsk *ask;
        LedgerOutcome outcome; /* until it is stored */
        LoopTimer *retry;
} Inherited;

static void free_inherited(void *p) {
        Inherited *i = p;

        (void) script_ask_free(i->ask);
        (void) loop_timer_free(i->retry);
        ledger_outcome_clear(&i->outcome);
        g_free(i->id);
        g_free(i);
}

static void store(void *userdata);

static void stored(const char *id, const char *problem, void *userdata) {
        Inherited *i = userdata;
        Scripts *s = i->scripts;

        if (problem) {
                log_error("The outcome of %s cannot be written down, trying again in %d s: %s", id,
                          LEDGER_RETRY_SEC, problem);
                i->retry = loop_timer_new(s->loop, LEDGER_RETRY_SEC * 1000, 0, store, i);
                return;
        }
        g_hash_table_remove(s->inherited, id);
        s->settled(id, s->userdata);
}

static void store(void *userdata) {
        Inherited *i = userdata;

        i->retry = loop_timer_free(i->retry);
        agent_ledger_finish(i->scripts->db, i->id, &i->outcome, now_realtime(), stored, i);
}

static void answered(const LedgerOutcome *outcome, void *userdata) {
        Inherited *i = userdata;

        log_info("%s: begun before the agent stopped, %s%s%s", i->id,
                 command_state_to_string(outcome->state), outcome->error ? ": " : "", outcome->error ?: "");
        i->outcome = ledger_outcome_copy(outcome);
        i->ask = script_ask_free(i->ask);
        store(i);
}

static void inherit(char **ids, const char *problem, void *userdata) {
        Scripts *s = userdata;

        if (problem)
                log_error("The commands that an earlier process had begun cannot be read: %s", problem);
        for (char **id = ids; *id; id++) {
                Inherited *i = g_new0(Inherited, 1);

                i->scripts = s;
                i->id = g_strdup(*id);
                i->ask = script_ask_new(s->loop, &s->place, *id, answered, i);
                g_hash_table_insert(s->inherited, i->id, i);
        }
}

Scripts *scripts_new(Loop *l, const AgentConfig *config, AgentDb *db, ScriptsSettled settled,
                     void *userdata) {
        Scripts *s = g_new0(Scripts, 1);

        s->loop = l;
        s->db = db;
        s->state = g_build_filename(config->state_directory, "scripts", NULL);
        s->place = (ScriptPlace){ config->script_socket, config->script_helper, config->file, s->state,
                                  script_helpers_new(l) };
        s->settled = settled;
        s->userdata = userdata;
        s->inherited = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, free_inherited);
        script_table_list(db, inherit, s);
        return s;
}

Scripts *scripts_free(Scripts *s) {
        if (!s)
                return NULL;
        g_hash_table_unref(s->inherited);
        (void) script_helpers_free(s->place.helpers);
        g_free(s->state);
        g_free(s);
        return NULL;
}

const ScriptPlace *scripts_place(const Scripts *s) {
        return &s->place;
}

bool scripts_cancel(Scripts *s, const char *id) {
        Inherited *i = s ? g_hash_table_lookup(s->inherited, id) : NULL;

        if (i && i->ask)
                script_ask_cancel(i->ask);
        return i != NULL;
}

/* A run */

struct ScriptRun {
        Scripts *scripts;
        char *id, *request;
        const ScriptRunHandler *handler;
        void *userdata;
        struct Begin *begin; /* while it is being marked in the ledger */
        ScriptLink *link;
        ScriptAsk *ask; /* the link broke */
        bool cancelled, flow;
};

/* Outlives a run that is dropped meanwhile. */
typedef struct Begin {
        ScriptRun *run;
} Begin;

static void finish(ScriptRun *r, CommandState state, const char *error) {
        const ScriptEnd e = { state, -1, (char *) error, false };

        r->handler->ended(&e, r->userdata);
}

static void take_frame(ScriptFrame type, const void *data, size_t size, void *userdata) {
        ScriptRun *r = userdata;
        g_auto(ScriptEnd) e = {};
        g_autoptr(GError) error = NULL;

        if (type == SCRIPT_OUTPUT)
                r->handler->output(DOCKER_STDOUT, data, size, r->userdata);
        else if (type == SCRIPT_ERRORS)
                r->handler->output(DOCKER_STDERR, data, size, r->userdata);
        else if (type == SCRIPT_END && script_end_parse(data, size, &e, &error)) {
                r->link = script_link_free(r->link);
                r->handler->ended(&e, r->userdata);
        }
}

/* What was streamed until the link broke stays: the answer has the end alone. */
static void asked(const LedgerOutcome *outcome, void *userdata) {
        ScriptRun *r = userdata;
        json_object *result = outcome->result ? json_tokener_parse(outcome->result) : NULL;
        uint64_t code;
        bool has_code = json_uint_at(result, "exit_code", &code);
        const ScriptEnd e = { outcome->state, has_code ? (int) code : -1, outcome->error, true };

        r->ask = script_ask_free(r->ask);
        r->handler->ended(&e, r->userdata);
        json_object_put(result);
}

static void link_ended(bool reached, const char *problem, void *userdata) {
        ScriptRun *r = userdata;

        r->link = script_link_free(r->link);
        if (!reached) {
                g_autofree char *text = g_strdup_printf("not run: %s", problem);

                finish(r, COMMAND_FAILED, text);
                return;
        }
        r->ask = script_ask_new(r->scripts->loop, &r->scripts->place, r->id, asked, r);
        if (r->cancelled)
                script_ask_cancel(r->ask);
}

static void begun(const char *problem, void *userdata) {
        static const ScriptLinkHandler handler = { take_frame, link_ended };
        g_autofree Begin *begin = userdata;
        ScriptRun *r = begin->run;

        if (!r)
                return;
        r->begin = NULL;
        if (problem) {
                g_autofree char *text =
                                g_strdup_printf("not run: the agent cannot write it down (%s)", problem);

                finish(r, COMMAND_FAILED, text);
        } else if (r->cancelled)
                finish(r, COMMAND_CANCELLED, "cancelled before it ran");
        else {
                r->link = script_link_new(r->scripts->loop, &r->scripts->place, SCRIPT_RUN, r->request,
                                          &handler, r);
                script_link_set_flow(r->link, r->flow);
        }
}

ScriptRun *script_run_new(Scripts *s, const ScriptRequest *request, const ScriptRunHandler *handler,
                          void *userdata) {
        ScriptRun *r = g_new0(ScriptRun, 1);

        *r = (ScriptRun){ .scripts = s,
                          .id = g_strdup(request->id),
                          .request = script_request_format(request),
                          .handler = handler,
                          .userdata = userdata,
                          .begin = g_new0(Begin, 1),
                          .flow = true };
        r->begin->run = r;
        script_table_begin(s->db, r->id, begun, r->begin);
        return r;
}

ScriptRun *script_run_free(ScriptRun *r) {
        if (!r)
                return NULL;
        if (r->begin)
                r->begin->run = NULL;
        (void) script_link_free(r->link);
        (void) script_ask_free(r->ask);
        g_free(r->id);
        g_free(r->request);
        g_free(r);
        return NULL;
}

void script_run_cancel(ScriptRun *r) {
        if (r->cancelled)
                return;
        r->cancelled = true;
        if (r->link)
                script_link_cancel(r->link);
        if (r->ask)
                script_ask_cancel(r->ask);
}

void script_run_set_flow(ScriptRun *r, bool open) {
        r->flow = open;
        if (r->link)
                script_link_set_flow(r->link, open);
}
