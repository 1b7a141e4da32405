/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Silences: alerts of these clients and of this kind are kept and shown, and told to nobody, until a time. */
#pragma once

#include "audit.h"
#include "fleet.h"
#include "store.h"

typedef struct Silences Silences;

Silences *silences_new(Store *store, Audit *audit, Fleet *fleet);
Silences *silences_free(Silences *s);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Silences, silences_free)

void silences_load(Silences *s, FleetReady ready, void *userdata);

/* Is an alert of this kind of this client ("": the server's own, which only the selector "all" means) silenced now? */
bool silences_match(const Silences *s, const char *kind, const char *client);

/* Of SilenceRecord, oldest first; borrowed. */
const GPtrArray *silences_list(const Silences *s);

/* Changed runs after each change. */
typedef void (*SilencesChanged)(void *userdata);
void silences_observe(Silences *s, SilencesChanged changed, void *userdata);

/* Silences whose time has come end. */
void silences_tick(Silences *s);

typedef struct SilenceRequest {
        const char *selector; /* selector.h's */
        const char *kind;     /* "": all */
        uint64_t until;       /* realtime µs */
        const char *comment;
        uint32_t caller_uid;
} SilenceRequest;

/* Would it be taken now? INVALID_PARAMETER, LIMIT_EXCEEDED. */
bool silences_check(const Silences *s, const SilenceRequest *request, GError **error);

/* done with its id once it is durable, or NULL and INVALID_PARAMETER, LIMIT_EXCEEDED, UNAVAILABLE. */
typedef void (*SilenceDone)(const char *id, const GError *error, void *userdata);
void silences_add(Silences *s, const SilenceRequest *request, SilenceDone done, void *userdata);

/* done once that is durable. INVALID_PARAMETER where there is none of this id. */
void silences_remove(Silences *s, const char *id, uint32_t caller_uid, FleetDone done, void *userdata);
