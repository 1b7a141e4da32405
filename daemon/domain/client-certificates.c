/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Certificates of clients: whose may be shown, and those that the server signs. */
#include "client-certificates.h"

#include <string.h>

#include "certificate.h"
#include "ident.h"
#include "limits.h"
#include "log.h"
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

char *client_certificate_issue(const ClientCa *ca, const char *request, const char *client,
                               uint64_t now_usec) {
        g_autoptr(GError) error = NULL;
        g_autoptr(X509) cert = NULL;

        if (!ca || !request)
                return NULL;
        cert = client_ca_sign(ca, request, strlen(request), client, now_usec, &error);
        if (!cert) {
                log_debug("%s gets no certificate: %s", client, error->message);
                return NULL;
        }
        return certificate_to_pem(&cert, 1);
}
