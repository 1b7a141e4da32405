/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* D-Bus values as JSON and back: what a command takes and answers has no fixed shape. */
#include "bus-json.h"

#include <errno.h>
#include <glib.h>
#include <stdbool.h>
#include <string.h>

static int append_strings(sd_bus_message *m, json_object *array) {
        size_t n = json_object_array_length(array);
        g_autofree const char **strings = g_new0(const char *, n + 1);
        int r;

        for (size_t i = 0; i < n; i++) {
                json_object *item = json_object_array_get_idx(array, i);

                if (!json_object_is_type(item, json_type_string))
                        return -EINVAL;
                strings[i] = json_object_get_string(item);
        }
        r = sd_bus_message_open_container(m, 'v', "as");
        if (r >= 0)
                r = sd_bus_message_append_strv(m, (char **) strings);
        return r < 0 ? r : sd_bus_message_close_container(m);
}

static int append_variant(sd_bus_message *m, json_object *value) {
        int64_t number;

        switch (json_object_get_type(value)) {
        case json_type_string:
                return sd_bus_message_append(m, "v", "s", json_object_get_string(value));
        case json_type_boolean:
                return sd_bus_message_append(m, "v", "b", json_object_get_boolean(value));
        case json_type_int:
                number = json_object_get_int64(value);
                if (number < 0)
                        return sd_bus_message_append(m, "v", "x", number);
                return sd_bus_message_append(m, "v", "t", json_object_get_uint64(value));
        case json_type_double:
                return sd_bus_message_append(m, "v", "d", json_object_get_double(value));
        case json_type_array:
                return append_strings(m, value);
        default:
                return -EINVAL;
        }
}

int bus_append_dict(sd_bus_message *m, json_object *object) {
        int r = sd_bus_message_open_container(m, 'a', "{sv}");

        if (r < 0)
                return r;
        if (object) {
                json_object_object_foreach (object, key, value) {
                        r = sd_bus_message_open_container(m, 'e', "sv");
                        if (r >= 0)
                                r = sd_bus_message_append(m, "s", key);
                        if (r >= 0)
                                r = append_variant(m, value);
                        if (r >= 0)
                                r = sd_bus_message_close_container(m);
                        if (r < 0)
                                return r;
                }
        }
        return sd_bus_message_close_container(m);
}

static int read_basic(sd_bus_message *m, char type, json_object **ret) {
        union {
                const char *s;
                uint32_t u;
                uint64_t t;
                int b;
        } value;
        int r;

        /* Properties of org.mserver1 hold no others. */
        if (!strchr("sobut", type))
                return -EINVAL;
        r = sd_bus_message_read_basic(m, type, &value);
        if (r <= 0)
                return r;
        if (type == 'b')
                *ret = json_object_new_boolean(value.b);
        else if (type == 'u' || type == 't')
                *ret = json_object_new_uint64(type == 'u' ? value.u : value.t);
        else
                *ret = json_object_new_string(value.s);
        return 1;
}

static int read_entries(sd_bus_message *m, const char *entry, json_object *object) {
        int r;

        while ((r = sd_bus_message_enter_container(m, 'e', entry)) > 0) {
                json_object *value = NULL;
                const char *key;

                r = sd_bus_message_read_basic(m, 's', &key);
                if (r >= 0)
                        r = bus_read_json(m, &value);
                if (r < 0)
                        return r;
                json_object_object_add(object, key, value);
                r = sd_bus_message_exit_container(m);
                if (r < 0)
                        return r;
        }
        return r;
}

static int read_items(sd_bus_message *m, json_object *array) {
        json_object *item = NULL;
        int r;

        while ((r = bus_read_json(m, &item)) > 0)
                json_object_array_add(array, item);
        return r;
}

static int read_container(sd_bus_message *m, char type, const char *contents, json_object **ret) {
        bool dict = type == 'a' && g_str_has_prefix(contents, "{s");
        json_object *value;
        int r = sd_bus_message_enter_container(m, type, contents);

        if (r < 0)
                return r;
        if (type == 'v') {
                value = NULL;
                r = bus_read_json(m, &value);
        } else {
                /* "{ss}" without its braces is the type of an entry. */
                g_autofree char *entry = dict ? g_strndup(contents + 1, strlen(contents) - 2) : NULL;

                value = dict ? json_object_new_object() : json_object_new_array();
                r = dict ? read_entries(m, entry, value) : read_items(m, value);
        }
        if (r >= 0)
                r = sd_bus_message_exit_container(m);
        if (r < 0) {
                json_object_put(value);
                return r;
        }
        *ret = value;
        return 1;
}

int bus_read_json(sd_bus_message *m, json_object **ret) {
        const char *contents;
        char type;
        int r = sd_bus_message_peek_type(m, &type, &contents);

        if (r <= 0)
                return r;
        if (contents)
                return read_container(m, type, contents, ret);
        return read_basic(m, type, ret);
}
