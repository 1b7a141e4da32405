/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where a Substrate node keeps its keys, and what the names of its key files say. No secret is looked at. */
#pragma once

#include <json-c/json.h>
#include <stdbool.h>

/* A key file is called as the hex of its key type, four bytes, and its public key. */
typedef struct KeystoreName {
        char type[11];          /* "gran"; "0x01020304" where it is no text */
        const char *public_key; /* hex without "0x", within the name */
} KeystoreName;

/* False for a file that is no key: a node passes those over. */
bool keystore_name_parse(const char *name, KeystoreName *ret);

/* The paths in the container where the keystore, and the file with the network identity, may be, the likeliest first:
 * as its arguments say (--keystore-path, --base-path), else in the base folders of this image and of older ones. The
 * chain follows from the container's name: 3nodeN, nodeN. New strvs. */
char **keystore_places(const char *container, json_object *inspect);
char **network_identity_places(const char *container, json_object *inspect);

/* The folders in which each chain has one of its own, for a keystore that is in none of these places. New strv. */
char **keystore_chain_folders(json_object *inspect);
