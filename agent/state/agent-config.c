/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* mclient.conf(5) as the agent uses it: every value is checked here, at the start, and not where it is
 * used. */
#include "agent-config.h"

#include <string.h>
#include <unistd.h>

#include "cms.h"
#include "error.h"
#include "fingerprint.h"
#include "ident.h"
#include "limits.h"
#include "names.h"
#include "script-config.h"

#define STATS_INTERVAL_MAX_SEC 86400

static const ConfigKey known_keys[] = {
        { "Agent", "Id" },
        { "Agent", "Server" },
        { "Agent", "CAFile" },
        { "Agent", "Fingerprint" },
        { "Agent", "Labels" },
        { "Agent", "StatsInterval" },
        { "Docker", "Socket" },
        { "Docker", "Containers" },
        { "Rpc", "Port.*" },
        { "Rpc", "Helper" },
        { "Keys", "RotateInterval" },
        { "Keys", "Keystore.*" },
        { "Keys", "Owner" },
        { "Keys", "Owner.*" },
        { "Backup", "Directory" },
        { "Backup", "Recipient" },
        { "Backup", "Keep" },
        { "Policy", "AllowCommands" },
        { "Policy", "AllowContainers" },
        { "Policy", "AllowExec" },
        { "Policy", "AllowCallers" },
        SCRIPT_CONFIG_KEYS,
        {},
};

static bool read_id(AgentConfig *c, const Config *f, GError **error) {
        const char *id = config_get(f, "Agent", "Id");
        char host[HOST_NAME_MAX_BYTES + 1];

        if (!id) {
                if (gethostname(host, sizeof(host)) < 0 || !client_id_is_valid(host))
                        return fleet_fail(error, FLEET_ERROR_CONFIG,
                                          "[Agent] Id= is not set, and the host name is no client id");
                id = host;
        }
        if (!client_id_is_valid(id))
                return fleet_fail(error, FLEET_ERROR_CONFIG,
                                  "[Agent] Id=%s: expected 1 to %d letters, digits, \".\", \"_\" or \"-\"",
                                  id, CLIENT_ID_MAX);
        c->id = g_strdup(id);
        return true;
}

static bool read_server(AgentConfig *c, const Config *f, GError **error) {
        const char *server = config_get(f, "Agent", "Server"), *pin = config_get(f, "Agent", "Fingerprint");
        const char *credentials = g_getenv("CREDENTIALS_DIRECTORY");

        if (!server)
                return fleet_fail(error, FLEET_ERROR_CONFIG,
                                  "[Agent] Server= is not set: expected wss://HOST:%d" WS_PATH, TLS_PORT);
        c->server = g_strdup(server);
        c->endpoint = endpoint_parse(server, error);
        if (!c->endpoint) {
                g_prefix_error(error, "[Agent] Server=: ");
                return false;
        }
        if (pin && !(c->fingerprint = fingerprint_parse(pin, error))) {
                g_prefix_error(error, "[Agent] Fingerprint=: ");
                return false;
        }
        c->ca_file = g_strdup(config_get(f, "Agent", "CAFile"));
        if (!c->ca_file && credentials) {
                g_autofree char *path = g_build_filename(credentials, "ca", NULL);

                if (access(path, F_OK) == 0)
                        c->ca_file = g_steal_pointer(&path);
        }
        return true;
}

static bool read_labels(AgentConfig *c, const Config *f, GError **error) {
        g_auto(GStrv) words = config_get_words(f, "Agent", "Labels");

        c->labels = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
        for (char **w = words; *w; w++) {
                const char *value = strchr(*w, '=');
                size_t n = value ? (size_t) (value - *w) : 0;

                if (n == 0 || n > LABEL_KEY_MAX || strlen(value + 1) > LABEL_VALUE_MAX)
                        return fleet_fail(error, FLEET_ERROR_CONFIG,
                                          "[Agent] Labels=: \"%s\" is no label: expected KEY=VALUE", *w);
                g_hash_table_replace(c->labels, g_strndup(*w, n), g_strdup(value + 1));
        }
        if (g_hash_table_size(c->labels) > LABELS_MAX)
                return fleet_fail(error, FLEET_ERROR_CONFIG,
                                  "[Agent] Labels=: %u labels, at most %d are allowed",
                                  g_hash_table_size(c->labels), LABELS_MAX);
        return true;
}

static void read_docker(AgentConfig *c, const Config *f) {
        const char *socket = config_get(f, "Docker", "Socket");

        c->docker_socket = g_strdup(socket ?: DOCKER_SOCKET);
        c->containers = config_get_words(f, "Docker", "Containers");
        if (!c->containers[0]) {
                g_strfreev(c->containers);
                c->containers = g_strsplit("*", ",", 0);
        }
}

static bool check_absolute(const char *key, const char *path, GError **error) {
        return !path || g_path_is_absolute(path) ||
               fleet_fail(error, FLEET_ERROR_CONFIG, "[Backup] %s=%s: expected an absolute path", key, path);
}

/* An unusable certificate is only warned about: backups are refused until it is mended, which says so to whoever wants
 * one, and the host stays in reach. */
static bool read_backup(AgentConfig *c, const Config *f, ConfigWarn warn, void *userdata, GError **error) {
        const char *directory = config_get(f, "Backup", "Directory"),
                   *recipients = config_get(f, "Backup", "Recipient");
        g_autoptr(CmsRecipients) r = NULL;
        g_autoptr(GError) e = NULL;

        if (!check_absolute("Directory", directory, error) ||
            !check_absolute("Recipient", recipients, error))
                return false;
        c->backup_directory = directory ? g_strdup(directory)
                                        : g_build_filename(c->state_directory, "backups", NULL);
        c->backup_recipients = g_strdup(recipients);
        c->backup_keep = BACKUP_KEEP_DEFAULT;
        r = recipients ? cms_recipients_read(recipients, &e) : NULL;
        if (e && warn) {
                g_autofree char *text = g_strdup_printf(
                                "[Backup] Recipient=: %s; until then keys are not backed up", e->message);

                warn(text, userdata);
        }
        return config_get_uint(f, "Backup", "Keep", 1, BACKUP_KEEP_MAX, &c->backup_keep, error);
}

/* NULL where the key is not set. New strv. */
static char **words_if_set(const Config *f, const char *key) {
        return config_get(f, "Policy", key) ? config_get_words(f, "Policy", key) : NULL;
}

static bool read_policy(AgentConfig *c, const Config *f, GError **error) {
        g_auto(GStrv) commands = words_if_set(f, "AllowCommands"),
                      containers = words_if_set(f, "AllowContainers"),
                      callers = words_if_set(f, "AllowCallers");

        c->policy = policy_new(commands, containers, config_get(f, "Policy", "AllowExec"), callers, error);
        return c->policy;
}

/* systemd.exec(5): several StateDirectory= are separated by colons; ours is the first. */
static char *state_directory(void) {
        const char *directory = g_getenv("STATE_DIRECTORY");

        if (!directory || !*directory)
                return g_strdup(MCLIENT_STATE_DIR);
        return g_strndup(directory, strcspn(directory, ":"));
}

AgentConfig *agent_config_read(const char *path, ConfigWarn warn, void *userdata, GError **error) {
        g_autoptr(Config) f = config_read(path, known_keys, warn, userdata, error);
        g_autoptr(AgentConfig) c = NULL;

        if (!f)
                return NULL;
        c = g_new0(AgentConfig, 1);
        c->file = g_strdup(path);
        c->state_directory = state_directory();
        c->stats_interval = STATS_INTERVAL_DEFAULT_SEC;
        read_docker(c, f);
        if (!read_backup(c, f, warn, userdata, error) || !read_id(c, f, error) ||
            !read_server(c, f, error) || !read_labels(c, f, error) || !read_policy(c, f, error) ||
            !config_get_uint(f, "Agent", "StatsInterval", 1, STATS_INTERVAL_MAX_SEC, &c->stats_interval,
                             error))
                return NULL;
        c->nodes = node_config_read(f, error);
        if (!c->nodes)
                return NULL;
        c->scripts = script_config_read(f, warn, userdata);
        c->script_helper = g_strdup(MCLIENT_SCRIPT_HELPER);
        return g_steal_pointer(&c);
}

AgentConfig *agent_config_free(AgentConfig *c) {
        if (!c)
                return NULL;
        g_free(c->file);
        g_free(c->id);
        g_free(c->server);
        endpoint_free(c->endpoint);
        g_free(c->ca_file);
        g_free(c->fingerprint);
        policy_free(c->policy);
        g_clear_pointer(&c->labels, g_hash_table_unref);
        g_free(c->docker_socket);
        g_strfreev(c->containers);
        g_free(c->state_directory);
        node_config_free(c->nodes);
        g_free(c->backup_directory);
        g_free(c->backup_recipients);
        g_clear_pointer(&c->scripts, g_ptr_array_unref);
        g_free(c->script_socket);
        g_free(c->script_helper);
        g_free(c);
        return NULL;
}
