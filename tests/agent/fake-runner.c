/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A runner.h that does what a test tells it. */
#include "fake-runner.h"

#include <string.h>

Runner *fake_runner;

Runner *runner_new(Loop *l, const AgentConfig *config, Outbox *outbox, Rotations *rotations,
                   NodeWatch *nodes, Scripts *scripts, const RunnerEvents *events, void *userdata,
                   GError **error) {
        fake_runner = g_new0(Runner, 1);
        *fake_runner = (Runner){ .loop = l, .events = events, .userdata = userdata, .open = true };
        fake_runner->started = g_ptr_array_new_with_free_func(g_free);
        fake_runner->running = g_ptr_array_new_with_free_func(g_free);
        return fake_runner;
}

Runner *runner_free(Runner *r) {
        if (!r)
                return NULL;
        g_ptr_array_unref(r->started);
        g_ptr_array_unref(r->running);
        g_free(r->cancelled);
        g_free(r->caller);
        g_free(r);
        fake_runner = NULL;
        return NULL;
}

void runner_start(Runner *r, const RunRequest *q) {
        g_ptr_array_add(r->started, g_strdup(q->id));
        g_ptr_array_add(r->running, g_strdup(q->id));
        r->timeout_usec = q->timeout_usec;
        r->unheard = q->unheard;
        g_free(r->caller);
        r->caller = g_strdup(q->caller);
        loop_quit(r->loop, 0);
}

static bool find(const Runner *r, const char *id, guint *ret) {
        return g_ptr_array_find_with_equal_func(r->running, id, g_str_equal, ret);
}

bool runner_cancel(Runner *r, const char *id) {
        guint i;

        if (!find(r, id, &i))
                return false;
        g_free(r->cancelled);
        r->cancelled = g_strdup(id);
        loop_quit(r->loop, 0);
        return true;
}

void runner_set_flow(Runner *r, bool open) {
        g_assert_cmpint(r->open, !=, open);
        r->open = open;
}

void runner_begin_output(Runner *r, bool windowed) {
        r->begun++;
        r->windowed = windowed;
}

void runner_passed(Runner *r, const char *id, uint64_t offset) {
        r->passed = offset;
}

unsigned runner_running(const Runner *r) {
        return r->running->len;
}

const char *const *runner_commands(const Runner *r) {
        static const char *const commands[] = { "status", "restart", NULL };

        return commands;
}

void fake_output(const char *id, uint64_t offset, const char *text) {
        fake_runner->events->output(id, offset, text, strlen(text), fake_runner->userdata);
}

void fake_finish(const char *id, CommandState state, const char *result_json, const char *error) {
        json_object *result = result_json ? json_tokener_parse(result_json) : NULL;
        guint i;

        g_assert_true(find(fake_runner, id, &i));
        g_ptr_array_remove_index(fake_runner->running, i);
        fake_runner->events->finished(id, state, result, fake_runner->output_bytes, error,
                                      fake_runner->userdata);
        json_object_put(result);
}
