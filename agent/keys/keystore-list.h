/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The names of a node's key files, wherever its keystore is. Names only: no secret is ever read. */
#pragma once

#include <glib.h>
#include <json-c/json.h>

#include "docker.h"
#include "loop.h"
#include "session-keys.h"

typedef struct KeystoreList KeystoreList;

/* The end, exactly once; the list is still there: free it, here or later. path, names: borrowed; NULL with error. */
typedef void (*KeystoreListed)(const char *path, const KeyNames *names, const GError *error, void *userdata);

/* Looks with ls(1) in the container, which must run. configured: the only place, or NULL: those that keystore.h knows, and
 * else that of the only chain there is. inspect: the engine's answer. listed is never called from inside this. */
KeystoreList *keystore_list_new(Loop *l, Docker *d, const char *container, const char *configured,
                                json_object *inspect, KeystoreListed listed, void *userdata);
KeystoreList *keystore_list_free(KeystoreList *k);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KeystoreList, keystore_list_free)
