/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* All SQL there is. */
#include "store-sql.h"

#include <stddef.h>

/* What may be long comes last in a row: a list of commands then never reads the pages that hold it.
 *
 * An index of the rare (open, unsuccessful, in a batch) has only these in it, so that the common path pays next to
 * nothing. phase says which they are: 0 not settled, 1 succeeded, 2 ended otherwise. It follows from the state, but
 * "state IN (…)" would make SQLite build a table in memory for each row and index that it writes. */
static const char version_1[] =
                "CREATE TABLE clients ("
                "  id TEXT NOT NULL PRIMARY KEY, host TEXT, version TEXT, address TEXT,"
                "  online INTEGER NOT NULL, revoked INTEGER NOT NULL, forgotten INTEGER NOT NULL,"
                "  since BIGINT NOT NULL, last_seen BIGINT NOT NULL, labels TEXT, commands TEXT);"

                "CREATE TABLE tokens ("
                "  hash BLOB NOT NULL PRIMARY KEY, client TEXT NOT NULL,"
                "  created BIGINT NOT NULL, expires BIGINT NOT NULL);"
                "CREATE INDEX tokens_of_client ON tokens (client);"

                "CREATE TABLE commands ("
                "  id TEXT NOT NULL PRIMARY KEY, client TEXT NOT NULL, command TEXT NOT NULL,"
                "  container TEXT NOT NULL, batch TEXT NOT NULL, state TEXT NOT NULL, phase INTEGER NOT NULL,"
                "  requested BIGINT NOT NULL, sent BIGINT NOT NULL, started BIGINT NOT NULL,"
                "  finished BIGINT NOT NULL, expires BIGINT NOT NULL, timeout BIGINT NOT NULL,"
                "  caller_uid BIGINT NOT NULL, error TEXT, params TEXT, result TEXT);"
                "CREATE INDEX commands_by_time ON commands (requested);"
                "CREATE INDEX commands_of_client ON commands (client, requested);"
                "CREATE INDEX commands_of_name ON commands (command, requested);"
                "CREATE INDEX commands_of_batch ON commands (batch, requested) WHERE batch <> '';"
                "CREATE INDEX commands_open ON commands (requested) WHERE phase = 0;"
                "CREATE INDEX commands_unsuccessful ON commands (requested) WHERE phase = 2;"

                "CREATE TABLE outputs ("
                "  id TEXT NOT NULL PRIMARY KEY, start BIGINT NOT NULL, output BLOB NOT NULL);"

                "CREATE TABLE batches ("
                "  id TEXT NOT NULL PRIMARY KEY, selector TEXT NOT NULL, command TEXT NOT NULL, params TEXT,"
                "  requested BIGINT NOT NULL, finished BIGINT NOT NULL, caller_uid BIGINT NOT NULL);";

/* Keys and backups are kept for ever: only the latest is asked for often. */
static const char version_2[] =
                "CREATE TABLE keys ("
                "  client TEXT NOT NULL, id TEXT NOT NULL, container TEXT NOT NULL, session_key TEXT NOT NULL,"
                "  action TEXT, received BIGINT NOT NULL,"
                "  settled INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (client, id));"
                "CREATE INDEX keys_of_node ON keys (client, container, received);"
                "CREATE INDEX keys_by_key ON keys (session_key);"

                "CREATE TABLE backups ("
                "  client TEXT NOT NULL, id TEXT NOT NULL, container TEXT NOT NULL, file TEXT NOT NULL,"
                "  sha256 TEXT, size BIGINT NOT NULL, finished BIGINT NOT NULL,"
                "  settled INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (client, id));"
                "CREATE INDEX backups_of_node ON backups (client, container, finished);";

static const char version_3[] = "ALTER TABLE commands ADD COLUMN cancel INTEGER NOT NULL DEFAULT 0;";

static const char version_4[] = "ALTER TABLE batches ADD COLUMN state TEXT NOT NULL DEFAULT 'finished';"
                                "ALTER TABLE batches ADD COLUMN status TEXT NOT NULL DEFAULT '';"
                                "ALTER TABLE batches ADD COLUMN total BIGINT NOT NULL DEFAULT 0;"
                                "CREATE INDEX batches_open ON batches (requested) WHERE finished = 0;";

static const char version_5[] =
                "CREATE TABLE enrollments ("
                "  hash BLOB NOT NULL PRIMARY KEY, client TEXT NOT NULL UNIQUE, created BIGINT NOT NULL,"
                "  expires BIGINT NOT NULL, caller_uid BIGINT NOT NULL, credential BLOB);";

/* One row, of number 1. */
static const char version_6[] =
                "CREATE TABLE audit_head ("
                "  number INTEGER NOT NULL PRIMARY KEY, instance TEXT NOT NULL, seq BIGINT NOT NULL,"
                "  hash TEXT NOT NULL, time BIGINT NOT NULL, exact INTEGER NOT NULL);";

static const char version_7[] = "ALTER TABLE commands ADD COLUMN schedule TEXT NOT NULL DEFAULT '';";

static const char version_8[] =
                "CREATE TABLE alerts ("
                "  id TEXT NOT NULL PRIMARY KEY, severity TEXT NOT NULL, kind TEXT NOT NULL, client TEXT NOT NULL,"
                "  container TEXT NOT NULL, subject TEXT NOT NULL, since BIGINT NOT NULL, cleared BIGINT NOT NULL,"
                "  acknowledged INTEGER NOT NULL, silenced INTEGER NOT NULL, told INTEGER NOT NULL, message TEXT NOT NULL);"
                "CREATE INDEX alerts_open ON alerts (id) WHERE cleared = 0 OR told = 0;"
                "CREATE INDEX alerts_cleared ON alerts (cleared) WHERE cleared > 0;"

                "CREATE TABLE silences ("
                "  id TEXT NOT NULL PRIMARY KEY, selector TEXT NOT NULL, kind TEXT NOT NULL, comment TEXT NOT NULL,"
                "  created BIGINT NOT NULL, until BIGINT NOT NULL, caller_uid BIGINT NOT NULL);";

const char *const sql_migrations[] = { version_1, version_2, version_3, version_4, version_5,
                                       version_6, version_7, version_8, NULL };

const char sql_put_client[] =
                "INSERT INTO clients (id, host, version, address, online, revoked, forgotten, since, last_seen,"
                "  labels, commands) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"
                " ON CONFLICT (id) DO UPDATE SET host = excluded.host, version = excluded.version,"
                "  address = excluded.address, online = excluded.online, revoked = excluded.revoked,"
                "  forgotten = excluded.forgotten, since = excluded.since, last_seen = excluded.last_seen,"
                "  labels = excluded.labels, commands = excluded.commands";
const char sql_load_clients[] =
                "SELECT id, host, version, address, online, revoked, forgotten, since, last_seen,"
                "  labels, commands FROM clients ORDER BY id";

const char sql_put_token[] = "INSERT INTO tokens (hash, client, created, expires) VALUES ($1, $2, $3, $4)";
const char sql_put_first_token[] =
                "INSERT INTO tokens (hash, client, created, expires) SELECT $1, $2, $3, $4"
                " WHERE NOT EXISTS (SELECT 1 FROM tokens WHERE client = $2)";
const char sql_delete_tokens[] = "DELETE FROM tokens WHERE client = $1";
const char sql_load_tokens[] = "SELECT hash, client, created, expires FROM tokens ORDER BY client, created";

const char sql_put_enrollment[] =
                "INSERT INTO enrollments (hash, client, created, expires, caller_uid) VALUES ($1, $2, $3, $4, $5)";
const char sql_put_first_enrollment[] =
                "INSERT INTO enrollments (hash, client, created, expires, caller_uid) SELECT $1, $2, $3, $4, $5"
                " WHERE NOT EXISTS (SELECT 1 FROM tokens WHERE client = $2)";
const char sql_use_enrollment[] = "UPDATE enrollments SET credential = $1"
                                  " WHERE hash = $2 AND (credential IS NULL OR credential = $1)";
const char sql_delete_enrollments[] = "DELETE FROM enrollments WHERE client = $1";
const char sql_expire_enrollments[] = "DELETE FROM enrollments WHERE expires <= $1";
const char sql_load_enrollments[] =
                "SELECT hash, client, created, expires, caller_uid, credential FROM enrollments";

const char sql_put_audit_head[] =
                "INSERT INTO audit_head (number, instance, seq, hash, time, exact) VALUES (1, $1, $2, $3, $4, $5)"
                " ON CONFLICT (number) DO UPDATE SET instance = excluded.instance, seq = excluded.seq,"
                "  hash = excluded.hash, time = excluded.time, exact = excluded.exact";
const char sql_load_audit_head[] = "SELECT instance, seq, hash, time, exact FROM audit_head";

const char sql_submit_command[] =
                "INSERT INTO commands (" SQL_COMMAND_COLUMNS ", params, result, phase, schedule)"
                " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)";
const char sql_advance_command[] =
                "UPDATE commands SET state = $1, sent = $2, started = $3, finished = $4, error = $5, result = $6"
                " WHERE id = $7 AND (state = $8 OR state = $9 OR state = $10 OR state = $11 OR state = $12)";
const char sql_cancel_command[] = "UPDATE commands SET cancel = 1 WHERE id = $1";
const char sql_settle_command[] = "UPDATE commands SET phase = $1 WHERE id = $2";
const char sql_get_command[] = "SELECT " SQL_COMMAND_COLUMNS
                               ", params, result, cancel, schedule FROM commands WHERE id = $1";
const char sql_open_commands[] =
                "SELECT " SQL_COMMAND_COLUMNS ", params, result, cancel, schedule FROM commands"
                " WHERE phase = 0 ORDER BY requested, id";

const char sql_put_output[] =
                "INSERT INTO outputs (id, start, output) VALUES ($1, $2, $3)"
                " ON CONFLICT (id) DO UPDATE SET start = excluded.start, output = excluded.output";
const char sql_get_output[] = "SELECT start, output FROM outputs WHERE id = $1";

#define BATCH_COLUMNS "id, selector, command, params, requested, finished, caller_uid, state, status, total"

const char sql_put_batch[] =
                "INSERT INTO batches (" BATCH_COLUMNS ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
                " ON CONFLICT (id) DO UPDATE SET selector = excluded.selector, command = excluded.command,"
                "  params = excluded.params, requested = excluded.requested, finished = excluded.finished,"
                "  caller_uid = excluded.caller_uid, state = excluded.state, status = excluded.status,"
                "  total = excluded.total";
const char sql_get_batch[] = "SELECT " BATCH_COLUMNS " FROM batches WHERE id = $1";
const char sql_open_batches[] =
                "SELECT " BATCH_COLUMNS " FROM batches WHERE finished = 0 ORDER BY requested, id";
/* The second condition is the index's own. */
const char sql_batch_commands[] = SQL_LIST_COMMANDS "batch = $1 AND batch <> '' ORDER BY requested, id";

const char sql_append_key[] = "INSERT INTO keys (client, id, container, session_key, action, received)"
                              " VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (client, id) DO NOTHING";
const char sql_key_is_settled[] = "SELECT settled FROM keys WHERE client = $1 AND id = $2";
const char sql_settle_key[] = "UPDATE keys SET settled = 1 WHERE client = $1 AND id = $2";
const char sql_list_keys[] = "SELECT client, id, container, session_key, action, received FROM keys"
                             " WHERE ($1 IS NULL OR client = $1) AND ($2 IS NULL OR container = $2)"
                             " ORDER BY received DESC, id DESC LIMIT $3";
const char sql_key_elsewhere[] =
                "SELECT client, id, container, session_key, action, received FROM keys AS k"
                " WHERE session_key = $1 AND NOT (client = $2 AND container = $3)"
                " AND NOT EXISTS (SELECT 1 FROM keys WHERE client = k.client AND container = k.container"
                "                 AND received > k.received) LIMIT 1";

const char sql_append_backup[] = "INSERT INTO backups (client, id, container, file, sha256, size, finished)"
                                 " VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (client, id) DO NOTHING";
const char sql_backup_is_settled[] = "SELECT settled FROM backups WHERE client = $1 AND id = $2";
const char sql_settle_backup[] = "UPDATE backups SET settled = 1 WHERE client = $1 AND id = $2";
const char sql_list_backups[] = "SELECT client, id, container, file, sha256, size, finished FROM backups"
                                " WHERE ($1 IS NULL OR client = $1) AND ($2 IS NULL OR container = $2)"
                                " ORDER BY finished DESC, id DESC LIMIT $3";

const char sql_node_times[] =
                "SELECT client, container, MAX(key_time), MAX(backup_time) FROM"
                " (SELECT client, container, MAX(received) AS key_time, 0 AS backup_time FROM keys GROUP BY client, container"
                "  UNION ALL SELECT client, container, 0, MAX(finished) FROM backups GROUP BY client, container) AS times"
                " GROUP BY client, container";

/* Ids begin with their time in ms, of 13 digits until the year 2286: the order of their text is that of the time. An
 * output of a command that is open is younger than a day. */
const char sql_forget_commands[] =
                "DELETE FROM commands WHERE id IN"
                " (SELECT id FROM commands WHERE requested < $1 AND phase > 0 ORDER BY requested LIMIT $2)";
const char sql_forget_batches[] =
                "DELETE FROM batches WHERE id IN"
                " (SELECT id FROM batches WHERE id < $1 AND finished > 0 ORDER BY id LIMIT $2)";
const char sql_forget_outputs[] = "DELETE FROM outputs WHERE id IN"
                                  " (SELECT id FROM outputs WHERE id < $1 ORDER BY id LIMIT $2)";

#define ALERT_COLUMNS \
        "id, severity, kind, client, container, subject, since, cleared, acknowledged, silenced, told, message"

const char sql_put_alert[] =
                "INSERT INTO alerts (" ALERT_COLUMNS
                ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)"
                " ON CONFLICT (id) DO UPDATE SET cleared = excluded.cleared, acknowledged = excluded.acknowledged,"
                "  silenced = excluded.silenced, told = excluded.told, message = excluded.message";
const char sql_settle_alert[] = "UPDATE alerts SET told = 1 WHERE id = $1 AND cleared = $2";
const char sql_open_alerts[] =
                "SELECT " ALERT_COLUMNS " FROM alerts WHERE cleared = 0 OR told = 0 ORDER BY since, id";
const char sql_past_alerts[] = "SELECT " ALERT_COLUMNS
                               " FROM alerts WHERE cleared > 0 ORDER BY cleared DESC, id DESC LIMIT $1";
const char sql_trim_alerts[] =
                "DELETE FROM alerts WHERE cleared > 0 AND told = 1 AND cleared <"
                " (SELECT MIN(cleared) FROM (SELECT cleared FROM alerts WHERE cleared > 0 ORDER BY cleared DESC LIMIT $1) AS kept)";

const char sql_put_silence[] =
                "INSERT INTO silences (id, selector, kind, comment, created, until, caller_uid)"
                " VALUES ($1, $2, $3, $4, $5, $6, $7)";
const char sql_delete_silence[] = "DELETE FROM silences WHERE id = $1";
const char sql_load_silences[] =
                "SELECT id, selector, kind, comment, created, until, caller_uid FROM silences"
                " ORDER BY created, id";
