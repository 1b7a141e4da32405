/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the operator's command payout_info says. It is run by mclient-script as every command of the operator's, but not through
 * the ledger: it only looks, and nobody waits for its end. */
#include "payout-info.h"

#include <string.h>

#include "clock.h"
#include "ident.h"
#include "limits.h"
#include "log.h"
#include "script-link.h"

#define COMMAND "payout_info"

struct PayoutInfo {
        Loop *loop;
        const Script *script;
        const ScriptPlace *place;
        LoopTimer *timer;
        ScriptLink *link;
        GString *output;
        json_object *latest;
        bool complained; /* since it last went well */
};

static void complain(PayoutInfo *p, const char *problem) {
        if (!p->complained)
                log_warning("The command " COMMAND " says nothing for the summaries: %s", problem);
        p->complained = true;
}

json_object *payout_info_parse(const char *text, size_t size, const char **ret_problem) {
        json_tokener *t = json_tokener_new_ex(MESSAGE_DEPTH_MAX);
        json_object *o = NULL;

        *ret_problem = "what it printed is no JSON object";
        if (size > PAYOUT_INFO_BYTES_MAX)
                *ret_problem = "it printed more than " G_STRINGIFY(PAYOUT_INFO_BYTES_MAX) " bytes";
        else {
                json_tokener_set_flags(t, JSON_TOKENER_STRICT);
                o = json_tokener_parse_ex(t, text, (int) size + 1);
        }
        json_tokener_free(t);
        if (json_object_is_type(o, json_type_object))
                return o;
        json_object_put(o);
        return NULL;
}

static void ended(PayoutInfo *p, const ScriptEnd *e) {
        const char *problem = e->error ?: "it failed";
        json_object *o = NULL;

        if (e->state == COMMAND_SUCCEEDED)
                o = payout_info_parse(g_strchomp(p->output->str), strlen(p->output->str), &problem);
        if (!o) {
                complain(p, problem);
                return;
        }
        json_object_put(p->latest);
        p->latest = o;
        p->complained = false;
}

static void take_frame(ScriptFrame type, const void *data, size_t size, void *userdata) {
        PayoutInfo *p = userdata;
        g_auto(ScriptEnd) e = {};
        g_autoptr(GError) error = NULL;

        if (type == SCRIPT_OUTPUT && p->output->len <= PAYOUT_INFO_BYTES_MAX)
                g_string_append_len(p->output, data, (gssize) size);
        else if (type == SCRIPT_END) {
                p->link = script_link_free(p->link);
                if (script_end_parse(data, size, &e, &error))
                        ended(p, &e);
                else
                        complain(p, error->message);
        }
}

static void link_ended(bool reached, const char *problem, void *userdata) {
        PayoutInfo *p = userdata;

        p->link = script_link_free(p->link);
        complain(p, problem);
}

static void run(void *userdata) {
        static const ScriptLinkHandler handler = { take_frame, link_ended };
        PayoutInfo *p = userdata;
        g_autofree char *id = command_id_new(now_realtime()), *text = NULL;
        const ScriptRequest request = { .id = id,
                                        .command = p->script->name,
                                        .timeout_usec = p->script->timeout_usec };

        (void) loop_timer_free(p->timer);
        p->timer = loop_timer_new(p->loop, PAYOUT_INFO_SEC * 1000, 0, run, p);
        if (p->link)
                return; /* the last run still goes on */
        g_string_truncate(p->output, 0);
        text = script_request_format(&request);
        p->link = script_link_new(p->loop, p->place, SCRIPT_RUN, text, &handler, p);
}

/* Needs it somebody to say what? */
static bool runs_by_itself(const Script *s) {
        if (s->container)
                return false;
        for (unsigned i = 0; i < s->params->len; i++)
                if (!((const ScriptParam *) g_ptr_array_index(s->params, i))->optional)
                        return false;
        return true;
}

PayoutInfo *payout_info_new(Loop *l, const AgentConfig *config, const Scripts *scripts) {
        const Script *script = script_find(config->scripts, COMMAND);
        PayoutInfo *p;

        if (!script || !runs_by_itself(script))
                return NULL;
        p = g_new0(PayoutInfo, 1);
        *p = (PayoutInfo){
                .loop = l, .script = script, .place = scripts_place(scripts), .output = g_string_new(NULL)
        };
        p->timer = loop_timer_new(l, PAYOUT_INFO_FIRST_SEC * 1000, 0, run, p);
        return p;
}

PayoutInfo *payout_info_free(PayoutInfo *p) {
        if (!p)
                return NULL;
        (void) loop_timer_free(p->timer);
        (void) script_link_free(p->link);
        g_string_free(p->output, true);
        json_object_put(p->latest);
        g_free(p);
        return NULL;
}

json_object *payout_info_latest(const PayoutInfo *p) {
        return p ? p->latest : NULL;
}
