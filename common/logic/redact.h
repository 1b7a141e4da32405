/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Masks secrets before parameters reach the journal. What looks like one is masked: rather one word too many. */
#pragma once

#include <json-c/json.h>

/* Returns new JSON text (g_free()) of at most AUDIT_PARAMS_BYTES_MAX bytes in which "***" stands for
 *
 *  - values under a name that looks secret, see redact_name_is_secret();
 *  - inside strings, command lines with quotes and argument arrays what follows such a name: --password x, --password=x, PASSWORD=x,
 *    password: x, {"password": "x"}, also across the words of an array;
 *  - what follows Authorization: and Bearer, and the password in scheme://user:password@host;
 *  - 12 or more words that could be a mnemonic, and 0x followed by 64 hex digits (a seed), unless the name says
 *    that it is a public or session key.
 *
 * What is longer becomes {"truncated": "its beginning"}. */
char *redact_params(json_object *params);

/* What is said of a failure, masked by the same rules, for it may quote what was asked. New string; NULL for NULL. */
char *redact_error(const char *text);
