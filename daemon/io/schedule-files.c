/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The files of schedules. */
#include "schedule-files.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "error.h"
#include "file.h"
#include "limits.h"
#include "log.h"
#include "schedule-rule.h"
#include "worker.h"

#define SUFFIX ".conf"

struct ScheduleFiles {
        char *directory;
        Worker *worker;
};

typedef struct FileItem {
        WorkItem item;
        char *name, *text; /* text NULL: remove */
        GError *error;
        ScheduleFilesDone done;
        void *userdata;
} FileItem;

static char *path_of(const ScheduleFiles *f, const char *name) {
        return g_strdup_printf("%s/%s" SUFFIX, f->directory, name);
}

static void remove_file(const ScheduleFiles *f, const char *path, GError **error) {
        int fd, r = 0;

        if (unlink(path) < 0 && errno != ENOENT) {
                fleet_fail_errno(error, FLEET_ERROR_FAILED, errno, "cannot remove \"%s\"", path);
                return;
        }
        fd = open(f->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0 || fsync(fd) < 0)
                r = errno;
        if (fd >= 0)
                (void) close(fd);
        if (r != 0)
                fleet_fail_errno(error, FLEET_ERROR_FAILED, r, "cannot sync \"%s\"", f->directory);
}

static WorkItem *work(WorkItem *first, void *userdata) {
        const ScheduleFiles *f = userdata;
        FileItem *i = (FileItem *) first;
        g_autofree char *path = path_of(f, i->name);

        if (i->text)
                (void) file_write_atomic(path, i->text, strlen(i->text), 0640, false, &i->error);
        else
                remove_file(f, path, &i->error);
        return first;
}

static void worked(WorkItem *item, void *userdata) {
        FileItem *i = (FileItem *) item;

        if (i->done)
                i->done(i->error, i->userdata);
        else if (i->error)
                log_warning("%s", i->error->message);
        g_clear_error(&i->error);
        g_free(i->name);
        g_free(i->text);
        g_free(i);
}

static void submit(ScheduleFiles *f, const char *name, char *text, ScheduleFilesDone done, void *userdata) {
        FileItem *i = g_new0(FileItem, 1);

        i->name = g_strdup(name);
        i->text = text;
        i->done = done;
        i->userdata = userdata;
        if (worker_submit(f->worker, &i->item))
                return;
        fleet_fail(&i->error, FLEET_ERROR_LIMIT_EXCEEDED, "%u schedules wait to be written already",
                   STORE_QUEUE_MAX);
        worked(&i->item, f);
}

void schedule_files_write(ScheduleFiles *f, const Schedule *s, ScheduleFilesDone done, void *userdata) {
        submit(f, s->name, schedule_to_text(s), done, userdata);
}

void schedule_files_remove(ScheduleFiles *f, const char *name, ScheduleFilesDone done, void *userdata) {
        submit(f, name, NULL, done, userdata);
}

/* NULL, and a complaint, where it is none. */
static Schedule *load(const ScheduleFiles *f, const char *name) {
        g_autofree char *path = path_of(f, name), *text = NULL;
        g_autoptr(GError) error = NULL;
        Schedule *s = NULL;

        if (file_read(path, SCHEDULE_FILE_BYTES_MAX, &text, NULL, &error))
                s = schedule_from_text(name, text, &error);
        if (!s)
                log_warning("\"%s\" is passed over: %s", path, error->message);
        return s;
}

static int by_name(const void *a, const void *b) {
        return strcmp((*(const Schedule *const *) a)->name, (*(const Schedule *const *) b)->name);
}

GPtrArray *schedule_files_load(ScheduleFiles *f) {
        GPtrArray *all = g_ptr_array_new_with_free_func((GDestroyNotify) schedule_free);
        g_autoptr(GDir) dir = g_dir_open(f->directory, 0, NULL);
        const char *entry;

        while (dir && (entry = g_dir_read_name(dir)) && all->len < SCHEDULES_MAX) {
                g_autofree char *name = NULL;
                Schedule *s;

                if (!g_str_has_suffix(entry, SUFFIX))
                        continue;
                name = g_strndup(entry, strlen(entry) - strlen(SUFFIX));
                s = schedule_name_is_valid(name) ? load(f, name) : NULL;
                if (s)
                        g_ptr_array_add(all, s);
        }
        g_ptr_array_sort(all, by_name);
        return all;
}

ScheduleFiles *schedule_files_new(Loop *l, const char *directory, GError **error) {
        static const WorkerOps ops = { work, worked };
        g_autoptr(ScheduleFiles) f = g_new0(ScheduleFiles, 1);

        f->directory = g_strdup(directory);
        if (g_mkdir_with_parents(directory, 0750) < 0) {
                fleet_fail_errno(error, FLEET_ERROR_FAILED, errno, "the directory \"%s\" cannot be made",
                                 directory);
                return NULL;
        }
        f->worker = worker_new(l, "schedule-files", &ops, f, STORE_QUEUE_MAX, error);
        return f->worker ? g_steal_pointer(&f) : NULL;
}

void schedule_files_drain(ScheduleFiles *f) {
        worker_drain(f->worker);
}

unsigned schedule_files_queue_depth(const ScheduleFiles *f) {
        return worker_depth(f->worker);
}

ScheduleFiles *schedule_files_free(ScheduleFiles *f) {
        if (!f)
                return NULL;
        worker_free(f->worker);
        g_free(f->directory);
        g_free(f);
        return NULL;
}
