/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Session keys as files: see key-files.h. */
#include "key-files.h"

#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "error.h"
#include "file.h"
#include "json-path.h"
#include "limits.h"
#include "log.h"
#include "worker.h"

#define FILE_BYTES_MAX (64u * 1024)

struct KeyFiles {
        char *directory;
        Worker *worker;
};

typedef struct WriteItem {
        WorkItem item;
        char *client, *container, *session_key;
        uint64_t timestamp;
        GError *error;
        KeyFilesDone done;
        void *userdata;
} WriteItem;

/* "20261123_211007" or, for people, "2026-11-23T21:10:07Z". */
static char *utc(uint64_t usec, bool for_people) {
        g_autoptr(GDateTime) t = g_date_time_new_from_unix_utc((gint64) (usec / USEC_PER_SEC));
        char *text = t ? g_date_time_format(t, for_people ? "%Y-%m-%dT%H:%M:%SZ" : "%Y%m%d_%H%M%S") : NULL;

        return text ?: g_strdup("00000101_000000"); /* a time beyond the year 9999 */
}

static char *content_of(const WriteItem *w) {
        json_object *o = json_object_new_object();
        g_autofree char *created = utc(w->timestamp, true);
        char *text;

        json_object_object_add(o, "client_id", json_object_new_string(w->client));
        json_object_object_add(o, "container", json_object_new_string(w->container));
        json_object_object_add(o, "session_key", json_object_new_string(w->session_key));
        json_object_object_add(o, "timestamp",
                               json_object_new_int64((int64_t) (w->timestamp / USEC_PER_MSEC)));
        json_object_object_add(o, "created_at", json_object_new_string(created));
        text = g_strconcat(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PRETTY), "\n", NULL);
        json_object_put(o);
        return text;
}

/* Is what is at path this very key? */
static bool is_there(const char *path, const char *content) {
        g_autofree char *text = NULL;

        return file_read(path, FILE_BYTES_MAX, &text, NULL, NULL) && strcmp(text, content) == 0;
}

/* Returns the name of the file in the directory; NULL with error. */
static char *write_key(const KeyFiles *k, const WriteItem *w, GError **error) {
        g_autofree char *time = utc(w->timestamp, false), *content = content_of(w);

        for (unsigned n = 1; n <= KEYS_PER_SECOND_MAX; n++) {
                g_autofree char *suffix = n > 1 ? g_strdup_printf("_%u", n) : g_strdup("");
                g_autofree char *name =
                                g_strdup_printf("%s_%s_%s%s.json", w->client, w->container, time, suffix);
                g_autofree char *path = g_build_filename(k->directory, name, NULL);
                g_autoptr(GError) e = NULL;

                if (file_write_atomic(path, content, strlen(content), 0640, true, &e) ||
                    is_there(path, content))
                        return g_steal_pointer(&name);
                if (!g_error_matches(e, FLEET_ERROR, FLEET_ERROR_ALREADY_EXISTS)) {
                        g_propagate_error(error, g_steal_pointer(&e));
                        return NULL;
                }
        }
        fleet_fail(error, FLEET_ERROR_LIMIT_EXCEEDED, "\"%s\" has %u keys of the same second already",
                   w->container, KEYS_PER_SECOND_MAX);
        return NULL;
}

static bool sync_directory(const KeyFiles *k, GError **error) {
        int fd = open(k->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        int r = fd < 0 || fsync(fd) < 0 ? -errno : 0;

        if (fd >= 0)
                (void) close(fd);
        return r == 0 || fleet_fail_errno(error, FLEET_ERROR_FAILED, r, "cannot sync \"%s\"", k->directory);
}

/* "seoul" with "1_3node0" and "seoul_1" with "3node0" have the same names: who was there first has the link. */
static bool is_of_another(const KeyFiles *k, const WriteItem *w, const char *name) {
        g_autofree char *path = g_build_filename(k->directory, name, NULL), *text = NULL;
        json_object *o =
                        file_read(path, FILE_BYTES_MAX, &text, NULL, NULL) ? json_tokener_parse(text) : NULL;
        bool another = o && (g_strcmp0(json_string_at(o, "client_id"), w->client) != 0 ||
                             g_strcmp0(json_string_at(o, "container"), w->container) != 0);

        json_object_put(o);
        return another;
}

/* Names of one node differ only in their time, and the number in that second. */
static bool point_latest(const KeyFiles *k, const WriteItem *w, const char *name, GError **error) {
        g_autofree char *link_name = g_strdup_printf("%s_%s_latest.json", w->client, w->container);
        g_autofree char *path = g_build_filename(k->directory, link_name, NULL);
        g_autofree char *fresh = g_strconcat(path, ".new", NULL);
        g_autofree char *present = g_file_read_link(path, NULL);

        if (present && strverscmp(present, name) >= 0)
                return true;
        if (present && is_of_another(k, w, present)) {
                log_warning("%s: %s has no \"%s\", as that is another node's: rename one of the two",
                            w->client, w->container, link_name);
                return true;
        }
        (void) unlink(fresh);
        if (symlink(name, fresh) < 0 || rename(fresh, path) < 0)
                return fleet_fail_errno(error, FLEET_ERROR_FAILED, errno, "cannot point \"%s\" at \"%s\"",
                                        path, name);
        return sync_directory(k, error);
}

static WorkItem *work(WorkItem *first, void *userdata) {
        const KeyFiles *k = userdata;
        WriteItem *w = (WriteItem *) first;
        g_autofree char *name = write_key(k, w, &w->error);

        if (name)
                (void) point_latest(k, w, name, &w->error);
        return first;
}

static void item_free(WriteItem *w) {
        g_clear_error(&w->error);
        g_free(w->client);
        g_free(w->container);
        g_free(w->session_key);
        g_free(w);
}

static void worked(WorkItem *item, void *userdata) {
        WriteItem *w = (WriteItem *) item;

        w->done(w->error, w->userdata);
        item_free(w);
}

KeyFiles *key_files_new(Loop *l, const char *directory, GError **error) {
        static const WorkerOps ops = { work, worked };
        g_autoptr(KeyFiles) k = g_new0(KeyFiles, 1);

        k->directory = g_strdup(directory);
        if (g_mkdir_with_parents(directory, 0750) < 0) {
                fleet_fail_errno(error, FLEET_ERROR_FAILED, errno, "the directory \"%s\" cannot be made",
                                 directory);
                return NULL;
        }
        k->worker = worker_new(l, "key-files", &ops, k, STORE_QUEUE_MAX, error);
        return k->worker ? g_steal_pointer(&k) : NULL;
}

void key_files_drain(KeyFiles *k) {
        worker_drain(k->worker);
}

unsigned key_files_queue_depth(const KeyFiles *k) {
        return worker_depth(k->worker);
}

KeyFiles *key_files_free(KeyFiles *k) {
        if (!k)
                return NULL;
        worker_free(k->worker);
        g_free(k->directory);
        g_free(k);
        return NULL;
}

void key_files_write(KeyFiles *k, const KeyFile *f, KeyFilesDone done, void *userdata) {
        WriteItem *w = g_new0(WriteItem, 1);

        w->client = g_strdup(f->client);
        w->container = g_strdup(f->container);
        w->session_key = g_strdup(f->session_key);
        w->timestamp = f->timestamp;
        w->done = done;
        w->userdata = userdata;
        if (worker_submit(k->worker, &w->item))
                return;
        fleet_fail(&w->error, FLEET_ERROR_LIMIT_EXCEEDED, "%u keys wait to be written already",
                   STORE_QUEUE_MAX);
        worked(&w->item, k);
}
