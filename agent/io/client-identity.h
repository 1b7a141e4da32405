/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who this host is to its server, beside the token: a key that was made here, and certificates for it. */
#pragma once

#include <glib.h>
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct ClientIdentity ClientIdentity;

/* A new key (P-256, PKCS #8) and a request for a certificate for it (PKCS #10), both PEM and new strings. The key's is to be
 * wiped. */
char *client_key_new(GError **error);
char *client_request_new(const char *key_pem, GError **error);

/* The key in the credential "client.key", the latest certificate for it in the credential "client.pem" or in renewed_path,
 * where one that came later is kept. Without a key there is nothing to show or to renew, and no error; FLEET_ERROR_CONFIG
 * for a key that is none. */
ClientIdentity *client_identity_open(const char *renewed_path, GError **error);
ClientIdentity *client_identity_free(ClientIdentity *i);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ClientIdentity, client_identity_free)

/* Handshakes of this context show the certificate to servers that ask for one, as long as it is valid. Must outlive it. */
void client_identity_apply(ClientIdentity *i, SSL_CTX *context);

/* A request (PEM, new string) where it is time for another certificate: there is none, or less than a third of its time is
 * left. NULL: it is not, or there is no key. */
char *client_identity_request(const ClientIdentity *i, uint64_t now_usec);

/* A certificate that came: kept where it is valid now and for our key, and shown from then on. *ret_until: its end. */
bool client_identity_take(ClientIdentity *i, const char *pem, uint64_t now_usec, uint64_t *ret_until,
                          GError **error);
