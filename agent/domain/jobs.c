/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A command's life on the agent.  1. taking: its id is on its way into the ledger. Only when it is durable
 * there, and new, 2. running: the runner has it. When that has ended, 3. storing: its outcome is on its way
 * into the ledger. Only when it is durable there the job is gone and 4. the answer is sent, from here or,
 * where it cannot go out now, later from the ledger, until it is acknowledged.  A kill in 1 or 2 leaves a
 * row without an outcome, which the next process reports as interrupted; a kill in 3 or 4 loses nothing but
 * time. */
#include "jobs.h"

#include "agent-ledger.h"
#include "answers.h"
#include "clock.h"
#include "error.h"
#include "ident.h"
#include "job-audit.h"
#include "json-path.h"
#include "limits.h"
#include "log.h"
#include "runner.h"
#include "text.h"

#define CANCELLED_EARLY "Cancelled before it ran"

struct Jobs {
        Loop *loop;
        AgentDb *db;
        AgentLedger *ledger;
        Scripts *scripts;
        Runner *runner; /* NULL while the end is near */
        const ServerLink *link;
        void *userdata;

        GHashTable *active; /* id to Job: those in the stages 1 to 3 */
        Answers *answers;
        bool held;           /* output is held back at its source */
        LoopTimer *patience; /* while it is so because the server is away */
        LoopTimer *again;    /* until what was acknowledged is answered once more */
};

typedef enum JobStage {
        JOB_TAKING,
        JOB_FORBIDDING, /* cancelled before it came */
        JOB_RUNNING,
        JOB_STORING,
} JobStage;

typedef struct Job {
        Jobs *jobs;
        char *id, *command, *target;
        char *caller; /* as the server says */
        json_object *params;
        JobStage stage;
        uint64_t taken_usec;    /* monotonic */
        uint64_t deadline_usec; /* monotonic */
        bool cancelled;         /* before it ran */
        bool announced;         /* the server knows that it runs */
        LoopTimer *timer;       /* until it is announced, or until it is stored again */
        LedgerOutcome outcome;

        /* Of this host's own: */
        bool local;
        Caller local_caller;
        JobEnded done; /* NULL once it has run */
        void *userdata;
} Job;

static void job_free(void *p) {
        Job *job = p;

        loop_timer_free(job->timer);
        g_free(job->id);
        g_free(job->command);
        g_free(job->target);
        g_free(job->caller);
        caller_clear(&job->local_caller);
        json_object_put(job->params);
        ledger_outcome_clear(&job->outcome);
        g_free(job);
}

static AuditedJob audited(const Job *job) {
        return (AuditedJob){ .id = job->id,
                             .command = job->command,
                             .container = job->target,
                             .params = job->params,
                             .local = job->local ? &job->local_caller : NULL,
                             .server_caller = job->caller };
}

/* Answering */

static void tell_local(Job *job, const LedgerOutcome *o) {
        JobEnded done = g_steal_pointer(&job->done);

        if (done)
                done(job->id, o->state, o->result, o->error, job->userdata);
}

/* What is not written down: this once, and not again from the ledger. */
static void tell_once(Job *job, const LedgerOutcome *o) {
        if (job->local)
                tell_local(job, o);
        else
                answers_once(job->jobs->answers, job->id, o);
}

/* Nothing is written down: this one answer is all there will be. */
static void refuse(Job *job, CommandState state, const char *format, ...) G_GNUC_PRINTF(3, 4);
static void refuse(Job *job, CommandState state, const char *format, ...) {
        LedgerOutcome outcome = { .state = state };
        va_list ap;

        va_start(ap, format);
        outcome.error = g_strdup_vprintf(format, ap);
        va_end(ap);
        tell_once(job, &outcome);
        g_free(outcome.error);
}

/* Storing */

static void store(void *userdata);

static void outcome_stored(const char *id, const char *problem, void *userdata) {
        Jobs *j = userdata;
        Job *job = g_hash_table_lookup(j->active, id);

        if (problem) {
                log_error("The outcome of %s cannot be written down, trying again in %d s: %s", id,
                          LEDGER_RETRY_SEC, problem);
                /* What happened is true also where it is not durable here. */
                tell_once(job, &job->outcome);
                job->timer = loop_timer_new(j->loop, LEDGER_RETRY_SEC * 1000, 0, store, job);
                return;
        }
        if (job->local)
                tell_local(job, &job->outcome);
        else
                answers_put(j->answers, id, &job->outcome);
        g_hash_table_remove(j->active, id);
}

static void store(void *userdata) {
        Job *job = userdata;

        job->timer = loop_timer_free(job->timer);
        agent_ledger_finish(job->jobs->db, job->id, &job->outcome, now_realtime(), outcome_stored,
                            job->jobs);
}

static void end(Job *job, CommandState state, json_object *result, uint64_t output_bytes,
                const char *error) {
        AuditedJob a = audited(job);

        job_audit_finished(&a, state, error, now_monotonic() - job->taken_usec);
        job->stage = JOB_STORING;
        job->outcome.state = state;
        job->outcome.output_bytes = output_bytes;
        job->outcome.error = g_strdup(error);
        if (result)
                job->outcome.result =
                                g_strdup(json_object_to_json_string_ext(result, JSON_C_TO_STRING_PLAIN));
        store(job);
}

/* Running */

static void hold_output(Jobs *j, bool hold) {
        if (j->held == hold || !j->runner)
                return;
        j->held = hold;
        runner_set_flow(j->runner, !hold);
}

static void send_progress(Job *job, uint64_t offset, const char *text, size_t size) {
        Jobs *j = job->jobs;
        g_autofree char *message = NULL;

        job->timer = loop_timer_free(job->timer);
        if (job->local || !answers_has(j->answers, FEATURE_PROGRESS))
                return;
        job->announced = true;
        message = message_command_progress(job->id, offset, text, size);
        (void) j->link->send(message, j->userdata); /* the result has the end of it in any case */
        hold_output(j, j->link->is_congested(j->userdata));
}

static void announce(void *userdata) {
        send_progress(userdata, 0, "", 0);
}

static void runner_output(const char *id, uint64_t offset, const char *text, size_t size, void *userdata) {
        Jobs *j = userdata;

        send_progress(g_hash_table_lookup(j->active, id), offset, text, size);
}

static void runner_finished(const char *id, CommandState state, json_object *result, uint64_t output_bytes,
                            const char *error, void *userdata) {
        Jobs *j = userdata;

        end(g_hash_table_lookup(j->active, id), state, result, output_bytes, error);
}

static void run(Job *job) {
        Jobs *j = job->jobs;
        uint64_t now = now_monotonic();

        if (job->cancelled)
                end(job, COMMAND_CANCELLED, NULL, 0, CANCELLED_EARLY);
        else if (now >= job->deadline_usec)
                end(job, COMMAND_TIMED_OUT, NULL, 0, "Its time was over before it ran");
        else if (runner_running(j->runner) >= AGENT_COMMANDS_MAX)
                end(job, COMMAND_FAILED, NULL, 0, "Too many commands run on this agent already");
        else {
                AuditedJob a = audited(job);

                job_audit_requested(&a);
                job->stage = JOB_RUNNING;
                if (!job->local)
                        job->timer = loop_timer_new(j->loop, PROGRESS_DELAY_MSEC, 0, announce, job);
                runner_start(j->runner,
                             &(RunRequest){ .id = job->id,
                                            .command = job->command,
                                            .target = job->target,
                                            .params = job->params,
                                            .caller = job->local ? POLICY_CALLER_LOCAL : job->caller,
                                            .unheard = job->local,
                                            .timeout_usec = job->deadline_usec - now });
                g_clear_pointer(&job->params, json_object_put);
        }
}

/* Taking */

static void taken(const char *id, LedgerVerdict verdict, const LedgerOutcome *outcome, const char *problem,
                  void *userdata) {
        Jobs *j = userdata;
        Job *job = g_hash_table_lookup(j->active, id);

        if (!j->runner) /* the end is near: it stays in the ledger, as interrupted */
                return;
        if (verdict == LEDGER_NEW) {
                run(job);
                return;
        }
        if (verdict == LEDGER_FINISHED)
                answers_put(j->answers, id, outcome);
        else if (verdict == LEDGER_FULL) {
                g_autofree char *full = backlog_problem(jobs_backlog(j));

                log_debug("Command %s is not taken up", id);
                refuse(job, COMMAND_REJECTED, "Not run: %s",
                       full ?: "too many outcomes wait for the server");
        } else if (verdict == LEDGER_FAILED) {
                log_error("Command %s is not run, because it cannot be written down: %s", id, problem);
                refuse(job, COMMAND_FAILED, "Not run: the agent cannot write it down (%s)", problem);
        } else if (verdict == LEDGER_UNKNOWN) {
                log_error("Command %s is not run, and cannot be answered, because the ledger cannot be read: %s",
                          id, problem);
                if (job->local) /* its id is new in any case */
                        refuse(job, COMMAND_FAILED, "Not run: the ledger cannot be read (%s)", problem);
        }
        g_hash_table_remove(j->active, id);
}

/* Both times are by the server's clock, so that a wrong one of ours does no harm. */
static uint64_t time_allowed(const Message *m) {
        int64_t ms = m->command.deadline_ms - m->command.timestamp_ms;

        if (m->command.deadline_ms <= 0 || m->command.timestamp_ms <= 0)
                return COMMAND_TIMEOUT_DEFAULT_USEC;
        return ms <= 0 ? 0 : MIN((uint64_t) ms, COMMAND_TIMEOUT_MAX_USEC / USEC_PER_MSEC) * USEC_PER_MSEC;
}

static Job *job_new(Jobs *j, const char *id, JobStage stage) {
        Job *job = g_new0(Job, 1);

        job->jobs = j;
        job->id = g_strdup(id);
        job->stage = stage;
        job->taken_usec = now_monotonic();
        return job;
}

/* Takes the job. False: there is no room, which is answered. */
static bool begin(Job *job) {
        Jobs *j = job->jobs;

        if (g_hash_table_size(j->active) >= AGENT_JOBS_MAX) {
                refuse(job, COMMAND_FAILED, "Not run: %d commands wait on this agent already",
                       AGENT_JOBS_MAX);
                job_free(job);
                return false;
        }
        g_hash_table_insert(j->active, job->id, job);
        return true;
}

/* A user id; else nobody's word, least of all one that would make it this host's own. */
static char *read_caller(const char *caller) {
        uint64_t uid;

        return caller && text_to_uint(caller, 0, UINT32_MAX - 1, &uid) ? g_strdup(caller) : NULL;
}

void jobs_take(Jobs *j, const Message *command) {
        const char *id = command->command.id;
        Job *job = g_hash_table_lookup(j->active, id);

        if (job) {
                if (job->stage == JOB_RUNNING)
                        announce(job);
                return;
        }
        job = job_new(j, id, JOB_TAKING);
        job->command = g_strdup(command->command.command);
        job->target = g_strdup(command->command.target);
        job->caller = read_caller(command->command.caller);
        job->params = json_object_get(command->command.params);
        job->deadline_usec = job->taken_usec + time_allowed(command);
        if (begin(job))
                agent_ledger_take(j->ledger, id, job->command, job->target, now_realtime(), taken, j);
}

void jobs_run(Jobs *j, const char *command, json_object *params, const Caller *caller, JobEnded done,
              void *userdata) {
        uint64_t now = now_realtime();
        g_autofree char *id = local_id_new(now);
        Job *job = job_new(j, id, JOB_TAKING);

        job->local = true;
        job->done = done;
        job->userdata = userdata;
        caller_copy(caller, &job->local_caller);
        job->command = g_strdup(command);
        job->target = g_strdup(json_string_at(params, "container"));
        job->params = json_object_get(params);
        job->deadline_usec = job->taken_usec + COMMAND_TIMEOUT_DEFAULT_USEC;
        if (begin(job))
                agent_ledger_take_local(j->ledger, id, job->command, job->target, now, taken, j);
}

/* The command may have been lost on its way here, or have ended long ago. */
static void forbid(Jobs *j, const char *id) {
        static const LedgerOutcome cancelled = { .state = COMMAND_CANCELLED,
                                                 .error = (char *) CANCELLED_EARLY };

        if (begin(job_new(j, id, JOB_FORBIDDING)))
                agent_ledger_forbid(j->ledger, id, &cancelled, now_realtime(), taken, j);
}

void jobs_cancel(Jobs *j, const char *id) {
        Job *job = g_hash_table_lookup(j->active, id);

        if (!job && scripts_cancel(j->scripts, id))
                return; /* begun by an earlier process; its end is on its way */
        if (!job)
                forbid(j, id);
        else if (job->stage == JOB_TAKING)
                job->cancelled = true;
        else if (job->stage == JOB_RUNNING)
                (void) runner_cancel(j->runner, id);
}

void jobs_passed(Jobs *j, const char *id, uint64_t offset) {
        runner_passed(j->runner, id, offset);
}

static void answer_again(void *userdata) {
        Jobs *j = userdata;

        j->again = loop_timer_free(j->again);
        answers_again(j->answers);
}

/* It counts against what may wait for the server, until that has acknowledged it once more. */
static void ack_lost(const char *problem, void *userdata) {
        Jobs *j = userdata;

        if (j->again)
                return;
        log_warning("What the server has acknowledged cannot be written down, it is answered again in %d s: %s",
                    LEDGER_RETRY_SEC, problem);
        j->again = loop_timer_new(j->loop, LEDGER_RETRY_SEC * 1000, 0, answer_again, j);
}

void jobs_acked(Jobs *j, const char *id) {
        agent_ledger_acked(j->ledger, id, ack_lost, j);
}

void jobs_settled(Jobs *j, const char *id) {
        answers_put_stored(j->answers, id);
}

/* The connection */

static void stop_waiting(Jobs *j) {
        j->patience = loop_timer_free(j->patience);
        hold_output(j, false);
}

/* The server is away for too long: commands go on. Nobody says any more what was passed on, so that bounds nothing. */
static void patience_ends(void *userdata) {
        Jobs *j = userdata;

        stop_waiting(j);
        runner_begin_output(j->runner, false);
}

void jobs_online(Jobs *j, unsigned features) {
        GHashTableIter iter;
        void *value;

        stop_waiting(j);
        runner_begin_output(j->runner, features & FEATURE_FLOW);
        answers_online(j->answers, features);

        g_hash_table_iter_init(&iter, j->active);
        while (g_hash_table_iter_next(&iter, NULL, &value))
                if (((Job *) value)->stage == JOB_RUNNING)
                        announce(value);
}

void jobs_offline(Jobs *j) {
        if (answers_is_online(j->answers)) {
                hold_output(j, true);
                j->patience = loop_timer_new(j->loop, OUTPUT_HOLD_SEC * 1000, 0, patience_ends, j);
        }
        answers_offline(j->answers);
}

void jobs_drained(Jobs *j) {
        hold_output(j, false);
        answers_drained(j->answers);
}

const Backlog *jobs_backlog(const Jobs *j) {
        return agent_ledger_backlog(j->ledger);
}

const char *const *jobs_commands(const Jobs *j) {
        return runner_commands(j->runner);
}

Jobs *jobs_new(Loop *l, const AgentConfig *config, AgentDb *db, Outbox *outbox, Rotations *rotations,
               NodeWatch *nodes, Scripts *scripts, const ServerLink *link, void *userdata, GError **error) {
        static const RunnerEvents events = { .output = runner_output, .finished = runner_finished };
        g_autoptr(Jobs) j = g_new0(Jobs, 1);

        *j = (Jobs){ .loop = l, .db = db, .scripts = scripts, .link = link, .userdata = userdata };
        j->ledger = agent_ledger_new(db, link->backlog_changed, userdata);
        j->answers = answers_new(j->ledger, link, userdata);
        j->active = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, job_free);
        j->runner = runner_new(l, config, outbox, rotations, nodes, scripts, &events, j, error);
        return j->runner ? g_steal_pointer(&j) : NULL;
}

static void end_local(Jobs *j) {
        static const LedgerOutcome stopped = {
                .state = COMMAND_INTERRUPTED, .error = (char *) "The agent stops; how far it got is unknown"
        };
        GHashTableIter iter;
        void *job;

        g_hash_table_iter_init(&iter, j->active);
        while (g_hash_table_iter_next(&iter, NULL, &job))
                tell_local(job, &stopped);
}

Jobs *jobs_free(Jobs *j) {
        if (!j)
                return NULL;
        jobs_offline(j);
        loop_timer_free(j->patience);
        j->runner = runner_free(j->runner);
        agent_db_close(j->db); /* its last callbacks come from here */
        loop_timer_free(j->again);
        answers_free(j->answers);
        end_local(j);
        agent_ledger_free(j->ledger);
        g_hash_table_unref(j->active);
        g_free(j);
        return NULL;
}
