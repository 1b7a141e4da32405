/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What GLib 2.74's hash tables lack. */
#include "hash.h"

static void add_value(void *key, void *value, void *values) {
        g_ptr_array_add(values, value);
}

GPtrArray *hash_values(GHashTable *table) {
        GPtrArray *values = g_ptr_array_sized_new(g_hash_table_size(table));

        g_hash_table_foreach(table, add_value, values);
        return values;
}
