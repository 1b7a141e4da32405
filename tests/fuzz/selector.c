/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Fuzzes selectors: what is taken for one can be matched against any client, in bounded time. */
#include "selector.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        g_autofree char *text = g_strndup((const char *) data, size);
        g_autoptr(GHashTable) labels = g_hash_table_new(g_str_hash, g_str_equal);
        g_autoptr(GError) error = NULL;
        g_autoptr(Selector) s = selector_parse(text, &error);

        g_assert_true((s == NULL) == (error != NULL));
        if (!s)
                return 0;
        (void) g_hash_table_insert(labels, (char *) "role", (char *) "validator");
        (void) g_hash_table_insert(labels, (char *) "site",
                                   (char *) "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab");
        (void) selector_matches(s, "seoul-1", labels);
        (void) selector_matches(s, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", NULL);
        return 0;
}
