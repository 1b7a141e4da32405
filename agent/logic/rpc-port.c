/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The rule for a node's JSON-RPC port. */
#include "rpc-port.h"

#include <string.h>

#include "error.h"
#include "node-args.h"
#include "text.h"

#define CREDITCOIN3_PORT_BASE 33980
#define CREDITCOIN2_PORT_BASE 33880

static bool from_name(const char *name, const char *prefix, uint16_t base, uint16_t *ret) {
        uint64_t n;

        if (!g_str_has_prefix(name, prefix) ||
            !text_to_uint(name + strlen(prefix), 0, UINT16_MAX - (uint64_t) base, &n))
                return false;
        *ret = (uint16_t) (base + n);
        return true;
}

bool rpc_port(const char *container, json_object *inspect, uint16_t configured, uint16_t *ret,
              GError **error) {
        g_autofree char *argument = node_argument(inspect, "--rpc-port");
        uint64_t port;

        if (argument) {
                if (!text_to_uint(argument, 1, UINT16_MAX, &port))
                        return fleet_fail(error, FLEET_ERROR_FAILED,
                                          "%s was started with --rpc-port %s: expected a port, 1 to 65535",
                                          container, argument);
                *ret = (uint16_t) port;
                return true;
        }
        if (configured > 0) {
                *ret = configured;
                return true;
        }
        if (from_name(container, "3node", CREDITCOIN3_PORT_BASE, ret) ||
            from_name(container, "node", CREDITCOIN2_PORT_BASE, ret))
                return true;
        return fleet_fail(
                        error, FLEET_ERROR_CONFIG,
                        "the JSON-RPC port of %s is not known: it was started without --rpc-port, and its name is "
                        "none like 3node4; set Port.%s= in [Rpc] of mclient.conf",
                        container, container);
}
