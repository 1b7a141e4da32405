/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The CA that the server signs certificates of clients with. */
#include "client-ca.h"

#include <errno.h>

#include "authority.h"
#include "error.h"
#include "limits.h"

struct ClientCa {
        Authority authority;
        char *path;
};

ClientCa *client_ca_open(const char *dir, const char *host_name, uint64_t now_usec, GError **error) {
        g_autoptr(ClientCa) ca = g_new0(ClientCa, 1);
        g_autofree char *key_path = g_build_filename(dir, "client-ca-key.pem", NULL),
                        *name = g_strconcat("clients of ", host_name, NULL);

        ca->path = g_build_filename(dir, "client-ca.pem", NULL);
        if (g_mkdir_with_parents(dir, 0700) < 0) {
                fleet_fail_errno(error, FLEET_ERROR_CONFIG, errno, "Cannot make the directory \"%s\"", dir);
                return NULL;
        }
        if (!authority_open(ca->path, key_path, name, &now_usec, &ca->authority, error))
                return NULL;
        return g_steal_pointer(&ca);
}

ClientCa *client_ca_free(ClientCa *ca) {
        if (!ca)
                return NULL;
        authority_clear(&ca->authority);
        g_free(ca->path);
        g_free(ca);
        return NULL;
}

const char *client_ca_path(const ClientCa *ca) {
        return ca->path;
}

X509 *client_ca_sign(const ClientCa *ca, const char *request, size_t size, const char *client,
                     uint64_t now_usec, GError **error) {
        return certificate_new_client(request, size, client, ca->authority.cert, ca->authority.key, now_usec,
                                      CLIENT_CERTIFICATE_LIFE_USEC, error);
}
