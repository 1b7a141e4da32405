/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Session keys, and the names of the files that hold them. In a Substrate keystore a file is called as the hex of its key
 * type and of the public key, so what a keystore holds is known without a look at a secret. Pure logic. */
#pragma once

#include <glib.h>
#include <json-c/json.h>
#include <stdbool.h>

/* Whether session keys look like it: "0x" and the hex of one or more keys of 32 bytes. FLEET_ERROR_PROTOCOL. */
bool session_keys_check(const char *keys, unsigned *ret_count, GError **error);

/* Names of files that hold keys. */
typedef struct KeyNames KeyNames;

/* From the lines of a directory listing. What is no key of 32 bytes is left out. */
KeyNames *key_names_parse(const char *listing);
/* From the text that key_names_to_text() made. */
char *key_names_to_text(const KeyNames *k);
KeyNames *key_names_free(KeyNames *k);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KeyNames, key_names_free)

/* Those that are in after only. New. */
KeyNames *key_names_added(const KeyNames *before, const KeyNames *after);

unsigned key_names_count(const KeyNames *k);
unsigned key_names_types(const KeyNames *k); /* different ones */

/* {"gran":["0x…"],…}; new object. */
json_object *key_names_to_json(const KeyNames *k);

/* The session keys that these are, where they are exactly one key of each type: in the order of Creditcoin's runtimes
 * (grandpa, babe, im-online, then authority discovery). NULL where they are not, or where a type is of unknown
 * place. New string. */
char *key_names_to_session_keys(const KeyNames *k);

/* Whether these are the files of such session keys: as many, and each part the key of one. */
bool key_names_are(const KeyNames *k, const char *session_keys);
