/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is the same for every engine of the store. */
#include "store.h"

Store *store_close(Store *s) {
        if (!s)
                return NULL;
        s->ops->close(s->engine);
        g_free(s);
        return NULL;
}

ClientRecord *client_record_free(ClientRecord *c) {
        if (!c)
                return NULL;
        g_free(c->id);
        g_free(c->host);
        g_free(c->version);
        g_free(c->address);
        g_free(c->labels);
        g_free(c->commands);
        g_free(c);
        return NULL;
}

TokenRecord *token_record_free(TokenRecord *t) {
        if (!t)
                return NULL;
        g_free(t->client);
        g_free(t);
        return NULL;
}

NodeTimes *node_times_free(NodeTimes *t) {
        if (!t)
                return NULL;
        g_free(t->client);
        g_free(t->container);
        g_free(t);
        return NULL;
}

AlertRow *alert_row_free(AlertRow *r) {
        if (!r)
                return NULL;
        alert_record_free(r->alert);
        g_free(r);
        return NULL;
}

SilenceRecord *silence_record_free(SilenceRecord *s) {
        if (!s)
                return NULL;
        g_free(s->id);
        g_free(s->selector);
        g_free(s->kind);
        g_free(s->comment);
        g_free(s);
        return NULL;
}

AuditHeadRecord *audit_head_record_free(AuditHeadRecord *h) {
        if (!h)
                return NULL;
        g_free(h->instance);
        g_free(h->hash);
        g_free(h);
        return NULL;
}

EnrollmentRecord *enrollment_record_free(EnrollmentRecord *e) {
        if (!e)
                return NULL;
        g_free(e->client);
        g_free(e);
        return NULL;
}

BatchRecord *batch_record_free(BatchRecord *b) {
        if (!b)
                return NULL;
        g_free(b->id);
        g_free(b->selector);
        g_free(b->command);
        g_free(b->params);
        g_free(b->state);
        g_free(b->status);
        g_free(b);
        return NULL;
}

KeyRecord *key_record_free(KeyRecord *k) {
        if (!k)
                return NULL;
        g_free(k->id);
        g_free(k->client);
        g_free(k->container);
        g_free(k->session_key);
        g_free(k->action);
        g_free(k);
        return NULL;
}

BackupRecord *backup_record_free(BackupRecord *b) {
        if (!b)
                return NULL;
        g_free(b->id);
        g_free(b->client);
        g_free(b->container);
        g_free(b->file);
        g_free(b->sha256);
        g_free(b);
        return NULL;
}
