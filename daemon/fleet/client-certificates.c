/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Certificates of clients: whose may be shown, and those that the server signs, each of which is in the audit trail. */
#include "client-certificates.h"

#include <inttypes.h>
#include <string.h>
#include <syslog.h>

#include "certificate.h"
#include "fleet-internal.h"
#include "ident.h"
#include "limits.h"
#include "log.h"
#include "names.h"
#include "text.h"

char *client_certificate_refuse(ClientCertificates mode, const char *client, const WsCertificate *shown) {
        g_autofree char *name = NULL;

        if (mode == CLIENT_CERTIFICATES_OFF)
                return NULL;
        if (shown->problem)
                return g_strdup_printf("its certificate is refused: %s", shown->problem);
        if (!shown->name)
                return mode == CLIENT_CERTIFICATES_REQUIRED ? g_strdup("it shows no certificate") : NULL;
        if (strcmp(shown->name, client) == 0)
                return NULL;
        name = text_shown(shown->name, CLIENT_ID_MAX);
        return g_strdup_printf("its certificate is for \"%s\"", name);
}

static void audit_issued(Audit *audit, X509 *cert, const CertificateHolder *h, uint64_t now_usec) {
        g_autofree char *serial = certificate_serial(cert), *fingerprint = certificate_fingerprint(cert),
                        *life = text_duration(certificate_not_after(cert) - now_usec);
        AuditEntry *e = fleet_audit_entry("client-certificate-issued", MESSAGE_ID_CLIENT_CERTIFICATE_ISSUED,
                                          LOG_NOTICE, h->client, h->address, h->reason);

        audit_entry_add(e, "MSERVER_CERTIFICATE_SERIAL", serial);
        audit_entry_add(e, "MSERVER_CERTIFICATE_FINGERPRINT", fingerprint);
        audit_entry_addf(e, "MSERVER_UNTIL_USEC", "%" PRIu64, certificate_not_after(cert));
        audit_entry_message(e, "%s: certificate issued (%s), to %s, valid for %s, serial %s", h->client,
                            h->reason, h->address, life, serial);
        audit_submit(audit, e, NULL, NULL);
}

char *client_certificate_issue(const ClientCa *ca, Audit *audit, const char *request,
                               const CertificateHolder *holder, uint64_t now_usec) {
        g_autoptr(GError) error = NULL;
        g_autoptr(X509) cert = NULL;

        if (!ca || !request)
                return NULL;
        cert = client_ca_sign(ca, request, strlen(request), holder->client, now_usec, &error);
        if (!cert) {
                log_debug("%s gets no certificate: %s", holder->client, error->message);
                return NULL;
        }
        audit_issued(audit, cert, holder, now_usec);
        return certificate_to_pem(&cert, 1);
}
