/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* org.mserver1 as the command line uses it, for tests: each call is written to standard output, one a line. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "bus-client.h"
#include "bus-json.h"
#include "json.h"
#include "mock-fleet.h"
#include "names.h"

#define TAKE_USEC 1200000 /* how long commands of the mock take, as it says */

void mock_set_state(MockCommand *c, const char *state) {
        c->state = state;
        if (strcmp(state, "running") == 0)
                c->started = c->sent;
        else
                c->finished = c->sent + TAKE_USEC;
        if (!c->mock->silent)
                (void) sd_bus_emit_signal(c->mock->bus, MSERVER_ROOT, MSERVER_IFACE_MANAGER,
                                          "CommandStateChanged", "ssss", c->id, c->client, c->command,
                                          c->state);
        if (c->finished > 0 && c->member_of)
                mock_count_end(c);
}

static void tell_output(MockCommand *c, const char *subscriber, uint64_t offset, const char *text) {
        g_autoptr(sd_bus_message) signal = NULL;

        if (sd_bus_message_new_signal(c->mock->bus, &signal, MSERVER_ROOT, MSERVER_IFACE_MANAGER,
                                      "CommandOutput") < 0 ||
            sd_bus_message_append(signal, "st", c->id, offset) < 0 ||
            sd_bus_message_append_array(signal, 'y', text, strlen(text)) < 0)
                return;
        (void) sd_bus_send_to(c->mock->bus, signal, subscriber, NULL);
}

void mock_put_output(MockCommand *c, const char *text, bool tell) {
        uint64_t offset = c->output->len;
        GHashTableIter i;
        gpointer name;

        g_string_append(c->output, text);
        g_hash_table_iter_init(&i, c->mock->subscribers);
        while (tell && g_hash_table_iter_next(&i, &name, NULL))
                tell_output(c, name, offset, text);
}

static int list_clients(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        g_autoptr(sd_bus_message) reply = NULL;
        int r = sd_bus_message_new_method_return(m, &reply);

        puts("ListClients");
        if (r >= 0)
                r = sd_bus_message_open_container(reply, 'a', "(sssto)");
        for (const MockClient *c = mock_clients; r >= 0 && c->id; c++) {
                char *path = NULL;

                r = sd_bus_path_encode(MSERVER_CLIENT_ROOT, c->id, &path);
                if (r >= 0)
                        r = sd_bus_message_append(reply, "(sssto)", c->id, c->host,
                                                  c->online ? "online" : "offline",
                                                  (uint64_t) 1795406800000000, path);
                g_free(path);
        }
        if (r >= 0)
                r = sd_bus_message_close_container(reply);
        return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

static int send_command(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        g_autoptr(json_object) params = NULL, options = NULL;
        const char *client, *command;
        MockCommand *c;
        int r = sd_bus_message_read(m, "ss", &client, &command);

        if (r >= 0)
                r = mock_read_dicts(m, &params, &options);
        if (r < 0)
                return r;
        printf("SendCommand %s %s %s %s\n", client, command,
               json_object_to_json_string_ext(params, JSON_C_TO_STRING_PLAIN),
               json_object_to_json_string_ext(options, JSON_C_TO_STRING_PLAIN));
        if (strcmp(command, "sweep") == 0 && !sd_bus_message_get_allow_interactive_authorization(m))
                return sd_bus_error_set(error, SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED,
                                        "needs authentication");
        c = mock_submit(userdata, client, command, params, options, NULL, error);
        return c ? sd_bus_reply_method_return(m, "so", c->id, c->path) : -EINVAL;
}

static int no_such_command(sd_bus_error *error, const char *id) {
        return sd_bus_error_setf(error, MSERVER_ERROR_PREFIX "NoSuchCommand", "no command \"%s\"", id);
}

static int cancel_command(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        const char *id;
        MockCommand *c;
        int r = sd_bus_message_read(m, "s", &id);

        if (r < 0)
                return r;
        printf("CancelCommand %s\n", id);
        c = mock_find_command(userdata, id);
        if (!c)
                return no_such_command(error, id);
        mock_cancel(c);
        return sd_bus_reply_method_return(m, NULL);
}

static int cancel_batch(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        const char *id;
        MockBatch *b;
        int r = sd_bus_message_read(m, "s", &id);

        if (r < 0)
                return r;
        printf("CancelBatch %s\n", id);
        b = mock_find_batch(userdata, id);
        if (!b)
                return no_such_command(error, id);
        for (unsigned i = 0; i < b->members->len; i++)
                mock_cancel(b->members->pdata[i]);
        return sd_bus_reply_method_return(m, NULL);
}

static int get_command(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        const char *id;
        MockCommand *c;
        int r = sd_bus_message_read(m, "s", &id);

        if (r < 0)
                return r;
        c = mock_find_command(userdata, id);
        return c ? sd_bus_reply_method_return(m, "o", c->path) : no_such_command(error, id);
}

static bool matches(json_object *filter, const MockCommand *c) {
        static const char *const names[] = { "client", "command", "state", "batch" };
        const char *const values[] = { c->client, c->command, c->state, c->batch };

        for (unsigned i = 0; i < G_N_ELEMENTS(names); i++)
                if (json_member(filter, names[i]) && strcmp(json_text(filter, names[i]), values[i]) != 0)
                        return false;
        return !json_member(filter, "since") || c->requested >= json_uint(filter, "since");
}

static int list_commands(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        g_autoptr(sd_bus_message) reply = NULL;
        g_autoptr(json_object) filter = NULL;
        const Mock *mock = userdata;
        int r = bus_read_json(m, &filter);

        if (r >= 0)
                r = sd_bus_message_new_method_return(m, &reply);
        if (r < 0)
                return r;
        printf("ListCommands %s\n", json_object_to_json_string_ext(filter, JSON_C_TO_STRING_PLAIN));
        r = sd_bus_message_open_container(reply, 'a', "(sssstts)");
        for (unsigned i = mock->commands->len; r >= 0 && i > 0; i--) {
                const MockCommand *c = mock->commands->pdata[i - 1];

                if (matches(filter, c))
                        r = sd_bus_message_append(reply, "(sssstts)", c->id, c->client, c->command, c->state,
                                                  c->requested, c->finished, c->error ?: "");
        }
        if (r >= 0)
                r = sd_bus_message_close_container(reply);
        return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

/* CreateToken and CreateEnrollment. */
static int create_token(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        g_autoptr(json_object) options = NULL;
        const char *client;
        int r = sd_bus_message_read(m, "s", &client);

        if (r >= 0)
                r = bus_read_json(m, &options);
        if (r < 0)
                return r;
        printf("%s %s %s\n", sd_bus_message_get_member(m), client,
               json_object_to_json_string_ext(options, JSON_C_TO_STRING_PLAIN));
        if (mock_client(client) && !json_object_get_boolean(json_member(options, "replace")))
                return sd_bus_error_setf(error, MSERVER_ERROR_PREFIX "AlreadyExists", "%s has a token",
                                         client);
        return sd_bus_reply_method_return(m, "s",
                                          strcmp(sd_bus_message_get_member(m), "CreateToken") == 0
                                                          ? "5ecre7"
                                                          : "wss://a SHA256:0 5ecre7");
}

/* RevokeClient and ForgetClient. */
static int end_client(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        const char *id;
        int r = sd_bus_message_read(m, "s", &id);

        if (r < 0)
                return r;
        printf("%s %s\n", sd_bus_message_get_member(m), id);
        if (strcmp(id, "busan-1") == 0)
                return sd_bus_error_set(error, SD_BUS_ERROR_ACCESS_DENIED, "RevokeClient is denied");
        return sd_bus_reply_method_return(m, NULL);
}

static int get_latest_stats(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        const MockClient *c;
        const char *id;
        int r = sd_bus_message_read(m, "s", &id);

        if (r < 0)
                return r;
        c = mock_client(id);
        if (!c)
                return sd_bus_error_setf(error, MSERVER_ERROR_PREFIX "NoSuchClient", "no client \"%s\"", id);
        return sd_bus_reply_method_return(m, "ss", c->stats, "");
}

static int get_stats(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        const char *id;
        uint64_t from, to;
        uint32_t points;
        int r = sd_bus_message_read(m, "sttu", &id, &from, &to, &points);

        if (r < 0)
                return r;
        return sd_bus_reply_method_return(
                        m, "s",
                        strcmp(id, "seoul-1") == 0
                                        ? "{\"series\":{\"cpu_percent\":[0,50,null,100],\"load\":[1,2]},"
                                          "\"containers\":{\"3node0\":{\"peers\":[8,8]},\"3node1\":{}}}"
                                        : "{\"series\":{},\"containers\":{}}");
}

static bool is_meant(const char *client, const char *container, const char *of, const char *node) {
        return (!client[0] || strcmp(client, of) == 0) && (!container[0] || strcmp(container, node) == 0);
}

static int list_keys(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        static const struct {
                const char *client, *container, *key;
                uint64_t received;
                const char *command;
        } keys[] = {
                { "seoul-1", "3node0", "0xcafe", 1795406800000000, "cmd_1_1000" },
                { "seoul-2", "3node6", "0xbeef", 1795406700000000, "" },
                { "seoul-1", "3node0", "0x0101", 1795406600000000, "" },
        };
        g_autoptr(sd_bus_message) reply = NULL;
        const char *client, *container;
        int r = sd_bus_message_read(m, "ss", &client, &container);

        if (r >= 0)
                r = sd_bus_message_new_method_return(m, &reply);
        if (r >= 0)
                r = sd_bus_message_open_container(reply, 'a', "(sssts)");
        for (unsigned i = 0; r >= 0 && i < G_N_ELEMENTS(keys); i++)
                if (is_meant(client, container, keys[i].client, keys[i].container))
                        r = sd_bus_message_append(reply, "(sssts)", keys[i].client, keys[i].container,
                                                  keys[i].key, keys[i].received, keys[i].command);
        if (r >= 0)
                r = sd_bus_message_close_container(reply);
        return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

static int list_backups(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        g_autoptr(sd_bus_message) reply = NULL;
        const char *client, *container;
        int r = sd_bus_message_read(m, "ss", &client, &container);

        if (r >= 0)
                r = sd_bus_message_new_method_return(m, &reply);
        if (r >= 0)
                r = sd_bus_message_open_container(reply, 'a', "(sssstt)");
        for (unsigned n = 2; r >= 0 && n > 0; n--) {
                g_autofree char *file = g_strdup_printf("/backup/%u.tar", n);

                if (is_meant(client, container, "seoul-1", "3node0"))
                        r = sd_bus_message_append(reply, "(sssstt)", "seoul-1", "3node0", file, "00ff",
                                                  (uint64_t) 48200, 1795406800000000 + n);
        }
        if (r >= 0)
                r = sd_bus_message_close_container(reply);
        return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

static int subscribe(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        puts("Subscribe");
        g_hash_table_add(((Mock *) userdata)->subscribers, g_strdup(sd_bus_message_get_sender(m)));
        return sd_bus_reply_method_return(m, NULL);
}

#define METHOD(name, in, out, handler) SD_BUS_METHOD(name, in, out, handler, SD_BUS_VTABLE_UNPRIVILEGED)

static const sd_bus_vtable manager[] = {
        SD_BUS_VTABLE_START(0),
        METHOD("ListClients", NULL, "a(sssto)", list_clients),
        METHOD("SendCommand", "ssa{sv}a{sv}", "so", send_command),
        METHOD("Broadcast", "ssa{sv}a{sv}", "soa{ss}", mock_broadcast),
        METHOD("CancelCommand", "s", NULL, cancel_command),
        METHOD("CancelBatch", "s", NULL, cancel_batch),
        METHOD("GetCommand", "s", "o", get_command),
        METHOD("ListCommands", "a{sv}", "a(sssstts)", list_commands),
        METHOD("CreateToken", "sa{sv}", "s", create_token),
        METHOD("CreateEnrollment", "sa{sv}", "s", create_token),
        METHOD("RevokeClient", "s", NULL, end_client),
        METHOD("ForgetClient", "s", NULL, end_client),
        METHOD("GetLatestStats", "s", "ss", get_latest_stats),
        METHOD("GetStats", "sttu", "s", get_stats),
        METHOD("ListKeys", "ss", "a(sssts)", list_keys),
        METHOD("ListBackups", "ss", "a(sssstt)", list_backups),
        METHOD("ListAlerts", NULL, "a(ssssstb)", mock_list_alerts),
        METHOD("ListPastAlerts", "u", "a(ssssstt)", mock_list_past_alerts),
        METHOD("AcknowledgeAlert", "s", NULL, mock_end_alert),
        METHOD("SilenceAlerts", "ssts", "s", mock_silence_alerts),
        METHOD("ListSilences", NULL, "a(sssttus)", mock_list_silences),
        METHOD("RemoveSilence", "s", NULL, mock_end_alert),
        METHOD("CreateSchedule", "ssssa{sv}a{sv}", NULL, mock_create_schedule),
        METHOD("DeleteSchedule", "s", NULL, mock_change_schedule),
        METHOD("EnableSchedule", "sb", NULL, mock_change_schedule),
        METHOD("RunSchedule", "s", "so", mock_run_schedule),
        METHOD("ListSchedules", NULL, "a(sssssbtt)", mock_list_schedules),
        METHOD("Subscribe", NULL, NULL, subscribe),
        SD_BUS_SIGNAL("CommandStateChanged", "ssss", 0),
        SD_BUS_SIGNAL("CommandOutput", "stay", 0),
        SD_BUS_VTABLE_END,
};

int mock_publish(Mock *m) {
        int r = sd_bus_add_object_manager(m->bus, NULL, MSERVER_ROOT);

        if (r >= 0)
                r = sd_bus_add_object_vtable(m->bus, NULL, MSERVER_ROOT, MSERVER_IFACE_MANAGER, manager, m);
        return r < 0 ? r : mock_publish_objects(m);
}
