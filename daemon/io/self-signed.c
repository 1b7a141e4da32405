/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What lies in the server's TLS directory, and when it is made anew. Keys are written before the certificates
 * that name them: a crash in between leaves a pair that does not match, which is made again. */
#include "self-signed.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "authority.h"
#include "clock.h"
#include "error.h"
#include "file.h"

#define CERT_DAYS 397 /* the longest that clients of the web accept */
#define RENEW_DAYS 30

void tls_files_clear(TlsFiles *f) {
        g_clear_pointer(&f->cert, g_free);
        g_clear_pointer(&f->key, g_free);
        g_clear_pointer(&f->fingerprint, g_free);
        g_clear_pointer(&f->leaf, g_free);
}

/* Would the certificate that is there still do? */
static bool is_usable(const char *cert_path, const char *key_path, const Authority *ca,
                      const char *host_name, uint64_t now_usec) {
        g_autoptr(X509) cert = certificate_read(cert_path, NULL);
        g_autoptr(EVP_PKEY) key = cert ? private_key_read(key_path, NULL) : NULL;

        return cert && key && certificate_belongs_to(cert, key) && X509_verify(cert, ca->key) == 1 &&
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
        return private_key_write(key_path, key, error) &&
               certificates_write(cert_path, (X509 *[]){ cert, ca->cert }, 2, error);
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
        if (!authority_open(ca_path, ca_key_path, host_name, &now_usec, &ca, error))
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
        if (!certificate_belongs_to(cert, key))
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
