/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tokens: who a secret belongs to, making one, and taking a client's away. Only SHA-256 values are kept. */
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <string.h>
#include <syslog.h>

#include "clock.h"
#include "error.h"
#include "fleet-internal.h"
#include "ident.h"
#include "limits.h"
#include "names.h"
#include "session.h"
#include "text.h"

#define TOKEN_BYTES 32

static unsigned hash_of_hash(const void *key) {
        unsigned h;

        memcpy(&h, key, sizeof(h));
        return h;
}

static gboolean hash_equal(const void *a, const void *b) {
        return CRYPTO_memcmp(a, b, sizeof(((TokenRecord *) NULL)->hash)) == 0;
}

GHashTable *fleet_hashes_new(GDestroyNotify record_free) {
        return g_hash_table_new_full(hash_of_hash, hash_equal, NULL, record_free);
}

bool fleet_hash_token(const char *token, uint8_t ret[static 32]) {
        return EVP_Digest(token, strlen(token), ret, NULL, EVP_sha256(), NULL) == 1;
}

char *fleet_authenticate(const Fleet *f, const char *token, uint64_t now_usec) {
        uint8_t hash[32];
        const TokenRecord *t;

        if (strlen(token) > TOKEN_LENGTH_MAX || !fleet_hash_token(token, hash))
                return NULL;
        t = g_hash_table_lookup(f->tokens, hash);
        if (!t || (t->expires != 0 && t->expires <= now_usec))
                return NULL;
        return g_strdup(t->client);
}

void fleet_take_token(Fleet *f, TokenRecord *t) {
        g_hash_table_replace(f->tokens, t->hash, t);
}

static gboolean is_of_client(void *key, void *value, void *client) {
        return strcmp(((TokenRecord *) value)->client, client) == 0;
}

void fleet_drop_tokens(Fleet *f, const char *client) {
        g_hash_table_foreach_remove(f->tokens, is_of_client, (void *) client);
}

/* Those that were let in and have not registered yet go as well. The client is offline from here on, however long its peer
 * takes to answer the close: nothing more is sent to one that is not trusted any more. */
static void end_session(Fleet *f, Client *c, const char *reason) {
        Session *s = c->session;

        fleet_tell_access_ended(f, c->id, reason);
        if (!s)
                return;
        session_close(s, WS_CLOSE_POLICY, reason);
        session_orphan(s);
        fleet_unregister(f, c, s, reason, now_realtime());
}

void fleet_audit_token(Fleet *f, const char *event, const char *message_id, const char *client,
                       const char *address, uint32_t caller_uid, const char *what) {
        AuditEntry *e = fleet_audit_entry(event, message_id, LOG_NOTICE, client, address, what);

        audit_entry_add_number(e, "MSERVER_CALLER_UID", caller_uid);
        audit_entry_message(e, "%s: %s%s%s, by uid %u", client, what, address ? ", from " : "",
                            address ?: "", caller_uid);
        audit_submit(f->audit, e, NULL, NULL);
}

void fleet_let_in(Fleet *f, Client *c, TokenRecord *t, const char *reason) {
        if (reason)
                end_session(f, c, reason);
        fleet_drop_tokens(f, c->id);
        fleet_take_token(f, t);
        c->revoked = false;
        fleet_save(f, c, false, NULL, NULL);
}

void fleet_begin_grant(Fleet *f, Grant *g, const char *client) {
        *g = (Grant){ f, client };
        g_ptr_array_add(f->grants, g);
}

bool fleet_end_grant(Grant *g, GError **error) {
        g_ptr_array_remove_fast(g->fleet->grants, g);
        return !g->revoked ||
               fleet_fail(error, FLEET_ERROR_UNAVAILABLE,
                          "client \"%s\" was revoked meanwhile: what was made for it lets nobody in",
                          g->client);
}

static void revoke_grants(Fleet *f, const char *client) {
        for (unsigned i = 0; i < f->grants->len; i++) {
                Grant *g = g_ptr_array_index(f->grants, i);

                g->revoked |= strcmp(g->client, client) == 0;
        }
}

typedef struct NewToken {
        Grant grant;
        char *text;
        TokenRecord *record;
        bool replace;
        uint32_t caller_uid;
        FleetToken done;
        void *userdata;
} NewToken;

static void new_token_free(NewToken *n) {
        OPENSSL_cleanse(n->text, strlen(n->text));
        g_free(n->text);
        token_record_free(n->record);
        g_free(n);
}

static bool token_is_stored(NewToken *n, StoreStatus status, GError **error) {
        const char *client = n->record->client;

        if (!fleet_end_grant(&n->grant, error))
                return false;
        if (status == STORE_CONFLICT)
                return fleet_fail(
                                error, FLEET_ERROR_ALREADY_EXISTS,
                                "client \"%s\" already has a token; the option replace=true makes a new one",
                                client);
        return status == STORE_OK || fleet_fail(error, FLEET_ERROR_UNAVAILABLE,
                                                "the store did not take the token of \"%s\"", client);
}

static void token_stored(StoreStatus status, void *userdata) {
        NewToken *n = userdata;
        Fleet *f = n->grant.fleet;
        g_autoptr(GError) error = NULL;
        g_autofree char *client = g_strdup(n->record->client);
        Client *c = NULL;

        if (token_is_stored(n, status, &error))
                c = fleet_find(f, client) ?: fleet_add(f, client, now_realtime(), &error);
        if (c) {
                fleet_drop_enrollments(f, client);
                fleet_let_in(f, c, g_steal_pointer(&n->record),
                             n->replace ? "the token was replaced" : NULL);
                fleet_audit_token(f, "client-enrolled", MESSAGE_ID_CLIENT_ENROLLED, client, NULL,
                                  n->caller_uid,
                                  n->replace ? "token made, replacing the one before" : "token made");
        }
        n->done(error ? NULL : n->text, error, n->userdata);
        new_token_free(n);
}

bool fleet_may_let_in(const Fleet *f, const char *client, uint64_t expires, GError **error) {
        if (!client_id_is_valid(client))
                return fleet_fail(error, FLEET_ERROR_INVALID_PARAMETER,
                                  "\"%s\" is not a client id: expected 1 to %d of A-Z a-z 0-9 . _ -", client,
                                  CLIENT_ID_MAX);
        if (expires != 0 && expires <= now_realtime())
                return fleet_fail(error, FLEET_ERROR_INVALID_PARAMETER,
                                  "expires is %" G_GUINT64_FORMAT
                                  ", which is in the past: expected µs since the epoch",
                                  expires);
        if (!fleet_find(f, client) && fleet_size(f) >= f->clients_max)
                return fleet_fail(error, FLEET_ERROR_LIMIT_EXCEEDED,
                                  "no token for \"%s\": the fleet already has its %u clients (MaxClients=)",
                                  client, f->clients_max);
        return true;
}

void fleet_create_token(Fleet *f, const char *client, uint64_t expires, bool replace, uint32_t caller_uid,
                        FleetToken done, void *userdata) {
        g_autoptr(GError) error = NULL;
        uint8_t secret[TOKEN_BYTES];
        NewToken *n;

        if (fleet_may_let_in(f, client, expires, &error) && RAND_bytes(secret, sizeof(secret)) != 1)
                fleet_fail(&error, FLEET_ERROR_FAILED, "the system gives out no random numbers");
        if (error) {
                done(NULL, error, userdata);
                return;
        }

        n = g_new0(NewToken, 1);
        n->text = text_hex(secret, sizeof(secret));
        n->replace = replace;
        n->caller_uid = caller_uid;
        n->done = done;
        n->userdata = userdata;
        n->record = g_new0(TokenRecord, 1);
        n->record->client = g_strdup(client);
        n->record->created = now_realtime();
        n->record->expires = expires;
        (void) fleet_hash_token(n->text, n->record->hash);
        OPENSSL_cleanse(secret, sizeof(secret));
        fleet_begin_grant(f, &n->grant, n->record->client);
        f->store->ops->put_token(f->store->engine, n->record, replace, token_stored, n);
}

typedef struct Removal {
        Fleet *fleet;
        char *client;
        bool forget;
        uint32_t caller_uid;
        StoreStatus tokens;
        FleetDone done;
        void *userdata;
} Removal;

static void removal_stored(StoreStatus status, void *userdata) {
        Removal *r = userdata;
        g_autoptr(GError) error = NULL;

        if (r->tokens != STORE_OK || status != STORE_OK)
                fleet_fail(&error, FLEET_ERROR_UNAVAILABLE,
                           "the store did not record that \"%s\" is revoked: it is until the server restarts",
                           r->client);
        r->done(error, r->userdata);
        g_free(r->client);
        g_free(r);
}

static void removal_tokens_deleted(StoreStatus status, void *userdata) {
        ((Removal *) userdata)->tokens = status;
}

static void remove_client(Fleet *f, const char *client, bool forget, uint32_t caller_uid, FleetDone done,
                          void *userdata) {
        Client *c = fleet_find(f, client);
        Removal *r;

        if (!c) {
                g_autoptr(GError) error = NULL;

                fleet_fail(&error, FLEET_ERROR_NO_SUCH_CLIENT, "no client \"%s\"; ListClients names them",
                           client);
                done(error, userdata);
                return;
        }
        r = g_new0(Removal, 1);
        *r = (Removal){ f, g_strdup(client), forget, caller_uid, STORE_OK, done, userdata };

        fleet_drop_tokens(f, client);
        fleet_drop_enrollments(f, client);
        revoke_grants(f, client);
        c->revoked = true;
        fleet_audit_token(f, "client-revoked", MESSAGE_ID_CLIENT_REVOKED, client, NULL, caller_uid,
                          forget ? "revoked and forgotten" : "revoked");
        end_session(f, c, forget ? "forgotten" : "revoked");
        f->store->ops->delete_tokens(f->store->engine, client, removal_tokens_deleted, r);
        fleet_save(f, c, forget, removal_stored, r);
        if (forget)
                fleet_remove(f, c);
}

void fleet_revoke(Fleet *f, const char *client, uint32_t caller_uid, FleetDone done, void *userdata) {
        remove_client(f, client, false, caller_uid, done, userdata);
}

void fleet_forget(Fleet *f, const char *client, uint32_t caller_uid, FleetDone done, void *userdata) {
        remove_client(f, client, true, caller_uid, done, userdata);
}
