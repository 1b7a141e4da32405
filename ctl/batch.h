/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Follows a broadcast to the end of its last command. */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "bus-client.h"

typedef struct BatchReport {
        char *id, *path;      /* NULL until it was sent; path: its object */
        char *state, *status; /* status: what it waits for besides its commands, or why it was stopped; "" */
        unsigned total, sent, succeeded, failed, skipped; /* clients */
        char *last;                                       /* the client that ended last; NULL: none yet */
        bool last_ok;
        bool cancelled;  /* by Ctrl-C */
        GHashTable *ids; /* set of the ids of its commands */
} BatchReport;

void batch_report_clear(BatchReport *r);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(BatchReport, batch_report_clear)

/* Something in r changed. */
typedef void (*BatchChanged)(const BatchReport *r, void *userdata);

/* Sends a request (Broadcast with its arguments; reference taken), and follows the batch in *r, which is empty before
 * and to be cleared by the caller in any case. The first Ctrl-C cancels it, a second one leaves. */
bool batch_follow(BusClient *bus, sd_bus_message *request, BatchChanged changed, void *userdata,
                  BatchReport *r, GError **error);
