/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* mclient.conf: defaults, every key, and that a wrong value is named. */
#include <glib.h>
#include <glib/gstdio.h>

#include "agent-config.h"
#include "error.h"
#include "names.h"

static void count_warning(const char *message, void *userdata) {
        ++*(unsigned *) userdata;
}

static AgentConfig *read_text(const char *text, unsigned *ret_warnings, GError **error) {
        g_autofree char *dir = g_dir_make_tmp("agent-config-XXXXXX", NULL), *path = NULL;
        AgentConfig *c;

        *ret_warnings = 0;
        path = g_build_filename(dir, "mclient.conf", NULL);
        g_assert_true(g_file_set_contents(path, text, -1, NULL));
        c = agent_config_read(path, count_warning, ret_warnings, error);
        g_assert_cmpint(g_unlink(path), ==, 0);
        g_assert_cmpint(g_rmdir(dir), ==, 0);
        return c;
}

static void test_defaults(void) {
        g_autoptr(AgentConfig) c = NULL;
        g_autoptr(GError) error = NULL;
        unsigned warnings;

        g_unsetenv("STATE_DIRECTORY");
        g_unsetenv("CREDENTIALS_DIRECTORY");
        c = read_text("[Agent]\nId=a\nServer=wss://fleet.example\n", &warnings, &error);
        g_assert_no_error(error);
        g_assert_cmpuint(warnings, ==, 0);
        g_assert_cmpstr(c->id, ==, "a");
        g_assert_cmpstr(c->server, ==, "wss://fleet.example");
        g_assert_cmpuint(c->endpoint->port, ==, TLS_PORT);
        g_assert_null(c->ca_file);
        g_assert_null(c->fingerprint);
        g_assert_cmpuint(g_hash_table_size(c->labels), ==, 0);
        g_assert_cmpuint(c->stats_interval, ==, 10);
        g_assert_cmpstr(c->docker_socket, ==, DOCKER_SOCKET);
        g_assert_cmpstr(c->containers[0], ==, "*");
        g_assert_null(c->containers[1]);
        g_assert_cmpstr(c->state_directory, ==, MCLIENT_STATE_DIR);
        g_assert_cmpstr(c->backup_directory, ==, MCLIENT_STATE_DIR "/backups");
        g_assert_null(c->backup_recipients);
        g_assert_cmpuint(c->backup_keep, ==, 10);
        g_assert_cmpuint(c->scripts->len, ==, 0);
        g_assert_null(c->script_socket);
        g_assert_true(g_str_has_suffix(c->script_helper, "/mclient-script"));
}

static void test_all(void) {
        g_autoptr(AgentConfig) c = NULL;
        g_autoptr(GError) error = NULL;
        unsigned warnings;

        g_autofree char *refused = NULL;

        g_setenv("STATE_DIRECTORY", "/run/first:/run/second", true);
        c = read_text("[Agent]\nId=seoul-1\nServer=ws://h:1/\nCAFile=/ca.pem\n"
                      "Fingerprint=sha256:9F2C000102030405060708090A0B0C0D0E0F101112131415161718191A1B1CFF\n"
                      "Labels=role=validator,region=kr empty=\nStatsInterval=30\nColour=red\n"
                      "[Docker]\nSocket=/run/other.sock\nContainers=3node* node1\n"
                      "[Backup]\nDirectory=/srv/keys\nKeep=1\n"
                      "[Policy]\nAllowCommands=status\nAllowContainers=3*\nAllowCallers=0\nAllowExec=ls\n",
                      &warnings, &error);
        g_unsetenv("STATE_DIRECTORY");
        g_assert_no_error(error);
        g_assert_cmpuint(warnings, ==, 1);
        g_assert_cmpstr(c->ca_file, ==, "/ca.pem");
        g_assert_cmpstr(c->fingerprint, ==,
                        "SHA256:9f2c000102030405060708090a0b0c0d0e0f101112131415161718191a1b1cff");
        g_assert_cmpstr(g_hash_table_lookup(c->labels, "role"), ==, "validator");
        g_assert_cmpstr(g_hash_table_lookup(c->labels, "region"), ==, "kr");
        g_assert_cmpstr(g_hash_table_lookup(c->labels, "empty"), ==, "");
        g_assert_cmpuint(c->stats_interval, ==, 30);
        g_assert_cmpstr(c->docker_socket, ==, "/run/other.sock");
        g_assert_cmpstr(c->containers[1], ==, "node1");
        g_assert_cmpstr(c->state_directory, ==, "/run/first");
        g_assert_cmpstr(c->backup_directory, ==, "/srv/keys");
        g_assert_cmpuint(c->backup_keep, ==, 1);
        g_assert_nonnull(refused = policy_refuses_command(c->policy, "restart", "0"));
        g_assert_null(policy_refuses_command(c->policy, "status", "0"));
        g_assert_null(policy_refuses_container(c->policy, "3node0"));
}

/* A certificate that is not there does not keep the agent from its server. */
static void test_recipient(void) {
        g_autoptr(AgentConfig) c = NULL;
        g_autoptr(GError) error = NULL;
        unsigned warnings;

        c = read_text("[Agent]\nId=a\nServer=wss://h\n[Backup]\nRecipient=/nowhere/a.pem\n", &warnings,
                      &error);
        g_assert_no_error(error);
        g_assert_cmpuint(warnings, ==, 1);
        g_assert_cmpstr(c->backup_recipients, ==, "/nowhere/a.pem");
}

static void test_ca_credential(void) {
        g_autofree char *dir = g_dir_make_tmp("agent-config-XXXXXX", NULL);
        g_autofree char *path = g_build_filename(dir, "ca", NULL);
        g_autoptr(AgentConfig) without = NULL, with = NULL;
        unsigned warnings;

        g_setenv("CREDENTIALS_DIRECTORY", dir, true);
        without = read_text("[Agent]\nId=a\nServer=wss://h\n", &warnings, NULL);
        g_assert_null(without->ca_file);
        g_assert_true(g_file_set_contents(path, "", 0, NULL));
        with = read_text("[Agent]\nId=a\nServer=wss://h\n", &warnings, NULL);
        g_assert_cmpstr(with->ca_file, ==, path);
        g_unsetenv("CREDENTIALS_DIRECTORY");
        g_assert_cmpint(g_unlink(path), ==, 0);
        g_assert_cmpint(g_rmdir(dir), ==, 0);
}

/* What is declared wrongly is not offered, and the agent starts all the same. */
static void test_scripts(void) {
        g_autoptr(GError) error = NULL;
        g_autoptr(AgentConfig) c = NULL;
        unsigned warnings;

        c = read_text("[Agent]\nId=a\nServer=wss://h\n[Command payout]\nExec=/bin/a\nParameter.era=[0-9]+\n"
                      "[Command bad]\nExec=a\n",
                      &warnings, &error);
        g_assert_no_error(error);
        g_assert_cmpuint(warnings, ==, 1);
        g_assert_cmpuint(c->scripts->len, ==, 1);
        g_assert_nonnull(script_find(c->scripts, "payout"));
}

#define OWNER "0x9f2c000102030405060708090a0b0c0d0e0f101112131415161718191a1b1cff"

static void test_nodes(void) {
        g_autoptr(GError) error = NULL;
        g_autoptr(AgentConfig) none = NULL, some = NULL;
        unsigned warnings;

        none = read_text("[Agent]\nId=a\nServer=wss://h\n", &warnings, &error);
        g_assert_no_error(error);
        g_assert_cmpuint(none->nodes->rotate_interval_usec, ==, 3600 * 1000000ull);
        g_assert_true(g_str_has_suffix(none->nodes->rpc_helper, "/mclient-rpc"));
        g_assert_cmpuint(node_config_port(none->nodes, "3node0"), ==, 0);
        g_assert_null(node_config_keystore(none->nodes, "3node0"));
        g_assert_null(node_config_owner(none->nodes, "3node0"));

        some = read_text("[Agent]\nId=a\nServer=wss://h\n"
                         "[Rpc]\nPort.3node0=9944\nPort.my.node=1\nPort.3node1=5\nPort.3node1=\nHelper=/h\n"
                         "[Keys]\nRotateInterval=90min\nKeystore.3node0=/k\nOwner=" OWNER
                         "\nOwner.3node1=" OWNER "\n",
                         &warnings, &error);
        g_assert_no_error(error);
        g_assert_cmpuint(warnings, ==, 0);
        g_assert_cmpuint(some->nodes->rotate_interval_usec, ==, 5400 * 1000000ull);
        g_assert_cmpstr(some->nodes->rpc_helper, ==, "/h");
        g_assert_cmpuint(node_config_port(some->nodes, "3node0"), ==, 9944);
        g_assert_cmpuint(node_config_port(some->nodes, "my.node"), ==, 1);
        g_assert_cmpuint(node_config_port(some->nodes, "3node1"), ==, 0);
        g_assert_cmpstr(node_config_keystore(some->nodes, "3node0"), ==, "/k");
        g_assert_cmpstr(node_config_owner(some->nodes, "3node1"), ==, OWNER);
        g_assert_cmpstr(node_config_owner(some->nodes, "other"), ==, OWNER);
}

static void test_wrong(void) {
        static const struct {
                const char *text, *named;
        } cases[] = {
                { "[Agent]\nId=a\n", "Server=" },
                { "[Agent]\nId=a b\nServer=wss://h\n", "a b" },
                { "[Agent]\nId=a\nServer=h:8443\n", "h:8443" },
                { "[Agent]\nId=a\nServer=wss://h\nFingerprint=SHA256:12\n", "SHA256:12" },
                { "[Agent]\nId=a\nServer=wss://h\nLabels=role\n", "role" },
                { "[Agent]\nId=a\nServer=wss://h\nLabels==x\n", "=x" },
                { "[Agent]\nId=a\nServer=wss://h\nStatsInterval=0\n", "StatsInterval" },
                { "[Agent]\nId=a\nServer=wss://h\n[Rpc]\nPort.3node0=0\n", "Port.3node0=0" },
                { "[Agent]\nId=a\nServer=wss://h\n[Rpc]\nPort.3node0=65536\n", "65536" },
                { "[Agent]\nId=a\nServer=wss://h\n[Rpc]\nPort.a/b=1\n", "a/b" },
                { "[Agent]\nId=a\nServer=wss://h\n[Keys]\nRotateInterval=often\n", "often" },
                { "[Agent]\nId=a\nServer=wss://h\n[Keys]\nKeystore.3node0=keys\n", "Keystore.3node0=keys" },
                { "[Agent]\nId=a\nServer=wss://h\n[Keys]\nOwner=5Grwva\n", "5Grwva" },
                { "[Agent]\nId=a\nServer=wss://h\n[Keys]\nOwner=" OWNER "0\n", OWNER "0" },
                { "[Agent]\nId=a\nServer=wss://h\n[Keys]\nOwner.3node0=0x12\n", "Owner.3node0=0x12" },
                { "[Agent]\nId=a\nServer=wss://h\n[Backup]\nKeep=0\n", "Keep=0" },
                { "[Agent]\nId=a\nServer=wss://h\n[Backup]\nDirectory=keys\n", "Directory=keys" },
                { "[Agent]\nId=a\nServer=wss://h\n[Backup]\nRecipient=a.pem\n", "Recipient=a.pem" },
        };

        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                g_autoptr(GError) error = NULL;
                unsigned warnings;

                g_assert_null(read_text(cases[i].text, &warnings, &error));
                g_assert_error(error, FLEET_ERROR, FLEET_ERROR_CONFIG);
                g_assert_nonnull(strstr(error->message, cases[i].named));
        }
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/agent-config/defaults", test_defaults);
        g_test_add_func("/agent-config/all", test_all);
        g_test_add_func("/agent-config/ca-credential", test_ca_credential);
        g_test_add_func("/agent-config/nodes", test_nodes);
        g_test_add_func("/agent-config/recipient", test_recipient);
        g_test_add_func("/agent-config/scripts", test_scripts);
        g_test_add_func("/agent-config/wrong", test_wrong);
        return g_test_run();
}
