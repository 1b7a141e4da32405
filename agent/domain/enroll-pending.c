/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What makes an enrolment repeatable: the host writes its token down before it asks, so that the same line, given
 * again after a lost answer or a crash, asks for the very same thing. Of the one-time token the file has the hash. */
#include "enroll-pending.h"

#include <errno.h>
#include <openssl/evp.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "error.h"
#include "file.h"
#include "limits.h"
#include "text.h"

#define TOKEN_BYTES 32
#define FILE_NAME "enrollment"

static char *hash_of(const char *one_time_token) {
        unsigned char hash[32];

        if (EVP_Digest(one_time_token, strlen(one_time_token), hash, NULL, EVP_sha256(), NULL) != 1)
                g_error("OpenSSL has no SHA-256");
        return text_hex(hash, sizeof(hash));
}

/* The file is "HASH TOKEN\n". */
static char *read_token(const char *path, const char *hash) {
        g_autofree char *text = NULL;
        char *token = NULL;

        if (!file_read(path, CREDENTIAL_BYTES_MAX, &text, NULL, NULL))
                return NULL;
        (void) g_strchomp(text);
        if (g_str_has_prefix(text, hash) && text[strlen(hash)] == ' ' &&
            strlen(text) == strlen(hash) + 1 + 2 * TOKEN_BYTES)
                token = g_strdup(text + strlen(hash) + 1);
        explicit_bzero(text, strlen(text));
        return token;
}

static char *make_token(GError **error) {
        unsigned char secret[TOKEN_BYTES];
        char *token;

        if (getrandom(secret, sizeof(secret), 0) != sizeof(secret)) {
                fleet_fail_errno(error, FLEET_ERROR_FAILED, errno, "The system gives out no random numbers");
                return NULL;
        }
        token = text_hex(secret, sizeof(secret));
        explicit_bzero(secret, sizeof(secret));
        return token;
}

bool enroll_pending_has(const char *directory, const char *one_time_token) {
        g_autofree char *path = g_build_filename(directory, FILE_NAME, NULL),
                        *hash = hash_of(one_time_token), *token = read_token(path, hash);

        if (token)
                explicit_bzero(token, strlen(token));
        return token != NULL;
}

char *enroll_pending_token(const char *directory, const char *one_time_token, GError **error) {
        g_autofree char *path = g_build_filename(directory, FILE_NAME, NULL),
                        *hash = hash_of(one_time_token), *text = NULL;
        char *token = read_token(path, hash);
        bool written;

        if (token)
                return token;
        token = make_token(error);
        if (!token)
                return NULL;
        text = g_strdup_printf("%s %s\n", hash, token);
        written = file_write_atomic(path, text, strlen(text), 0600, false, error);
        explicit_bzero(text, strlen(text));
        if (!written) {
                explicit_bzero(token, strlen(token));
                g_clear_pointer(&token, g_free);
        }
        return token;
}

void enroll_pending_end(const char *directory) {
        g_autofree char *path = g_build_filename(directory, FILE_NAME, NULL);

        (void) unlink(path);
}
