/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* mclient.conf(5) as the agent uses it. */
#pragma once

#include <glib.h>
#include <stdint.h>

#include "config.h"
#include "endpoint.h"
#include "node-config.h"
#include "policy.h"
#include "script.h"

typedef struct AgentConfig {
        char *file;         /* it was read from this, and its drop-ins */
        char *id;           /* Id=, else the host name where that is a valid client id */
        char *server;       /* Server=wss://HOST:PORT/PATH */
        Endpoint *endpoint; /* the same, taken apart */
        char *ca_file;      /* CAFile=, else the credential "ca" where there is one; NULL: the system's */
        char *fingerprint;  /* Fingerprint= in its canonical spelling, NULL: verify by CA */
        GHashTable *labels; /* Labels=k=v,…: char* to char* */
        uint64_t stats_interval; /* StatsInterval= seconds */
        char *docker_socket;     /* [Docker] Socket= */
        char **containers;       /* [Docker] Containers= globs of the managed ones; default "*" */
        NodeConfig *nodes;       /* [Rpc] and [Keys] */
        char *state_directory;   /* $STATE_DIRECTORY or MCLIENT_STATE_DIR */
        char *backup_directory;  /* [Backup] Directory=; default "backups" in the state directory */
        char *backup_recipients; /* [Backup] Recipient=: a file of certificates; NULL: backups are not encrypted */
        uint64_t backup_keep; /* [Backup] Keep= */
        Policy *policy;       /* [Policy] */
        GPtrArray *scripts;   /* of Script: [Command NAME] */
        char *script_socket;  /* of mclient-script.socket; NULL: script_helper is run instead */
        char *script_helper;
} AgentConfig;

/* Reads path and its drop-ins. FLEET_ERROR_CONFIG names the key, its value and what was expected. */
AgentConfig *agent_config_read(const char *path, ConfigWarn warn, void *userdata, GError **error);
AgentConfig *agent_config_free(AgentConfig *c);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AgentConfig, agent_config_free)
