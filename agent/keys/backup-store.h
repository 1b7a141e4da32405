/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where backups go: encrypted, written and kept by a thread of its own, as a disk may take its time. */
#pragma once

#include <glib.h>
#include <stdint.h>

#include "backup-record.h"
#include "key-bundle.h"
#include "loop.h"

typedef struct BackupStore BackupStore;

/* keep: how many of each container at least. recipients: a file of certificates that backups are encrypted to; NULL:
 * they are not. It is read for each backup. */
BackupStore *backup_store_new(Loop *l, const char *directory, unsigned keep, const char *recipients,
                              GError **error);
/* Finishes what is under way. */
BackupStore *backup_store_free(BackupStore *s);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(BackupStore, backup_store_free)

typedef struct BackupPut BackupPut;

/* From the loop. path: the backup, durable; NULL with an error, and then nothing of it is left. warning: what did not
 * go well with older ones, else NULL. The put is gone by then. */
typedef void (*BackupStored)(const BackupRecord *r, const char *path, const char *warning,
                             const GError *error, void *userdata);

/* Takes the bundle over. */
BackupPut *backup_store_put(BackupStore *s, const char *container, KeyBundle *bundle, uint64_t now_ms,
                            BackupStored done, void *userdata);
/* Nobody waits for done() any more; the backup is made all the same. */
BackupPut *backup_put_free(BackupPut *p);
