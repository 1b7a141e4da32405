/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* a{ss} from a hash table of strings. */
#pragma once

#include <glib.h>
#include <systemd/sd-bus.h>

/* Appends it in order of the keys (NULL is empty). Returns what sd_bus_message_append(3) does. */
int dict_append(sd_bus_message *m, GHashTable *strings);

/* An sd_bus_property_get_t for a GHashTable* in the object. */
int dict_property_get(sd_bus *bus, const char *path, const char *interface, const char *property,
                      sd_bus_message *reply, void *userdata, sd_bus_error *ret_error);
