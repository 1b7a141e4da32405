/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* payout, and what else the operator has declared: a script of the host, which mclient-script runs. */
#include "command.h"
#include "limits.h"
#include "scripts.h"

typedef struct ScriptCommand {
        CommandContext *context;
        ScriptRun *run;
        LoopTimer *late; /* it was told to end, and does not */
        bool stopping;
} ScriptCommand;

static void output(DockerStreamId stream, const void *data, size_t size, void *userdata) {
        ScriptCommand *c = userdata;

        command_output(c->context, stream, data, size);
}

static json_object *make_result(const ScriptCommand *c, const ScriptEnd *e) {
        json_object *result;

        if (e->exit_code < 0)
                return NULL;
        result = command_output_result(c->context);
        (void) json_object_object_add(result, "exit_code", json_object_new_int(e->exit_code));
        if (e->cut)
                (void) json_object_object_add(result, "truncated", json_object_new_boolean(true));
        return result;
}

static void ended(const ScriptEnd *e, void *userdata) {
        ScriptCommand *c = userdata;

        c->late = loop_timer_free(c->late);
        if (c->stopping && e->state == COMMAND_CANCELLED)
                command_finished(c->context, COMMAND_CANCELLED, make_result(c, e), NULL);
        else
                command_finished(c->context, e->state, make_result(c, e), e->error);
}

static void *script_start(CommandContext *x) {
        static const ScriptRunHandler handler = { output, ended };
        ScriptCommand *c = g_new0(ScriptCommand, 1);
        const ScriptRequest request = { .id = (char *) x->id,
                                        .command = x->script->name,
                                        .container = x->containers ? x->containers[0] : NULL,
                                        .params = x->params,
                                        .timeout_usec = x->timeout_usec };

        c->context = x;
        c->run = script_run_new(x->tools->scripts, &request, &handler, c);
        return c;
}

static void too_late(void *userdata) {
        ScriptCommand *c = userdata;

        c->late = loop_timer_free(c->late);
        c->run = script_run_free(c->run);
        command_finished(c->context, COMMAND_CANCELLED, command_output_result(c->context),
                         "whether it has ended is not known");
}

static void script_stop(void *command) {
        ScriptCommand *c = command;

        c->stopping = true;
        c->late = loop_timer_new(c->context->tools->loop, 3 * SCRIPT_GRACE_SEC * 1000, 0, too_late, c);
        script_run_cancel(c->run);
}

static void script_set_flow(void *command, bool open) {
        ScriptCommand *c = command;

        if (c->run)
                script_run_set_flow(c->run, open);
}

static void script_free_command(void *command) {
        ScriptCommand *c = command;

        (void) loop_timer_free(c->late);
        (void) script_run_free(c->run);
        g_free(c);
}

const CommandType command_type_script = {
        .start = script_start,
        .stop = script_stop,
        .set_flow = script_set_flow,
        .free = script_free_command,
};
