/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One command from its request to its end.
 *
 *   1. The parameters are checked, by the same rules as on the server.
 *   2. The engine is asked which containers there are, and those that are meant are chosen.
 *   3. The command (command-*.c) runs; it may be cancelled, or its time may run out: then it is asked to stop, and
 *      its end, whatever it is, gets that as its reason.
 *   4. The end is handed over from the loop. */
#include "run.h"

#include "clock.h"
#include "command-table.h"
#include "containers.h"
#include "docker-api.h"
#include "error.h"
#include "json-path.h"
#include "output.h"
#include "text.h"

static const CommandType *const command_types[] = {
        &command_type_start,       &command_type_stop,        &command_type_restart,
        &command_type_logs,        &command_type_status,      &command_type_exec,
        &command_type_backup_keys, &command_type_rotate_keys, &command_type_check_keys,
};

struct Run {
        CommandContext context; /* first: commands know no more */
        const RunHost *host;
        char *id, *name, *target, *caller;
        const CommandType *type;
        void *command; /* NULL before step 3 */
        DockerCall *list;
        LoopTimer *deadline;
        LoopTimer *step; /* into step 1, later into step 4 */
        Output *output;
        bool source_open;

        CommandState stopped_as; /* COMMAND_CANCELLED or COMMAND_TIMED_OUT; else COMMAND_RUNNING */
        bool ended;
        CommandState state;
        json_object *result;
        char *error;
};

char **run_commands(const AgentConfig *config) {
        g_autoptr(GStrvBuilder) names = g_strv_builder_new();

        for (size_t i = 0; i < G_N_ELEMENTS(command_types); i++)
                g_strv_builder_add(names, command_types[i]->name);
        for (unsigned i = 0; config->scripts && i < config->scripts->len; i++)
                g_strv_builder_add(names, ((const Script *) config->scripts->pdata[i])->name);
        return g_strv_builder_end(names);
}

/* NULL: this agent has no such command. */
static const CommandType *type_of(const char *name, const Script *script) {
        if (script)
                return &command_type_script;
        for (size_t i = 0; i < G_N_ELEMENTS(command_types); i++)
                if (g_str_equal(command_types[i]->name, name))
                        return command_types[i];
        return NULL;
}

static void hand_over_end(void *userdata) {
        Run *r = userdata;

        r->step = loop_timer_free(r->step);
        r->host->finished(r, r->state, r->result, r->error, r->host->userdata);
}

/* Why it was stopped, and what the command had to add. */
static char *stop_reason(const Run *r, const char *addition) {
        g_autofree char *duration = text_duration(r->context.timeout_usec),
                        *reason = r->stopped_as == COMMAND_TIMED_OUT
                                                  ? g_strconcat("timed out after ", duration, NULL)
                                                  : g_strdup("cancelled");

        return addition ? g_strconcat(reason, "; ", addition, NULL) : g_steal_pointer(&reason);
}

void command_finished(CommandContext *x, CommandState state, json_object *result, const char *error) {
        Run *r = (Run *) x;

        g_assert(!r->ended);
        g_assert((state == COMMAND_SUCCEEDED) == !error || r->stopped_as != COMMAND_RUNNING);
        r->ended = true;
        r->result = result;
        if (r->stopped_as != COMMAND_RUNNING && state != COMMAND_SUCCEEDED) {
                r->state = r->stopped_as;
                r->error = stop_reason(r, error);
        } else {
                r->state = state;
                r->error = g_strdup(error);
        }
        output_end(r->output);
        r->deadline = loop_timer_free(r->deadline);
        r->step = loop_timer_free(r->step);
        r->step = loop_timer_new(x->tools->loop, 0, 0, hand_over_end, r);
}

/* The source pauses while a whole chunk waits to be sent; what is less does not keep a command from ending. One
 * that is being stopped goes on in any case, to be seen ending. */
static void update_source(Run *r) {
        bool open = r->stopped_as != COMMAND_RUNNING || !output_full(r->output);

        if (open == r->source_open || !r->command || r->ended)
                return;
        r->source_open = open;
        if (r->type->set_flow)
                r->type->set_flow(r->command, open);
}

static void tell_ready(Run *r, bool was_ready) {
        if (!was_ready && output_ready(r->output))
                r->host->output_ready(r, r->host->userdata);
}

void command_output(CommandContext *x, DockerStreamId stream, const void *data, size_t size) {
        Run *r = (Run *) x;
        bool was_ready = output_ready(r->output);

        output_append(r->output, stream, data, size);
        update_source(r);
        tell_ready(r, was_ready);
}

json_object *command_output_result(CommandContext *x) {
        Run *r = (Run *) x;
        json_object *o = json_object_new_object();
        uint64_t gone;
        g_autofree char *text = NULL;

        output_end(r->output);
        text = output_tail(r->output, &gone);
        json_add_string(o, "output", text);
        if (gone > 0) {
                (void) json_object_object_add(o, "truncated", json_object_new_boolean(true));
                json_add_uint(o, "output_bytes", output_bytes(r->output));
        }
        return o;
}

static void fail(Run *r, const GError *error) {
        bool policy = g_error_matches(error, FLEET_ERROR, FLEET_ERROR_REJECTED);

        command_finished(&r->context, policy ? COMMAND_REJECTED : COMMAND_FAILED, NULL, error->message);
}

/* Where containers were not named, those that the policy keeps out of reach are left out; else they are refused. */
static bool check_containers(Run *r, bool named, GError **error) {
        g_autoptr(GPtrArray) allowed = g_ptr_array_new_with_free_func(g_free);
        g_autofree char *first = NULL;

        for (char **c = r->context.containers; *c; c++) {
                g_autofree char *refusal = policy_refuses_container(r->host->tools.config->policy, *c);

                if (!refusal)
                        g_ptr_array_add(allowed, g_strdup(*c));
                else if (!first)
                        first = g_steal_pointer(&refusal);
        }
        if (first && (named || allowed->len == 0))
                return fleet_fail(error, FLEET_ERROR_REJECTED, "%s", first);
        g_ptr_array_add(allowed, NULL);
        g_strfreev(r->context.containers);
        r->context.containers = (char **) g_ptr_array_steal(allowed, NULL);
        return true;
}

static void start(Run *r) {
        r->source_open = true;
        r->command = r->type->start(&r->context);
        update_source(r);
}

static void list_reply(unsigned status, json_object *body, const GError *error, void *userdata) {
        Run *r = userdata;
        char **globs = r->host->tools.config->containers;
        g_autoptr(GError) e = NULL;
        g_auto(GStrv) managed = NULL;
        const char *wanted = json_string_at(r->context.params, "container");

        r->list = NULL;
        if (error) {
                fail(r, error);
                return;
        }
        managed = containers_managed(body, globs);
        r->context.containers = containers_choose(managed, globs, wanted, r->type->all_by_default, &e);
        if (!r->context.containers || !check_containers(r, wanted || !r->type->all_by_default, &e)) {
                fail(r, e);
                return;
        }
        r->context.all = g_strcmp0(wanted, "all") == 0;
        start(r);
}

/* mclient-script will do it once more; here it comes before the container is looked for. */
static bool check_declared(const Script *s, json_object *params, GError **error) {
        const char *container = json_string_at(params, "container");
        json_object *checked;
        bool good;

        if (container && !s->container)
                return fleet_fail(error, FLEET_ERROR_INVALID_PARAMETER,
                                  "%s: container is \"%s\", expected none: it is about the host", s->name,
                                  container);
        checked = script_check(s, params, error);
        good = checked != NULL;
        json_object_put(checked);
        return good;
}

static bool fail_unknown(const AgentConfig *config, const char *name, GError **error) {
        g_auto(GStrv) commands = run_commands(config);
        g_autofree char *names = g_strjoinv(", ", commands);

        return fleet_fail(error, FLEET_ERROR_UNKNOWN_COMMAND, "no command \"%s\"; this agent has: %s", name,
                          names);
}

json_object *run_check(const AgentConfig *config, const char *command, json_object *params, GError **error) {
        const Script *script = script_find(config->scripts, command);
        json_object *checked;

        if (!type_of(command, script)) {
                (void) fail_unknown(config, command, error);
                return NULL;
        }
        checked = command_params_check(command_info(command), params, error);
        if (!checked || !script || check_declared(script, checked, error))
                return checked;
        json_object_put(checked);
        return NULL;
}

/* Replaces what was sent by a checked copy, with the wire's "target" as one more parameter. */
static bool check_params(Run *r, GError **error) {
        json_object *params = NULL, *checked;

        if (r->context.params)
                (void) json_object_deep_copy(r->context.params, &params, NULL);
        else
                params = json_object_new_object();
        if (r->target && *r->target && json_object_is_type(params, json_type_object))
                json_add_string(params, "target", r->target);
        checked = run_check(r->host->tools.config, r->name, params, error);
        json_object_put(params);
        if (!checked)
                return false;
        json_object_put(r->context.params);
        r->context.params = checked;
        return true;
}

static void begin(void *userdata) {
        Run *r = userdata;
        g_autoptr(GError) error = NULL;
        g_autofree char *refusal = NULL;

        r->step = loop_timer_free(r->step);
        r->context.script = script_find(r->host->tools.config->scripts, r->name);
        r->type = type_of(r->name, r->context.script);
        if (!r->type) {
                (void) fail_unknown(r->host->tools.config, r->name, &error);
                fail(r, error);
        } else if ((refusal = policy_refuses_command(r->host->tools.config->policy, r->name, r->caller)))
                command_finished(&r->context, COMMAND_REJECTED, NULL, refusal);
        else if (!check_params(r, &error))
                fail(r, error);
        else if (r->context.script && !r->context.script->container)
                start(r);
        else
                r->list = docker_list(r->context.tools->docker, list_reply, r);
}

static void stop(Run *r, CommandState as) {
        if (r->ended || r->stopped_as != COMMAND_RUNNING)
                return;
        r->stopped_as = as;
        r->deadline = loop_timer_free(r->deadline);
        if (r->command) {
                update_source(r);
                r->type->stop(r->command);
                return;
        }
        r->list = docker_call_free(r->list);
        command_finished(&r->context, COMMAND_CANCELLED, NULL, NULL);
}

static void time_out(void *userdata) {
        Run *r = userdata;

        stop(r, COMMAND_TIMED_OUT);
}

Run *run_new(const RunHost *host, const RunRequest *q) {
        Run *r = g_new0(Run, 1);

        r->host = host;
        r->context.tools = &host->tools;
        r->context.params = json_object_get(q->params);
        r->context.id = r->id = g_strdup(q->id);
        r->name = g_strdup(q->command);
        r->target = g_strdup(q->target);
        r->caller = g_strdup(q->caller);
        r->context.timeout_usec = q->timeout_usec;
        r->output = output_new(!q->unheard);
        r->stopped_as = COMMAND_RUNNING;
        r->step = loop_timer_new(host->tools.loop, 0, 0, begin, r);
        r->deadline = loop_timer_new(host->tools.loop, q->timeout_usec / USEC_PER_MSEC, 0, time_out, r);
        return r;
}

Run *run_free(Run *r) {
        if (!r)
                return NULL;
        if (r->command)
                r->type->free(r->command);
        (void) docker_call_free(r->list);
        (void) loop_timer_free(r->step);
        (void) loop_timer_free(r->deadline);
        (void) output_free(r->output);
        json_object_put(r->context.params);
        json_object_put(r->result);
        g_strfreev(r->context.containers);
        g_free(r->error);
        g_free(r->id);
        g_free(r->name);
        g_free(r->target);
        g_free(r->caller);
        g_free(r);
        return NULL;
}

const char *run_id(const Run *r) {
        return r->id;
}

bool run_cancel(Run *r) {
        if (r->ended)
                return false;
        stop(r, COMMAND_CANCELLED);
        return true;
}

void run_refuse(Run *r, const char *error) {
        command_finished(&r->context, COMMAND_FAILED, NULL, error);
}

void run_begin_output(Run *r, bool windowed) {
        bool was_ready = output_ready(r->output);

        output_begin(r->output, windowed);
        update_source(r);
        tell_ready(r, was_ready);
}

void run_output_passed(Run *r, uint64_t offset) {
        bool was_ready = output_ready(r->output);

        output_passed(r->output, offset);
        tell_ready(r, was_ready);
}

char *run_take_output(Run *r, size_t *ret_size, uint64_t *ret_offset) {
        char *text = output_take(r->output, ret_size, ret_offset);

        update_source(r);
        return text;
}

bool run_output_ready(const Run *r) {
        return output_ready(r->output);
}

uint64_t run_output_bytes(const Run *r) {
        return output_bytes(r->output);
}
