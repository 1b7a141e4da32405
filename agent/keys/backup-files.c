/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Backups in their directory.  The record comes before its backup and goes after it: so a record alone is what a crash
 * left, and is removed, while a backup alone is one that somebody put there, and is never touched. */
#include "backup-files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "error.h"
#include "file.h"
#include "limits.h"

static bool sync_directory(const char *path) {
        int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), r;

        if (fd < 0)
                return false;
        r = fsync(fd);
        (void) close(fd);
        return r == 0;
}

/* Its own entry must survive a power cut as well. */
static bool make_directory(const char *path, GError **error) {
        g_autofree char *parent = g_path_get_dirname(path);

        if (mkdir(path, 0700) == 0 || errno == EEXIST)
                return sync_directory(parent) || fleet_fail_errno(error, FLEET_ERROR_FAILED, errno,
                                                                  "cannot sync directory %s", parent);
        if (errno == ENOENT && g_mkdir_with_parents(parent, 0700) == 0 && mkdir(path, 0700) == 0)
                return true;
        return fleet_fail_errno(error, FLEET_ERROR_FAILED, errno, "cannot make directory %s", path);
}

/* The names in it; NULL with an error. */
static GPtrArray *names_in(const char *directory, GError **error) {
        g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
        DIR *d = opendir(directory);
        struct dirent *e;

        if (!d) {
                (void) fleet_fail_errno(error, FLEET_ERROR_FAILED, errno, "cannot read directory %s",
                                        directory);
                return NULL;
        }
        while ((e = readdir(d)))
                g_ptr_array_add(names, g_strdup(e->d_name));
        (void) closedir(d);
        return g_steal_pointer(&names);
}

/* The name without suffix; NULL where it does not end with it. New string. */
static char *without_suffix(const char *name, const char *suffix) {
        return g_str_has_suffix(name, suffix) ? g_strndup(name, strlen(name) - strlen(suffix)) : NULL;
}

/* What file_write_atomic() had not finished: ".#NAME.XXXXXX" of a backup or of a record. */
static bool is_half_made(const char *name) {
        g_autofree char *whole = NULL, *file = NULL, *container = NULL;

        if (!g_str_has_prefix(name, ".#") || strlen(name) < strlen(".#.XXXXXX"))
                return false;
        whole = g_strndup(name + 2, strlen(name) - strlen(".#.XXXXXX"));
        file = without_suffix(whole, BACKUP_RECORD_SUFFIX) ?: g_strdup(whole);
        container = backup_file_container(file);
        return container;
}

static bool is_record_alone(const char *directory, const char *name) {
        g_autofree char *file = without_suffix(name, BACKUP_RECORD_SUFFIX), *container = NULL, *path = NULL;

        container = file ? backup_file_container(file) : NULL;
        if (!container)
                return false;
        path = g_build_filename(directory, file, NULL);
        return access(path, F_OK) < 0 && errno == ENOENT;
}

bool backup_files_prepare(const char *directory, GError **error) {
        g_autoptr(GPtrArray) names = NULL;

        if (!make_directory(directory, error))
                return false;
        names = names_in(directory, error);
        for (unsigned i = 0; names && i < names->len; i++) {
                const char *name = names->pdata[i];
                g_autofree char *path = g_build_filename(directory, name, NULL);

                if (is_half_made(name) || is_record_alone(directory, name))
                        (void) unlink(path);
        }
        return names;
}

/* FLEET_ERROR_ALREADY_EXISTS where the name is taken. */
static bool add_as(const char *directory, const BackupRecord *r, GBytes *data, GError **error) {
        g_autoptr(GError) e = NULL;
        g_autofree char *path = g_build_filename(directory, r->file, NULL),
                        *record_path = g_strconcat(path, BACKUP_RECORD_SUFFIX, NULL),
                        *record = backup_record_to_json(r);

        if (!file_write_atomic(record_path, record, strlen(record), 0600, true, error))
                return false;
        if (file_write_atomic(path, g_bytes_get_data(data, NULL), g_bytes_get_size(data), 0600, true, &e))
                return true;
        if (!g_error_matches(e, FLEET_ERROR, FLEET_ERROR_ALREADY_EXISTS))
                (void) unlink(path); /* it may be there, but not for sure */
        (void) unlink(record_path);
        g_propagate_error(error, g_steal_pointer(&e));
        return false;
}

bool backup_files_add(const char *directory, BackupRecord *r, GBytes *data, GError **error) {
        r->size = g_bytes_get_size(data);
        g_free(r->sha256);
        r->sha256 = g_compute_checksum_for_bytes(G_CHECKSUM_SHA256, data);
        if (!make_directory(directory, error))
                return false;
        for (unsigned n = 1; n <= BACKUPS_PER_SECOND_MAX; n++) {
                g_autoptr(GError) e = NULL;

                g_free(r->file);
                r->file = backup_file_name(r->container, r->created, n, r->encrypted);
                if (add_as(directory, r, data, &e))
                        return true;
                if (!g_error_matches(e, FLEET_ERROR, FLEET_ERROR_ALREADY_EXISTS)) {
                        g_propagate_error(error, g_steal_pointer(&e));
                        return false;
                }
        }
        return fleet_fail(error, FLEET_ERROR_LIMIT_EXCEEDED, "%s has %d backups of the same second already",
                          r->container, BACKUPS_PER_SECOND_MAX);
}

/* The record of a backup that is there, in its full size. */
static BackupRecord *read_record(const char *directory, const char *file) {
        g_autofree char *path = g_build_filename(directory, file, NULL),
                        *record_path = g_strconcat(path, BACKUP_RECORD_SUFFIX, NULL), *text = NULL;
        g_autoptr(BackupRecord) r = NULL;
        struct stat st;

        if (stat(path, &st) < 0 || !file_read(record_path, BACKUP_RECORD_BYTES_MAX, &text, NULL, NULL))
                return NULL;
        r = backup_record_from_json(text, NULL);
        if (!r || !g_str_equal(r->file, file) || r->size != (uint64_t) st.st_size)
                return NULL;
        return g_steal_pointer(&r);
}

static void record_free(void *r) {
        (void) backup_record_free(r);
}

GPtrArray *backup_files_list(const char *directory, const char *container, GError **error) {
        g_autoptr(GPtrArray) names = names_in(directory, error), records = NULL;

        if (!names)
                return NULL;
        records = g_ptr_array_new_with_free_func(record_free);
        for (unsigned i = 0; i < names->len; i++) {
                g_autofree char *whose = backup_file_container(names->pdata[i]);
                bool wanted = whose && (!container || g_str_equal(whose, container));
                BackupRecord *r = wanted ? read_record(directory, names->pdata[i]) : NULL;

                if (r)
                        g_ptr_array_add(records, r);
        }
        return g_steal_pointer(&records);
}

static bool remove_backup(const char *directory, const BackupRecord *r, GError **error) {
        g_autofree char *path = g_build_filename(directory, r->file, NULL),
                        *record_path = g_strconcat(path, BACKUP_RECORD_SUFFIX, NULL);

        if (unlink(path) < 0)
                return fleet_fail_errno(error, FLEET_ERROR_FAILED, errno, "cannot remove %s", path);
        (void) unlink(record_path);
        return true;
}

bool backup_files_prune(const char *directory, const BackupRecord *latest, unsigned keep,
                        unsigned *ret_removed, GError **error) {
        g_autoptr(GPtrArray) records = backup_files_list(directory, latest->container, error),
                             surplus = NULL;
        unsigned removed = 0;

        if (!records)
                return false;
        surplus = backup_records_surplus(records, keep);
        for (unsigned i = 0; i < surplus->len; i++) {
                const BackupRecord *r = surplus->pdata[i];

                if (g_str_equal(r->file, latest->file))
                        continue;
                if (!remove_backup(directory, r, error))
                        return false;
                removed++;
        }
        *ret_removed = removed;
        return true;
}
