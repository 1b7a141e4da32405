/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who this host is to its server, beside the token. The key never leaves the host, and stays the same when its certificate
 * is renewed: it is root's, while what is renewed is the agent's own to write. */
#include "client-identity.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <string.h>

#include "clock.h"
#include "error.h"
#include "file.h"
#include "limits.h"
#include "names.h"
#include "pem.h"

#define RENEW_PART 3 /* when less than this part of its time is left */

G_DEFINE_AUTOPTR_CLEANUP_FUNC(X509_REQ, X509_REQ_free)

struct ClientIdentity {
        EVP_PKEY *key;     /* NULL: none */
        X509 *certificate; /* NULL: none, else one for the key */
        char *renewed_path;
};

static EVP_PKEY *parse_key(const char *pem) {
        g_autoptr(BIO) bio = BIO_new_mem_buf(pem, -1);
        EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, pem_no_passphrase, NULL);

        ERR_clear_error();
        return key;
}

static X509 *parse_certificate(const char *pem) {
        g_autoptr(BIO) bio = BIO_new_mem_buf(pem, -1);
        X509 *certificate = PEM_read_bio_X509(bio, NULL, pem_no_passphrase, NULL);

        ERR_clear_error();
        return certificate;
}

char *client_key_new(GError **error) {
        g_autoptr(EVP_PKEY) key = EVP_EC_gen("P-256");
        g_autofree char *pem = key ? private_key_to_pem(key) : NULL;

        if (!pem || !*pem) {
                fleet_fail(error, FLEET_ERROR_FAILED, "OpenSSL makes no P-256 key");
                return NULL;
        }
        return g_steal_pointer(&pem);
}

static char *request_for(EVP_PKEY *key) {
        g_autoptr(X509_REQ) request = X509_REQ_new();
        g_autoptr(BIO) bio = BIO_new(BIO_s_mem());

        /* No subject: whom it is for is what the token says. */
        if (X509_REQ_set_version(request, X509_REQ_VERSION_1) != 1 ||
            X509_REQ_set_pubkey(request, key) != 1 || X509_REQ_sign(request, key, EVP_sha256()) <= 0 ||
            PEM_write_bio_X509_REQ(bio, request) != 1)
                return NULL;
        return pem_text(bio);
}

char *client_request_new(const char *key_pem, GError **error) {
        g_autoptr(EVP_PKEY) key = parse_key(key_pem);
        char *request = key ? request_for(key) : NULL;

        if (!request)
                fleet_fail(error, FLEET_ERROR_FAILED, "OpenSSL makes no request for a certificate");
        return request;
}

static bool is_valid(X509 *certificate, uint64_t now_usec) {
        return certificate_not_before(certificate) <= now_usec &&
               now_usec < certificate_not_after(certificate);
}

/* Takes the certificate, where it is for our key and ends later than what there is. */
static void consider(ClientIdentity *i, X509 *certificate) {
        g_autoptr(X509) c = certificate;

        if (!c || EVP_PKEY_eq(X509_get0_pubkey(c), i->key) != 1 ||
            (i->certificate && certificate_not_after(c) <= certificate_not_after(i->certificate)))
                return;
        X509_free(i->certificate);
        i->certificate = g_steal_pointer(&c);
}

ClientIdentity *client_identity_open(const char *renewed_path, GError **error) {
        g_autoptr(ClientIdentity) i = g_new0(ClientIdentity, 1);
        g_autofree char *key = credential_read("client.key", MCLIENT_KEY_FILE, NULL),
                        *first = credential_read("client.pem", MCLIENT_CERTIFICATE_FILE, NULL),
                        *renewed = NULL;

        i->renewed_path = g_strdup(renewed_path);
        if (!key || !*key)
                return g_steal_pointer(&i);
        i->key = parse_key(key);
        explicit_bzero(key, strlen(key));
        if (!i->key) {
                fleet_fail(error, FLEET_ERROR_CONFIG,
                           MCLIENT_KEY_FILE " holds no private key in PEM form without a passphrase");
                return NULL;
        }
        if (first && *first)
                consider(i, parse_certificate(first));
        if (file_read(renewed_path, CREDENTIAL_BYTES_MAX, &renewed, NULL, NULL))
                consider(i, parse_certificate(renewed));
        return g_steal_pointer(&i);
}

ClientIdentity *client_identity_free(ClientIdentity *i) {
        if (!i)
                return NULL;
        EVP_PKEY_free(i->key);
        X509_free(i->certificate);
        g_free(i->renewed_path);
        g_free(i);
        return NULL;
}

static int context_index(void) {
        static int index = -1;

        if (index < 0)
                index = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, NULL);
        return index;
}

/* SSL_CTX_set_client_cert_cb(3) */
static int show(SSL *ssl, X509 **ret_certificate, EVP_PKEY **ret_key) {
        const ClientIdentity *i = SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), context_index());

        if (!i->certificate || !is_valid(i->certificate, now_realtime()))
                return 0;
        (void) X509_up_ref(i->certificate);
        (void) EVP_PKEY_up_ref(i->key);
        *ret_certificate = i->certificate;
        *ret_key = i->key;
        return 1;
}

void client_identity_apply(ClientIdentity *i, SSL_CTX *context) {
        (void) SSL_CTX_set_ex_data(context, context_index(), i);
        SSL_CTX_set_client_cert_cb(context, show);
}

static bool is_due(X509 *certificate, uint64_t now_usec) {
        uint64_t begin = certificate_not_before(certificate), end = certificate_not_after(certificate);

        return now_usec >= end || end - now_usec < (end - begin) / RENEW_PART;
}

char *client_identity_request(const ClientIdentity *i, uint64_t now_usec) {
        if (!i->key || (i->certificate && !is_due(i->certificate, now_usec)))
                return NULL;
        return request_for(i->key);
}

bool client_identity_take(ClientIdentity *i, const char *pem, uint64_t now_usec, uint64_t *ret_until,
                          GError **error) {
        g_autoptr(X509) c = strlen(pem) <= CLIENT_CERTIFICATE_BYTES_MAX ? parse_certificate(pem) : NULL;

        if (!c || !i->key || EVP_PKEY_eq(X509_get0_pubkey(c), i->key) != 1)
                return fleet_fail(error, FLEET_ERROR_PROTOCOL, "It is no certificate for this host's key");
        if (!is_valid(c, now_usec))
                return fleet_fail(error, FLEET_ERROR_PROTOCOL, "It is not valid now: is the clock right?");
        if (!file_write_atomic(i->renewed_path, pem, strlen(pem), 0600, false, error))
                return false;
        *ret_until = certificate_not_after(c);
        X509_free(i->certificate);
        i->certificate = g_steal_pointer(&c);
        return true;
}
