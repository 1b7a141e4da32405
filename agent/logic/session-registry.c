/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether session keys are registered on the chain. */
#include "session-registry.h"

#include <glib.h>
#include <string.h>
#include <xxhash.h>

#define KEY_BYTES 32
#define SCALE_LENGTH_32 0x80 /* a compact length of 32: docs.substrate.io, "SCALE codec" */

static void append_hex(GString *out, const void *data, size_t size) {
        for (size_t i = 0; i < size; i++)
                g_string_append_printf(out, "%02x", ((const unsigned char *) data)[i]);
}

/* Substrate's hashers write xxHash's numbers with the lowest byte first. */
static void append_xxh64(GString *out, const void *data, size_t size, uint64_t seed) {
        uint64_t hash = GUINT64_TO_LE(XXH64(data, size, seed));

        append_hex(out, &hash, sizeof(hash));
}

static void append_twox_128(GString *out, const char *name) {
        append_xxh64(out, name, strlen(name), 0);
        append_xxh64(out, name, strlen(name), 1);
}

static void append_twox_64_concat(GString *out, const void *data, size_t size) {
        append_xxh64(out, data, size, 0);
        append_hex(out, data, size);
}

static char *storage_key(const char *item, const void *key, size_t size) {
        GString *out = g_string_new("0x");

        append_twox_128(out, "Session");
        append_twox_128(out, item);
        append_twox_64_concat(out, key, size);
        return g_string_free(out, false);
}

static void read_hex(const char *digits, unsigned char ret[KEY_BYTES]) {
        for (unsigned i = 0; i < KEY_BYTES; i++)
                ret[i] = (unsigned char) (g_ascii_xdigit_value(digits[2 * i]) << 4 |
                                          g_ascii_xdigit_value(digits[2 * i + 1]));
}

char *session_registry_owner_key(const char *session_keys) {
        struct {
                char type[4];
                unsigned char length, key[KEY_BYTES];
        } key = { .type = { 'g', 'r', 'a', 'n' }, .length = SCALE_LENGTH_32 };

        G_STATIC_ASSERT(sizeof(key) == 4 + 1 + KEY_BYTES);
        read_hex(session_keys + 2, key.key); /* the first of them is grandpa's (session-keys.h) */
        return storage_key("KeyOwner", &key, sizeof(key));
}

char *session_registry_next_keys_key(const char *account) {
        unsigned char id[KEY_BYTES];

        read_hex(account + 2, id);
        return storage_key("NextKeys", id, sizeof(id));
}

static bool is_account(const char *text) {
        return text && g_str_has_prefix(text, "0x") && strlen(text) == 2 + 2 * KEY_BYTES &&
               strspn(text + 2, "0123456789abcdefABCDEF") == 2 * KEY_BYTES;
}

SessionOwner session_registry_owner(json_object *storage, const char **ret_account) {
        const char *text = json_object_is_type(storage, json_type_string) ? json_object_get_string(storage)
                                                                          : NULL;

        if (!storage)
                return SESSION_OWNER_NONE;
        if (!is_account(text))
                return SESSION_OWNER_UNKNOWN;
        *ret_account = text;
        return SESSION_OWNER_ACCOUNT;
}

bool session_registry_compare(json_object *storage, const char *session_keys, bool *ret_registered) {
        if (storage && !json_object_is_type(storage, json_type_string))
                return false;
        *ret_registered = storage && g_ascii_strcasecmp(json_object_get_string(storage), session_keys) == 0;
        return true;
}
