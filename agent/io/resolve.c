/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names to addresses without ever holding up the loop. */
#include "resolve.h"

#include <netdb.h>

#include "error.h"
#include "limits.h"

struct Resolve {
        uv_getaddrinfo_t request;
        char *host;
        ResolveDone done; /* NULL: cancelled */
        void *userdata;
};

static char **to_numeric(const struct addrinfo *list) {
        GPtrArray *addresses = g_ptr_array_new();
        char text[NI_MAXHOST];

        /* By getnameinfo(), for the %scope of link-local addresses. */
        for (const struct addrinfo *a = list; a && addresses->len < SERVER_ADDRESSES_MAX; a = a->ai_next)
                if (getnameinfo(a->ai_addr, a->ai_addrlen, text, sizeof(text), NULL, 0, NI_NUMERICHOST) == 0)
                        g_ptr_array_add(addresses, g_strdup(text));
        g_ptr_array_add(addresses, NULL);
        return (char **) g_ptr_array_free(addresses, false);
}

static void resolved(uv_getaddrinfo_t *request, int status, struct addrinfo *list) {
        Resolve *r = request->data;

        if (r->done && status < 0) {
                g_autoptr(GError) error = NULL;

                (void) fleet_fail(&error, FLEET_ERROR_UNAVAILABLE, "%s cannot be resolved: %s", r->host,
                                  uv_strerror(status));
                r->done(NULL, error, r->userdata);
        } else if (r->done)
                r->done(to_numeric(list), NULL, r->userdata);
        uv_freeaddrinfo(list);
        g_free(r->host);
        g_free(r);
}

Resolve *resolve_start(Loop *l, const char *host, ResolveDone done, void *userdata) {
        static const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
        Resolve *r = g_new(Resolve, 1);
        int error;

        *r = (Resolve){ .host = g_strdup(host), .done = done, .userdata = userdata };
        r->request.data = r;
        error = uv_getaddrinfo(loop_uv(l), &r->request, resolved, host, NULL, &hints);
        if (error < 0)
                g_error("uv_getaddrinfo: %s", uv_strerror(error));
        return r;
}

Resolve *resolve_cancel(Resolve *r) {
        if (!r)
                return NULL;
        r->done = NULL;
        (void) uv_cancel((uv_req_t *) &r->request);
        return NULL;
}
