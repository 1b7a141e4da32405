/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What mclient.conf(5) says about the nodes in the containers: [Rpc] and [Keys]. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "config.h"

typedef struct NodeConfig {
        char *rpc_helper;              /* [Rpc] Helper= */
        uint64_t rotate_interval_usec; /* [Keys] RotateInterval= at least so long between two rotations of a node */
        char *owner;                   /* [Keys] Owner= for all without one of their own; NULL: none */
        GHashTable *ports;             /* [Rpc] Port.NAME=: container to GUINT_TO_POINTER() */
        GHashTable *keystores;         /* [Keys] Keystore.NAME=: container to absolute path */
        GHashTable *owners;            /* [Keys] Owner.NAME=: container to 0x… */
} NodeConfig;

NodeConfig *node_config_read(const Config *f, GError **error);
NodeConfig *node_config_new(void); /* nothing configured */
NodeConfig *node_config_free(NodeConfig *c);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NodeConfig, node_config_free)

/* 0 or NULL where nothing is configured for this container. */
uint16_t node_config_port(const NodeConfig *c, const char *container);
const char *node_config_keystore(const NodeConfig *c, const char *container);
const char *node_config_owner(const NodeConfig *c, const char *container);
