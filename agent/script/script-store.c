/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What survives the agent, and this helper: which ids were taken and what became of them, and the locks.
 *
 *   records/ID.json        as it is known so far, written whole or not at all
 *   records/ID.out         what it printed, of the newest
 *   locks/LOCK@CONTAINER   locked as a whole (fcntl(2), open file description locks, which can be looked at without taking
 *                          them)
 *   locks/LOCK@CONTAINER.holder   whom it was given to last */
#include "script-store.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "error.h"
#include "file.h"
#include "json-path.h"
#include "limits.h"
#include "text.h"

struct ScriptStore {
        char *records, *locks;
};

#define RECORD_BYTES_MAX (64u * 1024) /* names, numbers and an error text */

ScriptStore *script_store_open(const char *directory, GError **error) {
        g_autoptr(ScriptStore) s = g_new0(ScriptStore, 1);

        s->records = g_build_filename(directory, "records", NULL);
        s->locks = g_build_filename(directory, "locks", NULL);
        if (g_mkdir_with_parents(s->records, 0700) < 0)
                return (void) fleet_fail_errno(error, FLEET_ERROR_FAILED, -errno, "Cannot make %s",
                                               s->records),
                       NULL;
        if (g_mkdir_with_parents(s->locks, 0700) < 0)
                return (void) fleet_fail_errno(error, FLEET_ERROR_FAILED, -errno, "Cannot make %s",
                                               s->locks),
                       NULL;
        return g_steal_pointer(&s);
}

ScriptStore *script_store_free(ScriptStore *s) {
        if (!s)
                return NULL;
        g_free(s->records);
        g_free(s->locks);
        g_free(s);
        return NULL;
}

void script_record_clear(ScriptRecord *r) {
        g_free(r->id);
        g_free(r->command);
        g_free(r->lock);
        g_free(r->container);
        script_end_clear(&r->end);
        *r = (ScriptRecord){};
}

/* Locks */

static char *lock_path(const ScriptStore *s, const ScriptRecord *r, const char *suffix) {
        return g_strdup_printf("%s/%s@%s%s", s->locks, r->lock, r->container ?: "", suffix);
}

static const struct flock whole_file = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

/* The record of the one that has it; false where that cannot be known. */
static bool read_holder(ScriptStore *s, const ScriptRecord *r, ScriptRecord *ret) {
        g_autofree char *path = lock_path(s, r, ".holder"), *id = NULL;

        return file_read(path, COMMAND_ID_MAX, &id, NULL, NULL) && script_store_read(s, id, ret, NULL);
}

static bool refuse(ScriptStore *s, const ScriptRecord *r, uint64_t now_usec, GError **error) {
        g_auto(ScriptRecord) holder = {};
        g_autofree char *since = NULL;
        const char *where = r->container ? " for " : "", *container = r->container ?: "";

        if (!read_holder(s, r, &holder))
                return fleet_fail(error, FLEET_ERROR_REJECTED, "%s is not run%s%s: one runs already",
                                  r->command, where, container);
        since = text_duration(now_usec > holder.started_usec ? now_usec - holder.started_usec : 0);
        return fleet_fail(error, FLEET_ERROR_REJECTED, "%s is not run%s%s: %s %s runs already, for %s",
                          r->command, where, container, holder.command, holder.id, since);
}

int script_store_lock(ScriptStore *s, const ScriptRecord *r, uint64_t now_usec, GError **error) {
        g_autofree char *path = lock_path(s, r, ""), *holder = lock_path(s, r, ".holder");
        struct flock lock = whole_file;
        int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

        if (fd < 0) {
                (void) fleet_fail_errno(error, FLEET_ERROR_FAILED, -errno, "Cannot open %s", path);
                return -1;
        }
        if (fcntl(fd, F_OFD_SETLK, &lock) < 0) {
                if (errno == EAGAIN || errno == EACCES)
                        (void) refuse(s, r, now_usec, error);
                else
                        (void) fleet_fail_errno(error, FLEET_ERROR_FAILED, -errno, "Cannot lock %s", path);
                (void) close(fd);
                return -1;
        }
        if (!file_write_atomic(holder, r->id, strlen(r->id), 0600, false, error)) {
                (void) close(fd);
                return -1;
        }
        return fd;
}

/* False, with error: it cannot be known. */
static bool is_locked(const char *path, bool *ret, GError **error) {
        struct flock lock = whole_file;
        int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW), r = 0;

        if (fd < 0 && errno == ENOENT) {
                *ret = false;
                return true;
        }
        if (fd < 0 || fcntl(fd, F_OFD_GETLK, &lock) < 0)
                r = -errno;
        if (fd >= 0)
                (void) close(fd);
        if (r < 0)
                return fleet_fail_errno(error, FLEET_ERROR_FAILED, r, "Cannot look at the lock %s", path);
        *ret = lock.l_type != F_UNLCK;
        return true;
}

bool script_store_is_running(ScriptStore *s, const ScriptRecord *r, bool *ret, GError **error) {
        g_autofree char *path = lock_path(s, r, ""), *holder = lock_path(s, r, ".holder"), *id = NULL;
        bool held = false;

        if (!is_locked(path, &held, error) || (held && !file_read(holder, COMMAND_ID_MAX, &id, NULL, error)))
                return false;
        *ret = held && g_str_equal(id, r->id);
        return true;
}

/* Records */

static char *record_path(const ScriptStore *s, const char *id, const char *suffix) {
        return g_strdup_printf("%s/%s%s", s->records, id, suffix);
}

static bool write_record(ScriptStore *s, const ScriptRecord *r, bool exclusive, GError **error) {
        g_autofree char *path = record_path(s, r->id, ".json"), *text = NULL;
        json_object *o = json_object_new_object();
        bool good;

        json_add_string(o, "id", r->id);
        json_add_string(o, "command", r->command);
        json_add_string(o, "lock", r->lock);
        json_add_string(o, "container", r->container);
        json_add_uint(o, "pid", (uint64_t) r->pid);
        json_add_uint(o, "started", r->started_usec);
        if (r->ended) {
                text = script_end_format(&r->end);
                (void) json_object_object_add(o, "end", json_tokener_parse(text));
        }
        g_free(text);
        text = g_strdup(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN));
        good = file_write_atomic(path, text, strlen(text), 0600, exclusive, error);
        json_object_put(o);
        return good;
}

bool script_store_begin(ScriptStore *s, const ScriptRecord *r, GError **error) {
        g_autoptr(GError) e = NULL;

        if (write_record(s, r, true, &e))
                return true;
        if (g_error_matches(e, FLEET_ERROR, FLEET_ERROR_ALREADY_EXISTS))
                return fleet_fail(error, FLEET_ERROR_ALREADY_EXISTS,
                                  "%s was taken before, and is not run again", r->id);
        g_propagate_error(error, g_steal_pointer(&e));
        return false;
}

typedef struct Kept {
        char *name;
        time_t changed;
} Kept;

static void free_kept(void *p) {
        g_free(((Kept *) p)->name);
}

static int newest_first(const void *a, const void *b) {
        const Kept *x = a, *y = b;

        return x->changed > y->changed ? -1 : x->changed < y->changed;
}

/* Of the files with this suffix all but the newest go. */
static void keep_newest(ScriptStore *s, const char *suffix, unsigned keep) {
        g_autoptr(GArray) files = g_array_new(false, false, sizeof(Kept));
        g_autoptr(GDir) dir = g_dir_open(s->records, 0, NULL);
        const char *name;

        g_array_set_clear_func(files, free_kept);
        while (dir && (name = g_dir_read_name(dir))) {
                g_autofree char *path = g_build_filename(s->records, name, NULL);
                struct stat st;

                if (g_str_has_suffix(name, suffix) && lstat(path, &st) == 0) {
                        Kept kept = { g_steal_pointer(&path), st.st_mtime };

                        g_array_append_val(files, kept);
                }
        }
        g_array_sort(files, newest_first);
        for (unsigned i = keep; i < files->len; i++)
                (void) g_unlink(g_array_index(files, Kept, i).name);
}

bool script_store_end(ScriptStore *s, const ScriptRecord *r, const char *output, GError **error) {
        g_autofree char *path = record_path(s, r->id, ".out");

        if (output && *output && !file_write_atomic(path, output, strlen(output), 0600, false, error))
                return false;
        if (!write_record(s, r, false, error))
                return false;
        keep_newest(s, ".out", SCRIPT_OUTPUTS_KEEP);
        keep_newest(s, ".json", SCRIPT_RECORDS_KEEP);
        return true;
}

static bool read_record(json_object *o, ScriptRecord *ret) {
        const char *id = json_string_at(o, "id"), *command = json_string_at(o, "command"),
                   *lock = json_string_at(o, "lock");
        json_object *end = json_at(o, "end");
        g_autofree char *text = end ? g_strdup(json_object_to_json_string(end)) : NULL;
        uint64_t pid, started;

        if (!id || !command || !lock || !json_uint_at(o, "pid", &pid) ||
            !json_uint_at(o, "started", &started) ||
            (end && !script_end_parse(text, strlen(text), &ret->end, NULL)))
                return false;
        ret->id = g_strdup(id);
        ret->command = g_strdup(command);
        ret->lock = g_strdup(lock);
        ret->container = g_strdup(json_string_at(o, "container"));
        ret->pid = (pid_t) pid;
        ret->started_usec = started;
        ret->ended = end != NULL;
        return true;
}

bool script_store_read(ScriptStore *s, const char *id, ScriptRecord *ret, GError **error) {
        g_autofree char *path = record_path(s, id, ".json"), *text = NULL;
        json_object *o;
        bool good;

        if (!file_read(path, RECORD_BYTES_MAX, &text, NULL, error))
                return false;
        o = json_tokener_parse(text);
        good = o && read_record(o, ret);
        json_object_put(o);
        return good || fleet_fail(error, FLEET_ERROR_FAILED, "%s is no record of a script", path);
}

char *script_store_output(ScriptStore *s, const char *id) {
        g_autofree char *path = record_path(s, id, ".out");
        char *text;

        return file_read(path, 4 * AGENT_OUTPUT_BYTES_MAX, &text, NULL, NULL) ? text : NULL;
}
