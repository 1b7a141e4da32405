/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What LoadCredential= of our unit gives to scripts. */
#include "script-secrets.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "error.h"
#include "file.h"
#include "limits.h"

typedef struct Secret {
        char *name, *data;
        size_t size;
} Secret;

struct ScriptSecrets {
        GArray *all;
};

static void clear_secret(void *p) {
        Secret *x = p;

        explicit_bzero(x->data, x->size);
        g_free(x->data);
        g_free(x->name);
}

ScriptSecrets *script_secrets_read(GError **error) {
        g_autoptr(ScriptSecrets) s = g_new0(ScriptSecrets, 1);
        const char *directory = g_getenv("CREDENTIALS_DIRECTORY"), *name;
        g_autoptr(GDir) dir = directory ? g_dir_open(directory, 0, NULL) : NULL;

        s->all = g_array_new(false, false, sizeof(Secret));
        g_array_set_clear_func(s->all, clear_secret);
        while (dir && (name = g_dir_read_name(dir))) {
                g_autofree char *path = g_build_filename(directory, name, NULL);
                Secret x = {};

                if (!file_read(path, CREDENTIAL_BYTES_MAX, &x.data, &x.size, error))
                        return NULL;
                x.name = g_strdup(name);
                g_array_append_val(s->all, x);
        }
        return g_steal_pointer(&s);
}

ScriptSecrets *script_secrets_free(ScriptSecrets *s) {
        if (!s)
                return NULL;
        g_array_unref(s->all);
        g_free(s);
        return NULL;
}

bool script_secrets_is_empty(const ScriptSecrets *s) {
        return s->all->len == 0;
}

static bool write_one(int dir, const Secret *x) {
        int fd = openat(dir, x->name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0400);
        bool good;

        if (fd < 0)
                return false;
        good = write(fd, x->data, x->size) == (ssize_t) x->size;
        if (!good && errno == 0)
                errno = ENOSPC;
        (void) close(fd);
        return good;
}

bool script_secrets_write(const ScriptSecrets *s) {
        int dir;
        bool good = true;

        if (mkdir(SCRIPT_SECRETS_DIR, 0700) < 0)
                return false;
        dir = open(SCRIPT_SECRETS_DIR, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (dir < 0)
                return false;
        errno = 0;
        for (unsigned i = 0; good && i < s->all->len; i++)
                good = write_one(dir, &g_array_index(s->all, Secret, i));
        if (good && fchmod(dir, 0500) < 0)
                good = false;
        (void) close(dir);
        return good;
}
