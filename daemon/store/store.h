/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The store: what must survive. All calls are asynchronous on the loop; SQL and the engine stay behind this.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "command-record.h"
#include "loop.h"
#include "store-record.h"

typedef enum StoreStatus {
        STORE_OK,
        STORE_CONFLICT,    /* the row exists, or has moved on: nothing changed */
        STORE_UNSETTLED,   /* the row exists, and is not settled: nothing changed */
        STORE_FENCED,      /* another server owns this session now: nothing changed */
        STORE_UNAVAILABLE, /* not done */
        STORE_UNKNOWN,     /* may or may not have been done: ask again */
} StoreStatus;

#define COMMAND_FILTER_ANY (-1)
#define COMMAND_FILTER_OPEN (-2) /* not final */

typedef struct CommandFilter {
        const char *client, *command, *batch; /* NULL: any */
        int state;                            /* a CommandState, or one of the above */
        uint64_t since, until;                /* of requested, both included; 0: open */
        unsigned limit;                       /* 0: LIST_COMMANDS_DEFAULT; at most LIST_COMMANDS_MAX */
} CommandFilter;

typedef void (*StoreDone)(StoreStatus status, void *userdata);
/* Rows belong to the array and the array to the store: copy or steal (g_ptr_array_steal_index) what you
 * keep. Empty unless STORE_OK. */
typedef void (*StoreRows)(StoreStatus status, GPtrArray *rows, void *userdata);

/* An engine fills this in; records are copied during the call. done may be NULL. Each done runs once, on the
 * loop, never from inside the call. */
typedef struct StoreEngine {
        void (*drain)(void *engine); /* finishes what is queued; completions run, from here */
        void (*close)(void *engine); /* likewise, and ends */
        void (*put_client)(void *engine, const ClientRecord *c, StoreDone done, void *userdata);
        void (*load_clients)(void *engine, StoreRows done, void *userdata);
        /* replace: all older tokens of the client go in the same transaction; without it, CONFLICT where one
         * exists. Its enrolments go too, as they do in delete_tokens(). */
        void (*put_token)(void *engine, const TokenRecord *t, bool replace, StoreDone done, void *userdata);
        void (*delete_tokens)(void *engine, const char *client, StoreDone done, void *userdata);
        void (*load_tokens)(void *engine, StoreRows done, void *userdata);
        /* In the place of the client's older one; those that have expired when it is created go. Without replace,
         * CONFLICT where the client has a token. */
        void (*put_enrollment)(void *engine, const EnrollmentRecord *e, bool replace, StoreDone done,
                               void *userdata);
        /* In one transaction: the enrolment (hash, credential) is used, and all tokens of its client make way for the
         * one with that hash. OK again for the same credential; CONFLICT where it is not there, or used with another. */
        void (*trade_enrollment)(void *engine, const EnrollmentRecord *e, uint64_t now_usec, StoreDone done,
                                 void *userdata);
        void (*load_enrollments)(void *engine, StoreRows done, void *userdata);
        /* In the place of the one before. lazily: a power cut may undo this, the end of the process not; then done is
         * NULL. */
        void (*put_audit_head)(void *engine, const AuditHeadRecord *h, bool lazily, StoreDone done,
                               void *userdata);
        void (*load_audit_head)(void *engine, StoreRows done, void *userdata); /* rows: 0 or 1 */
        void (*submit_command)(void *engine, const CommandRecord *r, StoreDone done, void *userdata);
        /* Writes state, times, result and error; CONFLICT where the stored state may not be followed by it.
         */
        void (*advance_command)(void *engine, const CommandRecord *r, StoreDone done, void *userdata);
        /* Its end was asked for: remembered, whatever its state. */
        void (*cancel_command)(void *engine, const char *id, StoreDone done, void *userdata);
        /* All that follows from its end is done: open_commands() leaves it out from now on. A power cut may undo
         * this, the end of the process not. */
        void (*settle_command)(void *engine, const char *id, CommandState state);
        /* Output kept at a command's end, with the offset of its first byte. */
        void (*put_output)(void *engine, const char *id, uint64_t offset, GBytes *output, StoreDone done,
                           void *userdata);
        /* rows: 0 or 1 GBytes: the offset in 8 bytes, little endian, and the output behind it. */
        void (*get_output)(void *engine, const char *id, StoreRows done, void *userdata);
        void (*get_command)(void *engine, const char *id, StoreRows done, void *userdata); /* rows: 0 or 1 */
        void (*list_commands)(void *engine, const CommandFilter *f, StoreRows done,
                              void *userdata); /* newest first; params and result are NULL */
        void (*open_commands)(void *engine, StoreRows done,
                              void *userdata); /* all not settled, oldest first, whole */
        /* Lazily, the oldest rows of each table first: settled commands requested before then, ended batches likewise,
         * and outputs of commands before the other time. Realtime µs. */
        void (*forget_commands)(void *engine, uint64_t commands_before, uint64_t outputs_before,
                                unsigned rows);
        void (*put_batch)(void *engine, const BatchRecord *b, StoreDone done, void *userdata);
        void (*get_batch)(void *engine, const char *id, StoreRows done, void *userdata); /* rows: 0 or 1 */
        void (*open_batches)(void *engine, StoreRows done, void *userdata); /* not finished, oldest first */
        /* All commands of a batch, oldest first; params and result are NULL. */
        void (*batch_commands)(void *engine, const char *id, StoreRows done, void *userdata);
        /* CONFLICT where this client has reported this id before and it was settled, UNSETTLED where it was not. */
        void (*append_key)(void *engine, const KeyRecord *k, StoreDone done, void *userdata);
        void (*append_backup)(void *engine, const BackupRecord *b, StoreDone done, void *userdata);
        /* All that follows from the report is done (its file is written, its audit entry handed over). */
        void (*settle_key)(void *engine, const KeyRecord *k, StoreDone done, void *userdata);
        void (*settle_backup)(void *engine, const BackupRecord *b, StoreDone done, void *userdata);
        /* Newest first; NULL: any client, any container; limit 0: LIST_KEYS_MAX. */
        void (*list_keys)(void *engine, const char *client, const char *container, unsigned limit,
                          StoreRows done, void *userdata);
        void (*list_backups)(void *engine, const char *client, const char *container, unsigned limit,
                             StoreRows done, void *userdata);
        /* Where else a session key is the latest: rows of KeyRecord of other nodes than this one. */
        void (*key_elsewhere)(void *engine, const KeyRecord *k, StoreRows done, void *userdata);
        void (*node_times)(void *engine, StoreRows done,
                           void *userdata); /* NodeTimes of all nodes that have any */
        /* In the place of what was there of this id. told: see AlertRow. */
        void (*put_alert)(void *engine, const AlertRecord *a, bool told, StoreDone done, void *userdata);
        /* It is told, unless it has been cleared (or anew) since it was cleared then. A power cut may undo this, the end
         * of the process not. */
        void (*settle_alert)(void *engine, const char *id, uint64_t cleared);
        void (*open_alerts)(void *engine, StoreRows done,
                            void *userdata); /* AlertRow: all that last or are not told */
        /* AlertRow: those that were cleared, the latest first. */
        void (*past_alerts)(void *engine, unsigned limit, StoreRows done, void *userdata);
        void (*trim_alerts)(void *engine, unsigned keep); /* of those that were cleared; lazily */
        void (*put_silence)(void *engine, const SilenceRecord *s, StoreDone done, void *userdata);
        void (*delete_silence)(void *engine, const char *id, StoreDone done, void *userdata);
        void (*load_silences)(void *engine, StoreRows done, void *userdata); /* oldest first */
        unsigned (*queue_depth)(void *engine);
} StoreEngine;

typedef struct Store {
        const StoreEngine *ops;
        void *engine;
} Store;

/* The embedded engine: SQLite at path (see dbthread.h for what is refused). */
Store *store_open_sqlite(Loop *l, const char *path, GError **error);
Store *store_close(Store *s);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Store, store_close)
