/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Session keys, and the names of the files that hold them. */
#include "session-keys.h"

#include <string.h>

#include "error.h"
#include "keystore.h"
#include "limits.h"
#include "text.h"

#define TYPE_DIGITS 8
#define KEY_DIGITS 64
#define SHOWN_MAX 80

/* Where runtimes have them. */
static const char *const type_order[] = {
        "6772616e", /* gran */
        "62616265", /* babe */
        "696d6f6e", /* imon */
        "61756469", /* audi */
};

struct KeyNames {
        GPtrArray *names; /* of char*: lower-case, sorted, each once */
};

/* Keys. */

static bool is_hex(const char *s, size_t n) {
        for (size_t i = 0; i < n; i++)
                if (!g_ascii_isxdigit(s[i]))
                        return false;
        return true;
}

bool session_keys_check(const char *keys, unsigned *ret_count, GError **error) {
        size_t digits = g_str_has_prefix(keys, "0x") ? strlen(keys + 2) : 0;
        g_autofree char *shown = NULL;

        if (digits > 0 && digits % KEY_DIGITS == 0 && digits / KEY_DIGITS <= SESSION_KEYS_MAX &&
            is_hex(keys + 2, digits)) {
                *ret_count = (unsigned) (digits / KEY_DIGITS);
                return true;
        }
        shown = text_shown(keys, SHOWN_MAX);
        return fleet_fail(
                        error, FLEET_ERROR_PROTOCOL,
                        "\"%s\" are no session keys: expected 0x and %d hex digits for each of up to %d keys",
                        shown, KEY_DIGITS, SESSION_KEYS_MAX);
}

/* Names. */

static int compare(const void *a, const void *b) {
        return strcmp(*(char *const *) a, *(char *const *) b);
}

static KeyNames *key_names_new(void) {
        KeyNames *k = g_new(KeyNames, 1);

        k->names = g_ptr_array_new_with_free_func(g_free);
        return k;
}

KeyNames *key_names_free(KeyNames *k) {
        if (!k)
                return NULL;
        g_ptr_array_unref(k->names);
        g_free(k);
        return NULL;
}

static const char *name_at(const KeyNames *k, guint i) {
        return g_ptr_array_index(k->names, i);
}

KeyNames *key_names_parse(const char *listing) {
        KeyNames *k = key_names_new();

        while (*listing) {
                size_t n = strcspn(listing, "\r\n");

                if (n == TYPE_DIGITS + KEY_DIGITS && is_hex(listing, n))
                        g_ptr_array_add(k->names, g_ascii_strdown(listing, (gssize) n));
                listing += n;
                listing += strspn(listing, "\r\n");
        }
        g_ptr_array_sort(k->names, compare);
        for (guint i = k->names->len; i-- > 1;)
                if (g_str_equal(name_at(k, i), name_at(k, i - 1)))
                        g_ptr_array_remove_index(k->names, i);
        return k;
}

char *key_names_to_text(const KeyNames *k) {
        GString *out = g_string_sized_new(k->names->len * (TYPE_DIGITS + KEY_DIGITS + 1));

        for (guint i = 0; i < k->names->len; i++)
                g_string_append_printf(out, "%s\n", name_at(k, i));
        return g_string_free(out, false);
}

KeyNames *key_names_added(const KeyNames *before, const KeyNames *after) {
        KeyNames *added = key_names_new();
        guint b = 0;

        for (guint a = 0; a < after->names->len; a++) {
                const char *name = name_at(after, a);

                while (b < before->names->len && strcmp(name_at(before, b), name) < 0)
                        b++;
                if (b >= before->names->len || !g_str_equal(name_at(before, b), name))
                        g_ptr_array_add(added->names, g_strdup(name));
        }
        return added;
}

unsigned key_names_count(const KeyNames *k) {
        return k->names->len;
}

static bool same_type(const KeyNames *k, guint i, guint j) {
        return strncmp(name_at(k, i), name_at(k, j), TYPE_DIGITS) == 0;
}

unsigned key_names_types(const KeyNames *k) {
        unsigned types = 0;

        for (guint i = 0; i < k->names->len; i++)
                types += i == 0 || !same_type(k, i - 1, i);
        return types;
}

json_object *key_names_to_json(const KeyNames *k) {
        json_object *o = json_object_new_object(), *keys = NULL;

        for (guint i = 0; i < k->names->len; i++) {
                g_autofree char *key = g_strconcat("0x", name_at(k, i) + TYPE_DIGITS, NULL);
                KeystoreName parsed;

                if (i == 0 || !same_type(k, i - 1, i)) {
                        (void) keystore_name_parse(name_at(k, i), &parsed);
                        keys = json_object_new_array();
                        (void) json_object_object_add(o, parsed.type, keys);
                }
                (void) json_object_array_add(keys, json_object_new_string(key));
        }
        return o;
}

char *key_names_to_session_keys(const KeyNames *k) {
        g_autoptr(GString) out = g_string_new("0x");
        unsigned placed = 0;

        for (size_t t = 0; t < G_N_ELEMENTS(type_order); t++) {
                unsigned of_type = 0;

                for (guint i = 0; i < k->names->len; i++)
                        if (g_str_has_prefix(name_at(k, i), type_order[t])) {
                                g_string_append(out, name_at(k, i) + TYPE_DIGITS);
                                of_type++;
                        }
                if (of_type > 1)
                        return NULL;
                placed += of_type;
        }
        if (placed == 0 || placed != k->names->len)
                return NULL;
        return g_string_free(g_steal_pointer(&out), false);
}

static bool has_key(const KeyNames *k, const char *digits) {
        for (guint i = 0; i < k->names->len; i++)
                if (g_ascii_strncasecmp(name_at(k, i) + TYPE_DIGITS, digits, KEY_DIGITS) == 0)
                        return true;
        return false;
}

bool key_names_are(const KeyNames *k, const char *session_keys) {
        unsigned count;

        if (!session_keys_check(session_keys, &count, NULL) || count != k->names->len)
                return false;
        for (unsigned i = 0; i < count; i++)
                if (!has_key(k, session_keys + 2 + (size_t) i * KEY_DIGITS))
                        return false;
        return true;
}
