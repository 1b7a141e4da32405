/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a backup holds: the files of a keystore and, where asked for, the network identity. They stay in the archives
 * that they came in: nothing secret is copied. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KEY_BUNDLE_KEYSTORE "keystore/"
#define KEY_BUNDLE_IDENTITY "network/secret_ed25519"

typedef struct KeyFile {
        char *path; /* "keystore/6772616e…" or KEY_BUNDLE_IDENTITY */
        unsigned mode;
        uint64_t uid, gid, mtime;
        const void *data;
        size_t size;
} KeyFile;

/* The keystore's own entry. */
typedef struct KeyFolder {
        bool is_known;
        unsigned mode;
        uint64_t uid, gid;
} KeyFolder;

typedef struct KeyBundle {
        KeyFolder folder;    /* of key_bundle_add_keystore() */
        GPtrArray *files;    /* of KeyFile*, in the order of their paths */
        GPtrArray *archives; /* of GBytes* */
} KeyBundle;

KeyBundle *key_bundle_new(void);
KeyBundle *key_bundle_free(KeyBundle *b);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(KeyBundle, key_bundle_free)

/* Adds what is in an archive, which must be whole: of a keystore's folder (what stands in it and is no file is passed
 * over, but for a key that is none), of the one file with the network identity, or of a backup. FLEET_ERROR_FAILED, and
 * then the bundle is of no use. archive: a reference is kept. */
bool key_bundle_add_keystore(KeyBundle *b, GBytes *archive, GError **error);
bool key_bundle_add_identity(KeyBundle *b, GBytes *archive, GError **error);
bool key_bundle_add_backup(KeyBundle *b, GBytes *archive, GError **error);

/* A key of the keystore, and not something else that lies there. */
bool key_file_is_key(const KeyFile *f);

/* NULL where it is not there. */
const KeyFile *key_bundle_find(const KeyBundle *b, const char *path);

unsigned key_bundle_count_keys(const KeyBundle *b);

/* Same files, same content. */
bool key_bundle_equal(const KeyBundle *a, const KeyBundle *b);

/* What can be said of it in public, one line for each file: "CHECK SIZE PATH". CHECK is the start of the content's
 * SHA-256, long enough to tell two contents apart and too short to be of use to one who guesses. New strv. */
char **key_bundle_content(const KeyBundle *b);
const char *key_content_path(const char *line);

/* As one archive. Wiped when it goes. New reference. */
GBytes *key_bundle_to_tar(const KeyBundle *b);

/* Bytes that are wiped when they go; takes data, which is g_free()d. */
GBytes *secret_bytes_new_take(void *data, size_t size);
