/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* backup_keys: the keys of a container, read while it runs, put into the store, and told to the server through the
 * outbox. Each step waits for the one before it: what is told is there, and what is answered will be told. */
#include "clock.h"
#include "command.h"
#include "json-path.h"
#include "keystore-fetch.h"
#include "log.h"
#include "message.h"

typedef struct Backup {
        CommandContext *context;
        const char *container;
        KeystoreFetch *fetch; /* what it waits for: this, */
        BackupPut *put;       /* this, */
        OutboxPut *record;    /* or this */
        json_object *result;
} Backup;

/* Before anything is read, and once more before it is written. */
static bool has_room(Backup *c) {
        g_autoptr(GError) error = NULL;

        if (outbox_has_room(c->context->tools->outbox, &error))
                return true;
        command_finished(c->context, COMMAND_REJECTED, NULL, error->message);
        return false;
}

static void fail(Backup *c, const char *format, ...) G_GNUC_PRINTF(2, 3);
static void fail(Backup *c, const char *format, ...) {
        g_autofree char *text = NULL;
        va_list ap;

        va_start(ap, format);
        text = g_strdup_vprintf(format, ap);
        va_end(ap);
        command_finished(c->context, COMMAND_FAILED, g_steal_pointer(&c->result), text);
}

static void recorded(const char *problem, void *userdata) {
        Backup *c = userdata;

        c->record = NULL;
        if (problem)
                fail(c,
                     "the backup is there, but the agent cannot write down that the server must learn of it: %s",
                     problem);
        else
                command_finished(c->context, COMMAND_SUCCEEDED, g_steal_pointer(&c->result), NULL);
}

static json_object *result_of(const BackupRecord *r, const char *path) {
        json_object *o = json_object_new_object();

        json_add_string(o, "backup_file", path);
        json_add_string(o, "sha256", r->sha256);
        json_add_uint(o, "size", r->size);
        (void) json_object_object_add(o, "encrypted", json_object_new_boolean(r->encrypted));
        return o;
}

static void stored(const BackupRecord *r, const char *path, const char *warning, const GError *error,
                   void *userdata) {
        Backup *c = userdata;
        g_autofree char *message = NULL;

        c->put = NULL;
        if (error) {
                fail(c, "no backup was made: %s", error->message);
                return;
        }
        if (warning)
                log_warning("Backups of %s that are no longer needed stay: %s", c->container, warning);
        c->result = result_of(r, path);
        message = message_backup_complete(c->context->id, c->container, path, r->sha256, (int64_t) r->size,
                                          (int64_t) r->created);
        c->record = outbox_put(c->context->tools->outbox,
                               &(OutboxRecord){ .kind = OUTBOX_BACKUP_COMPLETE,
                                                .id = c->context->id,
                                                .container = c->container,
                                                .message = message },
                               recorded, c);
}

static void fetched(KeystoreFound *found, const GError *error, void *userdata) {
        Backup *c = userdata;

        c->fetch = NULL;
        if (error)
                fail(c, "%s", error->message);
        else if (!found->path)
                fail(c, "no keystore in %s", c->container);
        else if (key_bundle_count_keys(found->bundle) == 0)
                fail(c, "no key in the keystore of %s, %s", c->container, found->path);
        else if (has_room(c))
                c->put = backup_store_put(c->context->tools->backups, c->container,
                                          g_steal_pointer(&found->bundle), now_realtime() / USEC_PER_MSEC,
                                          stored, c);
}

static void *backup_start(CommandContext *x) {
        Backup *c = g_new0(Backup, 1);

        c->context = x;
        c->container = x->containers[0];
        if (has_room(c))
                c->fetch = keystore_fetch_new(x->tools->docker, c->container,
                                              node_config_keystore(x->tools->config->nodes, c->container),
                                              json_bool_at(x->params, "network"), fetched, c);
        return c;
}

/* What is being written down comes to its end soon, and must be told. */
static void backup_stop(void *command) {
        Backup *c = command;

        if (!c->fetch)
                return;
        c->fetch = keystore_fetch_free(c->fetch);
        command_finished(c->context, COMMAND_CANCELLED, NULL, NULL);
}

static void backup_free(void *command) {
        Backup *c = command;

        (void) keystore_fetch_free(c->fetch);
        (void) backup_put_free(c->put);
        (void) outbox_put_free(c->record);
        json_object_put(c->result);
        g_free(c);
}

const CommandType command_type_backup_keys = {
        .name = "backup_keys",
        .start = backup_start,
        .stop = backup_stop,
        .free = backup_free,
};
