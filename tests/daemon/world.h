/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The server's domain in a world without threads, sockets, journal or real time: what the domain calls (loop.h, clock.h, ws-server.h, audit.h
 * and a store engine) is answered from here, one step at a time, and written down in order. */
#pragma once

#include "batch.h"
#include "dispatcher.h"
#include "fleet.h"
#include "keyring.h"
#include "sessions.h"

typedef struct World {
        Store store;
        Fleet *fleet;
        Dispatcher *dispatcher;
        Batches *batches;
        Sessions *sessions;
        Keyring *keyring;

        GString *log; /* what happened, a line each: "store submit ID sent", "audit command-requested", "a < …" */
        StoreStatus store_says; /* what writes end with */
        bool audit_says;
        bool commits_late;        /* what is written is there when that is said, not before */
        bool store_holds;         /* it answers nothing before world_release() */
        const char *trail_broken; /* why the audit trail is; NULL: it is not */
        bool disk_is_full;        /* key files are not written */
        bool key_is_elsewhere;    /* another node has the key */
        bool settles_not;         /* keys and backups: the store is gone in between */
        GHashTable *reports;      /* keys and backups */
        GHashTable *journal;      /* what it has, as "EVENT ID" */
        GHashTable *settled;      /* ids of commands whose end is settled */
        GHashTable *commands;     /* the rows: id to CommandRecord */
        GHashTable *batch_rows;   /* likewise: id to BatchRecord */
        GHashTable *outputs;      /* likewise, as store.h has them */

        /* Whom clients are played by, NULL: nobody. From inside the server's own work: answer later. */
        void (*sent)(WsPeer *peer, const Message *m);
} World;

extern const StoreEngine world_store; /* keeps its rows in the world */
extern World *world;                  /* the one of the running test */

World *world_new(void);
void world_free(World *w);

/* Runs all that is deferred or completed, until nothing moves. */
void world_run(void);
/* Runs the next of that alone; false: there is none. */
bool world_step(void);
/* What the store was asked while it held is done, and answered. */
void world_release(void);
/* Moves both clocks on and fires what is due, in order. */
void world_pass(uint64_t usec);
/* The first that is due within this time, without running what it defers. */
bool world_fire(uint64_t usec);
/* Somebody sets the clock. */
void world_set_clock(int64_t by_usec);
/* What is deferred or completed is never run: for parts of the server that are killed alone. */
void world_forget(void);
/* The server is killed, with all that is not done yet, and starts again. Connections are lost. */
void world_kill(void);

/* A client connects with its own token and registers, announcing features (a bit set of message.h). Returns the peer. */
WsPeer *world_connect(const char *id, unsigned features);
WsPeer *world_open(const char *id);                 /* up to the upgrade */
void world_says(WsPeer *peer, const char *text);    /* takes no ownership */
void world_says_and_free(WsPeer *peer, char *text); /* takes it */
void world_hangs_up(WsPeer *peer);
bool world_is_closed(const WsPeer *peer); /* by us */
bool world_is_gone(const WsPeer *peer);

/* The log since the last call; new string. */
char *world_take_log(void);

/* Submits for uid 1000 and runs: the id (new string), or NULL with error. */
char *world_submit(const char *client, const char *command, const char *params, bool queue, GError **error);
CommandState world_state(const char *id);
