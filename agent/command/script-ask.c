/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What became of a command that mclient-script was told to run, asked until it answers. */
#include "script-ask.h"

#include "json-path.h"
#include "limits.h"
#include "log.h"
#include "output.h"

struct ScriptAsk {
        Loop *loop;
        const ScriptPlace *place;
        char *id;
        ScriptAnswered done;
        void *userdata;
        ScriptLink *link;
        LoopTimer *retry;
        Output *output;
        bool cancelled;
};

static void answer(ScriptAsk *a, const ScriptEnd *e) {
        LedgerOutcome outcome = { .state = e->state, .error = e->error };
        g_autofree char *text = NULL;
        json_object *result = json_object_new_object();
        uint64_t gone;

        output_end(a->output);
        text = output_tail(a->output, &gone);
        outcome.output_bytes = output_bytes(a->output);
        json_add_string(result, "output", text);
        if (gone > 0 || e->cut)
                (void) json_object_object_add(result, "truncated", json_object_new_boolean(true));
        if (e->exit_code >= 0) {
                json_add_uint(result, "exit_code", (uint64_t) e->exit_code);
                outcome.result = (char *) json_object_to_json_string_ext(result, JSON_C_TO_STRING_PLAIN);
        }
        a->done(&outcome, a->userdata);
        json_object_put(result);
}

static void take_frame(ScriptFrame type, const void *data, size_t size, void *userdata) {
        ScriptAsk *a = userdata;
        g_auto(ScriptEnd) e = {};
        g_autoptr(GError) error = NULL;

        if (type == SCRIPT_OUTPUT || type == SCRIPT_ERRORS)
                output_append(a->output, type == SCRIPT_OUTPUT ? 0 : 1, data, size);
        else if (type == SCRIPT_END && script_end_parse(data, size, &e, &error)) {
                a->link = script_link_free(a->link);
                answer(a, &e);
        } else if (error)
                log_debug("%s: %s", a->id, error->message);
}

static void ask(void *userdata);

static void link_ended(bool reached, const char *problem, void *userdata) {
        ScriptAsk *a = userdata;

        log_debug("%s: what became of it cannot be asked, trying again in %d s: %s", a->id, SCRIPT_RETRY_SEC,
                  problem);
        a->link = script_link_free(a->link);
        a->retry = loop_timer_new(a->loop, SCRIPT_RETRY_SEC * 1000, 0, ask, a);
}

static void ask(void *userdata) {
        static const ScriptLinkHandler handler = { take_frame, link_ended };
        ScriptAsk *a = userdata;
        const ScriptRequest request = { .id = a->id };
        g_autofree char *text = script_request_format(&request);

        a->retry = loop_timer_free(a->retry);
        (void) output_free(a->output);
        a->output = output_new(false);
        a->link = script_link_new(a->loop, a->place, SCRIPT_QUERY, text, &handler, a);
        if (a->cancelled)
                script_link_cancel(a->link);
}

ScriptAsk *script_ask_new(Loop *l, const ScriptPlace *place, const char *id, ScriptAnswered done,
                          void *userdata) {
        ScriptAsk *a = g_new0(ScriptAsk, 1);

        *a = (ScriptAsk){
                .loop = l, .place = place, .id = g_strdup(id), .done = done, .userdata = userdata
        };
        ask(a);
        return a;
}

ScriptAsk *script_ask_free(ScriptAsk *a) {
        if (!a)
                return NULL;
        (void) script_link_free(a->link);
        (void) loop_timer_free(a->retry);
        (void) output_free(a->output);
        g_free(a->id);
        g_free(a);
        return NULL;
}

const char *script_ask_id(const ScriptAsk *a) {
        return a->id;
}

void script_ask_cancel(ScriptAsk *a) {
        if (!a->cancelled && a->link)
                script_link_cancel(a->link);
        a->cancelled = true;
}
