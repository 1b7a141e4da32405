/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* mclient-script as children of ours. */
#include "script-helpers.h"

#include <unistd.h>

struct ScriptHelpers {
        Loop *loop;
        GHashTable *running; /* of uv_process_t*, whose data is this */
};

static void closed(uv_handle_t *handle) {
        g_free(handle);
}

static void close_process(void *process) {
        uv_close(process, closed);
}

static void exited(uv_process_t *process, int64_t status, int signum) {
        ScriptHelpers *h = process->data;

        g_hash_table_remove(h->running, process);
}

int script_helpers_start(ScriptHelpers *h, const char *program, const char *config, const char *state,
                         uv_stream_t *stream) {
        g_autofree char *config_option = g_strconcat("--config=", config, NULL),
                        *state_option = g_strconcat("--state=", state, NULL);
        char *argv[] = { (char *) program, config_option, state_option, (char *) "--own-user", NULL };
        uv_stdio_container_t stdio[] = {
                { .flags = UV_CREATE_PIPE | UV_READABLE_PIPE | UV_WRITABLE_PIPE, .data.stream = stream },
                { .flags = UV_INHERIT_FD, .data.fd = STDERR_FILENO },
                { .flags = UV_INHERIT_FD, .data.fd = STDERR_FILENO },
        };
        const uv_process_options_t options = {
                .exit_cb = exited,
                .file = program,
                .args = argv,
                .flags = UV_PROCESS_DETACHED,
                .stdio_count = G_N_ELEMENTS(stdio),
                .stdio = stdio,
        };
        uv_process_t *process = g_new0(uv_process_t, 1);
        int r;

        process->data = h;
        r = uv_spawn(loop_uv(h->loop), process, &options);
        if (r < 0)
                close_process(process);
        else
                (void) g_hash_table_add(h->running, process);
        return r;
}

ScriptHelpers *script_helpers_new(Loop *l) {
        ScriptHelpers *h = g_new(ScriptHelpers, 1);

        *h = (ScriptHelpers){ l, g_hash_table_new_full(NULL, NULL, close_process, NULL) };
        return h;
}

ScriptHelpers *script_helpers_free(ScriptHelpers *h) {
        if (!h)
                return NULL;
        g_hash_table_unref(h->running);
        g_free(h);
        return NULL;
}
