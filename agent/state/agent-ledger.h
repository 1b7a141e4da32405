/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which command ids this agent has ever taken, and what became of them: the half of "at most once" that
 * survives whatever is killed or cut. */
#pragma once

#include <glib.h>
#include <stdint.h>

#include "agent-db.h"
#include "backlog.h"
#include "state.h"

typedef struct AgentLedger AgentLedger;

/* What an earlier process took and did not finish is interrupted from now on, without a write: also a full disk
 * cannot hide it. db: stays until it is closed. changed: of its backlog; may be NULL. */
AgentLedger *agent_ledger_new(AgentDb *db, void (*changed)(bool crossed, void *userdata), void *userdata);
/* After the database was closed, as its last callbacks come from there. */
AgentLedger *agent_ledger_free(AgentLedger *l);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AgentLedger, agent_ledger_free)

typedef struct LedgerOutcome {
        CommandState state; /* a final one */
        char *result;       /* JSON text or NULL */
        uint64_t output_bytes;
        char *error; /* NULL exactly when state is COMMAND_SUCCEEDED */
} LedgerOutcome;

LedgerOutcome ledger_outcome_copy(const LedgerOutcome *o); /* with texts of its own */
void ledger_outcome_clear(LedgerOutcome *o);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(LedgerOutcome, ledger_outcome_clear)

typedef enum LedgerVerdict {
        LEDGER_NEW,      /* it is durable that this id was taken: act on it */
        LEDGER_RUNNING,  /* taken before by this process, which has not finished it */
        LEDGER_FINISHED, /* there is an outcome to answer with, once more */
        LEDGER_FULL,     /* it never was taken, and is not: AGENT_OUTCOMES_MAX wait for the server */
        LEDGER_FAILED,   /* it never was taken, and cannot be written down: it must not be acted on */
        LEDGER_UNKNOWN,  /* it can be neither read nor written: nothing can be said about it */
} LedgerVerdict;

/* The callbacks come from the loop, in the order of the calls, never from inside one. Everything they are
 * given is borrowed. problem is for people, and NULL where there is none. */

/* outcome: of LEDGER_FINISHED; problem: of LEDGER_FAILED and LEDGER_UNKNOWN. */
typedef void (*LedgerTaken)(const char *id, LedgerVerdict verdict, const LedgerOutcome *outcome,
                            const char *problem, void *userdata);
void agent_ledger_take(AgentLedger *l, const char *id, const char *command, const char *target,
                       uint64_t now_usec, LedgerTaken done, void *userdata);

/* The same for a command that the server does not know of: its outcome never waits for it, and is never LEDGER_FULL. */
void agent_ledger_take_local(AgentLedger *l, const char *id, const char *command, const char *target,
                             uint64_t now_usec, LedgerTaken done, void *userdata);

/* Gives an id that was never taken this outcome, so that it never will be. done: as for one that is taken, but never
 * LEDGER_NEW: LEDGER_FINISHED with this outcome, or with the one that it has. */
void agent_ledger_forbid(AgentLedger *l, const char *id, const LedgerOutcome *outcome, uint64_t now_usec,
                         LedgerTaken done, void *userdata);

/* Stores the outcome of an id that has none, whichever process took it; durable when done is called without a problem. */
typedef void (*LedgerStored)(const char *id, const char *problem, void *userdata);
void agent_ledger_finish(AgentDb *db, const char *id, const LedgerOutcome *outcome, uint64_t now_usec,
                         LedgerStored done, void *userdata);

/* The same for the run() of a task that writes something else as well; outcome must stay until the task is done.
 * Returns an SQLite code. */
int agent_ledger_settle(DbThread *db, const char *id, const LedgerOutcome *outcome, uint64_t now_usec);

/* The server has the outcome for good. Losing this costs one more answer; lost() is called where it could not be written. */
void agent_ledger_acked(AgentLedger *l, const char *id, void (*lost)(const char *problem, void *userdata),
                        void *userdata);

/* The ids with an outcome that is not acknowledged, in the order in which they ended. */
typedef void (*LedgerIds)(char **ids, const char *problem, void *userdata);
void agent_ledger_unacked(AgentLedger *l, LedgerIds done, void *userdata);

/* The outcome of one of these; NULL when it has been acknowledged since. */
typedef void (*LedgerLoaded)(const char *id, const LedgerOutcome *outcome, const char *problem,
                             void *userdata);
void agent_ledger_load(AgentLedger *l, const char *id, LedgerLoaded done, void *userdata);

/* The ids whose outcome the server has not acknowledged, with those that are still running. */
const Backlog *agent_ledger_backlog(const AgentLedger *l);
