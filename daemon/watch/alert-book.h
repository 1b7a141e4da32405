/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The alerts that last. Each is made durable, then written into the journal, then told to the fleet's observers, when it is raised
 * and when it is cleared; what a kill leaves of that is caught up with at the next start. */
#pragma once

#include "alert-kind.h"
#include "audit.h"
#include "fleet.h"
#include "silences.h"
#include "store.h"

typedef struct AlertBook AlertBook;

AlertBook *alert_book_new(Store *store, Audit *audit, Fleet *fleet, Silences *silences);
AlertBook *alert_book_free(AlertBook *b);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AlertBook, alert_book_free)

/* Reads back those of an earlier run. */
void alert_book_load(AlertBook *b, FleetReady ready, void *userdata);

/* What an alert is of; "" where it is not of one. */
typedef struct AlertPlace {
        AlertKind kind;
        const char *client, *container, *subject;
} AlertPlace;

/* A new alert, which stays the book's until it is cleared. NULL: there are ALERTS_MAX, or ALERTS_PER_CLIENT_MAX of this
 * client. */
const AlertRecord *alert_book_raise(AlertBook *b, const AlertPlace *place, const char *message);
/* It is over; the record is gone. */
void alert_book_clear(AlertBook *b, const AlertRecord *a);

const AlertRecord *alert_book_find(const AlertBook *b,
                                   const char *id); /* NULL: none lasts that is called so */
/* The newest first; a new array of borrowed records. */
GPtrArray *alert_book_list(const AlertBook *b);
unsigned alert_book_count(const AlertBook *b, AlertKind kind,
                          bool silenced); /* of those that are, or are not */

/* done once it is durable. FLEET_ERROR_INVALID_PARAMETER: there is none that lasts; FLEET_ERROR_UNAVAILABLE. */
void alert_book_acknowledge(AlertBook *b, const char *id, uint32_t caller_uid, FleetDone done,
                            void *userdata);

/* Silences have changed, or their time is over: an alert that is no longer silenced is told as if it were raised now,
 * and of one that was told and is silenced now it is told that it is. */
void alert_book_silence(AlertBook *b);
