/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The commands of the contract and their parameters, as a table. */
#include "command-table.h"

#include <glib/gi18n.h>
#include <string.h>

#include "limits.h"

#define CONTAINER \
        { "container", PARAM_CONTAINER, .help = N_("which container; may be left out where there is one") }
static const ParamInfo container_only[] = { CONTAINER, {} };

static const ParamInfo stop_params[] = {
        CONTAINER,
        { "timeout", PARAM_UINT, .max = STOP_TIMEOUT_MAX_SEC, .fallback = STOP_TIMEOUT_DEFAULT_SEC,
          .help = N_("seconds to end by itself before it is killed") },
        {},
};

static const ParamInfo logs_params[] = {
        CONTAINER,
        { "lines", PARAM_UINT, .min = 1, .max = LOG_LINES_MAX, .fallback = LOG_LINES_DEFAULT,
          .help = N_("how many of the last lines") },
        { "since", PARAM_UINT, .min = 1, .max = LOG_SINCE_MAX_SEC,
          .help = N_("only the last so many seconds") },
        { "follow", PARAM_BOOL, .help = N_("go on with new lines until cancelled") },
        {},
};

static const ParamInfo exec_params[] = {
        CONTAINER,
        { "command", PARAM_COMMAND, .required = true, .help = N_("what to run, without a shell") },
        {},
};

static const ParamInfo backup_keys_params[] = {
        CONTAINER,
        { "network", PARAM_BOOL, .help = N_("the network identity as well") },
        {},
};

static const ParamInfo rotate_keys_params[] = {
        CONTAINER,
        { "force", PARAM_BOOL, .help = N_("also while the node is syncing or has no peers") },
        {},
};

static const ParamInfo check_keys_params[] = {
        CONTAINER,
        { "session_keys", PARAM_HEX, .without = "public_key", .help = N_("the session keys, all in one") },
        { "public_key", PARAM_HEX, .with = "key_type", .help = N_("or one public key") },
        { "key_type", PARAM_STRING, .min = 4, .max = 4, .with = "public_key",
          .help = N_("and its type: gran, babe, imon, …") },
        {},
};

const CommandInfo command_table[] = {
        { "start", .takes_all = true, .params = container_only, .help = N_("start a container") },
        { "stop", .takes_all = true, .wide_confirm = true, .params = stop_params,
          .help = N_("stop a container") },
        { "restart", .takes_all = true, .wide_confirm = true, .params = stop_params,
          .help = N_("stop a container and start it again") },
        { "logs", .streams = true, .params = logs_params,
          .help = N_("show the last lines of a container's log") },
        { "status", .takes_all = true, .params = container_only,
          .help = N_("show containers and their health") },
        { "exec", .streams = true, .wide_confirm = true, .params = exec_params,
          .help = N_("run a program in a container") },
        { "backup_keys", .params = backup_keys_params, .help = N_("archive a node's keystore") },
        { "payout", .takes_any = true, .streams = true, .wide_confirm = true, .params = container_only,
          .help = N_("run the operator's payout script") },
        { "rotate_keys", .wide_confirm = true, .params = rotate_keys_params,
          .help = N_("make new session keys") },
        { "check_keys", .params = check_keys_params, .help = N_("does the node hold these keys?") },
        {},
};

const CommandInfo *command_info(const char *name) {
        for (const CommandInfo *info = command_table; info->name; info++)
                if (strcmp(info->name, name) == 0)
                        return info;
        return NULL;
}

const ParamInfo *command_param(const CommandInfo *info, const char *name) {
        if (strcmp(name, "target") == 0)
                name = "container";
        for (const ParamInfo *p = info->params; p->name; p++)
                if (strcmp(p->name, name) == 0)
                        return p;
        return NULL;
}
