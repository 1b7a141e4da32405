/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* exec: a command inside a container. */
#include <string.h>

#include "command.h"
#include "container-info.h"
#include "docker-exec-stop.h"
#include "docker-exec.h"
#include "json-path.h"
#include "limits.h"

typedef struct Exec {
        CommandContext *context;
        DockerExec *exec;
        DockerExecStop *stop;
        bool stopping;
} Exec;

static void output(DockerStreamId stream, const void *data, size_t size, void *userdata) {
        Exec *c = userdata;

        command_output(c->context, stream, data, size);
}

/* What an exit code means; NULL for success. The engine explains in the output why it could not run a program, with
 * the codes of a shell (126 or 127). */
static char *explain(int exit_code, json_object *result) {
        const char *output = json_string_at(result, "output");

        if (exit_code == 0)
                return NULL;
        if (exit_code >= 126 && g_str_has_prefix(output, "OCI runtime exec failed: "))
                return g_strdup_printf("docker: %.*s", (int) strcspn(output, "\r\n"), output);
        return g_strdup_printf("exited with code %d", exit_code);
}

static void ended(int exit_code, const GError *error, void *userdata) {
        Exec *c = userdata;
        json_object *result = command_output_result(c->context);
        g_autofree char *text = NULL;

        c->exec = docker_exec_free(c->exec);
        c->stop = docker_exec_stop_free(c->stop);
        if (error) {
                text = container_name_in(error->message, c->context->containers[0]);
                command_finished(c->context, COMMAND_FAILED, result, text);
                return;
        }
        (void) json_object_object_add(result, "exit_code", json_object_new_int(exit_code));
        text = explain(exit_code, result);
        if (c->stopping)
                command_finished(c->context, COMMAND_CANCELLED, result, NULL);
        else
                command_finished(c->context, text ? COMMAND_FAILED : COMMAND_SUCCEEDED, result, text);
}

static void stop_failed(const GError *error, void *userdata) {
        Exec *c = userdata;

        c->exec = docker_exec_free(c->exec);
        c->stop = docker_exec_stop_free(c->stop);
        command_finished(c->context, COMMAND_CANCELLED, command_output_result(c->context), error->message);
}

/* A line is split as a shell would, but nothing in it is expanded: no shell ever sees it. New reference. */
static json_object *argv_of(json_object *command) {
        g_auto(GStrv) words = NULL;
        json_object *argv;

        if (json_object_is_type(command, json_type_array))
                return json_object_get(command);
        argv = json_object_new_array();
        if (g_shell_parse_argv(json_object_get_string(command), NULL, &words, NULL)) /* was checked */
                for (char **w = words; *w; w++)
                        (void) json_object_array_add(argv, json_object_new_string(*w));
        return argv;
}

static char *refused(CommandContext *x, json_object *argv) {
        g_autofree const char **words = g_new0(const char *, json_object_array_length(argv) + 1);

        for (size_t i = 0; i < json_object_array_length(argv); i++)
                words[i] = json_object_get_string(json_object_array_get_idx(argv, i));
        return policy_refuses_exec(x->tools->config->policy, words);
}

static void *exec_start(CommandContext *x) {
        static const DockerExecHandler handler = { output, ended };
        Exec *c = g_new0(Exec, 1);
        json_object *argv = argv_of(json_at(x->params, "command"));
        g_autofree char *refusal = refused(x, argv);

        c->context = x;
        if (refusal)
                command_finished(x, COMMAND_REJECTED, NULL, refusal);
        else
                c->exec = docker_exec_new(x->tools->loop, x->tools->docker, x->containers[0], argv, &handler,
                                          c);
        json_object_put(argv);
        return c;
}

static void exec_stop(void *command) {
        Exec *c = command;
        const char *id = docker_exec_id(c->exec);

        c->stopping = true;
        if (id) {
                c->stop = docker_exec_stop_new(c->context->tools->loop, c->context->tools->docker,
                                               c->context->containers[0], id, EXEC_TERM_GRACE_SEC * 1000,
                                               stop_failed, c);
                return;
        }
        c->exec = docker_exec_free(c->exec); /* not started yet, and now never */
        command_finished(c->context, COMMAND_CANCELLED, NULL, NULL);
}

static void exec_set_flow(void *command, bool open) {
        Exec *c = command;

        if (c->exec)
                docker_exec_set_flow(c->exec, open);
}

static void exec_free(void *command) {
        Exec *c = command;

        (void) docker_exec_stop_free(c->stop);
        (void) docker_exec_free(c->exec);
        g_free(c);
}

const CommandType command_type_exec = {
        .name = "exec",
        .start = exec_start,
        .stop = exec_stop,
        .set_flow = exec_set_flow,
        .free = exec_free,
};
