/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The server's own certificates: what they say, when they are renewed, and that the CA never changes. */
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "certificate.h"
#include "clock.h"
#include "error.h"
#include "self-signed.h"
#include "tls-server.h"

#define DAY (24 * 3600 * USEC_PER_SEC)

typedef struct Fixture {
        char *parent, *dir;
        uint64_t now;
} Fixture;

static void set_up(Fixture *f, gconstpointer data) {
        f->parent = g_dir_make_tmp("self-signed-XXXXXX", NULL);
        f->dir = g_build_filename(f->parent, "state", "tls", NULL);
        f->now = now_realtime();
}

static void tear_down(Fixture *f, gconstpointer data) {
        static const char *const names[] = { "ca.pem", "ca-key.pem", "cert.pem", "key.pem", "other.pem" };
        g_autofree char *state = g_path_get_dirname(f->dir);

        for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
                g_autofree char *path = g_build_filename(f->dir, names[i], NULL);
                (void) unlink(path);
        }
        g_assert_cmpint(rmdir(f->dir), ==, 0); /* nothing else was left there */
        rmdir(state);
        rmdir(f->parent);
        g_free(f->dir);
        g_free(f->parent);
}

static TlsFiles make(Fixture *f, const char *host, uint64_t now) {
        TlsFiles files = { 0 };
        GError *error = NULL;

        g_assert_true(tls_self_made(f->dir, host, now, &files, &error));
        g_assert_no_error(error);
        return files;
}

static char *content(Fixture *f, const char *name) {
        g_autofree char *path = g_build_filename(f->dir, name, NULL);
        char *text = NULL;

        g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
        return text;
}

static void put(Fixture *f, const char *name, const char *text) {
        g_autofree char *path = g_build_filename(f->dir, name, NULL);

        g_assert_true(g_file_set_contents(path, text, -1, NULL));
}

static void drop(Fixture *f, const char *name) {
        g_autofree char *path = g_build_filename(f->dir, name, NULL);

        g_assert_cmpint(unlink(path), ==, 0);
}

static unsigned mode_of(const char *dir, const char *name) {
        g_autofree char *path = g_build_filename(dir, name, NULL);
        struct stat st;

        g_assert_cmpint(stat(path, &st), ==, 0);
        return st.st_mode & 07777;
}

static X509 *cert_of(Fixture *f, const char *name) {
        g_autofree char *path = g_build_filename(f->dir, name, NULL);
        X509 *cert = certificate_read(path, NULL);

        g_assert_nonnull(cert);
        return cert;
}

static void test_made(Fixture *f, gconstpointer data) {
        g_auto(TlsFiles) files = make(f, "host.example", f->now);
        g_autoptr(X509) ca = cert_of(f, "ca.pem"), cert = cert_of(f, "cert.pem");
        g_autofree char *fingerprint = certificate_fingerprint(ca), *chain = content(f, "cert.pem");
        g_autofree char *ca_text = content(f, "ca.pem");

        g_assert_cmpuint(mode_of(f->dir, ""), ==, 0700);
        g_assert_cmpuint(mode_of(f->dir, "ca-key.pem"), ==, 0600);
        g_assert_cmpuint(mode_of(f->dir, "key.pem"), ==, 0600);
        g_assert_cmpstr(files.fingerprint, ==, fingerprint);
        g_assert_true(g_str_has_prefix(fingerprint, "SHA256:"));
        g_assert_cmpuint(strlen(fingerprint), ==, strlen("SHA256:") + 64);
        g_assert_cmpuint(strspn(fingerprint + 7, "0123456789abcdef"), ==, 64);
        g_assert_true(g_str_has_suffix(chain, ca_text)); /* the CA comes last */

        g_assert_cmpint(X509_verify(cert, X509_get0_pubkey(ca)), ==, 1);
        g_assert_cmpint(X509_check_ca(ca), ==, 1);
        g_assert_cmpint(X509_get_pathlen(ca), ==, 0);
        g_assert_cmpint(X509_check_ca(cert), ==, 0);
        g_assert_cmpuint(X509_get_key_usage(ca), ==, KU_KEY_CERT_SIGN | KU_CRL_SIGN);
        g_assert_cmpuint(X509_get_key_usage(cert), ==, KU_DIGITAL_SIGNATURE);
        g_assert_cmpuint(X509_get_extended_key_usage(cert), ==, XKU_SSL_SERVER);
        g_assert_cmpint(X509_check_purpose(cert, X509_PURPOSE_SSL_SERVER, 0), ==, 1);
        g_assert_true(certificate_has_names(cert, "host.example"));
        g_assert_false(certificate_has_names(cert, "other.example"));
        g_assert_cmpint(EVP_PKEY_get_bits(X509_get0_pubkey(cert)), ==, 256);
        g_assert_true(certificate_is_valid_for(cert, f->now, 396));
        g_assert_false(certificate_is_valid_for(cert, f->now, 398));
        g_assert_true(certificate_is_valid_for(cert, f->now - DAY / 2, 1)); /* a client's clock is behind */
        g_assert_cmpint(ASN1_INTEGER_cmp(X509_get0_serialNumber(cert), X509_get0_serialNumber(ca)), !=, 0);
}

/* What a TLS client checks, by OpenSSL's own verification. */
static void test_verifies(Fixture *f, gconstpointer data) {
        g_auto(TlsFiles) files = make(f, "host.example", f->now);
        g_autoptr(X509) ca = cert_of(f, "ca.pem"), cert = cert_of(f, "cert.pem");
        X509_STORE *store = X509_STORE_new();
        X509_STORE_CTX *ctx = X509_STORE_CTX_new();
        GError *error = NULL;
        SSL_CTX *tls;

        X509_STORE_add_cert(store, ca);
        g_assert_cmpint(X509_STORE_CTX_init(ctx, store, cert, NULL), ==, 1);
        X509_STORE_CTX_set_purpose(ctx, X509_PURPOSE_SSL_SERVER);
        X509_VERIFY_PARAM_set_flags(X509_STORE_CTX_get0_param(ctx), X509_V_FLAG_X509_STRICT);
        X509_VERIFY_PARAM_set1_host(X509_STORE_CTX_get0_param(ctx), "host.example", 0);
        g_assert_cmpint(X509_verify_cert(ctx), ==, 1);
        X509_STORE_CTX_free(ctx);
        X509_STORE_free(store);

        tls = tls_server_new(files.cert, files.key, NULL, &error);
        g_assert_no_error(error);
        SSL_CTX_free(tls);
}

static void test_kept_and_renewed(Fixture *f, gconstpointer data) {
        g_auto(TlsFiles) first = make(f, "host.example", f->now);
        g_autofree char *cert = content(f, "cert.pem"), *ca = content(f, "ca.pem");
        static const struct {
                const char *host;
                unsigned days;
                bool renewed;
        } steps[] = {
                { "host.example", 0, false },      { "host.example", 366, false }, /* 31 days left */
                { "host.example", 368, true },                                     /* 29 */
                { "host.example", 368, false },    { "renamed.example", 369, true },
                { "renamed.example", 369, false },
        };

        for (size_t i = 0; i < G_N_ELEMENTS(steps); i++) {
                g_auto(TlsFiles) again = make(f, steps[i].host, f->now + steps[i].days * DAY);
                g_autofree char *cert_now = content(f, "cert.pem"), *ca_now = content(f, "ca.pem");

                g_assert_cmpint(g_strcmp0(cert, cert_now) != 0, ==, steps[i].renewed);
                g_assert_cmpstr(ca_now, ==, ca);
                g_assert_cmpstr(again.fingerprint, ==, first.fingerprint);
                g_free(g_steal_pointer(&cert));
                cert = g_steal_pointer(&cert_now);
        }
}

/* Whatever of the pair was lost or damaged is made anew under the same CA. */
static void test_repaired(Fixture *f, gconstpointer data) {
        g_auto(TlsFiles) first = make(f, "host.example", f->now);
        static const char *const names[] = { "cert.pem", "key.pem" };

        for (size_t i = 0; i < 2 * G_N_ELEMENTS(names); i++) {
                const char *name = names[i / 2];
                g_auto(TlsFiles) again = { 0 };
                g_autoptr(GError) error = NULL;

                if (i % 2 == 0)
                        drop(f, name);
                else
                        put(f, name, "-----BEGIN NONSENSE-----\n");
                again = make(f, "host.example", f->now);
                g_assert_cmpstr(again.fingerprint, ==, first.fingerprint);
                SSL_CTX_free(tls_server_new(again.cert, again.key, NULL, &error));
                g_assert_no_error(error);
        }
}

/* A crash after ca-key.pem and before ca.pem: nobody has seen that CA. */
static void test_crash_before_ca(Fixture *f, gconstpointer data) {
        g_auto(TlsFiles) first = make(f, "host.example", f->now), again = { 0 };

        drop(f, "ca.pem");
        again = make(f, "host.example", f->now);
        g_assert_cmpstr(again.fingerprint, !=, first.fingerprint);
}

/* A pinned CA is never replaced behind the operator's back. */
static void test_ca_damaged(Fixture *f, gconstpointer data) {
        g_auto(TlsFiles) first = make(f, "host.example", f->now);
        TlsFiles files = { 0 };
        g_autoptr(GError) error = NULL;

        drop(f, "ca-key.pem");
        g_assert_false(tls_self_made(f->dir, "host.example", f->now, &files, &error));
        g_assert_error(error, FLEET_ERROR, FLEET_ERROR_UNAVAILABLE);
        g_assert_nonnull(strstr(error->message, "ca.pem"));
        g_assert_null(files.cert);
        g_clear_error(&error);

        put(f, "ca-key.pem", "");
        g_assert_false(tls_self_made(f->dir, "host.example", f->now, &files, &error));
        g_assert_error(error, FLEET_ERROR, FLEET_ERROR_CONFIG);
}

static void test_wrong_clock(Fixture *f, gconstpointer data) {
        g_auto(TlsFiles) first = make(f, "host.example", f->now), again = { 0 };
        g_autofree char *cert = content(f, "cert.pem"), *cert_now = NULL;
        TlsFiles files = { 0 };
        g_autoptr(GError) error = NULL;

        again = make(f, "host.example", 0); /* 1970: no battery */
        cert_now = content(f, "cert.pem");
        g_assert_cmpstr(cert_now, ==, cert);

        g_assert_false(tls_self_made(f->dir, "host.example", f->now + 7301 * DAY, &files, &error));
        g_assert_error(error, FLEET_ERROR, FLEET_ERROR_CONFIG);
        g_assert_nonnull(strstr(error->message, "expired"));
}

/* At the end of its life the CA does not sign beyond it. */
static void test_not_beyond_ca(Fixture *f, gconstpointer data) {
        g_auto(TlsFiles) first = make(f, "host.example", f->now), late = { 0 };
        g_autoptr(X509) cert = NULL;

        late = make(f, "host.example", f->now + 7200 * DAY);
        cert = cert_of(f, "cert.pem");
        g_assert_true(certificate_is_valid_for(cert, f->now + 7200 * DAY, 99));
        g_assert_false(certificate_is_valid_for(cert, f->now + 7200 * DAY, 101));
}

static void test_configured(Fixture *f, gconstpointer data) {
        g_auto(TlsFiles) own = make(f, "host.example", f->now), files = { 0 }, none = { 0 };
        g_autofree char *ca_key = g_build_filename(f->dir, "ca-key.pem", NULL);
        g_autofree char *absent = g_build_filename(f->dir, "absent.pem", NULL);
        g_autofree char *other = g_build_filename(f->dir, "other.pem", NULL), *fingerprint = NULL;
        g_autoptr(X509) cert = cert_of(f, "cert.pem");
        g_autoptr(EVP_PKEY) key = private_key_read(own.key, NULL);
        g_autoptr(GError) error = NULL;
        FILE *out;

        g_assert_true(tls_configured(own.cert, own.key, &files, &error));
        g_assert_no_error(error);
        fingerprint = certificate_fingerprint(cert);
        g_assert_cmpstr(files.fingerprint, ==, fingerprint); /* the certificate's own, not its CA's */

        g_assert_false(tls_configured(own.cert, ca_key, &none, &error));
        g_assert_error(error, FLEET_ERROR, FLEET_ERROR_CONFIG);
        g_assert_nonnull(strstr(error->message, "does not belong"));
        g_clear_error(&error);
        g_assert_false(tls_configured(absent, own.key, &none, &error));
        g_assert_nonnull(strstr(error->message, absent));
        g_clear_error(&error);
        g_assert_false(tls_configured(own.key, own.key, &none, &error));
        g_assert_error(error, FLEET_ERROR, FLEET_ERROR_CONFIG);
        g_clear_error(&error);

        /* Nobody is there to type a passphrase: an error at once, not a prompt. */
        out = fopen(other, "we");
        g_assert_cmpint(PEM_write_PKCS8PrivateKey(out, key, EVP_aes_128_cbc(), "secret", 6, NULL, NULL), ==,
                        1);
        fclose(out);
        g_assert_false(tls_configured(own.cert, other, &none, &error));
        g_assert_nonnull(strstr(error->message, "passphrase"));
        g_clear_error(&error);
        g_assert_null(tls_server_new(own.cert, other, NULL, &error));
        g_assert_error(error, FLEET_ERROR, FLEET_ERROR_CONFIG);
        g_clear_error(&error);
        g_assert_null(tls_server_new(own.cert, ca_key, NULL, &error));
        g_assert_error(error, FLEET_ERROR, FLEET_ERROR_CONFIG);
        g_assert_null(none.cert);
}

static void test_host_names(Fixture *f, gconstpointer data) {
        g_autofree char *label = g_strnfill(60, 'a');
        g_autofree char *longest = g_strdup_printf("%s.%s.%s.%s.example", label, label, label, label);
        const char *const hosts[] = { "localhost", "a", longest, "with,comma=DNS:evil" };

        for (size_t i = 0; i < G_N_ELEMENTS(hosts) - 1; i++) {
                g_auto(TlsFiles) files = make(f, hosts[i], f->now), again = { 0 };
                g_autofree char *cert = content(f, "cert.pem"), *cert_now = NULL;

                again = make(f, hosts[i], f->now);
                cert_now = content(f, "cert.pem");
                g_assert_cmpstr(cert, ==, cert_now);
        }
        /* No name of a host, but it must not be read as configuration either. */
        {
                g_auto(TlsFiles) files = make(f, hosts[3], f->now);
                g_autoptr(X509) cert = cert_of(f, "cert.pem");

                g_assert_cmpint(X509_check_host(cert, "evil", 0, 0, NULL), ==, 0);
        }
}

int main(int argc, char *argv[]) {
        static const struct {
                const char *name;
                void (*test)(Fixture *f, gconstpointer data);
        } tests[] = {
                { "/self-signed/made", test_made },
                { "/self-signed/verifies", test_verifies },
                { "/self-signed/kept-and-renewed", test_kept_and_renewed },
                { "/self-signed/repaired", test_repaired },
                { "/self-signed/crash-before-ca", test_crash_before_ca },
                { "/self-signed/ca-damaged", test_ca_damaged },
                { "/self-signed/wrong-clock", test_wrong_clock },
                { "/self-signed/not-beyond-ca", test_not_beyond_ca },
                { "/self-signed/configured", test_configured },
                { "/self-signed/host-names", test_host_names },
        };

        g_test_init(&argc, &argv, NULL);
        for (size_t i = 0; i < G_N_ELEMENTS(tests); i++)
                g_test_add(tests[i].name, Fixture, NULL, set_up, tests[i].test, tear_down);
        return g_test_run();
}
