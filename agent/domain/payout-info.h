/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the operator's command payout_info says of payouts that were not claimed, for summaries: it is run now and then where it is
 * declared ([Command payout_info] in mclient.conf, with Container=no and no parameter that it needs). */
#pragma once

#include <glib.h>
#include <json-c/json.h>

#include "agent-config.h"
#include "loop.h"
#include "scripts.h"

typedef struct PayoutInfo PayoutInfo;

/* config and scripts are borrowed. NULL: none is declared. */
PayoutInfo *payout_info_new(Loop *l, const AgentConfig *config, const Scripts *scripts);
/* A run goes on by itself, and its answer is nobody's. */
PayoutInfo *payout_info_free(PayoutInfo *p);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PayoutInfo, payout_info_free)

/* What it printed: one JSON object and nothing else, of PAYOUT_INFO_BYTES_MAX at most. text ends with a NUL. New reference; NULL with
 * what is wrong. */
json_object *payout_info_parse(const char *text, size_t size, const char **ret_problem);

/* The object that it printed last, borrowed; NULL: none yet. p may be NULL. */
json_object *payout_info_latest(const PayoutInfo *p);
