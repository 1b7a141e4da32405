/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The keys of a container as they are, whether it runs or not: found, read whole, and read again until they stand
 * still. Nothing is run in the container. */
#pragma once

#include <json-c/json.h>
#include <stdbool.h>

#include "docker.h"
#include "key-bundle.h"

typedef struct KeystoreFetch KeystoreFetch;

typedef struct KeystoreFound {
        json_object *inspect; /* the engine's answer about the container */
        const char *path;     /* of the keystore; NULL where there is none */
        KeyBundle *bundle;    /* steal it; empty where there is none */
} KeystoreFound;

/* found is NULL with an error. From the loop; the fetch is gone by then. */
typedef void (*KeystoreFetched)(KeystoreFound *found, const GError *error, void *userdata);

/* configured: the only place where the keystore may be, or NULL: those that keystore.h knows. identity: the network
 * identity as well, without which it fails. */
KeystoreFetch *keystore_fetch_new(Docker *d, const char *container, const char *configured, bool identity,
                                  KeystoreFetched done, void *userdata);
KeystoreFetch *keystore_fetch_free(KeystoreFetch *f);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KeystoreFetch, keystore_fetch_free)
