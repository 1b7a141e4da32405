/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rows of named values, once filled shown as aligned columns, as labelled lines, or as JSON. */
#pragma once

#include <glib.h>
#include <json-c/json.h>
#include <stdbool.h>

#include "terminal.h"

typedef enum ColumnFlags {
        COLUMN_RIGHT = 1 << 0,  /* numbers */
        COLUMN_SHRINK = 1 << 1, /* gives way where the terminal is too narrow */
} ColumnFlags;

typedef struct ColumnInfo {
        const char *key;     /* in JSON, snake_case */
        const char *heading; /* N_(); NULL: in JSON alone */
        ColumnFlags flags;
} ColumnInfo;

typedef struct Table Table;

/* columns: borrowed, ended by a NULL key. */
Table *table_new(const ColumnInfo *columns);
Table *table_free(Table *t);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Table, table_free)

/* Each fills the next cell, from left to right; after the last one a new row begins. Text is copied and
 * made safe to show. What is empty is shown as "-". */
void table_add(Table *t, const char *text);
/* value: the JSON one, reference taken; NULL is null there. */
void table_add_value(Table *t, Color color, const char *text, json_object *value);
/* As text in JSON too. */
void table_add_colored(Table *t, Color color, const char *text);
/* More text of another colour in the cell filled last. */
void table_append(Table *t, Color color, const char *text);

unsigned table_rows(const Table *t);

typedef struct TableStyle {
        Terminal terminal;
        bool legend; /* headings */
        bool full;   /* never cut */
} TableStyle;

/* One line a row; new string. */
char *table_format(const Table *t, const TableStyle *style);

/* One labelled line a value, and an empty line between rows; new string. */
char *table_format_lines(const Table *t, const TableStyle *style);

/* An array of objects; new reference. */
json_object *table_to_json(const Table *t);
