/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Keeps the head of the audit trail in the store. */
#include "audit-keeper.h"

#include <string.h>

#include "error.h"
#include "limits.h"
#include "log.h"

struct AuditKeeper {
        Loop *loop;
        Store *store;
        Audit *audit;
        LoopTimer *timer; /* until the head is noted */
        AuditStart start;
        bool resumed;
        AuditKeeperReady ready;
        void *userdata;
};

static void put(AuditKeeper *k, const AuditHead *head, bool exact, bool lazily, StoreDone done) {
        const AuditHeadRecord record = {
                .instance = (char *) head->instance,
                .hash = (char *) head->hash,
                .seq = head->seq,
                .usec = head->usec,
                .exact = exact,
        };

        k->store->ops->put_audit_head(k->store->engine, &record, lazily, done, k);
}

static void note(void *userdata) {
        AuditKeeper *k = userdata;

        k->timer = loop_timer_free(k->timer);
        put(k, audit_head(k->audit), false, true, NULL);
}

static void moved(void *userdata) {
        AuditKeeper *k = userdata;

        if (!k->timer)
                k->timer = loop_timer_new(k->loop, AUDIT_HEAD_MSEC, 0, note, k);
}

AuditKeeper *audit_keeper_new(Loop *l, Store *store, Audit *audit) {
        AuditKeeper *k = g_new0(AuditKeeper, 1);

        *k = (AuditKeeper){ .loop = l, .store = store, .audit = audit };
        audit_observe(audit, moved, k);
        return k;
}

AuditKeeper *audit_keeper_free(AuditKeeper *k) {
        if (!k)
                return NULL;
        loop_timer_free(k->timer);
        if (k->resumed)
                put(k, audit_head(k->audit), true, false, NULL);
        audit_observe(k->audit, NULL, NULL);
        g_free(k);
        return NULL;
}

static void resume(AuditKeeper *k) {
        k->resumed = true;
        audit_resume(k->audit, &k->start);
        k->ready(NULL, k->userdata);
}

/* A disk that is full keeps nobody from looking at the fleet: then a kill is not known for one. */
static void noted(StoreStatus status, void *userdata) {
        if (status != STORE_OK)
                log_warning("the beginning of the audit trail is not noted in the store");
        resume(userdata);
}

static void begin_chain(AuditHead *ret) {
        g_autofree char *uuid = g_uuid_string_random();
        char *out = ret->instance;

        for (const char *p = uuid; *p; p++)
                if (*p != '-')
                        *out++ = *p;
        *out = '\0';
        memcpy(ret->hash, audit_genesis, sizeof(ret->hash));
}

static bool take(const AuditHeadRecord *r, AuditStart *ret) {
        *ret = (AuditStart){ .head = { .seq = r->seq, .usec = r->usec }, .exact = r->exact };
        return audit_head_name(&ret->head, r->instance, r->hash);
}

static void loaded(StoreStatus status, GPtrArray *rows, void *userdata) {
        AuditKeeper *k = userdata;
        g_autoptr(GError) error = NULL;

        if (status != STORE_OK)
                (void) fleet_fail(&error, FLEET_ERROR_UNAVAILABLE, "the store cannot be read");
        else if (rows->len == 0) {
                begin_chain(&k->start.head);
                k->start.exact = true;
        } else if (!take(g_ptr_array_index(rows, 0), &k->start))
                (void) fleet_fail(
                                &error, FLEET_ERROR_UNAVAILABLE,
                                "the store's audit head is damaged: expected an instance of %u characters and a "
                                "hash of %u hexadecimal digits",
                                AUDIT_INSTANCE_LENGTH, AUDIT_HASH_LENGTH);
        if (error)
                k->ready(error, k->userdata);
        else
                put(k, &k->start.head, false, false, noted);
}

void audit_keeper_load(AuditKeeper *k, AuditKeeperReady ready, void *userdata) {
        k->ready = ready;
        k->userdata = userdata;
        k->store->ops->load_audit_head(k->store->engine, loaded, k);
}
