/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What lies in the server's TLS directory, and when it is made anew. Keys are written before the certificates
 * that name them: a crash in between leaves a pair that does not match, which is made again. */
#include "self-signed.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "certificate.h"
#include "clock.h"
#include "error.h"
#include "file.h"

#define CA_DAYS (20 * 365)
#define CERT_DAYS 397 /* the longest that clients of the web accept */
#define RENEW_DAYS 30
#define USEC_PER_DAY (24 * 3600 * USEC_PER_SEC)

typedef struct Authority {
        X509 *cert;
        EVP_PKEY *key;
} Authority;

static void authority_clear(Authority *a) {
        g_clear_pointer(&a->cert, X509_free);
        g_clear_pointer(&a->key, EVP_PKEY_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Authority, authority_clear)

void tls_files_clear(TlsFiles *f) {
        g_clear_pointer(&f->cert, g_free);
        g_clear_pointer(&f->key, g_free);
        g_clear_pointer(&f->fingerprint, g_free);
        g_clear_pointer(&f->leaf, g_free);
}

static bool write_key(const char *path, EVP_PKEY *key, GError **error) {
        g_autofree char *pem = private_key_to_pem(key);
        bool done = file_write_atomic(path, pem, strlen(pem), 0600, false, error);

        OPENSSL_cleanse(pem, strlen(pem));
        return done;
}

static bool write_certs(const char *path, X509 *const *certs, size_t n, GError **error) {
        g_autofree char *pem = certificate_to_pem(certs, n);

        return file_write_atomic(path, pem, strlen(pem), 0644, false, error);
}

static bool belong_together(X509 *cert, EVP_PKEY *key) {
        return EVP_PKEY_eq(X509_get0_pubkey(cert), key) == 1;
}

static bool make_ca(const char *cert_path, const char *key_path, const char *host_name, uint64_t now_usec,
                    Authority *ret, GError **error) {
        g_auto(Authority) ca = { .key = private_key_new(error) };

        if (!ca.key)
                return false;
        ca.cert = certificate_new_ca(ca.key, host_name, now_usec, CA_DAYS, error);
        if (!ca.cert || !write_key(key_path, ca.key, error) || !write_certs(cert_path, &ca.cert, 1, error))
                return false;
        *ret = (Authority){ g_steal_pointer(&ca.cert), g_steal_pointer(&ca.key) };
        return true;
}

/* A CA that is there is never replaced: clients have pinned it. Moves *now_usec into its time. */
static bool load_ca(const char *cert_path, const char *key_path, uint64_t *now_usec, Authority *ret,
                    GError **error) {
        g_auto(Authority) ca = { .cert = certificate_read(cert_path, error) };

        if (ca.cert)
                ca.key = private_key_read(key_path, error);
        if (!ca.cert || !ca.key) {
                g_prefix_error(error,
                               "The server's own CA cannot be used; restore it, or remove \"%s\" to make "
                               "a new one, which every client must then be told of: ",
                               cert_path);
                return false;
        }
        if (!belong_together(ca.cert, ca.key))
                return fleet_fail(error, FLEET_ERROR_CONFIG, "The key \"%s\" is not that of the CA \"%s\"",
                                  key_path, cert_path);
        /* A clock before the CA's time is wrong (no battery, no network yet): nothing is renewed by it. */
        *now_usec = MAX(*now_usec, certificate_not_before(ca.cert) + USEC_PER_DAY);
        if (!certificate_is_valid_for(ca.cert, *now_usec, 0))
                return fleet_fail(error, FLEET_ERROR_CONFIG,
                                  "The CA \"%s\" has expired: is the clock right?", cert_path);
        *ret = (Authority){ g_steal_pointer(&ca.cert), g_steal_pointer(&ca.key) };
        return true;
}

/* Would the certificate that is there still do? */
static bool is_usable(const char *cert_path, const char *key_path, const Authority *ca,
                      const char *host_name, uint64_t now_usec) {
        g_autoptr(X509) cert = certificate_read(cert_path, NULL);
        g_autoptr(EVP_PKEY) key = cert ? private_key_read(key_path, NULL) : NULL;

        return cert && key && belong_together(cert, key) && X509_verify(cert, ca->key) == 1 &&
               certificate_has_names(cert, host_name) &&
               certificate_is_valid_for(cert, now_usec, RENEW_DAYS);
}

static bool make_cert(const char *cert_path, const char *key_path, const Authority *ca,
                      const char *host_name, uint64_t now_usec, GError **error) {
        g_autoptr(EVP_PKEY) key = private_key_new(error);
        g_autoptr(X509) cert = NULL;

        if (!key)
                return false;
        cert = certificate_new_server(key, host_name, ca->cert, ca->key, now_usec, CERT_DAYS, error);
        if (!cert)
                return false;
        return write_key(key_path, key, error) &&
               write_certs(cert_path, (X509 *[]){ cert, ca->cert }, 2, error);
}

bool tls_self_made(const char *dir, const char *host_name, uint64_t now_usec, TlsFiles *ret,
                   GError **error) {
        g_autofree char *ca_path = g_build_filename(dir, "ca.pem", NULL);
        g_autofree char *ca_key_path = g_build_filename(dir, "ca-key.pem", NULL);
        g_autofree char *cert_path = g_build_filename(dir, "cert.pem", NULL);
        g_autofree char *key_path = g_build_filename(dir, "key.pem", NULL);
        g_auto(Authority) ca = { 0 };
        g_autoptr(X509) cert = NULL;

        if (g_mkdir_with_parents(dir, 0700) < 0)
                return fleet_fail_errno(error, FLEET_ERROR_CONFIG, errno, "Cannot make the directory \"%s\"",
                                        dir);
        if (access(ca_path, F_OK) == 0 ? !load_ca(ca_path, ca_key_path, &now_usec, &ca, error)
                                       : !make_ca(ca_path, ca_key_path, host_name, now_usec, &ca, error))
                return false;
        if (!is_usable(cert_path, key_path, &ca, host_name, now_usec) &&
            !make_cert(cert_path, key_path, &ca, host_name, now_usec, error))
                return false;
        cert = certificate_read(cert_path, error);
        if (!cert)
                return false;
        *ret = (TlsFiles){
                .cert = g_steal_pointer(&cert_path),
                .key = g_steal_pointer(&key_path),
                .fingerprint = certificate_fingerprint(ca.cert),
                .leaf = certificate_fingerprint(cert),
                .expires = certificate_not_after(cert),
        };
        return true;
}

bool tls_configured(const char *cert_path, const char *key_path, TlsFiles *ret, GError **error) {
        g_autoptr(X509) cert = certificate_read(cert_path, error);
        g_autoptr(EVP_PKEY) key = cert ? private_key_read(key_path, error) : NULL;

        if (!cert || !key)
                return false;
        if (!belong_together(cert, key))
                return fleet_fail(error, FLEET_ERROR_CONFIG,
                                  "The private key \"%s\" does not belong to the certificate \"%s\"",
                                  key_path, cert_path);
        *ret = (TlsFiles){
                .cert = g_strdup(cert_path),
                .key = g_strdup(key_path),
                .fingerprint = certificate_fingerprint(cert),
                .leaf = certificate_fingerprint(cert),
                .expires = certificate_not_after(cert),
        };
        return true;
}
