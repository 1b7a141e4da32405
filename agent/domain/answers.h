/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Outcomes of commands on their way to the server: straight away where that is possible, else from the ledger, one
 * after the other, until each is acknowledged. */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "agent-ledger.h"
#include "server-link.h"

typedef struct Answers Answers;

Answers *answers_new(AgentLedger *ledger, const ServerLink *link, void *userdata);
/* After the ledger's database was closed, as its last callbacks come from there. */
Answers *answers_free(Answers *a);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Answers, answers_free)

/* The server was told who we are: what it has not acknowledged goes out again. features are its own. */
void answers_online(Answers *a, unsigned features);
/* The same within a connection: what the server has acknowledged could not be written down. */
void answers_again(Answers *a);
void answers_offline(Answers *a);
void answers_drained(Answers *a);

bool answers_is_online(const Answers *a);
bool answers_has(const Answers *a, unsigned feature); /* online, to a server that announced it */

/* An outcome that is in the ledger. While offline nothing is remembered: answers_online() asks the ledger for all there
 * is. */
void answers_put(Answers *a, const char *id, const LedgerOutcome *outcome);
/* The same for one that only the ledger knows. */
void answers_put_stored(Answers *a, const char *id);
/* One that is in no ledger: this once, if at all. */
void answers_once(Answers *a, const char *id, const LedgerOutcome *outcome);
