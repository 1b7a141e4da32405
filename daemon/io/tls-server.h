/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The TLS of a server: which versions, suites and certificates. */
#pragma once

#include <glib.h>
#include <openssl/ssl.h>
#include <stdint.h>

/* TLS 1.2 or later with forward secrecy and AEAD, stateless tickets, ALPN http/1.1. cert, key and client_ca are
 * PEM paths; with client_ca (may be NULL) clients are asked for a certificate. Whatever they show, the handshake goes on:
 * tls_client_name() says what it is worth, and who is to be let in without one is the caller's to decide. */
SSL_CTX *tls_server_new(const char *cert, const char *key, const char *client_ca, GError **error);

/* Whom the client's certificate names (its one CN): one for clients that the CA signed, and that is valid now. New string.
 * NULL without: *ret_problem (new string) is what is wrong with the one that was shown, NULL where none was. */
char *tls_client_name(SSL *ssl, uint64_t now_usec, char **ret_problem);
