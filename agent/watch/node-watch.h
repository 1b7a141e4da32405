/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How the nodes on this host do: a recent picture of each for the samples, and a new one for whoever asks. */
#pragma once

#include <glib.h>
#include <json-c/json.h>

#include "agent-config.h"
#include "loop.h"
#include "node-probe.h"

typedef struct NodeWatch NodeWatch;

NodeWatch *node_watch_new(Loop *l, const AgentConfig *config, GError **error);
/* All questions must have been freed. */
NodeWatch *node_watch_free(NodeWatch *w);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NodeWatch, node_watch_free)

/* From now on nodes are also asked whether these are registered. NULL: no more. */
void node_watch_set_session_keys(NodeWatch *w, NodeSessionKeys session_keys, void *userdata);

/* For each sample: begin, one look at each container (inspect: the engine's answer), end. What was not looked at is
 * forgotten. look() returns the latest picture (node-picture.h) with "age_sec", a new object; NULL where the container is no
 * node, does not run, or was not asked yet. Pictures become old, and end() has some taken anew. */
void node_watch_begin(NodeWatch *w);
json_object *node_watch_look(NodeWatch *w, const char *container, json_object *inspect);
void node_watch_end(NodeWatch *w);

typedef struct NodeQuestion NodeQuestion;

/* Once, never from inside node_watch_ask(), within NODE_LOOK_SEC: a picture begun after the question, borrowed. The question
 * has been freed. */
typedef void (*NodeTold)(json_object *picture, void *userdata);

/* NULL: the container is no node, or does not run. */
NodeQuestion *node_watch_ask(NodeWatch *w, const char *container, json_object *inspect, NodeTold told,
                             void *userdata);
NodeQuestion *node_question_free(NodeQuestion *q);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NodeQuestion, node_question_free)
