/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is known of a backup without its secrets. It lies as JSON beside the file, and tells what the file must be and
 * which keys are in it. */
#pragma once

#include <glib.h>
#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

#define BACKUP_RECORD_SUFFIX ".json" /* after the name of the backup's file */

typedef struct BackupRecord {
        char *file;       /* its name in its directory */
        char *container;  /* whose keys these are */
        uint64_t created; /* ms since the epoch */
        char *sha256;     /* of the file as it lies there, hex */
        uint64_t size;    /* bytes */
        bool encrypted;   /* CMS (RFC 5652), to certificates of the operator's */
        char **content;   /* a line for each file, see key_bundle_content() */
} BackupRecord;

BackupRecord *backup_record_free(BackupRecord *r);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(BackupRecord, backup_record_free)

/* "CONTAINER_YYYYmmdd_HHMMSS.tar", UTC, and ".cms" after it where it is encrypted; the second of the same time is
 * n == 2 and has "_2" before the ".tar". New string. */
char *backup_file_name(const char *container, uint64_t created_ms, unsigned n, bool encrypted);

/* Whose backup a file of this name is; new string, NULL where it is no such name. */
char *backup_file_container(const char *name);

/* For people and programs: new string, ends with a newline. */
char *backup_record_to_json(const BackupRecord *r);

/* NULL where it is no such record: FLEET_ERROR_FAILED. */
BackupRecord *backup_record_from_json(const char *text, GError **error);

/* Which of these backups of one container (BackupRecord*, in any order) need not be kept: those that are older than
 * the latest keep, but never one that has a file as no later one of those that stay has it. So neither a keystore that
 * was wiped or damaged nor a backup without the identity takes the last good copy of anything with it. keep is at least
 * 1. Borrowed pointers, the oldest first. */
GPtrArray *backup_records_surplus(GPtrArray *records, unsigned keep);
