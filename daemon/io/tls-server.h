/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The TLS of a server: which versions, suites and certificates. */
#pragma once

#include <glib.h>
#include <openssl/ssl.h>

/* TLS 1.2 or later with forward secrecy and AEAD, stateless tickets, ALPN http/1.1. cert, key and client_ca are
 * PEM paths; with client_ca (may be NULL) clients must show a certificate that it signed. */
SSL_CTX *tls_server_new(const char *cert, const char *key, const char *client_ca, GError **error);

/* The reason on top of this thread's OpenSSL error queue, which it empties; borrowed, never NULL. */
const char *tls_error_text(void);
