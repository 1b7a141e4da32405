/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How much of something each user has, so that one cannot take it all. */
#pragma once

#include <glib.h>
#include <stdint.h>

typedef GHashTable UidCount; /* users with none are not in it */

static inline UidCount *uid_count_new(void) {
        return g_hash_table_new(NULL, NULL);
}

static inline unsigned uid_count_of(UidCount *c, uint32_t uid) {
        return GPOINTER_TO_UINT(g_hash_table_lookup(c, GUINT_TO_POINTER(uid)));
}

/* change: 1 or -1 */
static inline void uid_count_change(UidCount *c, uint32_t uid, int change) {
        unsigned n = uid_count_of(c, uid) + (unsigned) change;

        if (n > 0)
                g_hash_table_insert(c, GUINT_TO_POINTER(uid), GUINT_TO_POINTER(n));
        else
                g_hash_table_remove(c, GUINT_TO_POINTER(uid));
}
