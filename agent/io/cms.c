/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Cryptographic Message Syntax, by way of CMS_encrypt(3) and CMS_decrypt(3). */
#include "cms.h"

#include <openssl/bio.h>
#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "error.h"
#include "file.h"
#include "key-bundle.h"
#include "limits.h"
#include "openssl-error.h"
#include "pem.h"

#define RSA_BITS_MIN 2048

struct CmsRecipients {
        STACK_OF(X509) * certificates;
};

G_DEFINE_AUTOPTR_CLEANUP_FUNC(CMS_ContentInfo, CMS_ContentInfo_free)

static bool fail(GError **error, FleetError code, const char *what) {
        return fleet_fail(error, code, "%s: %s", what, openssl_reason());
}

static bool check_key(X509 *certificate, const char *path, GError **error) {
        EVP_PKEY *key = X509_get0_pubkey(certificate);

        if (key && EVP_PKEY_is_a(key, "RSA") && EVP_PKEY_get_bits(key) >= RSA_BITS_MIN)
                return true;
        if (key && EVP_PKEY_is_a(key, "EC"))
                return true;
        ERR_clear_error();
        return fleet_fail(error, FLEET_ERROR_CONFIG,
                          "%s: a certificate's key is %s of %d bits, expected RSA (at least %d) or EC", path,
                          key ? EVP_PKEY_get0_type_name(key) : "unknown", key ? EVP_PKEY_get_bits(key) : 0,
                          RSA_BITS_MIN);
}

CmsRecipients *cms_recipients_read(const char *path, GError **error) {
        g_autoptr(CmsRecipients) r = NULL;
        g_autoptr(GError) e = NULL;
        g_autofree char *text = NULL;
        g_autoptr(BIO) bio = NULL;
        X509 *certificate;
        size_t size;

        if (!file_read(path, PEM_BYTES_MAX, &text, &size, &e)) {
                (void) fleet_fail(error, FLEET_ERROR_CONFIG, "%s", e->message);
                return NULL;
        }
        bio = BIO_new_mem_buf(text, (int) size);
        r = g_new0(CmsRecipients, 1);
        r->certificates = sk_X509_new_null();
        while ((certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL))) {
                (void) sk_X509_push(r->certificates, certificate);
                if (!check_key(certificate, path, error))
                        return NULL;
        }
        if (ERR_GET_REASON(ERR_peek_last_error()) !=
            PEM_R_NO_START_LINE) { /* which is how the end is said */
                (void) fail(error, FLEET_ERROR_CONFIG, path);
                return NULL;
        }
        ERR_clear_error();
        if (sk_X509_num(r->certificates) == 0) {
                (void) fleet_fail(error, FLEET_ERROR_CONFIG, "%s: no certificate in it, expected PEM", path);
                return NULL;
        }
        return g_steal_pointer(&r);
}

CmsRecipients *cms_recipients_free(CmsRecipients *r) {
        if (!r)
                return NULL;
        sk_X509_pop_free(r->certificates, X509_free);
        g_free(r);
        return NULL;
}

/* Not the defaults, which are those of RFC 3370: PKCS #1 v1.5 and SHA-1. */
static bool add_recipient(CMS_ContentInfo *cms, X509 *certificate) {
        CMS_RecipientInfo *info = CMS_add1_recipient_cert(cms, certificate, CMS_KEY_PARAM);
        EVP_PKEY_CTX *key = info ? CMS_RecipientInfo_get0_pkey_ctx(info) : NULL;

        if (!key)
                return false;
        if (CMS_RecipientInfo_type(info) == CMS_RECIPINFO_TRANS)
                return EVP_PKEY_CTX_set_rsa_padding(key, RSA_PKCS1_OAEP_PADDING) > 0 &&
                       EVP_PKEY_CTX_set_rsa_oaep_md(key, EVP_sha256()) > 0;
        return EVP_PKEY_CTX_set_ecdh_kdf_md(key, EVP_sha256()) > 0;
}

static CMS_ContentInfo *make_envelope(const CmsRecipients *r, BIO *content) {
        g_autoptr(CMS_ContentInfo) cms =
                        CMS_encrypt(NULL, content, EVP_aes_256_gcm(), CMS_BINARY | CMS_PARTIAL);

        for (int i = 0; cms && i < sk_X509_num(r->certificates); i++)
                if (!add_recipient(cms, sk_X509_value(r->certificates, i)))
                        return NULL;
        if (!cms || !CMS_final(cms, content, NULL, CMS_BINARY))
                return NULL;
        return g_steal_pointer(&cms);
}

static BIO *bio_of(GBytes *bytes) {
        size_t size;
        const void *data = g_bytes_get_data(bytes, &size);

        return BIO_new_mem_buf(data, (int) size);
}

GBytes *cms_encrypt(const CmsRecipients *r, GBytes *content, GError **error) {
        g_autoptr(BIO) in = bio_of(content), out = BIO_new(BIO_s_mem());
        g_autoptr(CMS_ContentInfo) cms = make_envelope(r, in);
        char *data;
        long size;

        if (!cms || !i2d_CMS_bio(out, cms)) {
                (void) fail(error, FLEET_ERROR_FAILED, "cannot encrypt");
                return NULL;
        }
        size = BIO_get_mem_data(out, &data);
        return g_bytes_new(data, (size_t) size);
}

static EVP_PKEY *read_key(const char *path, GError **error) {
        g_autoptr(BIO) bio = BIO_new_file(path, "re");
        EVP_PKEY *key = bio ? PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL) : NULL;

        if (!key)
                (void) fail(error, FLEET_ERROR_FAILED, path);
        return key;
}

static bool read_certificate(const char *path, X509 **ret, GError **error) {
        g_autoptr(BIO) bio = BIO_new_file(path, "re");

        *ret = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
        return *ret || fail(error, FLEET_ERROR_FAILED, path);
}

/* The memory that OpenSSL used on the way it wipes itself. */
static GBytes *read_content(CMS_ContentInfo *cms, EVP_PKEY *key, X509 *certificate, GError **error) {
        g_autoptr(BIO) out = BIO_new(BIO_s_mem());
        char *data;
        long size;

        if (!CMS_decrypt(cms, key, certificate, NULL, out, CMS_BINARY)) {
                (void) fail(error, FLEET_ERROR_FAILED, "cannot decrypt (is it the right key?)");
                return NULL;
        }
        size = BIO_get_mem_data(out, &data);
        return secret_bytes_new_take(g_memdup2(data, (size_t) size), (size_t) size);
}

GBytes *cms_decrypt(GBytes *envelope, const char *key_path, const char *cert_path, GError **error) {
        g_autoptr(BIO) in = bio_of(envelope);
        g_autoptr(CMS_ContentInfo) cms = d2i_CMS_bio(in, NULL);
        g_autoptr(EVP_PKEY) key = NULL;
        g_autoptr(X509) certificate = NULL;

        if (!cms) {
                (void) fail(error, FLEET_ERROR_FAILED, "no CMS envelope");
                return NULL;
        }
        key = read_key(key_path, error);
        if (!key || (cert_path && !read_certificate(cert_path, &certificate, error)))
                return NULL;
        return read_content(cms, key, certificate, error);
}
