/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The line between the runner and its commands, one of which is one file, command-*.c. */
#pragma once

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>

#include "agent-config.h"
#include "backup-store.h"
#include "docker-frames.h"
#include "docker.h"
#include "loop.h"
#include "node-watch.h"
#include "outbox.h"
#include "rotations.h"
#include "scripts.h"
#include "state.h"

/* What all commands work with. Borrowed. */
typedef struct CommandTools {
        Loop *loop;
        Docker *docker;
        const AgentConfig *config;
        Outbox *outbox;
        Rotations *rotations;
        NodeWatch *nodes;
        BackupStore *backups;
        Scripts *scripts;
} CommandTools;

/* What a command is given; it stays until the command is freed. */
typedef struct CommandContext {
        const CommandTools *tools;
        const Script *script; /* what is to be run; NULL for what is built in */
        const char *id;
        json_object *params;   /* checked; never NULL */
        char **containers;     /* those it means, never none; NULL for a script that is about the host */
        uint64_t timeout_usec; /* from its beginning */
        bool all;              /* they were meant as "all": the result is a list */
} CommandContext;

typedef struct CommandType {
        const char *name;    /* NULL: those of scripts */
        bool all_by_default; /* without a container it means all of them, not the only one */

        /* Begins; returns the command. */
        void *(*start)(CommandContext *x);
        /* Asks for the end, once: command_finished() must follow in bounded time, soon. */
        void (*stop)(void *command);
        /* Back-pressure: false stops reading at the source. NULL where there is no output. */
        void (*set_flow)(void *command, bool open);
        /* Drops it, finished or not, without a word. */
        void (*free)(void *command);
} CommandType;

/* Output as it comes. */
void command_output(CommandContext *x, DockerStreamId stream, const void *data, size_t size);

/* The newest part of all the output, for the result: output, and where it was cut truncated and output_bytes.
 * New object. */
json_object *command_output_result(CommandContext *x);

/* The end, exactly once; the command is freed later, not from inside this. result: taken, may be NULL. error:
 * NULL exactly for COMMAND_SUCCEEDED; what remains to be said where the command was stopped may be NULL too
 * (COMMAND_CANCELLED; that it was a timeout is the run's to say). */
void command_finished(CommandContext *x, CommandState state, json_object *result, const char *error);

extern const CommandType command_type_start, command_type_stop, command_type_restart, command_type_logs,
                command_type_status, command_type_exec, command_type_backup_keys, command_type_rotate_keys,
                command_type_check_keys, command_type_script;
