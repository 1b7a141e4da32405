/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How a node does, in its own words: what it is asked, and the "node" object that its answers make (docs/PROTOCOL.md). */
#pragma once

#include <json-c/json.h>
#include <stdbool.h>

#include "json-rpc.h"

#define NODE_QUESTIONS_MAX 7

/* The requests, numbered from 1, NULL-terminated. slow: also what changes seldom or is work for the node. New strv. */
char **node_picture_questions(bool slow);

/* The picture that the answers make; what was refused or is missing is not in it. It has "error" alone where the node does
 * not say how many peers it has and whether it is syncing. before: an earlier picture, for what was not asked this time, or
 * NULL. *ret_finalized: hash of the finalized block, NULL where it was not told; new string. New object. */
json_object *node_picture_read(const JsonRpcAnswer *answers, bool slow, json_object *before,
                               char **ret_finalized);

/* The number behind that hash. */
char *node_picture_finalized_question(const char *hash); /* numbered 1; new string */
void node_picture_add_finalized(json_object *picture, const JsonRpcAnswer *a);

/* Of a node that could not be asked. New object. */
json_object *node_picture_problem(const char *problem);
