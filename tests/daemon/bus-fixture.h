/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A server with its real domain, store and bus, on a private message bus; the network, the journal and polkit are
 * played by the test. */
#pragma once

#include "bus.h"
#include "fake-agent.h"
#include "fake-audit.h"
#include "fake-polkit.h"
#include "names.h"
#include "private-bus.h"

typedef struct Fixture {
        Loop *loop;
        PrivateBus *private_bus;
        FakePolkit *polkit;
        char *directory;
        Server server;
        Bus *bus;
        sd_bus *root; /* who runs the tests */
        sd_bus *user; /* somebody else */
} Fixture;

/* For g_test_add(). */
void fixture_up(Fixture *f, const void *data);
void fixture_down(Fixture *f, const void *data);

/* The server alone: as by a restart of its unit. */
void fixture_start_server(Fixture *f);
void fixture_stop_server(Fixture *f);

/* Registers a test that is skipped where one cannot be two users. */
#define fixture_add(path, function) g_test_add(path, Fixture, NULL, fixture_up, function, fixture_down)

/* Calls to the manager. */
#define manager_call(f, from, ...) call((f)->loop, from, MSERVER_ROOT, MSERVER_IFACE_MANAGER, __VA_ARGS__)
#define manager_begin(f, from, ...) \
        call_begin((f)->loop, from, MSERVER_ROOT, MSERVER_IFACE_MANAGER, __VA_ARGS__)

/* Calls MEMBER(target, command, params, options) of the manager. The two dictionaries are written "TYPE:KEY=VALUE" with
 * spaces between, NULL is empty. */
Pending *fixture_command_begin(Fixture *f, sd_bus *from, bool interactive, const char *member,
                               const char *target, const char *command, const char *params,
                               const char *options);
sd_bus_message *fixture_command(Fixture *f, sd_bus *from, const char *member, const char *target,
                                const char *command, const char *params, const char *options);

/* One such dictionary. */
void fixture_append_dict(sd_bus_message *m, const char *text);

/* ListCommands, as f->root, with a filter written likewise. */
sd_bus_message *fixture_list(Fixture *f, const char *filter);

/* SendCommand of a restart, as f->root: its id, new string. */
char *fixture_send(Fixture *f, const char *client);

/* A property of an object as sd_bus_message_read() reads it: new reference, inside the variant. */
sd_bus_message *fixture_get(Fixture *f, const char *path, const char *interface, const char *name);
char *fixture_get_string(Fixture *f, const char *path, const char *interface, const char *name);

/* Writes down the signals that a connection gets: "MEMBER ARGS…" lines of strings, paths and numbers. */
typedef struct Listener Listener;
Listener *listener_new(Fixture *f, sd_bus *bus);
Listener *listener_free(Listener *l);
/* Runs until a line with this beginning has come. Borrowed, until the next call. */
const char *listener_wait(Listener *l, const char *beginning);
/* How many lines so far have it. */
unsigned listener_count(const Listener *l, const char *beginning);
