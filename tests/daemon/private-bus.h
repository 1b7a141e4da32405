/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A message bus of the test's own, connections to it, and calls that run the loop until they are answered. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <systemd/sd-bus.h>

#include "loop.h"

G_DEFINE_AUTOPTR_CLEANUP_FUNC(sd_bus_message, sd_bus_message_unref)

typedef struct PrivateBus PrivateBus;

/* Starts a dbus-daemon that allows everything, and points $DBUS_SYSTEM_BUS_ADDRESS at it. */
PrivateBus *private_bus_new(Loop *l);
PrivateBus *private_bus_free(PrivateBus *b);
/* Ends the daemon, and with it every connection; a new one at the same address. */
void private_bus_kill(PrivateBus *b);
void private_bus_restart(PrivateBus *b);

/* The other user of the tests: nobody where they run as root, else who runs them. */
uid_t other_uid(void);
bool tests_run_as_root(void);

/* A connection on the loop, as root (or who runs the tests) or as the other user. */
sd_bus *private_bus_connect(PrivateBus *b, uid_t uid);
void private_bus_disconnect(sd_bus *bus); /* at once, as a killed process does */

/* Runs the loop until the condition holds. A test that would wait longer than 20 s fails. Whoever makes a condition
 * come true calls something_happened(), or the loop may go to sleep in the very turn in which it did. */
#define run_until(l, condition)                                   \
        do {                                                      \
                g_autoptr(LoopTimer) _deadline = deadline_new(l); \
                while (!(condition))                              \
                        (void) uv_run(loop_uv(l), UV_RUN_ONCE);   \
        } while (0)
LoopTimer *deadline_new(Loop *l);

static inline void something_happened(Loop *l) {
        uv_stop(loop_uv(l));
}

/* Runs what is ready, until nothing more comes for both sides of the bus to do: a round trip to the daemon. */
void settle(Loop *l, sd_bus *bus);

/* Calls org.mserver1 and waits; the reply, or the error reply. */
sd_bus_message *call(Loop *l, sd_bus *from, const char *path, const char *interface, const char *member,
                     const char *types, ...);

/* A call under way. */
typedef struct Pending {
        Loop *loop;
        sd_bus_message *reply;
        bool done;
} Pending;

Pending *call_begin(Loop *l, sd_bus *from, const char *path, const char *interface, const char *member,
                    const char *types, ...);
Pending *message_begin(Loop *l, sd_bus *from, sd_bus_message *m);
sd_bus_message *call_end(Pending *p); /* waits, and frees it */

/* The reply is this error ("org.mserver1.Error.NoSuchClient"; NULL: it is none), with this in its message. */
#define assert_reply_error(m, name, text) assert_reply(__FILE__, __LINE__, m, name, text)
void assert_reply(const char *file, int line, sd_bus_message *m, const char *name, const char *text);
