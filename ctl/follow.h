/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Follows one command to its end: its states, its output without gaps, and Ctrl-C, which cancels it. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "bus-client.h"
#include "report.h"

typedef struct FollowEvents {
        /* The command is known now, or its state changed. */
        void (*changed)(const CommandReport *r, void *userdata);
        /* The next bytes of output, at most PIPE_BUF, when standard output is ready for them: how many it took; below 0:
         * nobody reads them any more, cancel it. NULL: output is not wanted. */
        ssize_t (*output)(const void *data, size_t size, void *userdata);
        /* So many bytes are missing here, and nobody has them any more. */
        void (*lost)(uint64_t bytes, void *userdata);
        /* It may run for ever: the end of the terminal, or of this program, cancels it too. */
        bool endless;
        /* It is somebody's already: Ctrl-C, or that nobody reads the output any more, leaves it alone. */
        bool watch_only;
} FollowEvents;

typedef struct FollowEnd {
        CommandReport *report;
        uint64_t streamed; /* bytes of output that were handed out */
        uint64_t offset;   /* where they end, counted from the start of the output, with what was lost */
        bool cancelled;    /* by Ctrl-C */
} FollowEnd;

/* Sends a request (SendCommand with its arguments; reference taken), and follows the command. The first Ctrl-C cancels
 * it on the far side, and its end is waited for; a second one leaves. Errors are those of the call and of the
 * connection; a command that fails is a report. */
bool follow_request(BusClient *bus, sd_bus_message *request, const FollowEvents *events, void *userdata,
                    FollowEnd *ret, GError **error);

/* The same for a command that was sent before, from the beginning of what is kept of its output. */
bool follow_command(BusClient *bus, const char *id, const FollowEvents *events, void *userdata,
                    FollowEnd *ret, GError **error);
