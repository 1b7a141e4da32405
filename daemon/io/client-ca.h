/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The CA that the server signs certificates of clients with: not the one that they know the server by. */
#pragma once

#include <glib.h>
#include <stddef.h>
#include <stdint.h>

#include "pem.h"

typedef struct ClientCa ClientCa;

/* Opens dir/client-ca.pem and client-ca-key.pem, or makes them. */
ClientCa *client_ca_open(const char *dir, const char *host_name, uint64_t now_usec, GError **error);
ClientCa *client_ca_free(ClientCa *ca);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ClientCa, client_ca_free)

const char *client_ca_path(const ClientCa *ca); /* of its certificate */

/* A certificate for this client and the key of its request, valid for CLIENT_CERTIFICATE_LIFE_USEC. Errors are those of
 * certificate_new_client(). */
X509 *client_ca_sign(const ClientCa *ca, const char *request, size_t size, const char *client,
                     uint64_t now_usec, GError **error);
