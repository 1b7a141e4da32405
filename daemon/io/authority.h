/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A CA of the server's own, and the files that certificates and keys are in. */
#pragma once

#include "certificate.h"

typedef struct Authority {
        X509 *cert;
        EVP_PKEY *key;
} Authority;

void authority_clear(Authority *a);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Authority, authority_clear)

/* The CA in these files; made (key 0600) where the certificate is not there. A CA that is there is never replaced, as
 * others trust it: an unusable one is FLEET_ERROR_CONFIG. Moves *now_usec into its time. */
bool authority_open(const char *cert_path, const char *key_path, const char *host_name, uint64_t *now_usec,
                    Authority *ret, GError **error);

/* Written whole or not at all: a key with mode 0600, certificates with 0644. */
bool private_key_write(const char *path, EVP_PKEY *key, GError **error);
bool certificates_write(const char *path, X509 *const *certs, size_t n, GError **error);

bool certificate_belongs_to(X509 *cert, EVP_PKEY *key);
