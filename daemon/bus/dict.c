/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* a{ss} from a hash table of strings. */
#include "dict.h"

int dict_append(sd_bus_message *m, GHashTable *strings) {
        g_autoptr(GList) keys = NULL;
        int r;

        if (strings)
                keys = g_list_sort(g_hash_table_get_keys(strings), (GCompareFunc) g_strcmp0);
        r = sd_bus_message_open_container(m, 'a', "{ss}");
        for (GList *i = keys; r >= 0 && i; i = i->next)
                r = sd_bus_message_append(m, "{ss}", i->data, g_hash_table_lookup(strings, i->data));
        return r < 0 ? r : sd_bus_message_close_container(m);
}

int dict_property_get(sd_bus *bus, const char *path, const char *interface, const char *property,
                      sd_bus_message *reply, void *userdata, sd_bus_error *ret_error) {
        return dict_append(reply, *(GHashTable **) userdata);
}
