/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Every state of a command on the agent times everything that can happen to it, as a table of conversations: against a
 * real ledger and a scripted runner. */
#include <glib.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>

#include "fake-runner.h"
#include "jobs.h"

#define DEADLINE_MSEC 10000

/* What happens, a word each:
 *
 *   online offline      the server is there, or away
 *   take cancel ack     the server sends the command, asks for its end, acknowledges its outcome
 *   both                the first two, in one breath
 *   succeeded …         the command ends so
 *   kill                the agent starts again
 *   full room           nothing can be written, can be again */
typedef struct Row {
        const char *steps;
        const char *answers; /* to the server, in order */
        unsigned runs;       /* how often it was begun, in all processes together */
} Row;

static const Row rows[] = {
        /* new */
        { "online take", "", 1 },
        { "online both", "cancelled", 0 },
        { "online both take", "cancelled cancelled", 0 },
        { "online full take", "failed", 0 },
        { "online full take room take succeeded", "failed succeeded", 1 },

        /* running */
        { "online take take take succeeded", "succeeded", 1 },
        { "online take cancel cancelled", "cancelled", 1 },
        { "online take cancel succeeded", "succeeded", 1 },
        { "online take timed-out", "timed-out", 1 },
        { "online take rejected", "rejected", 1 },
        { "online take offline online succeeded", "succeeded", 1 },
        { "online take offline succeeded online", "succeeded", 1 },
        { "online take full take", "", 1 },
        { "online take kill online", "interrupted", 1 },
        { "online take kill kill online", "interrupted", 1 },
        { "online take kill full online", "interrupted", 1 },

        /* ended, and not acknowledged */
        { "online take succeeded take", "succeeded succeeded", 1 },
        { "online take succeeded cancel", "succeeded succeeded", 1 },
        { "online take succeeded offline online", "succeeded succeeded", 1 },
        { "online take succeeded kill online", "succeeded succeeded", 1 },
        { "online take succeeded kill online take", "succeeded succeeded succeeded", 1 },
        { "online take succeeded full take", "succeeded succeeded", 1 },
        { "online take succeeded full cancel", "succeeded succeeded", 1 },
        { "online take kill online take", "interrupted interrupted", 1 },
        { "online take kill online cancel", "interrupted interrupted", 1 },
        { "online take kill full online take", "interrupted interrupted", 1 },
        { "online take kill online offline online", "interrupted interrupted", 1 },

        /* ended and acknowledged */
        { "online take succeeded ack offline online", "succeeded", 1 },
        { "online take succeeded ack ack kill online", "succeeded", 1 },
        { "online take failed ack take", "failed failed", 1 },
        { "online take failed ack cancel", "failed failed", 1 },
        { "online take failed ack kill online take", "failed failed", 1 },
        { "online take failed ack full take", "failed failed", 1 },
        { "online take kill online ack kill online", "interrupted", 1 },
        { "online take kill online ack take", "interrupted interrupted", 1 },

        /* cancelled before it came */
        { "online cancel", "cancelled", 0 },
        { "online cancel cancel", "cancelled cancelled", 0 },
        { "online cancel take", "cancelled cancelled", 0 },
        { "online cancel ack take", "cancelled cancelled", 0 },
        { "online cancel offline online take", "cancelled cancelled cancelled", 0 },
        { "online cancel kill online take", "cancelled cancelled cancelled", 0 },
        { "online cancel ack kill online take", "cancelled cancelled", 0 },
        { "online full cancel", "failed", 0 },
};

typedef struct Run {
        char *dir, *path;
        Loop *loop;
        AgentDb *db;
        Jobs *jobs;
        GString *answers;
        unsigned runs; /* of earlier processes */
        struct rlimit file_size;
} Run;

static bool keep_answer(const char *text, void *userdata) {
        Run *r = userdata;
        g_autoptr(GError) error = NULL;
        g_autoptr(Message) m = message_parse(text, strlen(text), &error);

        g_assert_no_error(error);
        g_assert_cmpint(m->type, ==, MESSAGE_COMMAND_RESPONSE);
        g_assert_cmpstr(m->response.id, ==, "x");
        g_string_append_printf(r->answers, "%s%s", r->answers->len > 0 ? " " : "",
                               command_state_to_string(m->response.status));
        return true;
}

static bool is_congested(void *userdata) {
        return false;
}

static void start(Run *r) {
        static const ServerLink link = { .send = keep_answer, .is_congested = is_congested };
        g_autoptr(GError) error = NULL;

        r->db = agent_db_open(r->loop, r->path, &error);
        g_assert_no_error(error);
        r->jobs = jobs_new(r->loop, NULL, r->db, NULL, NULL, NULL, NULL, &link, r, &error);
        g_assert_no_error(error);
}

static void stop(Run *r) {
        r->runs += fake_runner->started->len;
        r->jobs = jobs_free(r->jobs);
}

/* Until everything that is on its way through the ledger has come out, and what that led to. */

static void too_late(void *userdata) {
        g_error("Waited in vain");
}

static int do_nothing(DbThread *db, DbTask *task) {
        return SQLITE_OK;
}

typedef struct Barrier {
        DbTask task;
        Loop *loop;
        bool passed;
} Barrier;

static void passed(DbTask *task, int code) {
        Barrier *b = (Barrier *) task;

        b->passed = true;
        loop_quit(b->loop, 0);
}

static void settle(Run *r) {
        g_autoptr(LoopTimer) t = loop_timer_new(r->loop, DEADLINE_MSEC, 0, too_late, NULL);

        for (unsigned i = 0; i < 4; i++) {
                Barrier b = { .task = { .run = do_nothing, .done = passed, .read_only = true },
                              .loop = r->loop };

                agent_db_submit(r->db, &b.task);
                while (!b.passed)
                        (void) loop_run(r->loop);
        }
}

static void take(Run *r) {
        g_autofree char *text = message_command("x", "restart", "3node0", NULL, 0, NULL, 0);
        g_autoptr(Message) m = message_parse(text, strlen(text), NULL);

        jobs_take(r->jobs, m);
}

static void limit_files(const Run *r, rlim_t to) {
        struct rlimit limit = { .rlim_cur = to, .rlim_max = r->file_size.rlim_max };

        g_assert_cmpint(setrlimit(RLIMIT_FSIZE, &limit), ==, 0);
}

static void step(Run *r, const char *word) {
        CommandState state;

        if (g_str_equal(word, "online"))
                jobs_online(r->jobs, FEATURE_CANCEL);
        else if (g_str_equal(word, "offline"))
                jobs_offline(r->jobs);
        else if (g_str_equal(word, "take"))
                take(r);
        else if (g_str_equal(word, "cancel"))
                jobs_cancel(r->jobs, "x");
        else if (g_str_equal(word, "both")) {
                take(r);
                jobs_cancel(r->jobs, "x");
        } else if (g_str_equal(word, "ack"))
                jobs_acked(r->jobs, "x");
        else if (g_str_equal(word, "kill")) {
                stop(r);
                start(r);
        } else if (g_str_equal(word, "full"))
                limit_files(r, 0);
        else if (g_str_equal(word, "room"))
                limit_files(r, r->file_size.rlim_cur);
        else {
                g_assert_true(command_state_from_string(word, &state));
                fake_finish("x", state, NULL, state == COMMAND_SUCCEEDED ? NULL : "why");
        }
        settle(r);
}

static void remove_files(const Run *r) {
        static const char *const suffixes[] = { "", "-wal", "-shm" };

        for (size_t i = 0; i < G_N_ELEMENTS(suffixes); i++) {
                g_autofree char *path = g_strconcat(r->path, suffixes[i], NULL);

                (void) g_unlink(path);
        }
        g_assert_cmpint(g_rmdir(r->dir), ==, 0);
}

static void test_row(gconstpointer data) {
        const Row *row = data;
        g_auto(GStrv) words = g_strsplit(row->steps, " ", -1);
        Run r = { .dir = g_dir_make_tmp("jobs-XXXXXX", NULL),
                  .loop = loop_new(NULL),
                  .answers = g_string_new(NULL) };

        r.path = g_build_filename(r.dir, "agent.db", NULL);
        g_assert_cmpint(getrlimit(RLIMIT_FSIZE, &r.file_size), ==, 0);
        start(&r);
        for (char **word = words; *word; word++)
                step(&r, *word);
        limit_files(&r, r.file_size.rlim_cur);
        g_assert_cmpstr(r.answers->str, ==, row->answers);
        stop(&r);
        g_assert_cmpuint(r.runs, ==, row->runs);
        loop_free(r.loop);
        remove_files(&r);
        g_string_free(r.answers, true);
        g_free(r.path);
        g_free(r.dir);
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_assert_true(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
        for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
                g_autofree char *words = g_strdelimit(g_strdup(rows[i].steps), " ", '-');
                g_autofree char *name = g_strconcat("/jobs-table/", words, NULL);

                g_test_add_data_func(name, &rows[i], test_row);
        }
        return g_test_run();
}
