/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Carries out commands, side by side.
 *
 * Output is not sent on as it trickles in, line by line, but in turns: every OUTPUT_TICK_MSEC a few of the commands
 * that have some send one chunk each, the one that waited longest first. So messages per second are bounded
 * whatever the commands do, and none keeps the others from being heard. */
#include "runner.h"

#include "limits.h"

struct Runner {
        RunHost host;
        RunnerEvents events;
        void *userdata;
        Docker *docker;
        BackupStore *backups;
        GHashTable *runs; /* id → Run* */
        GQueue ready;     /* Run* that have output to send */
        LoopTimer *tick;  /* runs while there are any */
        bool flow, windowed;
        char **commands;
};

/* False when nothing waits. */
static bool send_chunk(Runner *r, Run *run) {
        size_t size;
        uint64_t offset;
        g_autofree char *text = run_take_output(run, &size, &offset);

        if (text)
                r->events.output(run_id(run), offset, text, size, r->userdata);
        return text;
}

static void update_tick(Runner *r);

static void tick_handler(void *userdata) {
        Runner *r = userdata;

        for (unsigned i = 0; i < OUTPUT_CHUNKS_PER_TICK && r->flow && r->ready.length > 0; i++) {
                Run *run = g_queue_pop_head(&r->ready);

                (void) send_chunk(r, run);
                if (run_output_ready(run))
                        g_queue_push_tail(&r->ready, run);
        }
        update_tick(r);
}

static void update_tick(Runner *r) {
        bool wanted = r->flow && r->ready.length > 0;

        if (wanted && !r->tick)
                r->tick = loop_timer_new(r->host.tools.loop, OUTPUT_TICK_MSEC, OUTPUT_TICK_MSEC,
                                         tick_handler, r);
        else if (!wanted)
                r->tick = loop_timer_free(r->tick);
}

static void on_output_ready(Run *run, void *userdata) {
        Runner *r = userdata;

        g_queue_push_tail(&r->ready, run);
        update_tick(r);
}

static void finished(Run *run, CommandState state, json_object *result, const char *error, void *userdata) {
        Runner *r = userdata;

        /* All of the output before the end; but nobody waits for a brake to be released: the newest part of it
         * is in the result. */
        while (r->flow && send_chunk(r, run))
                ;
        (void) g_queue_remove(&r->ready, run);
        update_tick(r);
        (void) g_hash_table_steal(r->runs, run_id(run));
        r->events.finished(run_id(run), state, result, run_output_bytes(run), error, r->userdata);
        (void) run_free(run);
}

static void free_run(void *p) {
        (void) run_free(p);
}

Runner *runner_new(Loop *l, const AgentConfig *config, Outbox *outbox, Rotations *rotations,
                   NodeWatch *nodes, Scripts *scripts, const RunnerEvents *events, void *userdata,
                   GError **error) {
        Runner *r = g_new0(Runner, 1);

        r->docker = docker_new(l, config->docker_socket, error);
        r->backups = r->docker ? backup_store_new(l, config->backup_directory,
                                                  (unsigned) config->backup_keep, config->backup_recipients,
                                                  error)
                               : NULL;
        r->runs = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, free_run);
        if (!r->backups)
                return runner_free(r);
        r->host = (RunHost){
                .tools = { .loop = l,
                           .docker = r->docker,
                           .config = config,
                           .outbox = outbox,
                           .rotations = rotations,
                           .nodes = nodes,
                           .backups = r->backups,
                           .scripts = scripts },
                .output_ready = on_output_ready,
                .finished = finished,
                .userdata = r,
        };
        r->events = *events;
        r->userdata = userdata;
        r->flow = true;
        r->commands = run_commands(config);
        return r;
}

Runner *runner_free(Runner *r) {
        if (!r)
                return NULL;
        g_queue_clear(&r->ready);
        (void) loop_timer_free(r->tick);
        g_hash_table_unref(r->runs);
        (void) backup_store_free(r->backups);
        (void) docker_free(r->docker);
        g_strfreev(r->commands);
        g_free(r);
        return NULL;
}

void runner_start(Runner *r, const RunRequest *request) {
        Run *run;

        g_assert(!g_hash_table_contains(r->runs, request->id));
        run = run_new(&r->host, request);
        if (g_hash_table_size(r->runs) >= AGENT_COMMANDS_MAX) {
                g_autofree char *text = g_strdup_printf("%d commands run here already, as many as may",
                                                        AGENT_COMMANDS_MAX);

                run_refuse(run, text);
        }
        run_begin_output(run, r->windowed);
        g_hash_table_insert(r->runs, (char *) run_id(run), run);
}

bool runner_cancel(Runner *r, const char *id) {
        Run *run = g_hash_table_lookup(r->runs, id);

        return run && run_cancel(run);
}

void runner_begin_output(Runner *r, bool windowed) {
        GHashTableIter i;
        void *run;

        r->windowed = windowed;
        g_hash_table_iter_init(&i, r->runs);
        while (g_hash_table_iter_next(&i, NULL, &run))
                run_begin_output(run, windowed);
}

void runner_passed(Runner *r, const char *id, uint64_t offset) {
        Run *run = g_hash_table_lookup(r->runs, id);

        if (run)
                run_output_passed(run, offset);
}

void runner_set_flow(Runner *r, bool open) {
        r->flow = open;
        update_tick(r);
}

unsigned runner_running(const Runner *r) {
        return g_hash_table_size(r->runs);
}

const char *const *runner_commands(const Runner *r) {
        return (const char *const *) r->commands;
}
