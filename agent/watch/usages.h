/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the containers of a sample use, and how much of a processor since the sample before. */
#pragma once

#include <json-c/json.h>

#include "docker.h"
#include "loop.h"

typedef struct Usages Usages;

/* d is borrowed. done: once for each usages_ask(), on the loop, never from inside it. */
typedef void (*UsagesDone)(void *userdata);
Usages *usages_new(Loop *l, Docker *d, UsagesDone done, void *userdata);
Usages *usages_free(Usages *u);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Usages, usages_free)

/* One that runs, of the next question. inspect: the engine's answer, borrowed; status: what the usage is added to
 * (container-info.h). */
void usages_add(Usages *u, const char *container, json_object *inspect, json_object *status);

/* Asks for all that were added. */
void usages_ask(Usages *u);

/* It takes too long, or the sample ends early: what was added is forgotten, and done not called. */
void usages_abandon(Usages *u);
