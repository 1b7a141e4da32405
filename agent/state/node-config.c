/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What mclient.conf(5) says about the nodes in the containers. */
#include "node-config.h"

#include <string.h>

#include "clock.h"
#include "error.h"
#include "ident.h"
#include "limits.h"
#include "text.h"

#define ACCOUNT_DIGITS 64

/* Calls take() for each key of the section that is PREFIX.NAME. */
static bool read_named(NodeConfig *c, const Config *f, const char *section, const char *prefix,
                       bool (*take)(NodeConfig *c, const char *name, const char *value, GError **error),
                       GError **error) {
        g_auto(GStrv) keys = config_keys(f, section);
        size_t n = strlen(prefix);

        for (char **key = keys; *key; key++) {
                const char *value, *name = *key + n + 1;

                if (strncmp(*key, prefix, n) != 0 || (*key)[n] != '.' ||
                    !(value = config_get(f, section, *key)))
                        continue;
                if (!container_name_is_valid(name))
                        return fleet_fail(error, FLEET_ERROR_CONFIG,
                                          "[%s] %s=: \"%s\" is no container's name", section, *key, name);
                if (!take(c, name, value, error)) {
                        g_prefix_error(error, "[%s] %s=%s: ", section, *key, value);
                        return false;
                }
        }
        return true;
}

static bool take_port(NodeConfig *c, const char *name, const char *value, GError **error) {
        uint64_t port;

        if (!text_to_uint(value, 1, UINT16_MAX, &port))
                return fleet_fail(error, FLEET_ERROR_CONFIG, "expected a port, 1 to 65535");
        g_hash_table_replace(c->ports, g_strdup(name), GUINT_TO_POINTER((guint) port));
        return true;
}

static bool take_keystore(NodeConfig *c, const char *name, const char *value, GError **error) {
        if (!g_path_is_absolute(value))
                return fleet_fail(error, FLEET_ERROR_CONFIG, "expected an absolute path in the container");
        g_hash_table_replace(c->keystores, g_strdup(name), g_strdup(value));
        return true;
}

static bool check_owner(const char *value, GError **error) {
        size_t digits = g_str_has_prefix(value, "0x") ? strspn(value + 2, "0123456789abcdefABCDEF") : 0;

        return (digits == ACCOUNT_DIGITS && !value[2 + digits]) ||
               fleet_fail(error, FLEET_ERROR_CONFIG,
                          "expected an account's public key, 0x and %d hex digits (\"subkey inspect ADDRESS\" shows "
                          "it)",
                          ACCOUNT_DIGITS);
}

static bool take_owner(NodeConfig *c, const char *name, const char *value, GError **error) {
        if (!check_owner(value, error))
                return false;
        g_hash_table_replace(c->owners, g_strdup(name), g_strdup(value));
        return true;
}

static bool read_interval(NodeConfig *c, const Config *f, GError **error) {
        const char *value = config_get(f, "Keys", "RotateInterval");

        return !value || text_to_usec(value, &c->rotate_interval_usec) ||
               fleet_fail(error, FLEET_ERROR_CONFIG,
                          "[Keys] RotateInterval=%s: expected a time such as 1h or 90min", value);
}

static bool read_owner(NodeConfig *c, const Config *f, GError **error) {
        c->owner = g_strdup(config_get(f, "Keys", "Owner"));
        if (!c->owner || check_owner(c->owner, error))
                return true;
        g_prefix_error(error, "[Keys] Owner=%s: ", c->owner);
        return false;
}

NodeConfig *node_config_new(void) {
        NodeConfig *c = g_new0(NodeConfig, 1);

        c->rpc_helper = g_strdup(MCLIENT_RPC_HELPER);
        c->rotate_interval_usec = ROTATE_INTERVAL_DEFAULT_SEC * USEC_PER_SEC;
        c->ports = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        c->keystores = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
        c->owners = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
        return c;
}

NodeConfig *node_config_read(const Config *f, GError **error) {
        g_autoptr(NodeConfig) c = node_config_new();
        const char *helper = config_get(f, "Rpc", "Helper");

        if (helper) {
                g_free(c->rpc_helper);
                c->rpc_helper = g_strdup(helper);
        }
        if (!read_interval(c, f, error) || !read_owner(c, f, error) ||
            !read_named(c, f, "Rpc", "Port", take_port, error) ||
            !read_named(c, f, "Keys", "Keystore", take_keystore, error) ||
            !read_named(c, f, "Keys", "Owner", take_owner, error))
                return NULL;
        return g_steal_pointer(&c);
}

NodeConfig *node_config_free(NodeConfig *c) {
        if (!c)
                return NULL;
        g_free(c->rpc_helper);
        g_free(c->owner);
        g_clear_pointer(&c->ports, g_hash_table_unref);
        g_clear_pointer(&c->keystores, g_hash_table_unref);
        g_clear_pointer(&c->owners, g_hash_table_unref);
        g_free(c);
        return NULL;
}

uint16_t node_config_port(const NodeConfig *c, const char *container) {
        return (uint16_t) GPOINTER_TO_UINT(g_hash_table_lookup(c->ports, container));
}

const char *node_config_keystore(const NodeConfig *c, const char *container) {
        return g_hash_table_lookup(c->keystores, container);
}

const char *node_config_owner(const NodeConfig *c, const char *container) {
        return g_hash_table_lookup(c->owners, container) ?: c->owner;
}
