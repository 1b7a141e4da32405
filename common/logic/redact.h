/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Masks secrets before parameters reach the journal. */
#pragma once

#include <json-c/json.h>

/* Returns new JSON text (g_free()) in which the values of names that look secret (password, passwd, secret,
 * token, mnemonic, seed, suri, private…, …key where it is not a public or session key), and inside strings
 * and argument arrays what follows
 * --password, --suri, --key… or looks like a Bearer token, a mnemonic of 12 or more words or a 0x-seed of 64
 * digits, are "***". */
char *redact_params(json_object *params);
