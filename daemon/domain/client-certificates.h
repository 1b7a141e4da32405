/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Certificates of clients: whose may be shown, and those that the server signs. */
#pragma once

#include <stdint.h>

#include "client-ca.h"
#include "ws-server.h"

typedef enum ClientCertificates {
        CLIENT_CERTIFICATES_OFF,
        CLIENT_CERTIFICATES_OPTIONAL, /* one that is shown must be the client's own, and good */
        CLIENT_CERTIFICATES_REQUIRED, /* and it must be shown */
} ClientCertificates;

/* What is wrong with what the client of this token showed, in one line (new string); NULL: nothing. */
char *client_certificate_refuse(ClientCertificates mode, const char *client, const WsCertificate *shown);

/* A certificate for this client, PEM, new string. NULL without a CA (ca is NULL) or a request (likewise, or it is none): who
 * needs one is told so where it is required. */
char *client_certificate_issue(const ClientCa *ca, const char *request, const char *client,
                               uint64_t now_usec);
