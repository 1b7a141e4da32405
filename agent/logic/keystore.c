/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where a Substrate node keeps its keys, and what the names of its key files say. */
#include "keystore.h"

#include <glib.h>
#include <string.h>

#include "node-args.h"

#define TYPE_DIGITS 8
#define KEY_DIGITS_MIN 64 /* sr25519 and ed25519; ecdsa has 66 */
#define NAME_MAX_BYTES 255

static bool is_hex(const char *s, size_t size) {
        for (size_t i = 0; i < size; i++)
                if (!g_ascii_isxdigit(s[i]))
                        return false;
        return true;
}

bool keystore_name_parse(const char *name, KeystoreName *ret) {
        size_t n = strlen(name);
        KeystoreName k = { .public_key = name + TYPE_DIGITS };
        bool text = true;

        if (n < TYPE_DIGITS + KEY_DIGITS_MIN || n > NAME_MAX_BYTES || n % 2 != 0 || !is_hex(name, n))
                return false;
        for (unsigned i = 0; i < TYPE_DIGITS / 2; i++) {
                k.type[i] = (char) (g_ascii_xdigit_value(name[2 * i]) << 4 |
                                    g_ascii_xdigit_value(name[2 * i + 1]));
                text = text && g_ascii_isgraph(k.type[i]);
        }
        if (!text)
                (void) g_snprintf(k.type, sizeof(k.type), "0x%.*s", TYPE_DIGITS, name);
        *ret = k;
        return true;
}

/* Where its arguments say, else where images have it. New strv. */
static char **base_folders(json_object *inspect) {
        static const char *const usual[] = { "/root/data", "/creditcoin-node/data", NULL };
        g_autofree char *path = node_argument(inspect, "--base-path") ?: node_argument(inspect, "-d");
        char *given[] = { path, NULL };

        return g_strdupv(path ? given : (char **) usual);
}

/* BASE/chains/CHAIN/rest for all that may be. */
static char **in_chain_folders(const char *container, json_object *inspect, const char *rest) {
        static const char *const both[] = { "creditcoin3", "creditcoin", NULL };
        const char *chain[] = { NULL, NULL };
        const char *const *chains = both;
        g_auto(GStrv) bases = base_folders(inspect);
        g_autoptr(GStrvBuilder) b = g_strv_builder_new();

        if (g_str_has_prefix(container, "3node"))
                chain[0] = "creditcoin3";
        else if (g_str_has_prefix(container, "node"))
                chain[0] = "creditcoin";
        if (chain[0])
                chains = chain;
        for (char **base = bases; *base; base++)
                for (const char *const *c = chains; *c; c++) {
                        g_autofree char *path = g_strdup_printf("%s/chains/%s/%s", *base, *c, rest);

                        g_strv_builder_add(b, path);
                }
        return g_strv_builder_end(b);
}

char **keystore_places(const char *container, json_object *inspect) {
        g_autofree char *path = node_argument(inspect, "--keystore-path");
        char *given[] = { path, NULL };

        return path ? g_strdupv(given) : in_chain_folders(container, inspect, "keystore");
}

char **keystore_chain_folders(json_object *inspect) {
        char **folders = base_folders(inspect);

        for (char **f = folders; *f; f++) {
                char *chains = g_strconcat(*f, "/chains", NULL);

                g_free(*f);
                *f = chains;
        }
        return folders;
}

char **network_identity_places(const char *container, json_object *inspect) {
        g_autofree char *path = node_argument(inspect, "--node-key-file");
        char *given[] = { path, NULL };

        return path ? g_strdupv(given) : in_chain_folders(container, inspect, "network/secret_ed25519");
}
