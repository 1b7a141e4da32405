/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Addresses as text. */
#include "peer-address.h"

#include <arpa/inet.h>
#include <glib.h>
#include <netinet/in.h>
#include <string.h>

static void from_ipv4(const void *in4, PeerAddress *ret) {
        (void) inet_ntop(AF_INET, in4, ret->text, sizeof(ret->text));
        g_strlcpy(ret->key, ret->text, sizeof(ret->key));
}

static void from_ipv6(const struct in6_addr *in6, PeerAddress *ret) {
        struct in6_addr network = *in6;

        (void) inet_ntop(AF_INET6, in6, ret->text, sizeof(ret->text));
        memset(network.s6_addr + 8, 0, 8);
        (void) inet_ntop(AF_INET6, &network, ret->key, sizeof(ret->key));
        g_strlcat(ret->key, "/64", sizeof(ret->key));
}

void peer_address_from(const struct sockaddr_storage *sa, PeerAddress *ret) {
        const struct sockaddr_in *in4 = (const struct sockaddr_in *) sa;
        const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *) sa;

        if (sa->ss_family == AF_INET)
                from_ipv4(&in4->sin_addr, ret);
        else if (sa->ss_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr))
                from_ipv4(in6->sin6_addr.s6_addr + 12, ret);
        else if (sa->ss_family == AF_INET6)
                from_ipv6(&in6->sin6_addr, ret);
        else {
                g_strlcpy(ret->text, "unknown", sizeof(ret->text));
                g_strlcpy(ret->key, "unknown", sizeof(ret->key));
        }
}
