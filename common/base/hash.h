/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What GLib 2.74's hash tables lack. */
#pragma once

#include <glib.h>

/* The values, borrowed, in no order; a new array. */
GPtrArray *hash_values(GHashTable *table);
