/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The periodic picture of the host and its containers that "stats" carries (docs/PROTOCOL.md). */
#pragma once

#include <json-c/json.h>

#include "agent-config.h"
#include "loop.h"
#include "node-watch.h"

typedef struct Sampler Sampler;

/* Takes a sample every stats_interval seconds and hands over its "data" object (borrowed). The first comes
 * at once. nodes is borrowed, and told of the containers. */
typedef void (*SampleReady)(json_object *data, void *userdata);
Sampler *sampler_new(Loop *l, const AgentConfig *config, NodeWatch *nodes, SampleReady ready, void *userdata,
                     GError **error);
Sampler *sampler_free(Sampler *s);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Sampler, sampler_free)
