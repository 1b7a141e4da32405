/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files that are written whole or not at all, and read with a bound. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <sys/types.h>

/* Writes a temporary file beside path, fsyncs it, renames it over path (or, with exclusive, links it only
 * where path does not exist: FLEET_ERROR_ALREADY_EXISTS) and fsyncs the directory. The file's mode is mode,
 * whatever the umask. When this fails path is what it was, except where the last fsync alone failed: then the
 * message says that the new content may not survive a power cut. */
bool file_write_atomic(const char *path, const void *data, size_t size, mode_t mode, bool exclusive,
                       GError **error);

/* Reads at most max bytes; a larger file is FLEET_ERROR_LIMIT_EXCEEDED, one that is not there is
 * FLEET_ERROR_UNAVAILABLE, and anything else FLEET_ERROR_FAILED. *ret is NUL-terminated beyond its size.
 * ret_size may be NULL where the content is text. */
bool file_read(const char *path, size_t max, char **ret, size_t *ret_size, GError **error);

/* systemd.exec(5) credentials: $CREDENTIALS_DIRECTORY/name, else fallback_path (may be NULL). Trailing white
 * space is removed; the caller wipes it. NULL with error when neither is there. */
char *credential_read(const char *name, const char *fallback_path, GError **error);
