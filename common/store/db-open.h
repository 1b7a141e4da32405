/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Opening a database file: whose it is, whether it can be trusted, and bringing it up to date. */
#pragma once

#include "dbthread.h"

/* As db_open() says, on the calling thread. The lock that keeps other processes away goes with *ret_lock, which
 * is to be closed after the database. */
sqlite3 *db_open_file(const char *path, const DbSchema *schema, int *ret_lock, GError **error);
