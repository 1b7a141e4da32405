/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What agents report of their nodes that must never be lost: session keys and backups. Stored, written as files, audited, told, and only
 * then acknowledged. */
#pragma once

#include "audit.h"
#include "fleet.h"
#include "key-files.h"
#include "message.h"
#include "store.h"

typedef struct Keyring Keyring;

Keyring *keyring_new(Store *store, Audit *audit, Fleet *fleet, KeyFiles *files);
Keyring *keyring_free(Keyring *k);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Keyring, keyring_free)

/* For sessions. A report that was taken before is acknowledged again and changes nothing. One that cannot be taken (the store,
 * the disk or the journal refuse) is answered with an error message, and not acknowledged: the agent keeps it. */
void keyring_key_update(Keyring *k, Client *c, const Message *m);
void keyring_backup_complete(Keyring *k, Client *c, const Message *m);
