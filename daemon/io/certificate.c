/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* X.509 by OpenSSL's EVP interface. Nothing here knows where files lie or when to renew. */
#include "certificate.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "clock.h"
#include "error.h"
#include "file.h"
#include "limits.h"
#include "openssl-error.h"
#include "text.h"

#define SECONDS_PER_DAY (24 * 3600)
#define COMMON_NAME_MAX 64 /* RFC 5280, ub-common-name */
#define SERIAL_BYTES 16
#define CLOCK_SKEW_SEC 300

static const unsigned char loopback4[] = { 127, 0, 0, 1 };
static const unsigned char loopback6[16] = { [15] = 1 };

static bool fail(GError **error, const char *what) {
        return fleet_fail(error, FLEET_ERROR_FAILED, "Cannot make a certificate: %s: %s", what,
                          openssl_reason());
}

static BIO *open_pem(const char *path, char **ret_text, GError **error) {
        size_t size;

        if (!file_read(path, PEM_BYTES_MAX, ret_text, &size, error))
                return NULL;
        ERR_clear_error();
        return BIO_new_mem_buf(*ret_text, (int) size);
}

X509 *certificate_read(const char *path, GError **error) {
        g_autofree char *text = NULL;
        g_autoptr(BIO) bio = open_pem(path, &text, error);
        X509 *cert;

        if (!bio)
                return NULL;
        cert = PEM_read_bio_X509(bio, NULL, pem_no_passphrase, NULL);
        if (!cert)
                (void) fleet_fail(error, FLEET_ERROR_CONFIG, "\"%s\" holds no certificate in PEM form: %s",
                                  path, openssl_reason());
        return cert;
}

EVP_PKEY *private_key_read(const char *path, GError **error) {
        g_autofree char *text = NULL;
        g_autoptr(BIO) bio = open_pem(path, &text, error);
        EVP_PKEY *key;

        if (!bio)
                return NULL;
        key = PEM_read_bio_PrivateKey(bio, NULL, pem_no_passphrase, NULL);
        if (!key)
                (void) fleet_fail(error, FLEET_ERROR_CONFIG,
                                  "\"%s\" holds no private key in PEM form without a passphrase: %s", path,
                                  openssl_reason());
        OPENSSL_cleanse(text, strlen(text));
        return key;
}

EVP_PKEY *private_key_new(GError **error) {
        EVP_PKEY *key;

        ERR_clear_error();
        key = EVP_EC_gen("P-256");
        if (!key)
                (void) fail(error, "key");
        return key;
}

static bool set_serial(X509 *cert) {
        unsigned char bytes[SERIAL_BYTES];
        BIGNUM *n;
        bool done;

        if (RAND_bytes(bytes, sizeof(bytes)) != 1)
                return false;
        bytes[0] = (bytes[0] & 0x7f) | 0x40; /* positive, and always this long */
        n = BN_bin2bn(bytes, sizeof(bytes), NULL);
        done = n && BN_to_ASN1_INTEGER(n, X509_get_serialNumber(cert));
        BN_free(n);
        return done;
}

static bool set_subject(X509 *cert, const char *common_name) {
        g_autofree char *cut = text_cut(common_name, COMMON_NAME_MAX);
        X509_NAME *name = X509_get_subject_name(cert);

        return X509_NAME_add_entry_by_txt(name, "O", MBSTRING_UTF8, (const unsigned char *) "mserver", -1,
                                          -1, 0) == 1 &&
               X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *) cut, -1, -1,
                                          0) == 1;
}

static bool set_times(X509 *cert, uint64_t now_usec, unsigned days) {
        time_t now = (time_t) (now_usec / USEC_PER_SEC);

        return X509_time_adj_ex(X509_getm_notBefore(cert), -1, 0, &now) &&
               X509_time_adj_ex(X509_getm_notAfter(cert), (int) days, 0, &now);
}

/* value as in x509v3_config(5); never anything from outside. */
static bool add_extension(X509 *cert, X509 *issuer, int nid, const char *value) {
        X509_EXTENSION *extension;
        X509V3_CTX ctx;
        bool done;

        X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
        extension = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
        done = extension && X509_add_ext(cert, extension, -1) == 1;
        X509_EXTENSION_free(extension);
        return done;
}

static bool add_name(GENERAL_NAMES *names, int type, const void *data, size_t size) {
        GENERAL_NAME *name = GENERAL_NAME_new();
        ASN1_STRING *value = type == GEN_DNS ? ASN1_IA5STRING_new() : ASN1_OCTET_STRING_new();

        if (!name || !value || ASN1_STRING_set(value, data, (int) size) != 1) {
                GENERAL_NAME_free(name);
                ASN1_STRING_free(value);
                return false;
        }
        GENERAL_NAME_set0_value(name, type, value);
        return sk_GENERAL_NAME_push(names, name) > 0;
}

static bool add_alternative_names(X509 *cert, const char *host_name) {
        GENERAL_NAMES *names = sk_GENERAL_NAME_new_null();
        bool done;

        done = (g_str_equal(host_name, "localhost") ||
                add_name(names, GEN_DNS, host_name, strlen(host_name))) &&
               add_name(names, GEN_DNS, "localhost", strlen("localhost")) &&
               add_name(names, GEN_IPADD, loopback4, sizeof(loopback4)) &&
               add_name(names, GEN_IPADD, loopback6, sizeof(loopback6)) &&
               X509_add1_ext_i2d(cert, NID_subject_alt_name, names, 0, X509V3_ADD_DEFAULT) == 1;
        GENERAL_NAMES_free(names);
        return done;
}

static X509 *new_certificate(EVP_PKEY *key, const char *common_name, uint64_t now_usec, unsigned days) {
        g_autoptr(X509) cert = X509_new();

        ERR_clear_error();
        if (!cert || X509_set_version(cert, X509_VERSION_3) != 1 || !set_serial(cert) ||
            !set_subject(cert, common_name) || !set_times(cert, now_usec, days) ||
            X509_set_pubkey(cert, key) != 1)
                return NULL;
        return g_steal_pointer(&cert);
}

X509 *certificate_new_ca(EVP_PKEY *key, const char *host_name, uint64_t now_usec, unsigned days,
                         GError **error) {
        g_autofree char *common_name = g_strdup_printf("mserver CA of %s", host_name);
        g_autoptr(X509) cert = new_certificate(key, common_name, now_usec, days);

        if (!cert || X509_set_issuer_name(cert, X509_get_subject_name(cert)) != 1 ||
            !add_extension(cert, cert, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") ||
            !add_extension(cert, cert, NID_key_usage, "critical,keyCertSign,cRLSign") ||
            !add_extension(cert, cert, NID_subject_key_identifier, "hash") ||
            X509_sign(cert, key, EVP_sha256()) <= 0) {
                (void) fail(error, "CA");
                return NULL;
        }
        return g_steal_pointer(&cert);
}

X509 *certificate_new_server(EVP_PKEY *key, const char *host_name, X509 *ca, EVP_PKEY *ca_key,
                             uint64_t now_usec, unsigned days, GError **error) {
        g_autoptr(X509) cert = new_certificate(key, host_name, now_usec, days);

        if (cert && ASN1_TIME_compare(X509_get0_notAfter(cert), X509_get0_notAfter(ca)) > 0)
                (void) X509_set1_notAfter(cert, X509_get0_notAfter(ca));
        if (!cert || X509_set_issuer_name(cert, X509_get_subject_name(ca)) != 1 ||
            !add_extension(cert, ca, NID_basic_constraints, "critical,CA:FALSE") ||
            !add_extension(cert, ca, NID_key_usage, "critical,digitalSignature") ||
            !add_extension(cert, ca, NID_ext_key_usage, "serverAuth") ||
            !add_extension(cert, ca, NID_subject_key_identifier, "hash") ||
            !add_extension(cert, ca, NID_authority_key_identifier, "keyid:always") ||
            !add_alternative_names(cert, host_name) || X509_sign(cert, ca_key, EVP_sha256()) <= 0) {
                (void) fail(error, "server");
                return NULL;
        }
        return g_steal_pointer(&cert);
}

static EVP_PKEY *read_request(const char *request, size_t size, GError **error) {
        g_autoptr(BIO) bio = BIO_new_mem_buf(request, (int) size);
        g_autoptr(EVP_PKEY) key = NULL;
        char group[16] = "";
        X509_REQ *r;
        bool good;

        ERR_clear_error();
        r = PEM_read_bio_X509_REQ(bio, NULL, pem_no_passphrase, NULL);
        key = r ? X509_REQ_get_pubkey(r) : NULL;
        good = key && EVP_PKEY_get_group_name(key, group, sizeof(group), NULL) == 1 &&
               g_str_equal(group, SN_X9_62_prime256v1) && X509_REQ_verify(r, key) == 1;
        X509_REQ_free(r);
        ERR_clear_error();
        if (good)
                return g_steal_pointer(&key);
        (void) fleet_fail(
                        error, FLEET_ERROR_PROTOCOL,
                        "The request for a certificate is none: expected PKCS #10 in PEM form, with a P-256 key");
        return NULL;
}

X509 *certificate_new_client(const char *request, size_t size, const char *client, X509 *ca,
                             EVP_PKEY *ca_key, uint64_t now_usec, uint64_t life_usec, GError **error) {
        g_autoptr(EVP_PKEY) key = read_request(request, size, error);
        time_t from = (time_t) (now_usec / USEC_PER_SEC) - CLOCK_SKEW_SEC,
               until = (time_t) ((now_usec + life_usec) / USEC_PER_SEC);
        g_autoptr(X509) cert = NULL;

        if (!key)
                return NULL;
        cert = new_certificate(key, client, now_usec, 1);
        if (!cert || !X509_time_adj_ex(X509_getm_notBefore(cert), 0, 0, &from) ||
            !X509_time_adj_ex(X509_getm_notAfter(cert), 0, 0, &until) ||
            (ASN1_TIME_compare(X509_get0_notAfter(cert), X509_get0_notAfter(ca)) > 0 &&
             X509_set1_notAfter(cert, X509_get0_notAfter(ca)) != 1) ||
            X509_set_issuer_name(cert, X509_get_subject_name(ca)) != 1 ||
            !add_extension(cert, ca, NID_basic_constraints, "critical,CA:FALSE") ||
            !add_extension(cert, ca, NID_key_usage, "critical,digitalSignature") ||
            !add_extension(cert, ca, NID_ext_key_usage, "clientAuth") ||
            !add_extension(cert, ca, NID_authority_key_identifier, "keyid:always") ||
            X509_sign(cert, ca_key, EVP_sha256()) <= 0) {
                (void) fail(error, "client");
                return NULL;
        }
        return g_steal_pointer(&cert);
}

char *certificate_common_name(X509 *cert) {
        X509_NAME *subject = X509_get_subject_name(cert);
        int first = X509_NAME_get_index_by_NID(subject, NID_commonName, -1), size;
        unsigned char *utf8 = NULL;
        char *name = NULL;

        if (first < 0 || X509_NAME_get_index_by_NID(subject, NID_commonName, first) >= 0)
                return NULL;
        size = ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, first)));
        if (size > 0 && memchr(utf8, 0, (size_t) size) == NULL)
                name = g_strndup((char *) utf8, (gsize) size);
        OPENSSL_free(utf8);
        return name;
}

char *certificate_to_pem(X509 *const *certs, size_t n) {
        g_autoptr(BIO) bio = BIO_new(BIO_s_mem());

        for (size_t i = 0; i < n; i++)
                (void) PEM_write_bio_X509(bio, certs[i]);
        return pem_text(bio);
}

bool certificate_is_valid_for(X509 *cert, uint64_t now_usec, unsigned days) {
        time_t now = (time_t) (now_usec / USEC_PER_SEC), then = now + (time_t) days * SECONDS_PER_DAY;

        return X509_cmp_time(X509_get0_notBefore(cert), &now) < 0 &&
               X509_cmp_time(X509_get0_notAfter(cert), &then) > 0;
}

bool certificate_has_names(X509 *cert, const char *host_name) {
        unsigned flags = X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_WILDCARDS;

        return X509_check_host(cert, host_name, 0, flags, NULL) == 1 &&
               X509_check_host(cert, "localhost", 0, flags, NULL) == 1 &&
               X509_check_ip(cert, loopback4, sizeof(loopback4), flags) == 1 &&
               X509_check_ip(cert, loopback6, sizeof(loopback6), flags) == 1;
}

char *certificate_serial(X509 *cert) {
        BIGNUM *n = ASN1_INTEGER_to_BN(X509_get0_serialNumber(cert), NULL);
        char *hex = n ? BN_bn2hex(n) : NULL, *serial = g_strdup(hex ?: "");

        OPENSSL_free(hex);
        BN_free(n);
        return serial;
}

char *certificate_fingerprint(X509 *cert) {
        unsigned char digest[EVP_MAX_MD_SIZE];
        unsigned size = 0;
        g_autofree char *hex = NULL;

        (void) X509_digest(cert, EVP_sha256(), digest, &size);
        hex = text_hex(digest, size);
        return g_strconcat("SHA256:", hex, NULL);
}
