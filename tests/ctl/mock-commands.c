/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What becomes of a command of the mock: its name, and for exec its first word, is the script. */
#include <string.h>

#include "json.h"
#include "mock-fleet.h"
#include "names.h"

#define START_USEC 1795406800000000ull /* 2026-11-23 04:06:40 UTC, and each command a second later */

static const char *const all_commands[] = { "start",       "stop",       "restart",     "logs",
                                            "status",      "exec",       "backup_keys", "payout",
                                            "rotate_keys", "check_keys", "sweep",       NULL };
static const char *const few_commands[] = { "status", "logs", NULL };
static const char *const validator[] = { "role", "validator", "site", "서울", NULL };
static const char *const none[] = { NULL };

static const char two_nodes[] =
                "{\"containers\":[{\"name\":\"3node0\",\"state\":\"running\",\"cpu_percent\":1.5,"
                "\"node\":{\"peers\":8,\"syncing\":false,\"should_have_peers\":true,\"best\":1507577,\"finality_lag\":2}},"
                "{\"name\":\"3node1\",\"state\":\"exited\",\"health\":\"unhealthy\"}]}";
static const char one_node[] =
                "{\"containers\":[{\"name\":\"3node6\",\"state\":\"running\",\"node\":{\"peers\":8,\"syncing\":false}}]}";

const MockClient mock_clients[] = {
        { "busan-1", "bs1.example.kr", "192.0.2.1:5001", "1.2.0", true, validator, all_commands, "" },
        { "seoul-1", "se1.example.kr", "192.0.2.2:5002", "1.2.0", true, none, all_commands, two_nodes },
        { "seoul-2", "서울둘.example.kr", "", "1.1.0", false, validator, few_commands, one_node },
        {},
};

const MockClient *mock_client(const char *id) {
        for (const MockClient *c = mock_clients; c->id; c++)
                if (strcmp(c->id, id) == 0)
                        return c;
        return NULL;
}

static void end(MockCommand *c, const char *state, const char *result, const char *error) {
        c->result = g_strdup(result);
        c->error = error;
        mock_set_state(c, state);
}

/* All output once more, as agents have it in the result. */
static void end_exec(MockCommand *c, unsigned exit_code) {
        g_autoptr(json_object) result = json_object_new_object();

        json_object_object_add(result, "exit_code", json_object_new_uint64(exit_code));
        json_object_object_add(result, "output", json_object_new_string(c->output->str));
        end(c, exit_code == 0 ? "succeeded" : "failed", json_object_to_json_string(result),
            exit_code == 0 ? NULL : "the program failed");
}

/* A signal of the middle gets lost. */
static void run_gap(MockCommand *c) {
        mock_put_output(c, "one\n", true);
        mock_put_output(c, "two\n", false);
        mock_put_output(c, "three\n", true);
        end_exec(c, 0);
}

/* And what was in it is not kept. */
static void run_lost(MockCommand *c) {
        mock_put_output(c, "one", true);
        mock_put_output(c, "\ntwo\n", false);
        c->forgotten = c->output->len;
        mock_put_output(c, "three\n", true);
        end(c, "succeeded", "{\"exit_code\":0,\"truncated\":true,\"output\":\"three\\n\"}", NULL);
}

/* More than a pipe and both ends hold, in signals alone. */
static void run_flood(MockCommand *c) {
        g_autofree char *line = g_strnfill(999, 'x'), *text = g_strconcat(line, "\n", NULL);

        for (unsigned i = 0; i < 500; i++)
                mock_put_output(c, text, true);
        c->forgotten = c->output->len;
        end(c, "succeeded", "{\"exit_code\":0,\"truncated\":true,\"output\":\"\"}", NULL);
}

/* The service goes away in the middle, and comes back when all is over. */
static void run_blink(MockCommand *c) {
        Mock *m = c->mock;

        mock_put_output(c, "before\n", true);
        (void) sd_bus_release_name(m->bus, MSERVER_BUS_NAME);
        g_hash_table_remove_all(m->subscribers);
        m->silent = true;
        mock_put_output(c, "meanwhile\n", true);
        end_exec(c, 0);
        m->silent = false;
        (void) sd_bus_request_name(m->bus, MSERVER_BUS_NAME, 0);
}

static void run_exec(MockCommand *c) {
        json_object *command = json_member(c->params, "command");
        bool array = json_object_is_type(command, json_type_array);
        const char *word = json_object_get_string(array ? json_object_array_get_idx(command, 0) : command);

        if (strcmp(word, "false") == 0) {
                mock_put_output(c, "no\n", true);
                end_exec(c, 1);
        } else if (strcmp(word, "exit7") == 0) {
                end_exec(c, 7);
        } else if (strcmp(word, "gap") == 0) {
                run_gap(c);
        } else if (strcmp(word, "lost") == 0) {
                run_lost(c);
        } else if (strcmp(word, "flood") == 0) {
                run_flood(c);
        } else if (strcmp(word, "cut") == 0) {
                /* The service never got the end of the output but in the result. */
                mock_put_output(c, "begin\n", true);
                end(c, "succeeded", "{\"exit_code\":0,\"output\":\"begin\\nend\\n\"}", NULL);
        } else if (strcmp(word, "blink") == 0) {
                run_blink(c);
        } else {
                g_autofree char *words = json_plain(command), *line = g_strconcat(words, "\n", NULL);

                mock_put_output(c, line, true);
                end_exec(c, 0);
        }
}

static void run_status(MockCommand *c) {
        g_autofree char *result = g_strdup_printf(
                        "[{\"name\":\"3node0\",\"image\":\"creditcoin:3\",\"state\":\"running\"},"
                        "{\"name\":\"%s\",\"image\":\"creditcoin:3\",\"state\":\"exited\"}]",
                        c->client);

        end(c, "succeeded", result, NULL);
}

static void run_logs(MockCommand *c) {
        mock_put_output(c, "line 1\n", true);
        mock_put_output(c, "line 2\n", true);
        /* With follow it goes on until it is cancelled. */
        if (!json_object_get_boolean(json_member(c->params, "follow")))
                end(c, "succeeded", "\"line 1\\nline 2\\n\"", NULL);
}

static void run(MockCommand *c) {
        mock_set_state(c, "running");
        if (strcmp(c->command, "exec") == 0)
                run_exec(c);
        else if (strcmp(c->command, "status") == 0)
                run_status(c);
        else if (strcmp(c->command, "logs") == 0)
                run_logs(c);
        else if (strcmp(c->command, "start") == 0)
                end(c, "failed", NULL, "no such container \"3node9\"");
        else if (strcmp(c->command, "rotate_keys") == 0)
                end(c, "rejected", NULL, "the node is syncing");
        else if (strcmp(c->command, "payout") == 0) /* of an agent that does not stream */
                end(c, "succeeded", "{\"exit_code\":0,\"output\":\"paid\\n\"}", NULL);
        else if (strcmp(c->command, "backup_keys") == 0)
                end(c, "succeeded", "{\"backup_file\":\"/backup/k.tar\",\"size\":512,\"encrypted\":true}",
                    NULL);
        else if (strcmp(c->container, "all") == 0)
                end(c, "succeeded", "[{\"container\":\"3node0\",\"state\":\"running\"}]", NULL);
        else if (strcmp(c->command, "stop") != 0) /* stop never ends by itself */
                end(c, "succeeded", "{\"container\":\"3node0\",\"state\":\"running\"}", NULL);
}

static int on_turn(sd_event_source *s, void *userdata) {
        run(userdata);
        return 0;
}

void mock_cancel(MockCommand *c) {
        if (c->finished == 0)
                end(c, "cancelled", NULL, NULL);
}

static MockCommand *command_new(Mock *m, const char *client, const char *command, json_object *params) {
        MockCommand *c = g_new0(MockCommand, 1);
        unsigned n = m->commands->len;

        c->mock = m;
        c->id = g_strdup_printf("cmd_%llu_%u", START_USEC / 1000 + n, 1000 + n);
        c->path = g_strconcat(MSERVER_COMMAND_ROOT "/", c->id, NULL);
        c->client = g_strdup(client);
        c->command = g_strdup(command);
        c->container = g_strdup(json_text(params, "container"));
        c->batch = "";
        c->state = "sent";
        c->requested = c->sent = START_USEC + n * 1000000ull;
        c->params = json_object_get(params);
        c->output = g_string_new(NULL);
        g_ptr_array_add(m->commands, c);
        return c;
}

MockCommand *mock_submit(Mock *m, const char *client, const char *command, json_object *params,
                         json_object *options, MockBatch *batch, sd_bus_error *error) {
        const MockClient *known = mock_client(client);
        bool queue = json_object_get_boolean(json_member(options, "queue"));
        MockCommand *c;

        if (!known) {
                (void) sd_bus_error_setf(error, MSERVER_ERROR_PREFIX "NoSuchClient", "no client \"%s\"",
                                         client);
                return NULL;
        }
        if (!known->online && !queue) {
                (void) sd_bus_error_setf(error, MSERVER_ERROR_PREFIX "NotConnected", "%s is offline",
                                         client);
                return NULL;
        }
        c = command_new(m, client, command, params);
        c->member_of = batch;
        if (batch)
                c->batch = batch->id;
        if (!known->online)
                c->state = "queued";
        else if (strcmp(command, "check_keys") == 0)
                run(c); /* over before the caller knows its id */
        else
                (void) sd_event_add_defer(m->event, NULL, on_turn, c);
        return c;
}
