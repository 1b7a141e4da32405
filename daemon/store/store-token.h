/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What tokens and enrolments in SQLite share, to be called on the database's thread. */
#pragma once

#include "dbthread.h"
#include "store.h"

/* sql: one of sql_put_token and sql_put_first_token. An SQLite code. */
int sqlite_insert_token(DbThread *db, const char *sql, const TokenRecord *t);
/* sql: sql_delete_tokens or sql_delete_enrollments. */
int sqlite_delete_of_client(DbThread *db, const char *sql, const char *client);
