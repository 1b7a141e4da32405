/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Keys and certificates as OpenSSL's objects: their text, and their time. */
#include "pem.h"

#include <openssl/pem.h>
#include <time.h>

#include "clock.h"

int pem_no_passphrase(char *buffer, int size, int writing, void *userdata) {
        return -1;
}

char *pem_text(BIO *bio) {
        char *data;
        long size = BIO_get_mem_data(bio, &data);

        return g_strndup(data, (gsize) size);
}

char *private_key_to_pem(EVP_PKEY *key) {
        g_autoptr(BIO) bio = BIO_new(BIO_s_secmem());

        (void) PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL);
        return pem_text(bio);
}

static uint64_t to_usec(const ASN1_TIME *t) {
        struct tm tm = { 0 };

        (void) ASN1_TIME_to_tm(t, &tm);
        return (uint64_t) MAX(timegm(&tm), 0) * USEC_PER_SEC;
}

uint64_t certificate_not_before(X509 *cert) {
        return to_usec(X509_get0_notBefore(cert));
}

uint64_t certificate_not_after(X509 *cert) {
        return to_usec(X509_get0_notAfter(cert));
}
