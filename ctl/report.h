/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* All that there is to read about one command. */
#pragma once

#include <glib.h>
#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

#include "bus-client.h"
#include "state.h"

/* Strings are "" and times (µs since the epoch) 0 where they are not known. */
typedef struct CommandReport {
        char *id, *path; /* path: its object */
        char *client, *command, *container, *state, *batch, *error;
        uint64_t requested, sent, started, finished;
        uint64_t caller_uid;
        json_object *parameters; /* NULL: not known, or not for the caller to see */
        json_object *result;     /* likewise, or none */
} CommandReport;

CommandReport *command_report_new(const char *id, const char *path);
CommandReport *command_report_free(CommandReport *r);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CommandReport, command_report_free)

/* Finds a command by its id; FLEET_ERROR_NO_SUCH_COMMAND. Knows no more than its place on the bus. */
CommandReport *command_report_find(BusClient *bus, const char *id, GError **error);

/* Fills in what the command's properties say. */
bool command_report_read(CommandReport *r, BusClient *bus, GError **error);

/* Fills in parameters, result and error, which may need more rights. */
bool command_report_read_result(CommandReport *r, BusClient *bus, GError **error);

/* Both for many, some at a time; reports is an array of CommandReport. */
bool command_reports_read(GPtrArray *reports, BusClient *bus, GError **error);

bool command_report_succeeded(const CommandReport *r);
bool command_report_is_final(const CommandReport *r);

/* From being sent to the end, in µs, as the journal has it; 0 where it did not get that far. */
uint64_t command_report_duration(const CommandReport *r);

/* "restart 3node0": the command and its container. New string. */
char *command_report_title(const CommandReport *r);
