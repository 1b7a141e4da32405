/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A broadcast that is about to be sent: whom and what it would touch. Pure. */
#pragma once

#include <glib.h>
#include <json-c/json.h>
#include <stdbool.h>

typedef struct Broadcast {
        const char *command, *selector;
        json_object *parameters, *options;
        GPtrArray *clients;    /* of json_object, as client-info.h has them: those it is meant for */
        GPtrArray *containers; /* of json_object, as client-containers.h has them, in the same order */
} Broadcast;

void broadcast_clear(Broadcast *b);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Broadcast, broadcast_clear)

/* Why this client would not get it now; NULL: it would. New string. */
char *broadcast_obstacle(const Broadcast *b, json_object *client);

/* Does it name no container where a client has several, and can only mean all of them? */
bool broadcast_means_all(const Broadcast *b);

/* "This restarts 11 containers on 3 clients (busan-1, …), one client at a time. Continue?" New string. */
char *broadcast_question(const Broadcast *b);
