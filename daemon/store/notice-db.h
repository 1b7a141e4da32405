/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Notices of alerts on disk: those that wait for their targets, and of which alert a target has been told that it was raised. An
 * SQLite file of its own with a thread of its own, so that a flood of alerts and a target that is away never delay a command. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "loop.h"
#include "notice.h"

typedef struct NoticeDb NoticeDb;

/* As history_db_open(). */
NoticeDb *notice_db_open(Loop *l, const char *path, GError **error);
NoticeDb *notice_db_close(NoticeDb *d);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NoticeDb, notice_db_close)
/* Finishes what is queued; completions run, from here. */
void notice_db_drain(NoticeDb *d);

/* Completions run on the loop, in the order of the calls, never from inside one. problem: NULL, or why it did not happen. */
typedef void (*NoticeDbDone)(const char *problem, void *userdata);

/* Keeps it until notice_db_sent() or notice_db_drop(). seq: of the row, 0 where this target has had this notice already. */
typedef void (*NoticeDbPut)(int64_t seq, const char *problem, void *userdata);
void notice_db_put(NoticeDb *d, const char *target, const Notice *n, NoticeDbPut done, void *userdata);

/* It was told: an alert that was raised is remembered until notice_db_forget(). done may be NULL. */
void notice_db_sent(NoticeDb *d, int64_t seq, NoticeDbDone done, void *userdata);
/* It will not be told. */
void notice_db_drop(NoticeDb *d, int64_t seq);
/* Nothing of this alert (NULL: any) is to be remembered of this target but what waits. */
void notice_db_forget(NoticeDb *d, const char *target, const char *alert);
/* Nothing at all. */
void notice_db_remove_target(NoticeDb *d, const char *target);

typedef struct NoticeRow {
        int64_t seq;
        char *target;
        bool sent;
        Notice *notice;
} NoticeRow;

/* All rows, oldest first; belongs to the callee's caller. Empty with a problem. */
typedef void (*NoticeDbRows)(GPtrArray *rows, const char *problem, void *userdata);
void notice_db_load(NoticeDb *d, NoticeDbRows done, void *userdata);
