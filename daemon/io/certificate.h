/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* X.509 in files and in memory: reading, making, comparing. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "pem.h"

/* The first certificate of a PEM file; the key of a PEM file, which must not ask for a passphrase. NULL with an
 * error that names the file. */
X509 *certificate_read(const char *path, GError **error);
EVP_PKEY *private_key_read(const char *path, GError **error);

EVP_PKEY *private_key_new(GError **error); /* P-256 */

/* A CA that signs server certificates only, and a certificate for host_name, localhost and the loopback
 * addresses that it signed. Valid from a day before now (clocks differ) for days, not beyond the CA. */
X509 *certificate_new_ca(EVP_PKEY *key, const char *host_name, uint64_t now_usec, unsigned days,
                         GError **error);
X509 *certificate_new_server(EVP_PKEY *key, const char *host_name, X509 *ca, EVP_PKEY *ca_key,
                             uint64_t now_usec, unsigned days, GError **error);

/* A certificate for a client, by its id as the one CN, for the key of its request (PEM, PKCS #10, of which nothing but the
 * key counts). Valid from five minutes before now for this long, not beyond the CA. FLEET_ERROR_PROTOCOL where the request
 * is none, or its key is not P-256 or not that of its signature. */
X509 *certificate_new_client(const char *request, size_t size, const char *client, X509 *ca,
                             EVP_PKEY *ca_key, uint64_t now_usec, uint64_t life_usec, GError **error);

/* Its one CN; NULL where it has none or several. New string. */
char *certificate_common_name(X509 *cert);

/* PEM text. */
char *certificate_to_pem(X509 *const *certs, size_t n);

/* Is it valid now and for the coming days? */
bool certificate_is_valid_for(X509 *cert, uint64_t now_usec, unsigned days);
/* Does it carry all names that certificate_new_server() would give it? */
bool certificate_has_names(X509 *cert, const char *host_name);

/* In hex, as openssl-x509(1) prints it; new string. */
char *certificate_serial(X509 *cert);
/* "SHA256:" and lower-case hex of the DER; new string. */
char *certificate_fingerprint(X509 *cert);
