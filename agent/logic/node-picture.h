/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How a node does, in its own words: what it is asked, and the "node" object that its answers make (docs/PROTOCOL.md). */
#pragma once

#include <json-c/json.h>
#include <stdbool.h>

#include "json-rpc.h"

#define NODE_QUESTIONS_MAX 8

/* The requests, numbered from 1, NULL-terminated. slow: also what changes seldom or is work for the node; session_keys:
 * then also whether these are registered, unless NULL. New strv. */
char **node_picture_questions(bool slow, const char *session_keys);

/* The picture that the answers make; what was refused or is missing is not in it. It has "error" alone where the node does
 * not say how many peers it has and whether it is syncing. slow and session_keys: as they were asked for; before: an earlier
 * picture, for what was not asked this time, or NULL. New object. */
json_object *node_picture_read(const JsonRpcAnswer *answers, bool slow, const char *session_keys,
                               json_object *before);

/* What can only be asked once the first answers are there: the number behind the hash of the finalized block, and the keys
 * that the owner of our session keys has registered. */
typedef enum NodeFollowUp { NODE_FINALIZED_HEADER, NODE_NEXT_KEYS, _NODE_FOLLOW_UP_MAX } NodeFollowUp;

/* Requests, numbered from 1, NULL-terminated, and what each is about. New strv; NULL where there are none. */
char **node_picture_follow_up(const JsonRpcAnswer *answers, NodeFollowUp ret_about[_NODE_FOLLOW_UP_MAX]);
/* session_keys: as they were asked for. */
void node_picture_add(json_object *picture, NodeFollowUp about, const JsonRpcAnswer *a,
                      const char *session_keys);

/* Of a node that could not be asked. New object. */
json_object *node_picture_problem(const char *problem);
