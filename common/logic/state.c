/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The states of a command: one row each, with the names and what may follow. */
#include "state.h"

#include <glib.h>
#include <string.h>

#define BIT(state) (1u << (state))

/* How the agent can end what it was sent. */
#define ANSWERS                                                                                          \
        (BIT(COMMAND_SUCCEEDED) | BIT(COMMAND_FAILED) | BIT(COMMAND_REJECTED) | BIT(COMMAND_TIMED_OUT) | \
         BIT(COMMAND_CANCELLED))

static const struct {
        const char *name;
        const char *wire; /* what a peer is told */
        unsigned next;    /* empty: never left */
        bool final;
} states[] = {
        /* Failed at once: what was queued for a client that, once back, no longer offers it. */
        [COMMAND_QUEUED] = { "queued", "in_progress",
                             BIT(COMMAND_SENT) | BIT(COMMAND_CANCELLED) | BIT(COMMAND_EXPIRED) |
                                             BIT(COMMAND_FAILED),
                             false },
        [COMMAND_SENT] = { "sent", "in_progress", BIT(COMMAND_RUNNING) | BIT(COMMAND_INTERRUPTED) | ANSWERS,
                           false },
        [COMMAND_RUNNING] = { "running", "in_progress", BIT(COMMAND_INTERRUPTED) | ANSWERS, false },
        [COMMAND_SUCCEEDED] = { "succeeded", "completed", 0, true },
        [COMMAND_FAILED] = { "failed", "failed", 0, true },
        [COMMAND_REJECTED] = { "rejected", "rejected", 0, true },
        /* Where it was the server that did not wait any longer: the agent was asked to end it then, and that it
         * did is no news. */
        [COMMAND_TIMED_OUT] = { "timed-out", "timed_out",
                                BIT(COMMAND_SUCCEEDED) | BIT(COMMAND_FAILED) | BIT(COMMAND_REJECTED), true },
        [COMMAND_CANCELLED] = { "cancelled", "cancelled", 0, true },
        [COMMAND_EXPIRED] = { "expired", "timed_out", 0, true },
        [COMMAND_INTERRUPTED] = { "interrupted", "interrupted", ANSWERS, true },
};

const char *command_state_to_string(CommandState state) {
        g_return_val_if_fail(state < G_N_ELEMENTS(states), NULL);

        return states[state].name;
}

bool command_state_from_string(const char *s, CommandState *ret) {
        for (unsigned i = 0; s && i < G_N_ELEMENTS(states); i++)
                if (strcmp(s, states[i].name) == 0) {
                        *ret = i;
                        return true;
                }
        return false;
}

const char *command_state_to_wire(CommandState state) {
        g_return_val_if_fail(state < G_N_ELEMENTS(states), NULL);

        return states[state].wire;
}

bool command_state_from_wire(const char *s, CommandState *ret) {
        static const struct {
                const char *word;
                CommandState state;
        } words[] = {
                { "completed", COMMAND_SUCCEEDED }, { "success", COMMAND_SUCCEEDED },
                { "failed", COMMAND_FAILED },       { "in_progress", COMMAND_RUNNING },
                { "rejected", COMMAND_REJECTED },   { "cancelled", COMMAND_CANCELLED },
                { "timed_out", COMMAND_TIMED_OUT }, { "interrupted", COMMAND_INTERRUPTED },
        };

        for (unsigned i = 0; s && i < G_N_ELEMENTS(words); i++)
                if (strcmp(s, words[i].word) == 0) {
                        *ret = words[i].state;
                        return true;
                }
        return false;
}

bool command_state_is_final(CommandState state) {
        g_return_val_if_fail(state < G_N_ELEMENTS(states), true);

        return states[state].final;
}

bool command_state_may_follow(CommandState from, CommandState to) {
        g_return_val_if_fail(from < G_N_ELEMENTS(states) && to < G_N_ELEMENTS(states), false);

        return states[from].next & BIT(to);
}
