/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a command answered, whatever its shape, as text for people. */
#pragma once

#include <glib.h>
#include <json-c/json.h>
#include <stdbool.h>

#include "report.h"
#include "table.h"

/* One answer; both borrowed. */
typedef struct ResultRow {
        const char *client;
        json_object *result;
} ResultRow;

/* Is it a list of objects, as status answers? */
bool result_is_list(json_object *result);

/* One table of the objects of all lists, a column for each of their members; with_clients: with a column that says whose
 * they are. now_usec: since the epoch, for times that are shown as "2 h ago". New string. */
char *result_format_lists(const ResultRow *rows, unsigned n, bool with_clients, uint64_t now_usec,
                          const TableStyle *style);

/* The members of an object but those that its title already said, a line each; "" where there are none. New string. */
char *result_format_members(json_object *result, uint64_t now_usec, const TableStyle *style);

/* The output in it, where it is text or has a member for that; else NULL. Borrowed. */
const char *result_output(json_object *result);

/* One sentence on how a command ended: "demo: restart 3node0 failed: …". New string. */
char *result_failure(const CommandReport *r);

/* A report as the JSON object that every verb shows; new reference. */
json_object *result_report_json(const CommandReport *r);
