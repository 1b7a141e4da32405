/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Databases that the server can do without: it starts with an empty one rather than not at all. */
#include "db-anew.h"

#include <glib/gstdio.h>

#include "log.h"

DbThread *db_open_or_begin_anew(Loop *l, const char *path, const DbSchema *schema, const char *what,
                                GError **error) {
        static const char *const suffixes[] = { "", "-wal", "-shm" };
        g_autoptr(GError) e = NULL;
        DbThread *db = db_open(l, path, schema, &e);

        if (db)
                return db;
        log_warning("%s begins anew, what there was is %s.unusable: %s", what, path, e->message);
        for (unsigned i = 0; i < G_N_ELEMENTS(suffixes); i++) {
                g_autofree char *from = g_strconcat(path, suffixes[i], NULL),
                                *to = g_strconcat(path, ".unusable", suffixes[i], NULL);

                (void) g_rename(from, to);
        }
        return db_open(l, path, schema, error);
}
