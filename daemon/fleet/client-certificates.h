/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Certificates of clients: whose may be shown, and those that the server signs, each of which is in the audit trail. */
#pragma once

#include <stdint.h>

#include "audit.h"
#include "client-ca.h"
#include "ws-server.h"

typedef enum ClientCertificates {
        CLIENT_CERTIFICATES_OFF,
        CLIENT_CERTIFICATES_OPTIONAL, /* one that is shown must be the client's own, and good */
        CLIENT_CERTIFICATES_REQUIRED, /* and it must be shown */
} ClientCertificates;

/* What is wrong with what the client of this token showed, in one line (new string); NULL: nothing. */
char *client_certificate_refuse(ClientCertificates mode, const char *client, const WsCertificate *shown);

/* To whom a certificate goes, and why: "enrolled", "renewed". */
typedef struct CertificateHolder {
        const char *client, *address, *reason;
} CertificateHolder;

/* A certificate for this client, PEM, new string; the audit trail has it. NULL without a CA (ca is NULL) or a request
 * (likewise, or it is none): who needs one is told so where it is required. */
char *client_certificate_issue(const ClientCa *ca, Audit *audit, const char *request,
                               const CertificateHolder *holder, uint64_t now_usec);
