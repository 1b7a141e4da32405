/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Certificates of clients: whom a server with a client CA lets in. Handshakes in memory. */
#include <openssl/ssl.h>
#include <string.h>
#include <unistd.h>

#include "certificate.h"
#include "clock.h"
#include "error.h"
#include "self-signed.h"
#include "tls-server.h"

static char *make(const char *dir, const char *name, TlsFiles *ret) {
        g_autofree char *sub = g_build_filename(dir, name, NULL);
        g_autoptr(GError) error = NULL;

        g_assert_true(tls_self_made(sub, name, now_realtime(), ret, &error));
        g_assert_no_error(error);
        return g_build_filename(sub, "ca.pem", NULL);
}

static void drop(const char *dir, const char *name) {
        static const char *const names[] = { "ca.pem", "ca-key.pem", "cert.pem", "key.pem" };
        g_autofree char *sub = g_build_filename(dir, name, NULL);

        for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
                g_autofree char *path = g_build_filename(sub, names[i], NULL);
                (void) unlink(path);
        }
        (void) rmdir(sub);
}

/* Does the server let in a client that shows this certificate (NULL: none)? */
static bool lets_in(SSL_CTX *server_ctx, const TlsFiles *shown) {
        SSL_CTX *client_ctx = SSL_CTX_new(TLS_client_method());
        SSL *server = SSL_new(server_ctx), *client;
        BIO *a, *b;
        bool done = false;

        if (shown) {
                g_assert_cmpint(SSL_CTX_use_certificate_chain_file(client_ctx, shown->cert), ==, 1);
                g_assert_cmpint(SSL_CTX_use_PrivateKey_file(client_ctx, shown->key, SSL_FILETYPE_PEM), ==,
                                1);
        }
        client = SSL_new(client_ctx);
        g_assert_cmpint(BIO_new_bio_pair(&a, 65536, &b, 65536), ==, 1);
        SSL_set_bio(server, a, a);
        SSL_set_bio(client, b, b);
        SSL_set_accept_state(server);
        SSL_set_connect_state(client);
        for (unsigned i = 0; i < 10 && !done; i++) {
                (void) SSL_do_handshake(client);
                done = SSL_do_handshake(server) == 1;
        }
        SSL_free(server);
        SSL_free(client);
        SSL_CTX_free(client_ctx);
        (void) tls_error_text();
        return done;
}

/* Overwrites the server certificate in files by one for its key that says nothing of servers. */
static void make_client_cert(const char *ca_path, const TlsFiles *files) {
        g_autofree char *dir = g_path_get_dirname(files->key);
        g_autofree char *signer = g_build_filename(dir, "ca-key.pem", NULL), *pem = NULL;
        g_autoptr(X509) ca = certificate_read(ca_path, NULL), cert = X509_new();
        g_autoptr(EVP_PKEY) ca_key = private_key_read(signer, NULL),
                            key = private_key_read(files->key, NULL);

        X509_set_version(cert, X509_VERSION_3);
        ASN1_INTEGER_set(X509_get_serialNumber(cert), 7);
        X509_gmtime_adj(X509_getm_notBefore(cert), 0);
        X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
        X509_set_issuer_name(cert, X509_get_subject_name(ca));
        X509_set_pubkey(cert, key);
        g_assert_cmpint(X509_sign(cert, ca_key, EVP_sha256()), >, 0);
        pem = certificate_to_pem(&cert, 1);
        g_assert_true(g_file_set_contents(files->cert, pem, -1, NULL));
}

static void test_client_ca(void) {
        g_autofree char *dir = g_dir_make_tmp("tls-server-XXXXXX", NULL);
        TlsFiles own = { 0 }, other = { 0 };
        g_autofree char *own_ca = make(dir, "own", &own), *other_ca = make(dir, "other", &other);
        g_autoptr(GError) error = NULL;
        SSL_CTX *open = tls_server_new(own.cert, own.key, NULL, &error), *closed;

        g_assert_no_error(error);
        g_assert_true(lets_in(open, NULL));
        g_assert_true(lets_in(open, &other));

        closed = tls_server_new(own.cert, own.key, other_ca, &error);
        g_assert_no_error(error);
        g_assert_false(lets_in(closed, NULL));
        g_assert_false(lets_in(closed, &own));
        /* A server's certificate does not make a client. */
        g_assert_false(lets_in(closed, &other));
        make_client_cert(other_ca, &other);
        g_assert_true(lets_in(closed, &other));

        g_assert_null(tls_server_new(own.cert, own.key, own.key, &error));
        g_assert_error(error, FLEET_ERROR, FLEET_ERROR_CONFIG);
        g_assert_nonnull(strstr(error->message, own.key));

        SSL_CTX_free(open);
        SSL_CTX_free(closed);
        tls_files_clear(&own);
        tls_files_clear(&other);
        drop(dir, "own");
        drop(dir, "other");
        (void) rmdir(dir);
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/tls-server/client-ca", test_client_ca);
        return g_test_run();
}
