/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a backup holds. */
#include "key-bundle.h"

#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "keystore.h"
#include "tar-write.h"
#include "text.h"

#define SHOWN_MAX 100
#define FILE_NAME_MAX 255 /* that of file systems */

static void file_free(void *p) {
        KeyFile *f = p;

        g_free(f->path);
        g_free(f);
}

KeyBundle *key_bundle_new(void) {
        KeyBundle *b = g_new0(KeyBundle, 1);

        b->files = g_ptr_array_new_with_free_func(file_free);
        b->archives = g_ptr_array_new_with_free_func((GDestroyNotify) g_bytes_unref);
        return b;
}

KeyBundle *key_bundle_free(KeyBundle *b) {
        if (!b)
                return NULL;
        g_ptr_array_unref(b->files);
        g_ptr_array_unref(b->archives);
        g_free(b);
        return NULL;
}

typedef struct Secret {
        void *data;
        size_t size;
} Secret;

static void secret_free(void *p) {
        Secret *s = p;

        if (s->data) /* no bytes have no address, which explicit_bzero(3) may not be given */
                explicit_bzero(s->data, s->size);
        g_free(s->data);
        g_free(s);
}

GBytes *secret_bytes_new_take(void *data, size_t size) {
        Secret *s = g_new(Secret, 1);

        *s = (Secret){ data, size };
        return g_bytes_new_with_free_func(data, size, secret_free, s);
}

static bool fail_at(GError **error, const char *name, const char *what) {
        g_autofree char *shown = text_shown(name, SHOWN_MAX);

        return fleet_fail(error, FLEET_ERROR_FAILED, "%s %s", shown, what);
}

/* The name of a file in a folder, as one that people give: no other can be told of. */
static bool is_plain_name(const char *name) {
        if (!*name || strlen(name) > FILE_NAME_MAX || strchr(name, '/') || g_str_equal(name, ".") ||
            g_str_equal(name, "..") || !g_utf8_validate(name, -1, NULL))
                return false;
        for (; *name; name++)
                if (g_ascii_iscntrl(*name))
                        return false;
        return true;
}

static void add_file(KeyBundle *b, const char *folder, const char *name, const TarEntry *e) {
        KeyFile *f = g_new(KeyFile, 1);

        *f = (KeyFile){
                .path = g_strconcat(folder, name, NULL),
                .mode = e->mode,
                .uid = e->uid,
                .gid = e->gid,
                .mtime = e->mtime,
                .data = e->data,
                .size = e->size,
        };
        g_ptr_array_add(b->files, f);
}

/* "keystore" itself, then "keystore/6772616e…"; the folder may have another name in its container. */
static bool take_keystore_entry(KeyBundle *b, const TarEntry *e, GError **error) {
        const char *slash = strchr(e->name, '/');
        KeystoreName k;

        if (!slash && e->type != TAR_DIRECTORY)
                return fail_at(error, e->name, "is no folder, expected a keystore");
        if (!slash) {
                b->folder = (KeyFolder){ true, e->mode, e->uid, e->gid };
                return true;
        }
        if (!is_plain_name(slash + 1))
                return true;
        if (e->type == TAR_FILE)
                add_file(b, KEY_BUNDLE_KEYSTORE, slash + 1, e);
        else if (keystore_name_parse(slash + 1, &k))
                return fail_at(error, e->name, "is called as a key, but is no file");
        return true;
}

static bool take_identity_entry(KeyBundle *b, const TarEntry *e, GError **error) {
        if (e->type != TAR_FILE || strchr(e->name, '/'))
                return fail_at(error, e->name, "is no file, expected that with the network identity");
        add_file(b, KEY_BUNDLE_IDENTITY, "", e);
        return true;
}

static bool take_backup_entry(KeyBundle *b, const TarEntry *e, GError **error) {
        if (e->type == TAR_FILE && g_str_equal(e->name, KEY_BUNDLE_IDENTITY))
                add_file(b, KEY_BUNDLE_IDENTITY, "", e);
        else if (e->type == TAR_FILE && g_str_has_prefix(e->name, KEY_BUNDLE_KEYSTORE) &&
                 is_plain_name(e->name + strlen(KEY_BUNDLE_KEYSTORE)))
                add_file(b, KEY_BUNDLE_KEYSTORE, e->name + strlen(KEY_BUNDLE_KEYSTORE), e);
        else
                return fail_at(error, e->name, "is not what a backup of keys holds");
        return true;
}

static int compare(const void *a, const void *b) {
        return strcmp((*(KeyFile *const *) a)->path, (*(KeyFile *const *) b)->path);
}

static bool add(KeyBundle *b, GBytes *archive, bool (*take)(KeyBundle *, const TarEntry *, GError **),
                GError **error) {
        size_t size;
        const void *data = g_bytes_get_data(archive, &size);
        g_autoptr(TarReader) r = tar_reader_new(data, size);
        TarEntry e;
        TarStep step;

        g_ptr_array_add(b->archives, g_bytes_ref(archive));
        while ((step = tar_reader_next(r, &e, error)) == TAR_ENTRY)
                if (!take(b, &e, error))
                        return false;
        if (step == TAR_BROKEN)
                return false;
        g_ptr_array_sort(b->files, compare);
        for (unsigned i = 1; i < b->files->len; i++)
                if (compare(&b->files->pdata[i - 1], &b->files->pdata[i]) == 0)
                        return fail_at(error, ((KeyFile *) b->files->pdata[i])->path,
                                       "is in the archive twice");
        return true;
}

bool key_bundle_add_keystore(KeyBundle *b, GBytes *archive, GError **error) {
        return add(b, archive, take_keystore_entry, error);
}

bool key_bundle_add_identity(KeyBundle *b, GBytes *archive, GError **error) {
        return add(b, archive, take_identity_entry, error);
}

bool key_bundle_add_backup(KeyBundle *b, GBytes *archive, GError **error) {
        return add(b, archive, take_backup_entry, error);
}

bool key_file_is_key(const KeyFile *f) {
        KeystoreName k;

        return g_str_has_prefix(f->path, KEY_BUNDLE_KEYSTORE) &&
               keystore_name_parse(f->path + strlen(KEY_BUNDLE_KEYSTORE), &k);
}

const KeyFile *key_bundle_find(const KeyBundle *b, const char *path) {
        KeyFile wanted = { .path = (char *) path }, *key = &wanted, **found;

        if (b->files->len == 0) /* there is no array, then */
                return NULL;
        found = bsearch(&key, b->files->pdata, b->files->len, sizeof(void *), compare);
        return found ? *found : NULL;
}

unsigned key_bundle_count_keys(const KeyBundle *b) {
        unsigned n = 0;

        for (unsigned i = 0; i < b->files->len; i++)
                n += key_file_is_key(b->files->pdata[i]);
        return n;
}

bool key_bundle_equal(const KeyBundle *a, const KeyBundle *b) {
        if (a->files->len != b->files->len)
                return false;
        for (unsigned i = 0; i < a->files->len; i++) {
                const KeyFile *f = a->files->pdata[i], *g = b->files->pdata[i];

                if (!g_str_equal(f->path, g->path) || f->size != g->size ||
                    memcmp(f->data, g->data, f->size) != 0)
                        return false;
        }
        return true;
}

char **key_bundle_content(const KeyBundle *b) {
        g_autoptr(GStrvBuilder) lines = g_strv_builder_new();

        for (unsigned i = 0; i < b->files->len; i++) {
                const KeyFile *f = b->files->pdata[i];
                g_autofree char *sum = g_compute_checksum_for_data(G_CHECKSUM_SHA256, f->data, f->size),
                                *line = g_strdup_printf("%.8s %zu %s", sum, f->size, f->path);

                g_strv_builder_add(lines, line);
        }
        return g_strv_builder_end(lines);
}

const char *key_content_path(const char *line) {
        for (unsigned i = 0; i < 2; i++) {
                const char *space = strchr(line, ' ');

                line = space ? space + 1 : line;
        }
        return line;
}

/* Room for all from the start: an array that grows would leave copies behind. */
static size_t tar_size(const KeyBundle *b) {
        size_t size = 2 * TAR_BLOCK;

        for (unsigned i = 0; i < b->files->len;
             i++) /* a header, the rest of a block, and two for a long name */
                size += ((KeyFile *) b->files->pdata[i])->size + 4 * TAR_BLOCK;
        return size;
}

GBytes *key_bundle_to_tar(const KeyBundle *b) {
        GByteArray *out = g_byte_array_sized_new((guint) tar_size(b));
        size_t size;
        guint8 *data;

        for (unsigned i = 0; i < b->files->len; i++) {
                const KeyFile *f = b->files->pdata[i];
                TarEntry e = {
                        .name = f->path,
                        .type = TAR_FILE,
                        .mode = f->mode,
                        .uid = f->uid,
                        .gid = f->gid,
                        .mtime = f->mtime,
                        .data = f->data,
                        .size = f->size,
                };

                tar_append(out, &e);
        }
        tar_append_end(out);
        data = g_byte_array_steal(out, &size);
        g_byte_array_unref(out);
        return secret_bytes_new_take(data, size);
}
