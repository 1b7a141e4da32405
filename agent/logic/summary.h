/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the samples of a period come to, for "summary" (docs/PROTOCOL.md). Pure. */
#pragma once

#include <glib.h>
#include <json-c/json.h>
#include <stdint.h>

typedef struct Summary Summary;

Summary *summary_new(void);
Summary *summary_free(Summary *s);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Summary, summary_free)

/* data: of a "stats" message, borrowed. What it does not have counts for nothing. */
void summary_add(Summary *s, json_object *data);

/* The members of the message, a new object, and begins anew. period: seconds. */
json_object *summary_take(Summary *s, uint64_t period);

/* The message. members: as taken, borrowed. New string. */
char *summary_message(const char *id, int64_t sequence, json_object *members, int64_t now_ms);
