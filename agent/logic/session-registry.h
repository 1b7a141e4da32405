/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether session keys are registered on the chain: where it keeps that, and what is found there. The pallet "Session" has
 * two maps for it: KeyOwner, from one key to the account that registered it (session.setKeys), and NextKeys, from an
 * account to the keys that it validates with from the session after the next. */
#pragma once

#include <json-c/json.h>
#include <stdbool.h>

/* Storage keys, as state_getStorage takes them: "0x…"; new strings. */
char *session_registry_owner_key(
                const char *session_keys); /* session_keys: as session_keys_check() wants them */
char *session_registry_next_keys_key(const char *account); /* account: as below */

typedef enum SessionOwner {
        SESSION_OWNER_UNKNOWN, /* what was found is no account */
        SESSION_OWNER_NONE,
        SESSION_OWNER_ACCOUNT,
} SessionOwner;

/* storage: what KeyOwner has there; NULL for nothing. *ret_account: its text, "0x" and 64 hex digits; only for an account. */
SessionOwner session_registry_owner(json_object *storage, const char **ret_account);

/* storage: what NextKeys has for the account. False where it is not text or NULL. */
bool session_registry_compare(json_object *storage, const char *session_keys, bool *ret_registered);
