/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who is taken for the server, by real handshakes in memory: every way in that is meant, and the
 * impostors. */
#include <glib.h>
#include <glib/gstdio.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "error.h"
#include "server-trust.h"
#include "text.h"

#define DAY (24L * 3600)

typedef struct Identity {
        X509 *cert;
        EVP_PKEY *key;
} Identity;

static Identity ca, other_ca, server, by_address, expired, forged, alone;

static void add_extension(X509 *cert, int nid, const char *value) {
        X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

        g_assert_nonnull(e);
        g_assert_cmpint(X509_add_ext(cert, e, -1), ==, 1);
        X509_EXTENSION_free(e);
}

/* issuer NULL: signed by itself. names NULL: a CA. */
static Identity make_identity(const char *cn, const char *names, const Identity *issuer, long not_after) {
        static long serial = 1;
        Identity i = { X509_new(), EVP_EC_gen("P-256") };
        X509_NAME *name = X509_get_subject_name(i.cert);

        X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *) cn, -1, -1, 0);
        X509_set_version(i.cert, 2);
        ASN1_INTEGER_set(X509_get_serialNumber(i.cert), serial++);
        X509_gmtime_adj(X509_getm_notBefore(i.cert), -10 * DAY);
        X509_gmtime_adj(X509_getm_notAfter(i.cert), not_after);
        X509_set_issuer_name(i.cert, issuer ? X509_get_subject_name(issuer->cert) : name);
        X509_set_pubkey(i.cert, i.key);
        if (names)
                add_extension(i.cert, NID_subject_alt_name, names);
        else
                add_extension(i.cert, NID_basic_constraints, "critical,CA:TRUE");
        g_assert_cmpint(X509_sign(i.cert, issuer ? issuer->key : i.key, EVP_sha256()), >, 0);
        return i;
}

static void identity_clear(Identity *i) {
        X509_free(i->cert);
        EVP_PKEY_free(i->key);
}

static char *fingerprint(const Identity *i) {
        unsigned char hash[EVP_MAX_MD_SIZE];
        g_autofree char *hex = NULL;
        unsigned size;

        g_assert_cmpint(X509_digest(i->cert, EVP_sha256(), hash, &size), ==, 1);
        hex = text_hex(hash, size);
        return g_strconcat("SHA256:", hex, NULL);
}

static SSL *make_server(SSL_CTX *context, const Identity *leaf, const Identity *extra) {
        SSL *s;

        g_assert_cmpint(SSL_CTX_use_certificate(context, leaf->cert), ==, 1);
        g_assert_cmpint(SSL_CTX_use_PrivateKey(context, leaf->key), ==, 1);
        if (extra)
                g_assert_cmpint(SSL_CTX_add1_chain_cert(context, extra->cert), ==, 1);
        s = SSL_new(context);
        SSL_set_accept_state(s);
        return s;
}

/* A whole handshake against a server that presents leaf and extra (may be NULL). Returns why it was refused,
 * NULL: it was not. */
static char *handshake(ServerTrust *t, const Identity *leaf, const Identity *extra) {
        SSL_CTX *context = SSL_CTX_new(TLS_server_method());
        SSL *s = make_server(context, leaf, extra), *c = SSL_new(server_trust_context(t));
        BIO *a, *b;
        bool done = false;
        char *refusal;

        g_assert_cmpint(BIO_new_bio_pair(&a, 0, &b, 0), ==, 1);
        SSL_set_bio(s, a, a);
        SSL_set_bio(c, b, b);
        SSL_set_connect_state(c);
        for (unsigned i = 0; i < 10 && !done; i++) {
                int r = SSL_do_handshake(c);

                if (r != 1 && SSL_get_error(c, r) != SSL_ERROR_WANT_READ)
                        break;
                (void) SSL_do_handshake(s);
                done = r == 1;
        }
        refusal = server_trust_take_refusal(t);
        g_assert_true(done == !refusal);
        SSL_free(c);
        SSL_free(s);
        SSL_CTX_free(context);
        return refusal;
}

static char *pinned(const Identity *pin, const Identity *leaf, const Identity *extra) {
        g_autofree char *text = fingerprint(pin);
        g_autoptr(ServerTrust) t = server_trust_new("unrelated.example", NULL, text, NULL);

        return handshake(t, leaf, extra);
}

static void test_pinned(void) {
        g_assert_null(pinned(&ca, &server, &ca));
        g_assert_null(pinned(&server, &server, &ca));
        g_assert_null(pinned(&server, &server, NULL));
        g_assert_null(pinned(&alone, &alone, NULL));
}

static void test_pinned_refused(void) {
        g_autofree char *expected = fingerprint(&ca), *leaf = fingerprint(&forged),
                        *shown = fingerprint(&other_ca);
        g_autofree char *wrong = pinned(&ca, &forged, &other_ca), *impostor = pinned(&ca, &forged, &ca),
                        *late = pinned(&ca, &expired, &ca), *missing = pinned(&ca, &server, NULL);

        g_assert_nonnull(strstr(wrong, expected));
        g_assert_nonnull(strstr(wrong, leaf));
        g_assert_nonnull(strstr(wrong, shown));
        /* It shows the pinned CA, which is public, but was not signed by it. */
        g_assert_nonnull(strstr(impostor, "does not vouch"));
        g_assert_nonnull(strstr(late, "expired"));
        g_assert_nonnull(strstr(missing, expected));
}

static char *by_ca_file(const char *host, const Identity *leaf) {
        g_autofree char *path = NULL;
        g_autoptr(ServerTrust) t = NULL;
        g_autoptr(GError) error = NULL;
        int fd = g_file_open_tmp("ca-XXXXXX", &path, NULL);
        FILE *f = fdopen(fd, "w");

        g_assert_cmpint(PEM_write_X509(f, ca.cert), ==, 1);
        g_assert_cmpint(fclose(f), ==, 0);
        t = server_trust_new(host, path, NULL, &error);
        g_assert_no_error(error);
        g_assert_cmpint(g_unlink(path), ==, 0);
        return handshake(t, leaf, &ca);
}

static void test_ca(void) {
        g_assert_null(by_ca_file("fleet.example", &server));
        g_assert_null(by_ca_file("10.0.0.1", &by_address));
        g_assert_null(by_ca_file("fd00::1", &by_address));
}

static void test_ca_refused(void) {
        g_autofree char *name = by_ca_file("other.example", &server),
                        *address = by_ca_file("10.0.0.2", &by_address),
                        *late = by_ca_file("fleet.example", &expired),
                        *foreign = by_ca_file("fleet.example", &forged), *shown = fingerprint(&forged);

        g_assert_nonnull(strstr(name, "other.example"));
        g_assert_nonnull(strstr(name, "hostname mismatch"));
        g_assert_nonnull(strstr(address, "IP address mismatch"));
        g_assert_nonnull(strstr(late, "expired"));
        g_assert_nonnull(strstr(foreign, shown));
}

/* Nobody's CA in the system's list signed this. */
static void test_system(void) {
        g_autoptr(ServerTrust) t = server_trust_new("fleet.example", NULL, NULL, NULL);
        g_autofree char *refusal = handshake(t, &server, &ca);

        g_assert_nonnull(refusal);
        g_assert_null(server_trust_take_refusal(t));
}

/* What remains of a pin when the server has a new certificate. */
static void test_lasting(void) {
        g_autofree char *of_ca = fingerprint(&ca), *of_leaf = fingerprint(&server), *path = NULL;
        g_autoptr(ServerTrust) by_ca = server_trust_new("fleet.example", NULL, of_ca, NULL),
                               by_leaf = server_trust_new("fleet.example", NULL, of_leaf, NULL),
                               by_other_name = server_trust_new("other.example", NULL, of_leaf, NULL);
        FILE *f = fdopen(g_file_open_tmp("ca-XXXXXX", &path, NULL), "w");

        g_assert_false(server_trust_pin_is_ca(by_ca));
        g_assert_false(server_trust_holds_without_pin(by_ca));
        g_assert_null(handshake(by_ca, &server, &ca));
        g_assert_null(handshake(by_leaf, &server, &ca));
        g_assert_null(handshake(by_other_name, &server, &ca));
        g_assert_true(server_trust_pin_is_ca(by_ca));
        g_assert_false(server_trust_pin_is_ca(by_leaf));
        g_assert_false(server_trust_holds_without_pin(by_leaf));
        /* The system's CAs, if this one were among them. */
        g_assert_cmpint(PEM_write_X509(f, ca.cert), ==, 1);
        g_assert_cmpint(fclose(f), ==, 0);
        g_setenv("SSL_CERT_FILE", path, true);
        g_assert_true(server_trust_holds_without_pin(by_leaf));
        g_assert_false(server_trust_holds_without_pin(by_other_name));
        g_unsetenv("SSL_CERT_FILE");
        g_assert_cmpint(g_unlink(path), ==, 0);
}

static void test_bad_file(void) {
        g_autoptr(GError) missing = NULL, no_pem = NULL;

        g_assert_null(server_trust_new("h", "/nonexistent/ca.pem", NULL, &missing));
        g_assert_error(missing, FLEET_ERROR, FLEET_ERROR_CONFIG);
        g_assert_null(server_trust_new("h", "/dev/null", NULL, &no_pem));
        g_assert_error(no_pem, FLEET_ERROR, FLEET_ERROR_CONFIG);
}

int main(int argc, char *argv[]) {
        int r;

        g_test_init(&argc, &argv, NULL);
        ca = make_identity("CA", NULL, NULL, 10 * DAY);
        other_ca = make_identity("CA", NULL, NULL, 10 * DAY);
        server = make_identity("server", "DNS:fleet.example", &ca, 10 * DAY);
        by_address = make_identity("server", "IP:10.0.0.1,IP:fd00::1", &ca, 10 * DAY);
        expired = make_identity("server", "DNS:fleet.example", &ca, -DAY);
        forged = make_identity("server", "DNS:fleet.example", &other_ca, 10 * DAY);
        alone = make_identity("server", "DNS:fleet.example", NULL, 10 * DAY);

        g_test_add_func("/server-trust/pinned", test_pinned);
        g_test_add_func("/server-trust/pinned-refused", test_pinned_refused);
        g_test_add_func("/server-trust/ca", test_ca);
        g_test_add_func("/server-trust/ca-refused", test_ca_refused);
        g_test_add_func("/server-trust/system", test_system);
        g_test_add_func("/server-trust/lasting", test_lasting);
        g_test_add_func("/server-trust/bad-file", test_bad_file);
        r = g_test_run();

        identity_clear(&ca);
        identity_clear(&other_ca);
        identity_clear(&server);
        identity_clear(&by_address);
        identity_clear(&expired);
        identity_clear(&forged);
        identity_clear(&alone);
        return r;
}
