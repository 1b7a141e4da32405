/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where a container's port is reached, by what the engine says of its network. */
#include <glib.h>

#include "node-address.h"

static void test_addresses(void) {
        static const struct {
                const char *inspect, *expected;
                bool shared;
        } table[] = {
                { "{}", "" },
                { "{\"HostConfig\":{\"NetworkMode\":\"host\"}}", "127.0.0.1:33980", true },
                { "{\"HostConfig\":{\"NetworkMode\":\"none\"},\"NetworkSettings\":{\"Networks\":{\"none\":{"
                  "\"IPAddress\":\"\"}},\"Ports\":{}}}",
                  "" },
                /* The host's own first: it is there also where the host does not route to the container. */
                { "{\"NetworkSettings\":{\"Networks\":{\"bridge\":{\"IPAddress\":\"172.17.0.2\"}},"
                  "\"Ports\":{\"33980/tcp\":[{\"HostIp\":\"0.0.0.0\",\"HostPort\":\"40000\"},"
                  "{\"HostIp\":\"::\",\"HostPort\":\"40000\"}],\"30333/tcp\":null}}}",
                  "127.0.0.1:40000 172.17.0.2:33980" },
                { "{\"NetworkSettings\":{\"Ports\":{\"33980/tcp\":[{\"HostIp\":\"10.0.0.1\",\"HostPort\":\"1\"},"
                  "{\"HostIp\":\"fd00::1\",\"HostPort\":\"2\"},{\"HostIp\":\"\",\"HostPort\":\"3\"}]}}}",
                  "10.0.0.1:1 [fd00::1]:2 127.0.0.1:3" },
                /* Nonsense leads nowhere. */
                { "{\"NetworkSettings\":{\"Ports\":{\"33980/tcp\":[{\"HostPort\":\"99999\"},{},7]},\"Networks\":[]}}",
                  "" },
                { "{\"NetworkSettings\":{\"Ports\":7,\"Networks\":{\"a\":7}}}", "" },
        };

        for (size_t i = 0; i < G_N_ELEMENTS(table); i++) {
                json_object *inspect = json_tokener_parse(table[i].inspect);
                bool shared = false;
                g_auto(GStrv) addresses = node_addresses(inspect, 33980, &shared);
                g_autofree char *text = g_strjoinv(" ", addresses);

                g_test_message("%s", table[i].inspect);
                g_assert_cmpstr(text, ==, table[i].expected);
                g_assert_cmpint(shared, ==, table[i].shared);
                json_object_put(inspect);
        }
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/node-address/addresses", test_addresses);
        return g_test_run();
}
