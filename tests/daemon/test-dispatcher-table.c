/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Every state of a command times everything that can happen to it, as a table of conversations. */
#include <string.h>

#include "clock.h"
#include "limits.h"
#include "message.h"
#include "names.h"
#include "world.h"

#define DAY (24 * 3600 * (int64_t) USEC_PER_SEC)
#define QUEUE_TIME (60 * USEC_PER_SEC)
#define RUN_TIME (COMMAND_TIMEOUT_DEFAULT_USEC + COMMAND_GRACE_USEC + USEC_PER_SEC)

/* What happens, a word each:
 *
 *   online old away     the client registers (old: an agent of version 1.1.0), or is gone
 *   submit queue brief  the command is submitted, to be sent now, queued, or queued until QUEUE_TIME from now
 *   runs                the client says that it runs
 *   succeeded …         the client answers so
 *   cancel              somebody asks for its end
 *   kill                the server is killed, and starts again
 *   timeout expiry      its time to run, or to wait in the queue, passes
 *   ahead back          somebody sets the server's clock by a day
 *   full room           the store takes nothing, takes it again */
typedef struct Row {
        const char *steps;
        const char *sent;    /* to the client: command, cancel or ack, in order */
        CommandState state;  /* in the store, at the end */
        const char *journal; /* its end, and what it turned out to be afterwards */
} Row;

static const Row rows[] = {
        /* queued */
        { "online away queue", "", COMMAND_QUEUED, "" },
        { "online away queue online succeeded", "command ack", COMMAND_SUCCEEDED, "succeeded" },
        { "online away queue cancel online", "", COMMAND_CANCELLED, "cancelled" },
        { "online away queue kill online succeeded", "command ack", COMMAND_SUCCEEDED, "succeeded" },
        { "online away queue cancel kill online", "", COMMAND_CANCELLED, "cancelled" },
        { "online away queue timeout online succeeded", "command ack", COMMAND_SUCCEEDED, "succeeded" },
        { "online away brief expiry online", "", COMMAND_EXPIRED, "expired" },
        { "online away brief kill expiry online", "", COMMAND_EXPIRED, "expired" },
        { "online away brief kill online succeeded", "command ack", COMMAND_SUCCEEDED, "succeeded" },
        { "online away brief ahead online", "", COMMAND_EXPIRED, "expired" },
        { "online away brief ahead kill online", "", COMMAND_EXPIRED, "expired" },
        { "online away brief back expiry online", "", COMMAND_EXPIRED, "expired" },
        { "online away queue full online room wait", "command", COMMAND_SENT, "" },
        { "online away queue full online away room wait", "", COMMAND_QUEUED, "" },
        { "online away queue full online cancel room wait", "", COMMAND_CANCELLED, "cancelled" },
        { "old away queue old away old", "command", COMMAND_SENT, "" },
        { "old away queue old kill old", "command", COMMAND_SENT, "" },
        { "online queue succeeded", "command ack", COMMAND_SUCCEEDED, "succeeded" },
        { "online queue away timeout", "command", COMMAND_INTERRUPTED, "interrupted" },

        /* sent */
        { "online submit", "command", COMMAND_SENT, "" },
        { "online submit away online", "command command", COMMAND_SENT, "" },
        { "online submit kill online", "command command", COMMAND_SENT, "" },
        { "online submit kill kill online", "command command", COMMAND_SENT, "" },
        { "online submit cancel", "command cancel", COMMAND_SENT, "" },
        { "online submit cancel cancelled", "command cancel ack", COMMAND_CANCELLED, "cancelled" },
        { "online submit cancel succeeded", "command cancel ack", COMMAND_SUCCEEDED, "succeeded" },
        { "online submit cancel away online", "command cancel cancel", COMMAND_SENT, "" },
        { "online submit away cancel online", "command cancel", COMMAND_SENT, "" },
        { "online submit cancel kill online", "command cancel cancel", COMMAND_SENT, "" },
        { "online submit away cancel kill online cancelled", "command cancel ack", COMMAND_CANCELLED,
          "cancelled" },
        { "online submit kill cancel online cancelled", "command cancel ack", COMMAND_CANCELLED,
          "cancelled" },
        { "online submit timeout", "command cancel", COMMAND_TIMED_OUT, "timed-out" },
        { "online submit away timeout", "command", COMMAND_INTERRUPTED, "interrupted" },
        { "online submit kill timeout", "command", COMMAND_INTERRUPTED, "interrupted" },
        { "online submit ahead away online", "command command", COMMAND_SENT, "" },
        { "online submit back timeout", "command cancel", COMMAND_TIMED_OUT, "timed-out" },
        { "online submit back kill timeout", "command", COMMAND_INTERRUPTED, "interrupted" },
        { "online submit ahead kill online succeeded", "command command ack", COMMAND_SUCCEEDED,
          "succeeded" },
        { "online submit succeeded", "command ack", COMMAND_SUCCEEDED, "succeeded" },
        { "online submit failed", "command ack", COMMAND_FAILED, "failed" },
        { "online submit rejected", "command ack", COMMAND_REJECTED, "rejected" },
        { "online submit timed-out", "command ack", COMMAND_TIMED_OUT, "timed-out" },
        { "online submit interrupted", "command ack", COMMAND_INTERRUPTED, "interrupted" },
        { "online submit full succeeded room wait", "command ack", COMMAND_SUCCEEDED, "succeeded" },
        { "online submit full succeeded kill room online succeeded", "command command ack",
          COMMAND_SUCCEEDED, "succeeded" },
        { "online submit full cancel room", "command cancel", COMMAND_SENT, "" },
        { "old submit away old", "command", COMMAND_SENT, "" },
        { "old submit kill old", "command", COMMAND_SENT, "" },
        { "old submit kill old succeeded", "command ack", COMMAND_SUCCEEDED, "succeeded" },
        { "old submit cancel", "command", COMMAND_SENT, "" },
        { "old submit cancel kill online", "command command", COMMAND_SENT, "" },

        /* running */
        { "online submit runs", "command", COMMAND_RUNNING, "" },
        { "online submit runs away online", "command", COMMAND_RUNNING, "" },
        { "online submit runs kill online", "command", COMMAND_RUNNING, "" },
        { "online submit runs kill online runs succeeded", "command ack", COMMAND_SUCCEEDED, "succeeded" },
        { "online submit runs away online succeeded", "command ack", COMMAND_SUCCEEDED, "succeeded" },
        { "online submit runs away online interrupted", "command ack", COMMAND_INTERRUPTED, "interrupted" },
        { "online submit runs cancel cancelled", "command cancel ack", COMMAND_CANCELLED, "cancelled" },
        { "online submit runs away cancel online", "command cancel", COMMAND_RUNNING, "" },
        { "online submit runs away cancel kill online", "command cancel", COMMAND_RUNNING, "" },
        { "online submit runs timeout", "command cancel", COMMAND_TIMED_OUT, "timed-out" },
        { "online submit runs away timeout", "command", COMMAND_INTERRUPTED, "interrupted" },
        { "online submit runs runs succeeded succeeded", "command ack ack", COMMAND_SUCCEEDED, "succeeded" },

        /* ended */
        { "online submit succeeded succeeded", "command ack ack", COMMAND_SUCCEEDED, "succeeded" },
        { "online submit succeeded failed", "command ack ack", COMMAND_SUCCEEDED, "succeeded" },
        { "online submit succeeded away online succeeded", "command ack ack", COMMAND_SUCCEEDED,
          "succeeded" },
        { "online submit succeeded kill online succeeded", "command ack ack", COMMAND_SUCCEEDED,
          "succeeded" },
        { "online submit succeeded cancel kill online", "command ack", COMMAND_SUCCEEDED, "succeeded" },
        { "online submit succeeded runs timeout", "command ack", COMMAND_SUCCEEDED, "succeeded" },
        { "online away brief expiry cancel", "", COMMAND_EXPIRED, "expired" },

        /* given up, and then it was known after all */
        { "online submit away timeout online succeeded", "command ack", COMMAND_SUCCEEDED,
          "interrupted succeeded" },
        { "online submit away timeout online interrupted", "command ack", COMMAND_INTERRUPTED,
          "interrupted" },
        { "online submit away timeout kill online failed", "command ack", COMMAND_FAILED,
          "interrupted failed" },
        { "online submit away timeout online full succeeded room wait", "command ack", COMMAND_SUCCEEDED,
          "interrupted succeeded" },
        { "online submit away timeout online succeeded succeeded", "command ack ack", COMMAND_SUCCEEDED,
          "interrupted succeeded" },
        { "online submit timeout succeeded", "command cancel ack", COMMAND_SUCCEEDED,
          "timed-out succeeded" },
        { "online submit timeout cancelled", "command cancel ack", COMMAND_TIMED_OUT, "timed-out" },
        { "online submit full timeout succeeded room wait", "command cancel ack", COMMAND_SUCCEEDED,
          "timed-out succeeded" },
};

typedef struct Run {
        WsPeer *peer;
        char *id;
        unsigned answered;
        bool waits; /* a caller, who has not lost the server */
        GString *sent;
} Run;

static Run *run;

static void note(WsPeer *peer, const Message *m) {
        const char *word = m->type == MESSAGE_COMMAND          ? "command"
                           : m->type == MESSAGE_COMMAND_CANCEL ? "cancel"
                           : m->type == MESSAGE_COMMAND_ACK    ? "ack"
                                                               : NULL;

        if (word)
                g_string_append_printf(run->sent, "%s%s", run->sent->len > 0 ? " " : "", word);
}

static void ended(const CommandRecord *r, const GError *error, void *userdata) {
        g_assert_no_error(error);
        g_assert_true(command_state_is_final(r->state));
        run->answered++;
}

static void submitted(const CommandRecord *r, const GError *error, void *userdata) {
        g_assert_no_error(error);
        run->id = g_strdup(r->id);
}

static void submit(bool queue, uint64_t expires) {
        CommandRequest q = {
                .client = "a",
                .command = "status",
                .queue = queue,
                .expires = expires,
                .caller = { .uid = 1000 },
        };

        dispatcher_submit(world->dispatcher, &q, submitted, NULL);
        world_run();
        dispatcher_wait(world->dispatcher, run->id, ended, NULL);
        run->waits = true;
}

static void answer(CommandState state) {
        world_says_and_free(run->peer,
                            message_command_response(run->id, state, NULL, 0,
                                                     state == COMMAND_SUCCEEDED ? NULL : "why", 1));
}

static void step(const char *word) {
        CommandState state;

        if (g_str_equal(word, "online"))
                run->peer = world_connect("a", FEATURES_ALL);
        else if (g_str_equal(word, "old"))
                run->peer = world_connect("a", 0);
        else if (g_str_equal(word, "away"))
                world_hangs_up(run->peer);
        else if (g_str_equal(word, "submit"))
                submit(false, 0);
        else if (g_str_equal(word, "queue"))
                submit(true, 0);
        else if (g_str_equal(word, "brief"))
                submit(true, now_realtime() + QUEUE_TIME);
        else if (g_str_equal(word, "runs"))
                world_says_and_free(run->peer, message_command_progress(run->id, 0, "", 0));
        else if (g_str_equal(word, "cancel")) {
                dispatcher_cancel(world->dispatcher, run->id, NULL, NULL);
                world_run();
        } else if (g_str_equal(word, "kill")) {
                world_kill();
                run->waits = false;
        } else if (g_str_equal(word, "timeout"))
                world_pass(RUN_TIME);
        else if (g_str_equal(word, "expiry"))
                world_pass(QUEUE_TIME + USEC_PER_SEC);
        else if (g_str_equal(word, "wait"))
                world_pass(STORE_RETRY_MSEC * USEC_PER_MSEC);
        else if (g_str_equal(word, "ahead"))
                world_set_clock(DAY);
        else if (g_str_equal(word, "back"))
                world_set_clock(-DAY);
        else if (g_str_equal(word, "full"))
                world->store_says = STORE_UNAVAILABLE;
        else if (g_str_equal(word, "room"))
                world->store_says = STORE_OK;
        else {
                g_assert_true(command_state_from_string(word, &state));
                answer(state);
        }
}

/* The ends in the log of the world: "audit command-finished a STATE" and the like. */
static char *ends_in_journal(void) {
        g_auto(GStrv) lines = g_strsplit(world->log->str, "\n", -1);
        g_autoptr(GStrvBuilder) ends = g_strv_builder_new();
        g_auto(GStrv) found = NULL;

        for (char **l = lines; *l; l++)
                if (g_str_has_prefix(*l, "audit command-finished ") ||
                    g_str_has_prefix(*l, "audit command-settled "))
                        g_strv_builder_add(ends, strrchr(*l, ' ') + 1);
        found = g_strv_builder_end(ends);
        return g_strjoinv(" ", found);
}

static void test_row(gconstpointer data) {
        const Row *row = data;
        g_auto(GStrv) words = g_strsplit(row->steps, " ", -1);
        Run r = { .sent = g_string_new(NULL) };
        World *w = world_new();
        g_autofree char *journal = NULL;

        run = &r;
        w->sent = note;
        for (char **word = words; *word; word++)
                step(*word);
        journal = ends_in_journal();
        g_assert_cmpstr(r.sent->str, ==, row->sent);
        g_assert_cmpstr(command_state_to_string(world_state(r.id)), ==, command_state_to_string(row->state));
        g_assert_cmpstr(journal, ==, row->journal);
        if (r.waits)
                g_assert_cmpuint(r.answered, ==, command_state_is_final(row->state));
        world_free(w);
        g_string_free(r.sent, true);
        g_free(r.id);
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
                g_autofree char *words = g_strdelimit(g_strdup(rows[i].steps), " ", '-');
                g_autofree char *name = g_strconcat("/dispatcher-table/", words, NULL);

                g_test_add_data_func(name, &rows[i], test_row);
        }
        return g_test_run();
}
