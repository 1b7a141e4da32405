/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What must be written so that a keystore has all that a backup of one holds. */
#include "restore-plan.h"

#include <string.h>

#include "error.h"
#include "keystore.h"

static bool is_in_keystore(const KeyFile *f) {
        return g_str_has_prefix(f->path, KEY_BUNDLE_KEYSTORE);
}

static const char *name_of(const KeyFile *f) {
        return f->path + strlen(KEY_BUNDLE_KEYSTORE);
}

static bool begins_with(const KeyFile *whole, const KeyFile *part) {
        return part->size <= whole->size && memcmp(part->data, whole->data, part->size) == 0;
}

GPtrArray *restore_missing(const KeyBundle *backup, const KeyBundle *there, GError **error) {
        g_autoptr(GPtrArray) missing = g_ptr_array_new();

        for (unsigned i = 0; i < backup->files->len; i++) {
                KeyFile *f = backup->files->pdata[i];
                const KeyFile *old = is_in_keystore(f) ? key_bundle_find(there, f->path) : NULL;

                if (!is_in_keystore(f) || (old && old->size == f->size && begins_with(f, old)))
                        continue;
                if (old && !begins_with(f, old)) {
                        (void) fleet_fail(error, FLEET_ERROR_ALREADY_EXISTS,
                                          "%s is there already, with another content than in the backup",
                                          name_of(f));
                        return NULL;
                }
                g_ptr_array_add(missing, f);
        }
        return g_steal_pointer(&missing);
}

char *restore_shared_keys(const KeyBundle *a, const KeyBundle *b) {
        g_autoptr(GString) text = g_string_new(NULL);

        for (unsigned i = 0; i < a->files->len; i++) {
                const KeyFile *f = a->files->pdata[i];
                KeystoreName name;

                if (!key_file_is_key(f) || !key_bundle_find(b, f->path))
                        continue;
                (void) keystore_name_parse(name_of(f), &name);
                g_string_append_printf(text, "%s%s 0x%s", text->len > 0 ? ", " : "", name.type,
                                       name.public_key);
        }
        return text->len > 0 ? g_string_free(g_steal_pointer(&text), false) : NULL;
}

GBytes *restore_archive(const GPtrArray *files, const KeyFolder *folder) {
        g_autoptr(KeyBundle) b = key_bundle_new();

        for (unsigned i = 0; i < files->len; i++) {
                KeyFile *f = g_memdup2(files->pdata[i], sizeof(KeyFile));

                f->path = g_strdup(name_of(f));
                f->mode &= folder->mode;
                f->uid = folder->uid;
                f->gid = folder->gid;
                g_ptr_array_add(b->files, f);
        }
        return key_bundle_to_tar(b);
}
