/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The host's certificate, renewed over its connection before it ends. The server signs for whom the connection is, so that
 * the request need not say it; the next connection shows the new one. */
#include "renewal.h"

#include "clock.h"
#include "limits.h"
#include "log.h"
#include "message.h"
#include "text.h"

struct Renewal {
        ClientIdentity *identity;
        const ServerLink *link;
        void *userdata;
        uint64_t asked_usec; /* monotonic; 0: not yet */
};

Renewal *renewal_new(const char *state_directory, const ServerLink *link, void *userdata, GError **error) {
        g_autofree char *path = g_build_filename(state_directory, "client.pem", NULL);
        g_autoptr(Renewal) r = g_new0(Renewal, 1);

        *r = (Renewal){ .link = link, .userdata = userdata };
        r->identity = client_identity_open(path, error);
        return r->identity ? g_steal_pointer(&r) : NULL;
}

Renewal *renewal_free(Renewal *r) {
        if (!r)
                return NULL;
        client_identity_free(r->identity);
        g_free(r);
        return NULL;
}

ClientIdentity *renewal_identity(Renewal *r) {
        return r->identity;
}

void renewal_look(Renewal *r, unsigned features) {
        uint64_t now = now_monotonic();
        g_autofree char *request = NULL, *text = NULL;

        if (!(features & FEATURE_CERTIFICATE) ||
            (r->asked_usec > 0 && now - r->asked_usec < CLIENT_CERTIFICATE_AGAIN_SEC * USEC_PER_SEC))
                return;
        request = client_identity_request(r->identity, now_realtime());
        if (!request)
                return;
        text = message_certificate_request(request);
        if (r->link->send(text, r->userdata))
                r->asked_usec = now;
}

void renewal_take(Renewal *r, const char *certificate) {
        g_autoptr(GError) error = NULL;
        g_autofree char *left = NULL;
        uint64_t now = now_realtime(), until;

        if (!client_identity_take(r->identity, certificate, now, &until, &error)) {
                log_warning("The certificate that the server sent is not used: %s", error->message);
                return;
        }
        left = text_duration(until - now);
        log_info("The server has signed a new certificate for this host, valid for %s", left);
}
