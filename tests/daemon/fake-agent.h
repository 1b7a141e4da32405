/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Stands in for daemon/io/ws-server.c: agents that are connected without a network, and do what the test says. */
#pragma once

#include "server.h"
#include "state.h"
#include "ws-server.h"

typedef struct WsPeer FakeAgent;

/* Connects and registers with all features, and the label role=test. */
FakeAgent *fake_agent_new(Server *s, const char *id);
/* The connection ends. */
FakeAgent *fake_agent_free(FakeAgent *a);

/* Ids of the commands it has received, in order; borrowed. */
const GPtrArray *fake_agent_commands(const FakeAgent *a);
unsigned fake_agent_cancels(const FakeAgent *a); /* command_cancel messages */
uint64_t fake_agent_passed(const FakeAgent *a);  /* the offset in the last command_flow */
bool fake_agent_is_closed(const FakeAgent *a);   /* by the server */

/* Answers one; result is JSON text or NULL. */
void fake_agent_ends(FakeAgent *a, const char *id, CommandState state, const char *result,
                     const char *error);
void fake_agent_says(FakeAgent *a, char *message); /* takes it */
void fake_agent_prints(FakeAgent *a, const char *id, uint64_t offset, const char *text);
/* From now on it answers every command at once with success. */
void fake_agent_obeys(FakeAgent *a);

/* A host asks to be let in: runs until it has its answer, and returns the HTTP status. *ret_json (may be NULL) is a new
 * string, or NULL. */
unsigned fake_enroll(Server *s, const char *token, const char *body, char **ret_json);
