/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* May this caller do that? The one place that speaks polkit: asks org.freedesktop.PolicyKit1.Authority without
 * waiting for it, and says no to every action that it was not told of. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-bus.h>

typedef struct Polkit Polkit;
typedef struct PolkitCheck PolkitCheck;

typedef enum PolkitAnswer {
        POLKIT_NO,
        POLKIT_CHALLENGE, /* yes, once the caller has authenticated */
        POLKIT_YES,
} PolkitAnswer;

typedef struct PolkitQuestion {
        const char *action;
        const char *sender; /* unique name of the caller */
        uint32_t uid;       /* its user; 0 is let through unasked */
        bool interactive;   /* the caller waits while a person authenticates */
        const char *client, *command, *container, *selector; /* details for rules and dialogs; NULL is "" */
        const char *schedule; /* likewise, where it is about one; NULL: no such detail */
} PolkitQuestion;

/* actions: all that can be allowed, NULL-terminated; it stays. */
Polkit *polkit_new(sd_bus *bus, const char *const *actions);
/* All checks must have been answered or cancelled. */
Polkit *polkit_free(Polkit *p);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Polkit, polkit_free)

/* reason says why not, for people and the journal; "" with a yes. */
typedef void (*PolkitDone)(PolkitAnswer answer, const char *reason, void *userdata);

/* An answer that is no yes, as the caller of this method is told: FLEET_ERROR_INTERACTIVE_REQUIRED where authentication would
 * help, else FLEET_ERROR_ACCESS_DENIED. New error. */
GError *polkit_denial(PolkitAnswer answer, const char *method, const char *action, const char *reason);

/* Asks; done runs once, from inside the call where nobody needs to be asked. *check (which must stay where it
 * is) is the open question for polkit_cancel(), and NULL again by the time done runs. Without an answer in
 * POLKIT_TIMEOUT_USEC it is a no; without polkit on the bus, too. At most POLKIT_QUESTIONS_MAX are with polkit at
 * a time, POLKIT_QUESTIONS_PER_UID_MAX of one user: others wait their turn. */
void polkit_check(Polkit *p, const PolkitQuestion *question, PolkitCheck **check, PolkitDone done,
                  void *userdata);

/* Takes the question back, from polkit too (a dialog closes): done does not run. */
void polkit_cancel(PolkitCheck **check);
