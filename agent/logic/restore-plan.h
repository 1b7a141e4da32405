/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What must be written so that a keystore has all that a backup of one holds. Nothing that is there is ever replaced by
 * something else. Pure logic. */
#pragma once

#include "key-bundle.h"

/* The files of the backup's keystore (KeyFile*, borrowed) that the other one lacks; a file there that is the beginning
 * of the one in the backup is what a write that was cut has left, and lacking too. FLEET_ERROR_ALREADY_EXISTS, and then
 * nothing may be written, names a file that is there with other content. The network identity is no part of this. */
GPtrArray *restore_missing(const KeyBundle *backup, const KeyBundle *there, GError **error);

/* The public keys that are in both keystores: "gran 0x…, babe 0x…". New string; NULL where there are none. */
char *restore_shared_keys(const KeyBundle *a, const KeyBundle *b);

/* These files for the folder of a keystore, with the folder's owner and none of the permissions that it does not give.
 * New reference. */
GBytes *restore_archive(const GPtrArray *files, const KeyFolder *folder);
