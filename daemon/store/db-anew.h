/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Databases that the server can do without. */
#pragma once

#include "dbthread.h"

/* db_open(); but one that is damaged, or not ours, is set aside as path.unusable, with a warning that "what" begins anew. */
DbThread *db_open_or_begin_anew(Loop *l, const char *path, const DbSchema *schema, const char *what,
                                GError **error);
