/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A script as a process: by whom it is run, that its file is to be trusted, its start, and the end of all that came of it. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <sys/types.h>

#include "script.h"

typedef struct ScriptUser {
        char *name, *home, *shell;
        uid_t uid;
        gid_t gid;
        bool switches; /* to another than ourselves */
} ScriptUser;

void script_user_clear(ScriptUser *u);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(ScriptUser, script_user_clear)

/* The one that User= declares, else fallback, else (NULL) ourselves. Fails where there is none, or we have no right to be
 * another. */
bool script_user_find(const Script *s, const char *fallback, ScriptUser *ret, GError **error);

/* The file is root's or the user's, and nobody else may write it. */
bool script_child_check(const Script *s, const ScriptUser *u, GError **error);

typedef struct ScriptChild {
        pid_t pid; /* also its process group and session */
        int pidfd, output, errors;
} ScriptChild;

/* lock: stays open in it. environment: what it gets besides PATH, HOME, USER, LOGNAME, SHELL, LANG, and CREDENTIALS_DIRECTORY
 * where our unit has any. */
bool script_child_start(const ScriptUser *u, char **argv, char **environment, int lock, ScriptChild *ret,
                        GError **error);
void script_child_signal(const ScriptChild *c, int signum);

/* Once it has exited: how, as a shell would say (128 and the signal); *ret_signal is 0 or that. */
int script_child_reap(const ScriptChild *c, int *ret_signal);

/* Kills all that it left behind; we must be their subreaper (prctl(2)). False: some do not go. */
bool script_child_sweep(void);
