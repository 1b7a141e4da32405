/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who gets CommandOutput, each signal sent to one subscriber alone, and only to those who may read that output. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-bus.h>

#include "command-record.h"
#include "polkit.h"

typedef struct Subscribers Subscribers;

Subscribers *subscribers_new(sd_bus *bus, Polkit *polkit);
Subscribers *subscribers_free(Subscribers *s);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Subscribers, subscribers_free)

/* Adds a connection (once, however often it asks). FLEET_ERROR_LIMIT_EXCEEDED beyond SUBSCRIBERS_MAX, or
 * SUBSCRIBERS_PER_UID_MAX for a user other than root. */
bool subscribers_add(Subscribers *s, const char *sender, uint32_t uid, GError **error);
/* Also for one that left the bus; one that is not there is fine. */
void subscribers_remove(Subscribers *s, const char *sender);

/* Sends a chunk of a command's output. Who owns the command (the same user) and root get it; of others polkit is
 * asked once per client, command and container (ACTION_READ_OUTPUT, without a dialog), and what comes before its
 * answer they have to fetch with GetOutput(). */
void subscribers_output(Subscribers *s, const CommandRecord *r, uint64_t offset, const void *chunk,
                        size_t size);

/* polkit's rules or authorizations changed: it is asked anew. */
void subscribers_forget_answers(Subscribers *s);
