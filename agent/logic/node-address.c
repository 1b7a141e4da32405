/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where a container's port can be reached from the host. */
#include "node-address.h"

#include <glib.h>
#include <string.h>

#include "json-path.h"
#include "limits.h"
#include "text.h"

static void add(GPtrArray *list, const char *host, uint64_t port) {
        bool six = strchr(host, ':') != NULL;

        if (list->len < NODE_ADDRESSES_MAX)
                g_ptr_array_add(list, g_strdup_printf("%s%s%s:%" G_GUINT64_FORMAT, six ? "[" : "", host,
                                                      six ? "]" : "", port));
}

/* Of the host, that the engine hands on to this one. */
static void add_published(GPtrArray *list, json_object *inspect, uint16_t port) {
        json_object *ports = json_at(inspect, "NetworkSettings.Ports"), *bindings;
        g_autofree char *key = g_strdup_printf("%u/tcp", port);

        if (!json_object_is_type(ports, json_type_object) ||
            !json_object_object_get_ex(ports, key, &bindings) ||
            !json_object_is_type(bindings, json_type_array))
                return;
        for (size_t i = 0; i < json_object_array_length(bindings); i++) {
                json_object *b = json_object_array_get_idx(bindings, i);
                const char *ip = json_string_at(b, "HostIp"), *number = json_string_at(b, "HostPort");
                uint64_t n;

                if (number && text_to_uint(number, 1, UINT16_MAX, &n) && g_strcmp0(ip, "::") != 0)
                        add(list, !ip || !*ip || g_str_equal(ip, "0.0.0.0") ? "127.0.0.1" : ip, n);
        }
}

static void add_own(GPtrArray *list, json_object *inspect, uint16_t port) {
        json_object *networks = json_at(inspect, "NetworkSettings.Networks");

        if (!json_object_is_type(networks, json_type_object))
                return;
        json_object_object_foreach (networks, name, network) {
                const char *ip = json_string_at(network, "IPAddress");

                (void) name;
                if (ip && *ip)
                        add(list, ip, port);
        }
}

char **node_addresses(json_object *inspect, uint16_t port, bool *ret_shared) {
        GPtrArray *list = g_ptr_array_new();
        bool shared = g_strcmp0(json_string_at(inspect, "HostConfig.NetworkMode"), "host") == 0;

        if (shared)
                add(list, "127.0.0.1", port);
        else {
                add_published(list, inspect, port);
                add_own(list, inspect, port);
        }
        g_ptr_array_add(list, NULL);
        *ret_shared = shared;
        return (char **) g_ptr_array_free(list, false);
}
