/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The calls of the SQLite engine, by noun; engine is a SqliteStore. What each does is store.h's to say. */
#pragma once

#include "store.h"

/* store-sqlite-clients.c */
void sqlite_put_client(void *engine, const ClientRecord *c, StoreDone done, void *userdata);
void sqlite_load_clients(void *engine, StoreRows done, void *userdata);
/* store-sqlite-tokens.c */
void sqlite_put_token(void *engine, const TokenRecord *t, bool replace, StoreDone done, void *userdata);
void sqlite_delete_tokens(void *engine, const char *client, StoreDone done, void *userdata);
void sqlite_load_tokens(void *engine, StoreRows done, void *userdata);
/* store-sqlite-enrollments.c */
void sqlite_put_enrollment(void *engine, const EnrollmentRecord *e, bool replace, StoreDone done,
                           void *userdata);
void sqlite_trade_enrollment(void *engine, const EnrollmentRecord *e, uint64_t now_usec, StoreDone done,
                             void *userdata);
void sqlite_load_enrollments(void *engine, StoreRows done, void *userdata);
/* store-sqlite-audit.c */
void sqlite_put_audit_head(void *engine, const AuditHeadRecord *h, bool lazily, StoreDone done,
                           void *userdata);
void sqlite_load_audit_head(void *engine, StoreRows done, void *userdata);
/* store-sqlite-commands.c */
void sqlite_submit_command(void *engine, const CommandRecord *r, StoreDone done, void *userdata);
void sqlite_advance_command(void *engine, const CommandRecord *r, StoreDone done, void *userdata);
void sqlite_cancel_command(void *engine, const char *id, StoreDone done, void *userdata);
void sqlite_settle_command(void *engine, const char *id, CommandState state);
void sqlite_get_command(void *engine, const char *id, StoreRows done, void *userdata);
void sqlite_open_commands(void *engine, StoreRows done, void *userdata);
void sqlite_list_commands(void *engine, const CommandFilter *f, StoreRows done, void *userdata);
/* store-sqlite-outputs.c */
void sqlite_put_output(void *engine, const char *id, uint64_t offset, GBytes *output, StoreDone done,
                       void *userdata);
void sqlite_get_output(void *engine, const char *id, StoreRows done, void *userdata);
/* store-sqlite-keys.c */
void sqlite_append_key(void *engine, const KeyRecord *k, StoreDone done, void *userdata);
void sqlite_settle_key(void *engine, const KeyRecord *k, StoreDone done, void *userdata);
void sqlite_list_keys(void *engine, const char *client, const char *container, unsigned limit,
                      StoreRows done, void *userdata);
void sqlite_key_elsewhere(void *engine, const KeyRecord *k, StoreRows done, void *userdata);
/* store-sqlite-backups.c */
void sqlite_append_backup(void *engine, const BackupRecord *b, StoreDone done, void *userdata);
void sqlite_settle_backup(void *engine, const BackupRecord *b, StoreDone done, void *userdata);
void sqlite_list_backups(void *engine, const char *client, const char *container, unsigned limit,
                         StoreRows done, void *userdata);
/* store-sqlite-batches.c */
void sqlite_put_batch(void *engine, const BatchRecord *b, StoreDone done, void *userdata);
void sqlite_get_batch(void *engine, const char *id, StoreRows done, void *userdata);
void sqlite_open_batches(void *engine, StoreRows done, void *userdata);
void sqlite_batch_commands(void *engine, const char *id, StoreRows done, void *userdata);
/* store-sqlite-nodes.c */
void sqlite_node_times(void *engine, StoreRows done, void *userdata);
/* store-sqlite-alerts.c */
void sqlite_put_alert(void *engine, const AlertRecord *a, bool told, StoreDone done, void *userdata);
void sqlite_settle_alert(void *engine, const char *id, uint64_t cleared);
void sqlite_open_alerts(void *engine, StoreRows done, void *userdata);
void sqlite_forget_commands(void *engine, uint64_t commands_before, uint64_t outputs_before, unsigned rows);
void sqlite_past_alerts(void *engine, unsigned limit, StoreRows done, void *userdata);
void sqlite_trim_alerts(void *engine, unsigned keep);
/* store-sqlite-silences.c */
void sqlite_put_silence(void *engine, const SilenceRecord *s, StoreDone done, void *userdata);
void sqlite_delete_silence(void *engine, const char *id, StoreDone done, void *userdata);
void sqlite_load_silences(void *engine, StoreRows done, void *userdata);
