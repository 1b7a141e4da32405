/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The JSON-RPC calls of the test node: a request in, an answer out. */
#pragma once

#include <stdbool.h>

#include <json-c/json.h>

typedef struct Node {
        const char *keystore; /* directory */
        const char *control;  /* directory; rpc.c says what is in it */
} Node;

/* Best and highest block of this moment, and the peers, as the control files say. */
unsigned node_best(const Node *node);
unsigned node_highest(const Node *node);
unsigned node_peers(const Node *node);
bool node_syncing(const Node *node);

/* Reads the number in control file name. Returns fallback where there is no such file. */
long node_control_number(const Node *node, const char *name, long fallback);

/* Adds a line to the control file "events", from which tests count what really happened. */
void node_event(const Node *node, const char *what, const char *detail);

/* Answers one request (text). Returns the answer, or NULL when it shall get none and the connection be closed.
 * Waits as long as the control files say. Callable from any thread. */
json_object *node_call(const Node *node, const char *request);
