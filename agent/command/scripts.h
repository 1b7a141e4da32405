/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The operator's commands that mclient-script runs for us: each is marked in the ledger before it is told, so that what became
 * of those that an earlier process did not see to their end can be asked, and reported. */
#pragma once

#include <glib.h>
#include <json-c/json.h>
#include <stdbool.h>

#include "agent-config.h"
#include "agent-db.h"
#include "docker-frames.h"
#include "loop.h"
#include "script-frames.h"
#include "script-link.h"

typedef struct Scripts Scripts;

/* The outcome of a command of an earlier process is known now, and in the ledger. */
typedef void (*ScriptsSettled)(const char *id, void *userdata);

/* db: stays until it is closed; the rest is borrowed. */
Scripts *scripts_new(Loop *l, const AgentConfig *config, AgentDb *db, ScriptsSettled settled,
                     void *userdata);
/* After the database was closed, as its last callbacks come from there, and after all runs. */
Scripts *scripts_free(Scripts *s);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Scripts, scripts_free)

/* Where mclient-script is; for as long as s is there. */
const ScriptPlace *scripts_place(const Scripts *s);

/* Ends a command of an earlier process. False: there is none such. s may be NULL: then there never is. */
bool scripts_cancel(Scripts *s, const char *id);

typedef struct ScriptRunHandler {
        void (*output)(DockerStreamId stream, const void *data, size_t size, void *userdata);
        /* Exactly once, unless it is freed before. */
        void (*ended)(const ScriptEnd *end, void *userdata);
} ScriptRunHandler;

typedef struct ScriptRun ScriptRun;

/* request: borrowed. The handler is never called from inside these. */
ScriptRun *script_run_new(Scripts *s, const ScriptRequest *request, const ScriptRunHandler *handler,
                          void *userdata);
/* One that runs goes on: the next process learns its end. */
ScriptRun *script_run_free(ScriptRun *r);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ScriptRun, script_run_free)

void script_run_cancel(ScriptRun *r);
void script_run_set_flow(ScriptRun *r, bool open);
