/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether the server is the one that was meant: by the system's CAs, a given CA, or a pinned fingerprint. */
#pragma once

#include <glib.h>
#include <openssl/ssl.h>
#include <stdbool.h>

typedef struct ServerTrust ServerTrust;

/* host: the name or numeric address that the certificate must carry (RFC 6125), unless a fingerprint is
 * pinned. ca_file: PEM, NULL for the system's CAs. pin: canonical fingerprint or NULL; it outweighs ca_file,
 * and names either the server's certificate or a CA that its chain must really lead to. FLEET_ERROR_CONFIG
 * when ca_file cannot be used. */
ServerTrust *server_trust_new(const char *host, const char *ca_file, const char *pin, GError **error);
ServerTrust *server_trust_free(ServerTrust *t);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ServerTrust, server_trust_free)

/* For TLS clients; TLS 1.2 or later. Borrowed. */
SSL_CTX *server_trust_context(ServerTrust *t);

/* Why a handshake since the last call refused the certificate, for people; NULL when none did. New
 * string. */
char *server_trust_take_refusal(ServerTrust *t);

/* The same rules for the handshakes of another library's context, which t must outlive. */
void server_trust_apply(ServerTrust *t, SSL_CTX *context);

/* After a handshake that the pin has decided: is what it names a CA, which goes on to vouch when the server has a new
 * certificate? And would the system's CAs have vouched for the host's name as well? */
bool server_trust_pin_is_ca(const ServerTrust *t);
bool server_trust_holds_without_pin(const ServerTrust *t);
