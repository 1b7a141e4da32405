/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Backups in their directory: two files each, the backup and the record of it. What has the name of a backup is whole,
 * whatever was killed or cut while it was made. Everything here blocks. */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "backup-record.h"

/* Makes the directory (0700) where it is missing, and removes what an earlier process left half made. */
bool backup_files_prepare(const char *directory, GError **error);

/* Adds a backup, durable when this returns. r: container, created, encrypted and content are given, the rest is filled
 * in. When it fails nothing of it is left. */
bool backup_files_add(const char *directory, BackupRecord *r, GBytes *data, GError **error);

/* The backups of a container (NULL: of all) that are whole as far as their size tells, in no order: BackupRecord*, freed with the
 * array. */
GPtrArray *backup_files_list(const char *directory, const char *container, GError **error);

/* Removes what backup_records_surplus() says of the container of this backup, but never the backup itself: by a clock
 * that was set back it may be the oldest. *ret_removed: how many. */
bool backup_files_prune(const char *directory, const BackupRecord *latest, unsigned keep,
                        unsigned *ret_removed, GError **error);
