/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The node in a container, asked over JSON-RPC: on its own loopback, as that is where it answers what changes its keys.
 * One process of questions at a time. */
#pragma once

#include <glib.h>
#include <json-c/json.h>

#include "docker.h"
#include "json-rpc.h"
#include "loop.h"
#include "node-config.h"

typedef struct Node Node;

/* Looks at the container; nothing may be asked before opened() was called without an error. No handler is ever called from
 * inside a function of this file; one may free the node. */
typedef void (*NodeOpened)(const GError *error, void *userdata);
Node *node_open(Loop *l, Docker *d, const NodeConfig *config, const char *container, NodeOpened opened,
                void *userdata);
/* Lets go of a question under way: what the node has begun it may finish. */
Node *node_free(Node *n);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Node, node_free)

typedef enum NodeOutcome {
        NODE_ANSWERED,
        NODE_REFUSED, /* with an error of JSON-RPC */
        NODE_UNASKED, /* the node has certainly not seen the question */
        NODE_LOST,    /* there is no answer, and what the node did is not known */
} NodeOutcome;

typedef struct NodeAnswer {
        NodeOutcome outcome;
        json_object *result; /* of NODE_ANSWERED; borrowed, may be NULL for null */
        int64_t code;        /* of NODE_REFUSED */
        const char *problem; /* for people, of all but NODE_ANSWERED */
} NodeAnswer;

/* params: array or NULL; taken. */
typedef void (*NodeAnswered)(const NodeAnswer *a, void *userdata);
void node_ask(Node *n, const char *method, json_object *params, NodeAnswered done, void *userdata);

/* Several in one process, for what may be asked in vain. requests: json_rpc_request(), numbered from 1; copied. patience: in
 * seconds, for each. answers: n of them, borrowed; problem: why some are missing, for people, NULL where none is. */
typedef void (*NodeAnsweredAll)(const JsonRpcAnswer *answers, unsigned n, const char *problem,
                                void *userdata);
void node_ask_all(Node *n, const char *const *requests, unsigned patience, NodeAnsweredAll done,
                  void *userdata);

/* The engine's answer about the container; borrowed. */
json_object *node_inspect(const Node *n);
