/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Enrolment: a one-time token is made, and traded once for a token that the host has made for itself. The server never
 * sees that one before it is used. What makes a lost answer harmless: the trade names the new token's hash, so it can
 * be asked for again by whoever asked first, and by nobody else. */
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <string.h>
#include <syslog.h>

#include "clock.h"
#include "error.h"
#include "fleet-internal.h"
#include "limits.h"
#include "names.h"
#include "text.h"

void fleet_take_enrollment(Fleet *f, EnrollmentRecord *e) {
        g_hash_table_replace(f->enrollments, e->hash, e);
}

static gboolean is_of_client(void *key, void *value, void *client) {
        return strcmp(((EnrollmentRecord *) value)->client, client) == 0;
}

void fleet_drop_enrollments(Fleet *f, const char *client) {
        g_hash_table_foreach_remove(f->enrollments, is_of_client, (void *) client);
}

static gboolean has_expired(void *key, void *value, void *now) {
        return ((EnrollmentRecord *) value)->expires <= *(uint64_t *) now;
}

static bool has_token(const Fleet *f, const char *client) {
        GHashTableIter i;
        void *value;

        g_hash_table_iter_init(&i, f->tokens);
        while (g_hash_table_iter_next(&i, NULL, &value))
                if (strcmp(((TokenRecord *) value)->client, client) == 0)
                        return true;
        return false;
}

/* Making one */

typedef struct NewEnrollment {
        Grant grant;
        char *text;
        EnrollmentRecord *record;
        FleetToken done;
        void *userdata;
} NewEnrollment;

static void new_enrollment_free(NewEnrollment *n) {
        OPENSSL_cleanse(n->text, strlen(n->text));
        g_free(n->text);
        enrollment_record_free(n->record);
        g_free(n);
}

static bool fail_has_token(const char *client, GError **error) {
        return fleet_fail(
                        error, FLEET_ERROR_ALREADY_EXISTS,
                        "client \"%s\" already has a token; the option replace=true lets another host take its place",
                        client);
}

static bool enrollment_is_stored(NewEnrollment *n, StoreStatus status, GError **error) {
        const char *client = n->record->client;

        if (!fleet_end_grant(&n->grant, error))
                return false;
        if (status == STORE_CONFLICT)
                return fail_has_token(client, error);
        return status == STORE_OK || fleet_fail(error, FLEET_ERROR_UNAVAILABLE,
                                                "the store did not take the enrolment of \"%s\"", client);
}

static void enrollment_stored(StoreStatus status, void *userdata) {
        NewEnrollment *n = userdata;
        Fleet *f = n->grant.fleet;
        const char *client = n->record->client;
        g_autoptr(GError) error = NULL;

        if (enrollment_is_stored(n, status, &error) && !fleet_find(f, client)) {
                Client *c = fleet_add(f, client, now_realtime(), &error);

                if (c)
                        fleet_save(f, c, false, NULL, NULL);
        }
        if (!error) {
                fleet_audit_token(f, "enrollment-created", MESSAGE_ID_ENROLLMENT_CREATED, client, NULL,
                                  n->record->caller_uid, "enrolment made");
                fleet_drop_enrollments(f, client);
                fleet_take_enrollment(f, g_steal_pointer(&n->record));
        }
        n->done(error ? NULL : n->text, error, n->userdata);
        new_enrollment_free(n);
}

static bool may_create(Fleet *f, const char *client, uint64_t expires, bool replace, uint64_t now,
                       GError **error) {
        if (!fleet_may_let_in(f, client, expires, error))
                return false;
        if (expires > now + ENROLLMENT_LIFE_MAX_USEC)
                return fleet_fail(error, FLEET_ERROR_INVALID_PARAMETER,
                                  "expires is %" G_GUINT64_FORMAT
                                  ", more than %llu days from now: an enrolment is for soon",
                                  expires, ENROLLMENT_LIFE_MAX_USEC / USEC_PER_SEC / 86400);
        if (!replace && has_token(f, client))
                return fail_has_token(client, error);
        g_hash_table_foreach_remove(f->enrollments, has_expired, &now);
        if (g_hash_table_size(f->enrollments) >= ENROLLMENTS_MAX)
                return fleet_fail(error, FLEET_ERROR_LIMIT_EXCEEDED,
                                  "%d enrolments are open already: wait until some have expired",
                                  ENROLLMENTS_MAX);
        return true;
}

void fleet_create_enrollment(Fleet *f, const char *client, uint64_t expires, bool replace,
                             uint32_t caller_uid, FleetToken done, void *userdata) {
        g_autoptr(GError) error = NULL;
        uint8_t secret[ENROLLMENT_TOKEN_BYTES];
        uint64_t now = now_realtime();
        NewEnrollment *n;

        if (may_create(f, client, expires, replace, now, &error) && RAND_bytes(secret, sizeof(secret)) != 1)
                fleet_fail(&error, FLEET_ERROR_FAILED, "the system gives out no random numbers");
        if (error) {
                done(NULL, error, userdata);
                return;
        }
        n = g_new0(NewEnrollment, 1);
        n->text = text_hex(secret, sizeof(secret));
        n->done = done;
        n->userdata = userdata;
        n->record = g_new0(EnrollmentRecord, 1);
        n->record->client = g_strdup(client);
        n->record->created = now;
        n->record->expires = expires ?: now + ENROLLMENT_LIFE_DEFAULT_USEC;
        n->record->caller_uid = caller_uid;
        (void) fleet_hash_token(n->text, n->record->hash);
        OPENSSL_cleanse(secret, sizeof(secret));
        fleet_begin_grant(f, &n->grant, n->record->client);
        f->store->ops->put_enrollment(f->store->engine, n->record, replace, enrollment_stored, n);
}

/* Trading it */

typedef struct Trade {
        Fleet *fleet;
        EnrollmentRecord enrollment; /* a copy, with the new credential */
        char *address;
        FleetEnrolled done;
        void *userdata;
} Trade;

static void trade_free(Trade *t) {
        g_free(t->enrollment.client);
        g_free(t->address);
        g_free(t);
}

static void deny(GError **error) {
        fleet_fail(error, FLEET_ERROR_ACCESS_DENIED,
                   "the one-time token is unknown, has expired, or was used by another host");
}

static void take_effect(Trade *t, EnrollmentRecord *e) {
        Fleet *f = t->fleet;
        Client *c = fleet_find(f, e->client);
        TokenRecord *token = g_new0(TokenRecord, 1);
        bool again = e->used;

        token->client = g_strdup(e->client);
        token->created = now_realtime();
        memcpy(token->hash, e->credential, sizeof(token->hash));
        fleet_let_in(f, c, token, again ? NULL : "another host was enrolled as this client");
        fleet_audit_token(f, "client-enrolled", MESSAGE_ID_CLIENT_ENROLLED, e->client, t->address,
                          e->caller_uid, again ? "enrolled, answered once more" : "enrolled");
}

static void trade_stored(StoreStatus status, void *userdata) {
        Trade *t = userdata;
        EnrollmentRecord *e = g_hash_table_lookup(t->fleet->enrollments, t->enrollment.hash);
        g_autoptr(GError) error = NULL;

        /* Where it is gone from memory it was revoked meanwhile, and what was stored is on its way out. */
        if (status == STORE_CONFLICT || (status == STORE_OK && !e))
                deny(&error);
        else if (status != STORE_OK)
                fleet_fail(&error, FLEET_ERROR_UNAVAILABLE, "the store did not take the enrolment of \"%s\"",
                           t->enrollment.client);
        else {
                memcpy(e->credential, t->enrollment.credential, sizeof(e->credential));
                take_effect(t, e);
                e->used = true;
        }
        t->done(error ? NULL : t->enrollment.client, error, t->userdata);
        trade_free(t);
}

/* The enrolment that this token is of, where it may be traded for this credential. */
static EnrollmentRecord *find(const Fleet *f, const char *token, const uint8_t credential[static 32],
                              uint64_t now_usec) {
        uint8_t hash[32];
        EnrollmentRecord *e;

        if (strlen(token) > TOKEN_LENGTH_MAX || !fleet_hash_token(token, hash))
                return NULL;
        e = g_hash_table_lookup(f->enrollments, hash);
        if (!e || e->expires <= now_usec || !fleet_find(f, e->client))
                return NULL;
        if (e->used && CRYPTO_memcmp(e->credential, credential, sizeof(e->credential)) != 0)
                return NULL;
        /* The new token must be nobody's: it decides who a connection is. */
        if (!e->used && g_hash_table_contains(f->tokens, credential))
                return NULL;
        return e;
}

void fleet_enroll(Fleet *f, const char *token, const uint8_t credential[static 32], const char *address,
                  uint64_t now_usec, FleetEnrolled done, void *userdata) {
        EnrollmentRecord *e = find(f, token, credential, now_usec);
        g_autoptr(GError) error = NULL;
        Trade *t;

        if (!e) {
                deny(&error);
                done(NULL, error, userdata);
                return;
        }
        t = g_new0(Trade, 1);
        *t = (Trade){ f, *e, g_strdup(address), done, userdata };
        t->enrollment.client = g_strdup(e->client);
        memcpy(t->enrollment.credential, credential, sizeof(t->enrollment.credential));
        f->store->ops->trade_enrollment(f->store->engine, &t->enrollment, now_usec, trade_stored, t);
}
