/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Keys and certificates as OpenSSL's objects: their text, and their time. */
#pragma once

#include <glib.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdint.h>

G_DEFINE_AUTOPTR_CLEANUP_FUNC(BIO, BIO_free_all)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_PKEY, EVP_PKEY_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(X509, X509_free)

/* For PEM_read_bio_…(): a passphrase would be asked for on a terminal that is not there. */
int pem_no_passphrase(char *buffer, int size, int writing, void *userdata);

/* What was written to a BIO in memory; new string. */
char *pem_text(BIO *bio);

/* PKCS #8; new string, to be wiped. "" where OpenSSL cannot write it. */
char *private_key_to_pem(EVP_PKEY *key);

/* The first and the last second of a certificate, in µs since the epoch. */
uint64_t certificate_not_before(X509 *cert);
uint64_t certificate_not_after(X509 *cert);
