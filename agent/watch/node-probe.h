/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One look at how a node does, bounded in time. */
#pragma once

#include <glib.h>
#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

#include "docker.h"
#include "http-post.h"
#include "loop.h"
#include "node-config.h"

/* How a node is reached: at one of its addresses or, where these do not lead to it, by node.h. */
typedef struct NodeWay {
        char **addresses; /* NULL-terminated */
        bool shared;      /* the node's loopback is the host's: there is no other way */
        bool inside;      /* none of the addresses leads to it */
        unsigned next;    /* the one that did last */
} NodeWay;

/* The session keys that a container has last rotated to; NULL: none that is known of. Borrowed until the next call. */
typedef const char *(*NodeSessionKeys)(const char *container, void *userdata);

typedef struct NodeAsking {
        Loop *loop;
        Docker *docker;
        HttpPosts *http;
        const NodeConfig *config;
        NodeSessionKeys session_keys; /* may be NULL */
        void *session_keys_userdata;
} NodeAsking;

typedef struct NodeProbe NodeProbe;

/* Once, never from inside node_probe_new(): picture as in node-picture.h, the caller's to keep. The probe has been freed. */
typedef void (*NodeProbed)(json_object *picture, void *userdata);

/* what: outlives the probe, as does way, which learns. slow and before: as in node-picture.h, before borrowed. */
NodeProbe *node_probe_new(const NodeAsking *what, const char *container, NodeWay *way, bool slow,
                          json_object *before, NodeProbed done, void *userdata);
NodeProbe *node_probe_free(NodeProbe *p);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NodeProbe, node_probe_free)
