/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The hash that chains an audit entry to the one before it. */
#include "audit-seal.h"

#include <openssl/evp.h>

#define HASH_BYTES (AUDIT_HASH_LENGTH / 2)

struct AuditSeal {
        EVP_MD *sha256; /* fetched once: looking it up costs more than a hash */
        EVP_MD_CTX *context;
        GString *text;
};

AuditSeal *audit_seal_new(void) {
        AuditSeal *s = g_new0(AuditSeal, 1);

        s->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
        s->context = EVP_MD_CTX_new();
        if (!s->sha256 || !s->context)
                g_error("OpenSSL has no SHA-256"); /* fails only where memory does, or the installation is broken */
        s->text = g_string_new(NULL);
        return s;
}

AuditSeal *audit_seal_free(AuditSeal *s) {
        if (!s)
                return NULL;
        EVP_MD_CTX_free(s->context);
        EVP_MD_free(s->sha256);
        g_string_free(s->text, true);
        g_free(s);
        return NULL;
}

void audit_seal(AuditSeal *s, const char *previous, AuditField *fields, size_t n,
                char ret[AUDIT_HASH_LENGTH + 1]) {
        static const char digits[] = "0123456789abcdef";
        unsigned char hash[HASH_BYTES];

        g_string_truncate(s->text, 0);
        g_string_append_len(s->text, previous, AUDIT_HASH_LENGTH);
        g_string_append_c(s->text, '\n');
        audit_append_canonical(s->text, fields, n);
        if (EVP_DigestInit_ex2(s->context, s->sha256, NULL) != 1 ||
            EVP_DigestUpdate(s->context, s->text->str, s->text->len) != 1 ||
            EVP_DigestFinal_ex(s->context, hash, NULL) != 1)
                g_error("OpenSSL cannot make a SHA-256");
        for (unsigned i = 0; i < HASH_BYTES; i++) {
                ret[2 * i] = digits[hash[i] >> 4];
                ret[2 * i + 1] = digits[hash[i] & 15];
        }
        ret[AUDIT_HASH_LENGTH] = '\0';
}
