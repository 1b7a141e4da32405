/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A method's options: an a{sv} that a table describes. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <systemd/sd-bus.h>

typedef struct BusOption BusOption;
struct BusOption {
        const char *name;
        char type; /* 'b' a bool, 'u' an unsigned, 't' a uint64_t, 's' a const char* that the message keeps */
        size_t offset;
};

/* Reads the a{sv} at the message's present place into the struct ret, which holds the defaults. table ends with a
 * NULL name. Any integer type that holds the value is taken for a number. FLEET_ERROR_INVALID_PARAMETER for an
 * unknown name (it says which are known), a wrong type, a number out of range, a name that comes twice. */
bool bus_options_read(sd_bus_message *m, const BusOption *table, void *ret, GError **error);
