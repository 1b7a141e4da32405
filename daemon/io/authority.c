/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A CA of the server's own: two files, made where they are missing. The key is written before the certificate that names
 * it: a crash in between leaves no certificate, and both are made again. */
#include "authority.h"

#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "error.h"
#include "file.h"

#define CA_DAYS (20 * 365)
#define USEC_PER_DAY (24 * 3600 * USEC_PER_SEC)

void authority_clear(Authority *a) {
        g_clear_pointer(&a->cert, X509_free);
        g_clear_pointer(&a->key, EVP_PKEY_free);
}

bool private_key_write(const char *path, EVP_PKEY *key, GError **error) {
        g_autofree char *pem = private_key_to_pem(key);
        bool done = file_write_atomic(path, pem, strlen(pem), 0600, false, error);

        OPENSSL_cleanse(pem, strlen(pem));
        return done;
}

bool certificates_write(const char *path, X509 *const *certs, size_t n, GError **error) {
        g_autofree char *pem = certificate_to_pem(certs, n);

        return file_write_atomic(path, pem, strlen(pem), 0644, false, error);
}

bool certificate_belongs_to(X509 *cert, EVP_PKEY *key) {
        return EVP_PKEY_eq(X509_get0_pubkey(cert), key) == 1;
}

static bool make_ca(const char *cert_path, const char *key_path, const char *host_name, uint64_t now_usec,
                    Authority *ret, GError **error) {
        g_auto(Authority) ca = { .key = private_key_new(error) };

        if (!ca.key)
                return false;
        ca.cert = certificate_new_ca(ca.key, host_name, now_usec, CA_DAYS, error);
        if (!ca.cert || !private_key_write(key_path, ca.key, error) ||
            !certificates_write(cert_path, &ca.cert, 1, error))
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
        if (!certificate_belongs_to(ca.cert, ca.key))
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

bool authority_open(const char *cert_path, const char *key_path, const char *host_name, uint64_t *now_usec,
                    Authority *ret, GError **error) {
        return access(cert_path, F_OK) == 0 ? load_ca(cert_path, key_path, now_usec, ret, error)
                                            : make_ca(cert_path, key_path, host_name, *now_usec, ret, error);
}
