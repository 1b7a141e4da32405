/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who gets CommandOutput, each signal sent to one subscriber alone, and only to those who may read that output.
 *
 * D-Bus has no flow control: what a program does not read piles up at the bus, which drops the rest or the program. So
 * each subscriber has at most SUBSCRIBER_UNREAD_BYTES on the way. What is beyond is not kept for it: it is read later
 * from where the dispatcher has it, and what has gone by then is a gap in the offsets. Who follows a command of its
 * user's own (subscribers_follow()) misses nothing: the agent waits for it, unless it stops answering. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-bus.h>

#include "dispatcher.h"
#include "polkit.h"

typedef struct Subscribers Subscribers;

Subscribers *subscribers_new(Loop *l, sd_bus *bus, Polkit *polkit, Dispatcher *dispatcher);
Subscribers *subscribers_free(Subscribers *s);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Subscribers, subscribers_free)

/* Adds a connection. FLEET_ERROR_LIMIT_EXCEEDED beyond SUBSCRIBERS_MAX, or SUBSCRIBERS_PER_UID_MAX for a user other
 * than root. Of one that is there it is a sign of life. */
bool subscribers_add(Subscribers *s, const char *sender, uint32_t uid, GError **error);
/* It wants no more; it has left the bus. One that is not there is fine. */
void subscribers_remove(Subscribers *s, const char *sender);
void subscribers_gone(Subscribers *s, const char *sender);

/* polkit's rules or authorizations changed: it is asked anew. */
void subscribers_forget_answers(Subscribers *s);

/* A connection has all of a command's output up to offset, from elsewhere. Where it has subscribed, goes on from there;
 * where the command is of its user's own, the agent now waits for it. */
void subscribers_follow(Subscribers *s, const char *sender, const char *id, uint64_t offset);

/* There is more of a command's output, from offset on. Who owns the command (the same user) and root get it; of others
 * polkit is asked once per client, command and container (ACTION_READ_OUTPUT, without a dialog), and what comes before
 * its answer they have to fetch with GetOutput(). */
void subscribers_output(Subscribers *s, const CommandRecord *r, uint64_t offset);

/* It has ended, and no signal of it may come after the one that says so: what is still to be sent is sent. */
void subscribers_ended(Subscribers *s, const CommandRecord *r);

/* How much of end bytes has been sent to all followers. */
uint64_t subscribers_output_passed(Subscribers *s, const CommandRecord *r, uint64_t end);
