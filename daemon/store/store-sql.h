/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* All SQL there is, in the words that SQLite and PostgreSQL share: $1, $2 … in order of appearance, upserts by
 * ON CONFLICT, times as whole µs, states by name. */
#pragma once

/* Numbered schema versions of the SQLite file; only the type of bytes (BLOB) is its dialect. */
extern const char *const sql_migrations[];

extern const char sql_put_client[], sql_load_clients[];
extern const char sql_put_first_token[], sql_put_token[], sql_delete_tokens[], sql_load_tokens[];
extern const char sql_put_enrollment[], sql_put_first_enrollment[], sql_use_enrollment[],
                sql_delete_enrollments[], sql_expire_enrollments[], sql_load_enrollments[];
extern const char sql_put_audit_head[], sql_load_audit_head[];
extern const char sql_submit_command[], sql_advance_command[], sql_cancel_command[], sql_settle_command[],
                sql_get_command[], sql_open_commands[];
extern const char sql_put_output[], sql_get_output[];
extern const char sql_put_batch[], sql_get_batch[], sql_open_batches[], sql_batch_commands[];
extern const char sql_append_key[], sql_key_is_settled[], sql_settle_key[], sql_list_keys[],
                sql_key_elsewhere[];
extern const char sql_append_backup[], sql_backup_is_settled[], sql_settle_backup[], sql_list_backups[];

extern const char sql_node_times[];
extern const char sql_forget_commands[], sql_forget_batches[], sql_forget_outputs[];
extern const char sql_put_alert[], sql_settle_alert[], sql_open_alerts[], sql_past_alerts[],
                sql_trim_alerts[];
extern const char sql_put_silence[], sql_delete_silence[], sql_load_silences[];

/* How many former states sql_advance_command has room for. */
#define SQL_ADVANCE_FROM_MAX 5

/* For lists, which are put together (store-sqlite-history.c): what comes before their conditions. */
#define SQL_COMMAND_COLUMNS                                                                                    \
        "id, client, command, container, batch, state, requested, sent, started, finished, expires, timeout, " \
        "caller_uid, error"
#define SQL_LIST_COMMANDS "SELECT " SQL_COMMAND_COLUMNS ", NULL, NULL, 0, NULL FROM commands WHERE "

/* The column phase, which the partial indexes are on. */
#define SQL_PHASE_OPEN 0 /* not final, or its end is not settled */
#define SQL_PHASE_SUCCEEDED 1
#define SQL_PHASE_UNSUCCESSFUL 2
