/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A fleet that behaves as the words of its commands say, for tests of the command line. */
#pragma once

#include <glib.h>
#include <json-c/json.h>
#include <stdbool.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

typedef struct MockClient {
        const char *id, *host, *address, *version;
        bool online;
        const char *const *labels;   /* key, value, … */
        const char *const *commands; /* NULL-terminated */
        const char *stats;           /* JSON text */
} MockClient;

typedef struct MockBatch {
        char *id, *path;
        const char *selector, *command, *state, *status;
        uint32_t total, sent, succeeded, failed, skipped;
        GPtrArray *members; /* MockCommand */
        GQueue waiting;     /* MockClient, whose turn is still to come */
        json_object *params, *options;
} MockBatch;

typedef struct MockCommand {
        struct Mock *mock;
        char *id, *path, *client, *command, *container;
        const char *state, *batch, *error;
        uint64_t requested, sent, started, finished;
        uint32_t uid;
        json_object *params;
        char *result;
        GString *output;
        size_t forgotten;     /* of its beginning: what is not kept */
        MockBatch *member_of; /* NULL: none */
} MockCommand;

typedef struct Mock {
        sd_bus *bus;
        sd_event *event;
        GPtrArray *commands; /* MockCommand, oldest first */
        GPtrArray *batches;
        GHashTable *subscribers; /* unique names */
        bool silent;             /* not on the bus: signals would be nobody's */
} Mock;

extern const MockClient mock_clients[]; /* ended by a NULL id */
const MockClient *mock_client(const char *id);

/* mock-objects.c: by id or object path; NULL: there is none. */
MockCommand *mock_find_command(const Mock *m, const char *id);
MockBatch *mock_find_batch(const Mock *m, const char *id);
int mock_append_members(sd_bus_message *reply, const MockBatch *b);
int mock_publish_objects(Mock *m);

/* mock-bus.c: publishing, and telling of changes. */
int mock_publish(Mock *m);
void mock_set_state(MockCommand *c, const char *state);
void mock_put_output(MockCommand *c, const char *text, bool tell);

/* mock-alerts.c: methods */
int mock_list_alerts(sd_bus_message *m, void *userdata, sd_bus_error *error);
int mock_list_past_alerts(sd_bus_message *m, void *userdata, sd_bus_error *error);
int mock_list_silences(sd_bus_message *m, void *userdata, sd_bus_error *error);
int mock_end_alert(sd_bus_message *m, void *userdata, sd_bus_error *error);
int mock_silence_alerts(sd_bus_message *m, void *userdata, sd_bus_error *error);

/* mock-batches.c */
int mock_broadcast(sd_bus_message *m, void *userdata, sd_bus_error *error);
void mock_count_end(MockCommand *c);
int mock_read_dicts(sd_bus_message *m, json_object **params, json_object **options);

/* mock-schedules.c */
int mock_create_schedule(sd_bus_message *m, void *userdata, sd_bus_error *error);
int mock_change_schedule(sd_bus_message *m, void *userdata, sd_bus_error *error);
int mock_run_schedule(sd_bus_message *m, void *userdata, sd_bus_error *error);
int mock_list_schedules(sd_bus_message *m, void *userdata, sd_bus_error *error);

/* mock-commands.c: what becomes of a command. NULL with error set where it is refused at once. */
MockCommand *mock_submit(Mock *m, const char *client, const char *command, json_object *params,
                         json_object *options, MockBatch *batch, sd_bus_error *error);
void mock_cancel(MockCommand *c);
