/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Addresses: how they are shown, and what counts as one. */
#include <arpa/inet.h>
#include <glib.h>
#include <netinet/in.h>

#include "peer-address.h"

static void test_addresses(void) {
        static const struct {
                int family;
                const char *address, *text, *key;
        } cases[] = {
                { AF_INET, "192.0.2.7", "192.0.2.7", "192.0.2.7" },
                { AF_INET6, "::ffff:192.0.2.7", "192.0.2.7", "192.0.2.7" },
                { AF_INET6, "2001:db8:1:2:3:4:5:6", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64" },
                { AF_INET6, "2001:db8:1:2::1", "2001:db8:1:2::1", "2001:db8:1:2::/64" },
                { AF_INET6, "2001:db8:1:3::1", "2001:db8:1:3::1", "2001:db8:1:3::/64" },
                { AF_INET6, "::1", "::1", "::/64" },
        };

        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                struct sockaddr_storage sa = { .ss_family = (sa_family_t) cases[i].family };
                PeerAddress a;

                g_assert_cmpint(inet_pton(cases[i].family, cases[i].address,
                                          cases[i].family == AF_INET
                                                          ? (void *) &((struct sockaddr_in *) &sa)->sin_addr
                                                          : (void *) &((struct sockaddr_in6 *) &sa)
                                                                            ->sin6_addr),
                                ==, 1);
                peer_address_from(&sa, &a);
                g_assert_cmpstr(a.text, ==, cases[i].text);
                g_assert_cmpstr(a.key, ==, cases[i].key);
        }
}

static void test_other(void) {
        struct sockaddr_storage sa = { .ss_family = AF_UNIX };
        PeerAddress a;

        peer_address_from(&sa, &a);
        g_assert_cmpstr(a.text, ==, "unknown");
        g_assert_cmpstr(a.key, ==, "unknown");
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/peer-address/addresses", test_addresses);
        g_test_add_func("/peer-address/other", test_other);
        return g_test_run();
}
