/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files that are written whole or not at all, and read with a bound. */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "error.h"
#include "limits.h"

static bool write_all(int fd, const char *data, size_t size) {
        while (size > 0) {
                ssize_t n = write(fd, data, size);

                if (n < 0 && errno != EINTR)
                        return false;
                if (n > 0) {
                        data += n;
                        size -= (size_t) n;
                }
        }
        return true;
}

static bool fill(int fd, const void *data, size_t size, mode_t mode) {
        return write_all(fd, data, size) && fchmod(fd, mode) == 0 && fsync(fd) == 0;
}

/* link(2) rather than renameat2(RENAME_NOREPLACE): network file systems have the one and not the other. */
static bool put_in_place(const char *temporary, const char *path, bool exclusive) {
        if (!exclusive)
                return rename(temporary, path) == 0;
        if (link(temporary, path) < 0)
                return false;
        (void) unlink(temporary);
        return true;
}

static bool fsync_directory(const char *dir) {
        int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), r;

        if (fd < 0)
                return false;
        r = fsync(fd);
        (void) close(fd);
        return r == 0;
}

bool file_write_atomic(const char *path, const void *data, size_t size, mode_t mode, bool exclusive,
                       GError **error) {
        g_autofree char *dir = g_path_get_dirname(path), *base = g_path_get_basename(path);
        /* ".#" is what systemd and editors begin such names with: directory scans skip them. Cut, so that
         * the longest valid file name still leaves room. */
        g_autofree char *temporary = g_strdup_printf("%s/.#%.200s.XXXXXX", dir, base);
        int fd, r = 0;

        fd = mkostemp(temporary, O_CLOEXEC);
        if (fd < 0)
                return fleet_fail_errno(error, FLEET_ERROR_FAILED, errno, "cannot write in directory %s",
                                        dir);

        if (!fill(fd, data, size, mode))
                r = errno;
        if (close(fd) < 0 && r == 0)
                r = errno;
        if (r == 0 && !put_in_place(temporary, path, exclusive))
                r = errno;
        if (r != 0) {
                (void) unlink(temporary);
                return fleet_fail_errno(error, r == EEXIST ? FLEET_ERROR_ALREADY_EXISTS : FLEET_ERROR_FAILED,
                                        r, "cannot write %s", path);
        }

        if (!fsync_directory(dir))
                return fleet_fail_errno(error, FLEET_ERROR_FAILED, errno,
                                        "%s is written but may not survive a power cut: fsync of %s", path,
                                        dir);
        return true;
}

/* Fills buffer to its end or the file's. Returns the bytes read, or a negative errno value. */
static ssize_t read_up_to(int fd, char *buffer, size_t size) {
        size_t used = 0;

        while (used < size) {
                ssize_t n = read(fd, buffer + used, size - used);

                if (n == 0)
                        break;
                if (n < 0 && errno != EINTR)
                        return -errno;
                if (n > 0)
                        used += (size_t) n;
        }
        return (ssize_t) used;
}

bool file_read(const char *path, size_t max, char **ret, size_t *ret_size, GError **error) {
        /* One buffer of the largest size, cut in the end: what was read (it may be a secret) is in one
         * place, and pages that are not written to cost nothing. */
        g_autofree char *buffer = NULL;
        ssize_t n;
        int fd;

        fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
        if (fd < 0)
                return fleet_fail_errno(error,
                                        errno == ENOENT ? FLEET_ERROR_UNAVAILABLE : FLEET_ERROR_FAILED,
                                        errno, "cannot open %s", path);

        buffer = g_malloc(max + 1);
        n = read_up_to(fd, buffer, max + 1);
        (void) close(fd);
        if (n < 0)
                return fleet_fail_errno(error, FLEET_ERROR_FAILED, (int) n, "cannot read %s", path);
        if ((size_t) n > max)
                return fleet_fail(error, FLEET_ERROR_LIMIT_EXCEEDED,
                                  "%s is larger than the %zu bytes it may have", path, max);

        buffer[n] = '\0';
        *ret = g_realloc(g_steal_pointer(&buffer), (size_t) n + 1);
        if (ret_size)
                *ret_size = (size_t) n;
        return true;
}

static bool find_credential(const char *name, const char *fallback_path, char **ret, size_t *ret_size,
                            GError **error) {
        const char *dir = g_getenv("CREDENTIALS_DIRECTORY");
        g_autofree char *path = dir ? g_build_filename(dir, name, NULL) : NULL;
        g_autoptr(GError) e = NULL;

        if (path) {
                if (file_read(path, CREDENTIAL_BYTES_MAX, ret, ret_size, &e))
                        return true;
                /* Only one that was not passed falls back; one that is unusable must not be passed over. */
                if (!fallback_path || !g_error_matches(e, FLEET_ERROR, FLEET_ERROR_UNAVAILABLE)) {
                        g_propagate_error(error, g_steal_pointer(&e));
                        return false;
                }
        }
        if (!fallback_path)
                return fleet_fail(
                                error, FLEET_ERROR_UNAVAILABLE,
                                "no credential \"%s\": $CREDENTIALS_DIRECTORY is not set (LoadCredential=)",
                                name);
        return file_read(fallback_path, CREDENTIAL_BYTES_MAX, ret, ret_size, error);
}

char *credential_read(const char *name, const char *fallback_path, GError **error) {
        char *text;
        size_t size;

        if (!find_credential(name, fallback_path, &text, &size, error))
                return NULL;
        if (memchr(text, '\0', size)) {
                explicit_bzero(text, size);
                g_free(text);
                fleet_fail(error, FLEET_ERROR_FAILED, "credential \"%s\" has a NUL byte in it: not text",
                           name);
                return NULL;
        }
        return g_strchomp(text);
}
