/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where backups go: encrypted, written and kept by a thread of its own. What is to be encrypted is so before a byte of
 * it touches the disk. */
#include "backup-store.h"

#include "backup-files.h"
#include "cms.h"
#include "limits.h"
#include "worker.h"

struct BackupStore {
        char *directory, *recipients;
        unsigned keep;
        Worker *worker;
};

struct BackupPut {
        WorkItem item;
        BackupRecord *record;
        KeyBundle *bundle; /* NULL: look after what an earlier process left */
        BackupStored done; /* NULL: nobody waits */
        void *userdata;

        char *path, *warning;
        GError *error;
};

static BackupPut *put_new(const char *container, KeyBundle *bundle, uint64_t now_ms) {
        BackupPut *p = g_new0(BackupPut, 1);

        p->bundle = bundle;
        p->record = g_new0(BackupRecord, 1);
        p->record->container = g_strdup(container);
        p->record->created = now_ms;
        return p;
}

static void put_release(BackupPut *p) {
        (void) backup_record_free(p->record);
        (void) key_bundle_free(p->bundle);
        g_free(p->path);
        g_free(p->warning);
        g_clear_error(&p->error);
        g_free(p);
}

/* New reference. */
static GBytes *content_of(const BackupStore *s, const BackupPut *p, GError **error) {
        g_autoptr(GBytes) tar = key_bundle_to_tar(p->bundle);
        g_autoptr(CmsRecipients) r = NULL;

        if (!s->recipients)
                return g_steal_pointer(&tar);
        r = cms_recipients_read(s->recipients, error);
        return r ? cms_encrypt(r, tar, error) : NULL;
}

static void put(const BackupStore *s, BackupPut *p) {
        g_autoptr(GBytes) content = content_of(s, p, &p->error);
        g_autoptr(GError) error = NULL;
        unsigned removed;

        p->record->content = key_bundle_content(p->bundle);
        p->record->encrypted = s->recipients;
        if (!content || !backup_files_add(s->directory, p->record, content, &p->error))
                return;
        p->path = g_build_filename(s->directory, p->record->file, NULL);
        if (!backup_files_prune(s->directory, p->record, s->keep, &removed, &error))
                p->warning = g_strdup(error->message);
}

static WorkItem *work(WorkItem *first, void *userdata) {
        BackupPut *p = (BackupPut *) first;
        BackupStore *s = userdata;

        if (p->bundle)
                put(s, p);
        else
                (void) backup_files_prepare(s->directory, NULL); /* the next backup says what is wrong */
        return first;
}

static void done(WorkItem *item, void *userdata) {
        BackupPut *p = (BackupPut *) item;

        if (p->done)
                p->done(p->record, p->path, p->warning, p->error, p->userdata);
        put_release(p);
}

/* From here on it is the thread's. */
static BackupPut *submit(BackupStore *s, BackupPut *p) {
        if (!worker_submit(s->worker, &p->item))
                g_assert_not_reached(); /* fewer commands run than it holds */
        return p;
}

BackupStore *backup_store_new(Loop *l, const char *directory, unsigned keep, const char *recipients,
                              GError **error) {
        static const WorkerOps ops = { work, done };
        BackupStore *s = g_new0(BackupStore, 1);

        s->directory = g_strdup(directory);
        s->recipients = g_strdup(recipients);
        s->keep = keep;
        s->worker = worker_new(l, "backup", &ops, s, 2 * AGENT_COMMANDS_MAX, error);
        if (!s->worker)
                return backup_store_free(s);
        (void) submit(s, put_new(NULL, NULL, 0));
        return s;
}

BackupStore *backup_store_free(BackupStore *s) {
        if (!s)
                return NULL;
        (void) worker_free(s->worker);
        g_free(s->directory);
        g_free(s->recipients);
        g_free(s);
        return NULL;
}

BackupPut *backup_store_put(BackupStore *s, const char *container, KeyBundle *bundle, uint64_t now_ms,
                            BackupStored handler, void *userdata) {
        BackupPut *p = put_new(container, bundle, now_ms);

        p->done = handler;
        p->userdata = userdata;
        return submit(s, p);
}

BackupPut *backup_put_free(BackupPut *p) {
        if (p)
                p->done = NULL;
        return NULL;
}
