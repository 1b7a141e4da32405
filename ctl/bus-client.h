/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The connection to mserver: calls that wait for their answer, signals, and Ctrl-C while waiting. */
#pragma once

#include <glib.h>
#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

G_DEFINE_AUTOPTR_CLEANUP_FUNC(sd_bus_message, sd_bus_message_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(sd_bus_slot, sd_bus_slot_unref)

typedef struct BusClient BusClient;

typedef struct BusPlace {
        const char *host, *machine; /* by ssh, or a local container machine; both NULL: this machine */
} BusPlace;

typedef enum BusClientFlags {
        BUS_CLIENT_ASK_PASSWORD =
                        1 << 0, /* polkit may ask for one, on this terminal where it has no better place */
        BUS_CLIENT_AUTO_START = 1 << 1, /* calls start the service where it does not run */
        BUS_CLIENT_SURVIVE = 1 << 2,    /* Ctrl-C during a call ends the call, not the program */
} BusClientFlags;

/* Opens a system bus. */
BusClient *bus_client_open(const BusPlace *place, BusClientFlags flags, GError **error);
BusClient *bus_client_free(BusClient *c);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(BusClient, bus_client_free)

sd_bus *bus_client_bus(BusClient *c);
sd_event *bus_client_event(BusClient *c);
/* False once the connection is lost. */
bool bus_client_is_open(BusClient *c);

/* The object path of a client; new string. */
char *bus_client_path(const char *client);

/* A call of the service, for the caller to append to; NULL with error set. */
sd_bus_message *bus_client_message(BusClient *c, const char *path, const char *interface, const char *member,
                                   GError **error);

/* Sends a call (reference taken) and waits for the answer, dispatching signals meanwhile; too many interrupts, where
 * they are caught, end the wait with an error. Returns a new reference. */
sd_bus_message *bus_client_send(BusClient *c, sd_bus_message *request, GError **error);

/* The same for a call whose answer begins with an id and an object path: both are the answer's own. What it has behind
 * them is left to read. */
sd_bus_message *bus_client_send_for_id(BusClient *c, sd_bus_message *request, const char **ret_id,
                                       const char **ret_path, GError **error);

/* Sends calls (an array of messages), some at a time, and waits for all answers: a new array of them in the same order, errors
 * among them. NULL with error set where it has to give up on all. */
GPtrArray *bus_client_send_all(BusClient *c, GPtrArray *requests, GError **error);

/* False, with error set from it, where an answer is an error. */
bool bus_client_check_answer(sd_bus_message *reply, GError **error);

/* A call of org.mserver1.Manager with arguments of basic types, as sd_bus_message_append(3) takes them (types NULL:
 * none), and behind them n dictionaries (a{sv}, NULL: empty). */
sd_bus_message *bus_client_request(BusClient *c, const char *member, json_object *const *dicts, unsigned n,
                                   GError **error, const char *types, ...);

/* The same without dictionaries, sent: the answer, as bus_client_send() returns it. */
sd_bus_message *bus_client_call(BusClient *c, const char *member, GError **error, const char *types, ...);

/* The same for what is only nice to have: nobody is asked for a password, and what cannot be had is NULL. */
sd_bus_message *bus_client_peek(BusClient *c, const char *member, const char *types, ...);

/* All properties of an object as {"Name": value}; new reference. */
json_object *bus_client_properties(BusClient *c, const char *path, const char *interface, GError **error);

/* The same in two halves: the call, and what its answer says. */
sd_bus_message *bus_client_properties_request(BusClient *c, const char *path, const char *interface,
                                              GError **error);
json_object *bus_client_properties_read(sd_bus_message *reply, GError **error);

/* Waits for one event and dispatches it. False once the connection is lost. */
bool bus_client_turn(BusClient *c, GError **error);

/* Waits until fd can be written to (or says that it cannot), something that is caught interrupts, or some µs have passed.
 * Meanwhile the bus is not read: what is sent to us waits at its sender. True: write. */
bool bus_client_wait_writable(BusClient *c, int fd, uint64_t usec);

/* From here to the release Ctrl-C (and, where asked for, the end of the terminal or a polite kill) does not end the
 * program but is counted; beyond patience of them calls end with an error. These nest: the outermost sets the rules and
 * starts at 0. */
void bus_client_catch_interrupts(BusClient *c, unsigned patience, bool also_hangups);
void bus_client_release_interrupts(BusClient *c);
unsigned bus_client_interrupts(const BusClient *c);
