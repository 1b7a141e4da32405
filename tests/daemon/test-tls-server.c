/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Certificates of clients: whom a server with a client CA lets in. Handshakes in memory. */
#include <openssl/ssl.h>
#include <string.h>
#include <unistd.h>

#include "certificate.h"
#include "client-ca.h"
#include "clock.h"
#include "error.h"
#include "limits.h"
#include "openssl-error.h"
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
        static const char *const names[] = { "ca.pem",  "ca-key.pem",    "cert.pem",
                                             "key.pem", "client-ca.pem", "client-ca-key.pem" };
        g_autofree char *sub = g_build_filename(dir, name, NULL);

        for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
                g_autofree char *path = g_build_filename(sub, names[i], NULL);
                (void) unlink(path);
        }
        (void) rmdir(sub);
}

/* What the server makes of a client that shows this certificate (NULL: none): "NAME", "- PROBLEM" or "". */
static char *seen(SSL_CTX *server_ctx, const char *cert, const char *key, uint64_t now) {
        SSL_CTX *client_ctx = SSL_CTX_new(TLS_client_method());
        SSL *server = SSL_new(server_ctx), *client;
        g_autofree char *problem = NULL, *name = NULL;
        bool done = false;
        BIO *a, *b;

        if (cert) {
                g_assert_cmpint(SSL_CTX_use_certificate_chain_file(client_ctx, cert), ==, 1);
                g_assert_cmpint(SSL_CTX_use_PrivateKey_file(client_ctx, key, SSL_FILETYPE_PEM), ==, 1);
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
        g_assert_true(done);
        name = tls_client_name(server, now, &problem);
        SSL_free(server);
        SSL_free(client);
        SSL_CTX_free(client_ctx);
        (void) openssl_reason();
        g_assert_true(!name || !problem);
        return problem ? g_strconcat("- ", problem, NULL) : g_strdup(name ?: "");
}

#define assert_seen(expected, ...)                                                                      \
        do {                                                                                            \
                g_autofree char *_seen = seen(__VA_ARGS__);                                             \
                                                                                                        \
                if (!g_str_has_prefix(_seen, expected) || (!*(expected) && *_seen))                     \
                        g_error("%s:%d: \"%s\", expected \"%s\"", __FILE__, __LINE__, _seen, expected); \
        } while (0)

static char *request_for(const char *key_path) {
        g_autoptr(EVP_PKEY) key = private_key_read(key_path, NULL);
        X509_REQ *request = X509_REQ_new();
        BIO *bio = BIO_new(BIO_s_mem());
        char *data, *pem;
        long size;

        X509_REQ_set_pubkey(request, key);
        g_assert_cmpint(X509_REQ_sign(request, key, EVP_sha256()), >, 0);
        PEM_write_bio_X509_REQ(bio, request);
        size = BIO_get_mem_data(bio, &data);
        pem = g_strndup(data, (gsize) size);
        X509_REQ_free(request);
        BIO_free(bio);
        return pem;
}

/* A certificate for this client by the CA in dir/authority, for the key of key_path; its path. */
static char *sign(const char *dir, const char *authority, const char *key_path, const char *client,
                  uint64_t now) {
        g_autofree char *sub = g_build_filename(dir, authority, NULL), *request = request_for(key_path),
                        *file = g_strconcat(client, "-", authority, ".pem", NULL);
        g_autoptr(GError) error = NULL;
        g_autoptr(ClientCa) ca = client_ca_open(sub, authority, now, &error);
        g_autoptr(X509) cert = NULL;
        g_autofree char *pem = NULL;
        char *path = g_build_filename(sub, file, NULL);

        g_assert_no_error(error);
        cert = client_ca_sign(ca, request, strlen(request), client, now, &error);
        g_assert_no_error(error);
        pem = certificate_to_pem(&cert, 1);
        g_assert_true(g_file_set_contents(path, pem, -1, NULL));
        return path;
}

static void test_client_ca(void) {
        g_autofree char *dir = g_dir_make_tmp("tls-server-XXXXXX", NULL);
        TlsFiles own = { 0 }, other = { 0 };
        uint64_t now = now_realtime();
        g_autofree char *own_ca = make(dir, "own", &own), *other_ca = make(dir, "other", &other),
                        *good = sign(dir, "own", other.key, "seoul-1", now),
                        *foreign = sign(dir, "other", other.key, "seoul-1", now),
                        *trusted = g_build_filename(dir, "own", "client-ca.pem", NULL);
        g_autoptr(GError) error = NULL;
        SSL_CTX *open = tls_server_new(own.cert, own.key, NULL, &error), *closed;

        g_assert_no_error(error);
        assert_seen("", open, NULL, NULL, now);
        assert_seen("", open, good, other.key, now); /* it was not asked for */

        closed = tls_server_new(own.cert, own.key, trusted, &error);
        g_assert_no_error(error);
        assert_seen("", closed, NULL, NULL, now);
        assert_seen("seoul-1", closed, good, other.key, now);
        assert_seen("- unable to get", closed, foreign, other.key, now);
        assert_seen("- self-signed", closed, own.cert, own.key, now);
        assert_seen("- certificate has expired", closed, good, other.key,
                    now + CLIENT_CERTIFICATE_LIFE_USEC + USEC_PER_SEC);
        SSL_CTX_free(closed);

        /* A server's certificate does not make a client. */
        closed = tls_server_new(own.cert, own.key, other_ca, &error);
        g_assert_no_error(error);
        assert_seen("- un", closed, other.cert, other.key, now);

        g_assert_null(tls_server_new(own.cert, own.key, own.key, &error));
        g_assert_error(error, FLEET_ERROR, FLEET_ERROR_CONFIG);
        g_assert_nonnull(strstr(error->message, own.key));

        SSL_CTX_free(open);
        SSL_CTX_free(closed);
        (void) unlink(good);
        (void) unlink(foreign);
        tls_files_clear(&own);
        tls_files_clear(&other);
        drop(dir, "own");
        drop(dir, "other");
        g_assert_cmpint(rmdir(dir), ==, 0);
}

/* What is no request is told from one, and the CA goes on after a restart. */
static void test_signing(void) {
        static const char garbage[] =
                        "-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n";
        g_autofree char *dir = g_dir_make_tmp("tls-server-XXXXXX", NULL);
        TlsFiles files = { 0 };
        g_autofree char *ca_path = make(dir, "own", &files), *request = request_for(files.key),
                        *sub = g_build_filename(dir, "own", NULL), *pem = NULL, *name = NULL,
                        *flipped = g_strdup(request);
        g_autoptr(GError) error = NULL;
        ClientCa *ca = client_ca_open(sub, "h", now_realtime(), &error);
        g_autoptr(X509) cert = NULL;
        uint64_t now = now_realtime();

        g_assert_no_error(error);
        g_assert_null(client_ca_sign(ca, garbage, strlen(garbage), "a", now, &error));
        g_assert_error(error, FLEET_ERROR, FLEET_ERROR_PROTOCOL);
        g_clear_error(&error);
        g_assert_null(client_ca_sign(ca, "", 0, "a", now, &error));
        g_clear_error(&error);
        flipped[150] = flipped[150] == 'A' ? 'B' : 'A';
        g_assert_null(client_ca_sign(ca, flipped, strlen(flipped), "a", now, &error));
        g_assert_error(error, FLEET_ERROR, FLEET_ERROR_PROTOCOL);
        g_clear_error(&error);
        client_ca_free(ca);

        ca = client_ca_open(sub, "h", now, &error);
        g_assert_no_error(error);
        cert = client_ca_sign(ca, request, strlen(request), "a.b-c_1", now, &error);
        g_assert_no_error(error);
        pem = certificate_to_pem(&cert, 1);
        g_assert_cmpuint(strlen(pem), <=, CLIENT_CERTIFICATE_BYTES_MAX);
        name = certificate_common_name(cert);
        g_assert_cmpstr(name, ==, "a.b-c_1");
        g_assert_cmpuint(certificate_not_after(cert) / USEC_PER_SEC, ==,
                         (now + CLIENT_CERTIFICATE_LIFE_USEC) / USEC_PER_SEC);
        client_ca_free(ca);
        tls_files_clear(&files);
        drop(dir, "own");
        g_assert_cmpint(rmdir(dir), ==, 0);
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/tls-server/client-ca", test_client_ca);
        g_test_add_func("/tls-server/signing", test_signing);
        return g_test_run();
}
