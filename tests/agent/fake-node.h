/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A node for tests, in the test's own loop: answers JSON-RPC over HTTP at a port of the loopback. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "loop.h"

typedef struct FakeNode FakeNode;

FakeNode *fake_node_new(Loop *l);
FakeNode *fake_node_free(FakeNode *n);
uint16_t fake_node_port(const FakeNode *n);

/* Every answer to this method from now on: the JSON of "result"; NULL: refused, as is what was never set. */
void fake_node_set(FakeNode *n, const char *method, const char *result);
/* Takes requests and does not answer. */
void fake_node_set_silent(FakeNode *n, bool silent);
/* Answers all that wait. */
void fake_node_release(FakeNode *n);

/* How often this method was called; how many wait for an answer. */
unsigned fake_node_calls(const FakeNode *n, const char *method);
unsigned fake_node_waiting(const FakeNode *n);
