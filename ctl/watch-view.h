/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What of the fleet is seen in the live view: which clients, in which order, and where one has scrolled to. Keys in, a frame out.
 * Pure. */
#pragma once

#include <glib.h>
#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

#include "terminal.h"
#include "watch-keys.h"

/* A client as it was last seen. */
typedef struct WatchRow {
        char *id, *host;
        bool online;
        uint64_t since;     /* realtime µs */
        json_object *stats; /* its latest; NULL: not known */
} WatchRow;

void watch_row_free(void *row);

typedef enum WatchColumn {
        WATCH_CLIENT,
        WATCH_STATE,
        WATCH_CPU,
        WATCH_MEMORY,
        WATCH_DISK,
        WATCH_LOAD,
        WATCH_CONTAINERS, /* by how many are in trouble */
        WATCH_SINCE,
        _WATCH_COLUMN_MAX,
} WatchColumn;

typedef struct WatchView {
        WatchColumn column; /* that it is sorted by */
        bool reverse;
        GString *search; /* part of an id, host, state or container; "" is all */
        bool typing;     /* that */
        unsigned first;  /* of the rows that is shown */
        bool quit;
} WatchView;

void watch_view_init(WatchView *v);
void watch_view_clear(WatchView *v);

/* A key was pressed; page: rows on the screen, of all that are found. */
void watch_view_key(WatchView *v, WatchKey key, const char *text, unsigned page, unsigned found);

/* How many rows fit below the title and the headings, and above the last line. */
unsigned watch_view_page(unsigned height);

/* The rows (of WatchRow) that are found, in order; a new array of borrowed ones. */
GPtrArray *watch_view_rows(const WatchView *v, GPtrArray *rows);

/* What a screen of terminal->width columns and so many lines shows: exactly height lines, without a newline at the end; new
 * string. problem: why this may be old, or NULL. Scrolls back where there are fewer rows than there were. */
char *watch_view_frame(WatchView *v, GPtrArray *rows, uint64_t now_usec, const Terminal *terminal,
                       unsigned height, const char *problem);
