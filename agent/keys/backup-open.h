/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A backup read back: is it what was written down of it, and what is in it? Everything here blocks. */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "backup-record.h"
#include "key-bundle.h"

typedef struct OpenedBackup {
        BackupRecord *record; /* that beside it, which agrees with it; NULL: there is none */
        char *sha256;         /* of the file, hex */
        uint64_t size;        /* likewise, bytes */
        bool encrypted;
        KeyBundle *bundle; /* what is in it; NULL: it is encrypted, and no key was given */
} OpenedBackup;

/* key_path, cert_path: for cms_decrypt(); NULL for none. FLEET_ERROR_FAILED where the file is not what its record says,
 * or is no backup of keys. */
OpenedBackup *backup_open(const char *path, const char *key_path, const char *cert_path, GError **error);
OpenedBackup *opened_backup_free(OpenedBackup *o);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OpenedBackup, opened_backup_free)
