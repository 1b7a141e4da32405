/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Server= and Fingerprint=: every spelling that is meant, none that is not. */
#include <glib.h>

#include "endpoint.h"
#include "error.h"
#include "fingerprint.h"

static void test_valid(void) {
        static const struct {
                const char *url;
                bool tls;
                const char *host;
                uint16_t port;
                const char *path, *authority;
        } cases[] = {
                { "wss://fleet.example:8443/ws/monitoring/", true, "fleet.example", 8443, "/ws/monitoring/",
                  "fleet.example:8443" },
                { "wss://fleet.example", true, "fleet.example", 8443, "/ws/monitoring/",
                  "fleet.example:8443" },
                { "ws://127.0.0.1", false, "127.0.0.1", 8080, "/ws/monitoring/", "127.0.0.1:8080" },
                { "wss://h:1/", true, "h", 1, "/", "h:1" },
                { "wss://[fd00::1]:65535/x?y=z", true, "fd00::1", 65535, "/x?y=z", "[fd00::1]:65535" },
                { "wss://[::ffff:10.0.0.1]", true, "::ffff:10.0.0.1", 8443, "/ws/monitoring/",
                  "[::ffff:10.0.0.1]:8443" },
        };

        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                g_autoptr(GError) error = NULL;
                g_autoptr(Endpoint) e = endpoint_parse(cases[i].url, &error);

                g_assert_no_error(error);
                g_assert_cmpint(e->tls, ==, cases[i].tls);
                g_assert_cmpstr(e->host, ==, cases[i].host);
                g_assert_cmpuint(e->port, ==, cases[i].port);
                g_assert_cmpstr(e->path, ==, cases[i].path);
                g_assert_cmpstr(e->authority, ==, cases[i].authority);
        }
}

static void test_invalid(void) {
        static const char *const urls[] = {
                "",
                "fleet.example",
                "https://fleet.example",
                "WSS://fleet.example",
                "wss://",
                "wss:///path",
                "wss://:8443",
                "wss://h:",
                "wss://h:0",
                "wss://h:65536",
                "wss://h:8443x",
                "wss://user@h",
                "wss://h h",
                "wss://h\r\nX: y",
                "wss://h/a b",
                "wss://h/a#b",
                "wss://h/a\r\nX: y",
                "wss://[::1",
                "wss://[::1]8443",
                "wss://[h]:8443",
                "wss://::1",
        };

        for (size_t i = 0; i < G_N_ELEMENTS(urls); i++) {
                g_autoptr(GError) error = NULL;

                g_assert_null(endpoint_parse(urls[i], &error));
                g_assert_error(error, FLEET_ERROR, FLEET_ERROR_CONFIG);
        }
}

#define HEX "9f2c000102030405060708090a0b0c0d0e0f101112131415161718191a1b1cff"

static void test_fingerprint(void) {
        static const char *const same[] = {
                "SHA256:" HEX,
                "sha256:9F2C000102030405060708090A0B0C0D0E0F101112131415161718191A1B1CFF",
                "SHA256:9F:2C:00:01:02:03:04:05:06:07:08:09:0A:0B:0C:0D:0E:0F:10:11:12:13:14:15:16:17:18:19:1A:1B:"
                "1C:FF",
        };
        static const char *const wrong[] = {
                "",
                "SHA256:",
                HEX,
                "SHA1:" HEX,
                "SHA256:" HEX "0",
                "SHA256: " HEX,
                "SHA256:9g2c000102030405060708090a0b0c0d0e0f101112131415161718191a1b1cff"
        };

        for (size_t i = 0; i < G_N_ELEMENTS(same); i++) {
                g_autofree char *f = fingerprint_parse(same[i], NULL);

                g_assert_cmpstr(f, ==, "SHA256:" HEX);
        }
        for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++) {
                g_autoptr(GError) error = NULL;

                g_assert_null(fingerprint_parse(wrong[i], &error));
                g_assert_error(error, FLEET_ERROR, FLEET_ERROR_CONFIG);
        }
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/endpoint/valid", test_valid);
        g_test_add_func("/endpoint/invalid", test_invalid);
        g_test_add_func("/fingerprint", test_fingerprint);
        return g_test_run();
}
