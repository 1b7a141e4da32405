/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The same step for each container of a command, side by side: one that fails does not stop the others. */
#pragma once

#include "command.h"

typedef struct PerContainer PerContainer;

typedef struct PerContainerJob {
        PerContainer *owner;
        const char *container;
        DockerCall *call;       /* what it waits for; NULL it in its reply, */
        NodeQuestion *question; /* or this */
        json_object *result;    /* may be begun before it is done */
        char *error;
        bool over;
} PerContainerJob;

/* begin() is called once for each; each must come to one of the two ends below. list: the result is a list
 * even where one container was named. name_key: what the name is called in the entry of one that failed. */
PerContainer *per_container_new(CommandContext *x, bool list, const char *name_key,
                                void (*begin)(PerContainerJob *job));
void per_container_done(PerContainerJob *job, json_object *result); /* takes the result */
void per_container_failed(PerContainerJob *job, const char *error);

/* Drops what still runs; note says what may become of it. */
void per_container_stop(PerContainer *p, const char *note);
PerContainer *per_container_free(PerContainer *p);

CommandContext *per_container_context(const PerContainer *p);
