/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A tar archive in memory, taken apart: pax and ustar (POSIX.1-2017 pax(1)), GNU's long names and numbers. Whoever made
 * the archive, nothing outside of it is read. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TAR_BLOCK 512

typedef enum TarType {
        TAR_FILE = '0',
        TAR_HARD_LINK = '1',
        TAR_SYMLINK = '2',
        TAR_DIRECTORY = '5',
        /* and devices, fifos, and what others have thought of, as they are in the archive */
} TarType;

typedef struct TarEntry {
        const char *name; /* without "./" before it and "/" after it; of the archive's top itself "" */
        char type;        /* TarType */
        unsigned mode;    /* the permissions alone */
        uint64_t uid, gid;
        uint64_t mtime; /* seconds since the epoch; 0 where it was before that */
        const void *data;
        size_t size;
} TarEntry;

typedef struct TarReader TarReader;

/* The data stay as long as the reader. */
TarReader *tar_reader_new(const void *data, size_t size);
TarReader *tar_reader_free(TarReader *r);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TarReader, tar_reader_free)

typedef enum TarStep {
        TAR_ENTRY,
        TAR_END,   /* of a whole archive: its end mark is there, and nothing behind it */
        TAR_BROKEN /* FLEET_ERROR_FAILED, with the place and what is wrong */
} TarStep;

/* *ret is filled in for TAR_ENTRY alone, and stays until the next call. */
TarStep tar_reader_next(TarReader *r, TarEntry *ret, GError **error);
