/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A Substrate keystore: one file per key, named by its type and public key. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define PUBLIC_KEY_BYTES 32
/* Creditcoin's session keys, in this order: grandpa, babe, im_online. As hex: "0x" and two digits a byte. */
#define SESSION_KEY_HEX (2 + 3 * PUBLIC_KEY_BYTES * 2)

/* Makes the directory with its parents. Returns 0 or a negative errno value. */
int keystore_open(const char *directory);

/* Writes three new keys; the old ones stay. ret_hex has room for SESSION_KEY_HEX and the final NUL.
 * Returns 0 or a negative errno value. */
int keystore_rotate(const char *directory, char *ret_hex);

/* Whether every part of these session keys has its file. False also where it is not of their form. */
bool keystore_has_session_keys(const char *directory, const char *hex);

/* The same for one key: "0x" and 64 digits, and a type such as "gran". */
bool keystore_has_key(const char *directory, const char *hex, const char *type);
