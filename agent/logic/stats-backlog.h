/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Stats messages until the server has acknowledged them, and the newest until there is a newer one: bounded in
 * number and bytes, the oldest go first. */
#pragma once

#include <glib.h>
#include <stdint.h>

typedef struct StatsBacklog StatsBacklog;

StatsBacklog *stats_backlog_new(unsigned max, size_t max_bytes);
StatsBacklog *stats_backlog_free(StatsBacklog *b);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(StatsBacklog, stats_backlog_free)

/* Takes the text. Sequences must grow. */
void stats_backlog_put(StatsBacklog *b, int64_t sequence, char *text);

/* The oldest one not handed out since the last rewind, or NULL. Borrowed until the next call; it stays in
 * the backlog until it is acknowledged. */
const char *stats_backlog_next(StatsBacklog *b);

/* A new connection: everything still here is handed out again. That is the newest at least, as the server may have
 * been started anew and know nothing of us. */
void stats_backlog_rewind(StatsBacklog *b);

/* The server has this one and, since they go out in order, all before it. */
void stats_backlog_acked(StatsBacklog *b, int64_t sequence);

/* Of those handed out since the last rewind and not acknowledged; 0: there is none. */
int64_t stats_backlog_oldest(const StatsBacklog *b);

/* How many were dropped unacknowledged since the last call. */
uint64_t stats_backlog_take_dropped(StatsBacklog *b);
