/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One SSL_CTX per certificate: connections hold the one they began with, so a new certificate is a new SSL_CTX. */
#include "tls-server.h"

#include <openssl/err.h>
#include <string.h>

#include "certificate.h"
#include "error.h"
#include "openssl-error.h"

#define CIPHERS_TLS12 "ECDHE+AESGCM:ECDHE+CHACHA20"
#define GROUPS "X25519:P-256:P-384"

/* A client that offers protocols must offer ours; one that offers none is served. */
static int select_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_size, const unsigned char *in,
                       unsigned in_size, void *userdata) {
        static const unsigned char ours[] = "\x08http/1.1";
        unsigned char *selected;

        if (SSL_select_next_proto(&selected, out_size, ours, sizeof(ours) - 1, in, in_size) !=
            OPENSSL_NPN_NEGOTIATED)
                return SSL_TLSEXT_ERR_ALERT_FATAL;
        *out = selected;
        return SSL_TLSEXT_ERR_OK;
}

/* Only notes what is wrong (SSL_get_verify_result(3)). */
static int look_at_certificate(X509_STORE_CTX *x, void *userdata) {
        (void) X509_verify_cert(x);
        return 1;
}

char *tls_client_name(SSL *ssl, uint64_t now_usec, char **ret_problem) {
        g_autoptr(X509) cert = SSL_get1_peer_certificate(ssl);
        long result = SSL_get_verify_result(ssl);
        char *name;

        *ret_problem = NULL;
        if (!cert)
                return NULL;
        if (result != X509_V_OK) {
                *ret_problem = g_strdup(X509_verify_cert_error_string(result));
                return NULL;
        }
        /* A session that is taken up again was verified when it began. */
        if (!certificate_is_valid_for(cert, now_usec, 0)) {
                *ret_problem = g_strdup("certificate has expired");
                return NULL;
        }
        name = certificate_common_name(cert);
        if (!name)
                *ret_problem = g_strdup("certificate without a name");
        return name;
}

static bool ask_for_client_certificate(SSL_CTX *ctx, const char *client_ca, GError **error) {
        STACK_OF(X509_NAME) * names;

        if (SSL_CTX_load_verify_file(ctx, client_ca) != 1)
                return fleet_fail(error, FLEET_ERROR_CONFIG, "Cannot use \"%s\" as the CA of clients: %s",
                                  client_ca, openssl_reason());
        names = SSL_load_client_CA_file(client_ca);
        SSL_CTX_set_client_CA_list(ctx, names);
        SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
        SSL_CTX_set_cert_verify_callback(ctx, look_at_certificate, NULL);
        return true;
}

static bool configure(SSL_CTX *ctx, const char *cert, const char *key, const char *client_ca,
                      GError **error) {
        static const unsigned char session_context[] = "mserver";

        SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
        SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                                 SSL_OP_CIPHER_SERVER_PREFERENCE |
                                                 SSL_OP_IGNORE_UNEXPECTED_EOF);
        /* Idle connections hold no buffers; what did not fit the socket may move before it is tried again. */
        SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                              SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
        /* A record's header and the rest of it in one system call (receive() in stream.c knows). */
        SSL_CTX_set_read_ahead(ctx, 1);
        /* Tickets carry the session: the server remembers nothing of a client that is gone. */
        SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
        SSL_CTX_set_session_id_context(ctx, session_context, sizeof(session_context) - 1);
        SSL_CTX_set_num_tickets(ctx, 1);
        SSL_CTX_set_alpn_select_cb(ctx, select_alpn, NULL);
        if (SSL_CTX_set_cipher_list(ctx, CIPHERS_TLS12) != 1 || SSL_CTX_set1_groups_list(ctx, GROUPS) != 1)
                return fleet_fail(error, FLEET_ERROR_FAILED, "OpenSSL lacks the ciphers we need: %s",
                                  openssl_reason());

        SSL_CTX_set_default_passwd_cb(ctx, pem_no_passphrase);
        if (SSL_CTX_use_certificate_chain_file(ctx, cert) != 1)
                return fleet_fail(error, FLEET_ERROR_CONFIG, "Cannot use the certificate \"%s\": %s", cert,
                                  openssl_reason());
        if (SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) != 1)
                return fleet_fail(error, FLEET_ERROR_CONFIG, "Cannot use the private key \"%s\": %s", key,
                                  openssl_reason());
        if (SSL_CTX_check_private_key(ctx) != 1)
                return fleet_fail(error, FLEET_ERROR_CONFIG,
                                  "The private key \"%s\" does not belong to the certificate \"%s\"", key,
                                  cert);
        return !client_ca || ask_for_client_certificate(ctx, client_ca, error);
}

SSL_CTX *tls_server_new(const char *cert, const char *key, const char *client_ca, GError **error) {
        SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

        if (!ctx) {
                (void) fleet_fail(error, FLEET_ERROR_FAILED, "Cannot set up TLS: %s", openssl_reason());
                return NULL;
        }
        ERR_clear_error();
        if (!configure(ctx, cert, key, client_ca, error)) {
                SSL_CTX_free(ctx);
                return NULL;
        }
        return ctx;
}
