/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The server killed after every single step of a command's life: before and after each write is durable, each entry is
 * handed over, each message has arrived. Then it starts again, the agent returns, and time passes. */
#include <string.h>

#include "clock.h"
#include "limits.h"
#include "message.h"
#include "world.h"

/* An agent as the protocol has it, one command long. An old one (version 1.1.0) keeps no ledger. */
typedef struct Agent {
        WsPeer *peer;
        bool old;
        unsigned effects;
        char *id;           /* in its ledger; NULL: none */
        CommandState state; /* of that: COMMAND_RUNNING, or its outcome */
        bool acked;
} Agent;

typedef struct Scenario {
        const char *name;
        bool old, queue;
        bool cancel; /* is asked for straight after it was submitted */
        bool late;   /* the agent answers when the server has given it up */
} Scenario;

static const Scenario scenarios[] = {
        { .name = "sent" },
        { .name = "sent-to-an-old-agent", .old = true },
        { .name = "queued", .queue = true },
        { .name = "queued-for-an-old-agent", .queue = true, .old = true },
        { .name = "cancelled", .cancel = true },
        { .name = "queued-and-cancelled", .queue = true, .cancel = true },
        { .name = "answered-late", .late = true },
};

static Agent agent;
static char *submitted_id;
static bool cancel_was_promised;
static unsigned effects_at_promise;

/* The agent */

typedef struct Incoming {
        MessageType type;
        char *id;
} Incoming;

static void say_outcome(void *peer) {
        g_autofree char *text = NULL;

        if (peer != agent.peer || world_is_gone(peer))
                return;
        text = message_command_response(agent.id, agent.state, NULL, 0,
                                        agent.state == COMMAND_SUCCEEDED ? NULL : "why", 1);
        sessions_handler.message(agent.peer, text, strlen(text), world->sessions);
}

static void outcome_is(CommandState state) {
        agent.state = state;
        loop_defer(NULL, say_outcome, agent.peer);
}

static void take(const char *id) {
        if (agent.id && !agent.old) {
                loop_defer(NULL, say_outcome, agent.peer);
                return;
        }
        g_free(agent.id);
        agent.id = g_strdup(id);
        agent.effects++;
        outcome_is(COMMAND_SUCCEEDED);
}

static void receive(void *userdata) {
        Incoming *in = userdata;

        if (in->type == MESSAGE_COMMAND)
                take(in->id);
        else if (in->type == MESSAGE_COMMAND_ACK)
                agent.acked = true;
        else if (!agent.id) {
                agent.id = g_strdup(in->id);
                outcome_is(COMMAND_CANCELLED);
        } else
                loop_defer(NULL, say_outcome, agent.peer);
        g_free(in->id);
        g_free(in);
}

static void arrive(WsPeer *peer, const Message *m) {
        const char *id = m->type == MESSAGE_COMMAND ? m->command.id : m->cancel.id;
        Incoming *in;

        if (m->type != MESSAGE_COMMAND && m->type != MESSAGE_COMMAND_CANCEL &&
            m->type != MESSAGE_COMMAND_ACK)
                return;
        in = g_new0(Incoming, 1);
        *in = (Incoming){ m->type, g_strdup(id) };
        loop_defer(NULL, receive, in);
}

static void connect_agent(void) {
        g_autofree char *text =
                        message_register("a", "test", "host", NULL, NULL, agent.old ? 0 : FEATURES_ALL, 1);

        agent.peer = world_open("a");
        sessions_handler.message(agent.peer, text, strlen(text), world->sessions);
        if (agent.id && !agent.old && !agent.acked)
                loop_defer(NULL, say_outcome, agent.peer);
}

/* The caller */

static void cancel_promised(const CommandRecord *r, const GError *error, void *userdata) {
        cancel_was_promised = !error;
        effects_at_promise = agent.effects;
}

static void submitted(const CommandRecord *r, const GError *error, void *userdata) {
        const Scenario *s = userdata;

        g_assert_no_error(error);
        submitted_id = g_strdup(r->id);
        if (s->cancel)
                dispatcher_cancel(world->dispatcher, r->id, cancel_promised, NULL);
}

/* All that happens by itself, step by step; false: there were fewer steps. */
static bool run_steps(unsigned n) {
        while (n > 0 && world_step())
                n--;
        return n == 0;
}

static bool play(const Scenario *s, unsigned kill_after) {
        CommandRequest q = { .client = "a", .command = "status", .queue = s->queue, .caller = { .uid = 1 } };

        connect_agent();
        world_run();
        if (s->queue)
                world_hangs_up(agent.peer);
        if (s->late) { /* not to be counted: this is about what comes after */
                world->sent = NULL;
                dispatcher_submit(world->dispatcher, &q, submitted, (void *) s);
                world_run();
                world_hangs_up(agent.peer);
                agent.id = g_strdup(submitted_id);
                agent.effects = 1;
                agent.state = COMMAND_SUCCEEDED;
                world_pass(COMMAND_TIMEOUT_DEFAULT_USEC + COMMAND_GRACE_USEC);
                g_assert_cmpint(world_state(submitted_id), ==, COMMAND_INTERRUPTED);
                world->sent = arrive;
                connect_agent();
                return run_steps(kill_after);
        }
        dispatcher_submit(world->dispatcher, &q, submitted, (void *) s);
        if (!s->queue)
                return run_steps(kill_after);
        connect_agent();
        return run_steps(kill_after);
}

static const CommandRecord *the_row(void) {
        GHashTableIter i;
        void *r = NULL;

        g_assert_cmpuint(g_hash_table_size(world->commands), <=, 1);
        g_hash_table_iter_init(&i, world->commands);
        return g_hash_table_iter_next(&i, NULL, &r) ? r : NULL;
}

static unsigned count_lines(const char *start, const char *end) {
        g_auto(GStrv) lines = g_strsplit(world->log->str, "\n", -1);
        unsigned n = 0;

        for (char **l = lines; *l; l++)
                n += g_str_has_prefix(*l, start) && g_str_has_suffix(*l, end);
        return n;
}

static void check(const Scenario *s) {
        const CommandRecord *r = the_row();
        unsigned all, such;

        g_assert_cmpuint(agent.effects, <=, 1);
        if (cancel_was_promised)
                g_assert_cmpuint(agent.effects, ==, effects_at_promise);
        if (!r) {
                g_assert_cmpuint(agent.effects, ==, 0);
                g_assert_null(submitted_id);
                return;
        }
        /* nothing is done unseen, or ends without anybody having asked for it */
        g_assert_cmpuint(count_lines("audit command-requested", ""), >, 0);
        g_assert_true(command_state_is_final(r->state));
        g_assert_true(g_hash_table_contains(world->settled, r->id));
        if (agent.id && (!agent.old || agent.acked)) {
                g_assert_true(agent.acked);
                g_assert_cmpint(r->state, ==, agent.state);
        }
        /* The journal has its end once, as the store has it. */
        all = count_lines("audit command-finished", "");
        such = count_lines(s->late ? "audit command-settled" : "audit command-finished",
                           command_state_to_string(r->state));
        g_assert_cmpuint(all, ==, 1);
        g_assert_cmpuint(such, ==, 1);
}

/* False: the scenario was over before the kill. */
static bool test_one(const Scenario *s, unsigned kill_after, bool commits_late) {
        World *w = world_new();
        bool killed;

        w->commits_late = commits_late;
        w->sent = arrive;
        agent = (Agent){ .old = s->old };
        killed = play(s, kill_after);
        world_kill();
        world_run();
        connect_agent();
        world_run();
        world_pass(COMMAND_TIMEOUT_DEFAULT_USEC + COMMAND_GRACE_USEC + USEC_PER_SEC);
        world_run();
        check(s);
        world_free(w);
        g_clear_pointer(&agent.id, g_free);
        g_clear_pointer(&submitted_id, g_free);
        cancel_was_promised = false;
        return killed;
}

static void test_scenario(gconstpointer data) {
        for (unsigned late = 0; late <= 1; late++) {
                unsigned n = 0;

                while (test_one(data, n, late))
                        n++;
                g_test_message("killed after each of %u steps", n);
                g_assert_cmpuint(n, >, 5);
        }
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        for (unsigned i = 0; i < G_N_ELEMENTS(scenarios); i++) {
                g_autofree char *name = g_strconcat("/dispatcher-kill/", scenarios[i].name, NULL);

                g_test_add_data_func(name, &scenarios[i], test_scenario);
        }
        return g_test_run();
}
