/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Session keys and backups as agents report them. The order is the promise: an acknowledgement is given only for what
 * would survive a power cut and stands in the journal. */
#include "keyring.h"

#include <syslog.h>

#include "clock.h"
#include "limits.h"
#include "log.h"
#include "names.h"
#include "ratelimit.h"
#include "session.h"

struct Keyring {
        Store *store;
        Audit *audit;
        Fleet *fleet;
        KeyFiles *files;
        GHashTable *under_way; /* names of the Reports that are: "KIND CLIENT ID", theirs */
};

/* One report on its way. The parser has seen to its form (message.h). */
typedef struct Report {
        Keyring *keyring;
        char *name;
        char *client, *id; /* id: as the agent gave it, NULL from an old one */
        StoreStatus stored; /* CONFLICT: it was taken before; UNSETTLED: it came, and how far that went is not known */
        uint64_t timestamp;
        KeyRecord key;
        BackupRecord backup;
} Report;

static int64_t now_ms(void) {
        return (int64_t) (now_realtime() / USEC_PER_MSEC);
}

static void answer(Keyring *k, const char *client, char *message) {
        const Client *c = fleet_find(k->fleet, client);

        if (c && c->session)
                (void) session_send(c->session, message);
        else
                g_free(message); /* it reports again when it returns */
}

static void report_free(Report *r) {
        if (r->name)
                g_hash_table_remove(r->keyring->under_way, r->name);
        g_free(r->name);
        g_free(r->client);
        g_free(r->id);
        g_free(r->key.id);
        g_free(r->key.container);
        g_free(r->key.session_key);
        g_free(r->key.action);
        g_free(r->backup.id);
        g_free(r->backup.container);
        g_free(r->backup.file);
        g_free(r->backup.sha256);
        g_free(r);
}

static void refuse(Report *r, const char *what, const char *why) {
        log_warning("%s: %s not taken: %s", r->client, what, why);
        answer(r->keyring, r->client, message_error(what, why));
        report_free(r);
}

/* An old agent gives its reports no id: then the same content is the same report. */
static char *id_of(const char *id, const char *container, int64_t timestamp_ms, const char *content) {
        g_autofree char *digest = NULL;

        if (id)
                return g_strdup(id);
        digest = g_compute_checksum_for_string(G_CHECKSUM_SHA256, content, -1);
        return g_strdup_printf("%s_%" G_GINT64_FORMAT "_%.16s", container, timestamp_ms, digest);
}

static Report *report_new(Keyring *k, const Client *c, const char *id, int64_t timestamp_ms) {
        Report *r = g_new0(Report, 1);
        uint64_t now = now_realtime();

        r->keyring = k;
        r->client = g_strdup(c->id);
        r->id = g_strdup(id);
        /* A clock that is ahead must not make this the latest for longer than it is. */
        r->timestamp = timestamp_ms > 0 ? MIN((uint64_t) timestamp_ms, now / USEC_PER_MSEC) * USEC_PER_MSEC
                                        : now;
        return r;
}

static bool is_in_store(StoreStatus status) {
        return status == STORE_OK || status == STORE_CONFLICT || status == STORE_UNSETTLED;
}

/* What is reported stays for ever, in the store and in the audit trail: no host may fill these. */
static bool may_report(const Report *r, Client *c) {
        if (rate_limit_take(&c->reports, REPORTS_PER_HOUR / 3600.0, REPORTS_BURST, now_monotonic()))
                return true;
        log_debug("%s: reports more than " G_STRINGIFY(REPORTS_PER_HOUR) " keys and backups an hour",
                  r->client);
        answer(r->keyring, r->client,
               message_error("too many reports",
                             "more than " G_STRINGIFY(
                                             REPORTS_PER_HOUR) " keys and backups an hour: not taken now"));
        return false;
}

/* Takes the report. False for what an agent that has returned reports again while it is being taken: the answer goes to
 * its new session. */
static bool begin(Report *r, Client *c, const char *kind, const char *id) {
        g_autofree char *name = g_strdup_printf("%s %s %s", kind, r->client, id);

        if (g_hash_table_contains(r->keyring->under_way, name) || !may_report(r, c)) {
                report_free(r);
                return false;
        }
        r->name = g_steal_pointer(&name);
        g_hash_table_add(r->keyring->under_way, r->name);
        return true;
}

/* Keys. */

static void key_settled(StoreStatus status, void *userdata) {
        Report *r = userdata;

        if (status != STORE_OK) {
                refuse(r, "key_update", "the store does not take it");
                return;
        }
        answer(r->keyring, r->client, message_key_update_ack(r->id, r->key.container, now_ms()));
        if (r->stored != STORE_CONFLICT)
                fleet_tell_key(r->keyring->fleet, r->client, r->key.container, r->key.session_key);
        report_free(r);
}

static void key_audited(bool handed_over, void *userdata) {
        Report *r = userdata;
        Store *s = r->keyring->store;

        if (handed_over)
                s->ops->settle_key(s->engine, &r->key, key_settled, r);
        else
                refuse(r, "key_update", "the journal does not take its entry");
}

/* An old agent's reports have no id to find their entries by. */
static void add_id(AuditEntry *e, const Report *r) {
        audit_entry_add(e, "MSERVER_COMMAND_ID", r->id);
        if (r->stored == STORE_UNSETTLED && r->id)
                audit_entry_once(e);
}

static AuditEntry *key_entry(const Report *r, int priority) {
        AuditEntry *e = audit_entry_new("key-update", MESSAGE_ID_KEY_UPDATE, priority);

        audit_entry_add(e, "MSERVER_CLIENT", r->client);
        audit_entry_add(e, "MSERVER_CONTAINER", r->key.container);
        audit_entry_add(e, "MSERVER_SESSION_KEY", r->key.session_key);
        audit_entry_add(e, "MSERVER_ACTION", r->key.action);
        add_id(e, r);
        return e;
}

static void looked_elsewhere(StoreStatus status, GPtrArray *rows, void *userdata) {
        Report *r = userdata;
        AuditEntry *e;

        if (status == STORE_OK && rows->len > 0) {
                const KeyRecord *other = g_ptr_array_index(rows, 0);

                /* Two validators with the same keys equivocate, and are slashed. */
                e = key_entry(r, LOG_ERR);
                audit_entry_addf(e, "MSERVER_REASON", "the key is active on %s %s", other->client,
                                 other->container);
                audit_entry_message(e,
                                    "%s: %s reports a session key that is active on %s %s: stop one of them",
                                    r->client, r->key.container, other->client, other->container);
        } else {
                e = key_entry(r, LOG_NOTICE);
                audit_entry_message(e, "%s: %s has a new session key %s", r->client, r->key.container,
                                    r->key.session_key);
        }
        audit_submit(r->keyring->audit, e, key_audited, r);
}

static void key_written(const GError *error, void *userdata) {
        Report *r = userdata;
        Store *s = r->keyring->store;

        if (error)
                refuse(r, "key_update", error->message);
        else
                s->ops->key_elsewhere(s->engine, &r->key, looked_elsewhere, r);
}

static void key_stored(StoreStatus status, void *userdata) {
        Report *r = userdata;
        KeyFile f;

        if (!is_in_store(status)) {
                refuse(r, "key_update", "the store does not take it");
                return;
        }
        r->stored = status;
        if (status == STORE_CONFLICT) {
                key_settled(STORE_OK, r);
                return;
        }
        f = (KeyFile){ r->client, r->key.container, r->key.session_key, r->timestamp };
        key_files_write(r->keyring->files, &f, key_written, r);
}

void keyring_key_update(Keyring *k, Client *c, const Message *m) {
        Report *r = report_new(k, c, m->key_update.id, m->key_update.timestamp_ms);

        r->key = (KeyRecord){
                .id = id_of(m->key_update.id, m->key_update.container, m->key_update.timestamp_ms,
                            m->key_update.session_key),
                .client = r->client,
                .container = g_strdup(m->key_update.container),
                .session_key = g_strdup(m->key_update.session_key),
                .action = g_strdup(m->key_update.action ?: "rotate_keys"),
                .received = now_realtime(),
        };
        if (begin(r, c, "key", r->key.id))
                k->store->ops->append_key(k->store->engine, &r->key, key_stored, r);
}

/* Backups. */

static void backup_settled(StoreStatus status, void *userdata) {
        Report *r = userdata;

        if (status != STORE_OK) {
                refuse(r, "backup_complete", "the store does not take it");
                return;
        }
        answer(r->keyring, r->client, message_backup_complete_ack(r->id, r->backup.container, now_ms()));
        if (r->stored != STORE_CONFLICT)
                fleet_tell_backup(r->keyring->fleet, r->client, r->backup.container, r->backup.file);
        report_free(r);
}

static void backup_audited(bool handed_over, void *userdata) {
        Report *r = userdata;
        Store *s = r->keyring->store;

        if (handed_over)
                s->ops->settle_backup(s->engine, &r->backup, backup_settled, r);
        else
                refuse(r, "backup_complete", "the journal does not take its entry");
}

static void backup_stored(StoreStatus status, void *userdata) {
        Report *r = userdata;
        AuditEntry *e;

        if (!is_in_store(status)) {
                refuse(r, "backup_complete", "the store does not take it");
                return;
        }
        r->stored = status;
        if (status == STORE_CONFLICT) {
                backup_settled(STORE_OK, r);
                return;
        }
        e = audit_entry_new("backup-complete", MESSAGE_ID_BACKUP_COMPLETE, LOG_NOTICE);
        audit_entry_add(e, "MSERVER_CLIENT", r->client);
        audit_entry_add(e, "MSERVER_CONTAINER", r->backup.container);
        audit_entry_add(e, "MSERVER_BACKUP_FILE", r->backup.file);
        audit_entry_add(e, "MSERVER_SHA256", r->backup.sha256);
        add_id(e, r);
        audit_entry_message(e, "%s: %s backed up to %s", r->client, r->backup.container, r->backup.file);
        audit_submit(r->keyring->audit, e, backup_audited, r);
}

void keyring_backup_complete(Keyring *k, Client *c, const Message *m) {
        Report *r = report_new(k, c, m->backup.id, m->backup.timestamp_ms);

        r->backup = (BackupRecord){
                .id = id_of(m->backup.id, m->backup.container, m->backup.timestamp_ms,
                            m->backup.backup_file),
                .client = r->client,
                .container = g_strdup(m->backup.container),
                .file = g_strdup(m->backup.backup_file),
                .sha256 = g_strdup(m->backup.sha256),
                .size = MAX(m->backup.size, 0),
                .finished = r->timestamp,
        };
        if (begin(r, c, "backup", r->backup.id))
                k->store->ops->append_backup(k->store->engine, &r->backup, backup_stored, r);
}

Keyring *keyring_new(Store *store, Audit *audit, Fleet *fleet, KeyFiles *files) {
        Keyring *k = g_new0(Keyring, 1);

        *k = (Keyring){ store, audit, fleet, files, g_hash_table_new(g_str_hash, g_str_equal) };
        return k;
}

Keyring *keyring_free(Keyring *k) {
        if (k)
                g_hash_table_unref(k->under_way);
        g_free(k);
        return NULL;
}
