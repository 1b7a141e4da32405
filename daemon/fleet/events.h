/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the fleet tells whoever watches it (the bus does). Objects never know their bus twins: these watch
 * them. */
#pragma once

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "alert.h"
#include "command-record.h"

typedef struct Client Client;
typedef struct Batch Batch;
typedef struct Schedule Schedule;

typedef enum ScheduleNews { SCHEDULE_ADDED, SCHEDULE_CHANGED, SCHEDULE_REMOVED } ScheduleNews;

typedef struct FleetObserver {
        void (*client_added)(const Client *c, void *userdata);     /* known from now on */
        void (*client_removed)(const Client *c, void *userdata);   /* about to be forgotten */
        void (*client_described)(const Client *c, void *userdata); /* anew, or its host name became known */
        void (*client_online)(const Client *c, void *userdata);
        void (*client_offline)(const Client *c, const char *reason, void *userdata);
        /* Tokens of this client let nobody in any more, and who came by one is to go. */
        void (*access_ended)(const char *client, const char *reason, void *userdata);
        void (*command_changed)(const CommandRecord *r, void *userdata); /* after each change of state */
        void (*command_output)(const CommandRecord *r, uint64_t offset, const void *chunk, size_t size,
                               void *userdata);
        /* How much of end bytes of its output has reached all who are waited for; end where that is nobody. The
         * agent is kept from printing far ahead of it. */
        uint64_t (*output_passed)(const CommandRecord *r, uint64_t end, void *userdata);
        void (*key_updated)(const char *client, const char *container, const char *session_key,
                            void *userdata);
        void (*backup_completed)(const char *client, const char *container, const char *file,
                                 void *userdata);
        /* data: of its message, borrowed; timestamp_ms: by its clock, 0 where it does not say */
        void (*stats_received)(const Client *c, json_object *data, int64_t timestamp_ms, void *userdata);
        /* Once that is durable and in the journal. One that is no longer silenced is told as raised once more, and
         * one that lasts already as silenced. */
        void (*alert_changed)(const AlertRecord *a, AlertChange change, void *userdata);
        /* It is there from now on, was enabled, disabled or run, or is about to go. */
        void (*schedule_changed)(const Schedule *s, ScheduleNews news, void *userdata);
        void (*batch_changed)(const Batch *b, bool added, bool ended, void *userdata);
} FleetObserver;
