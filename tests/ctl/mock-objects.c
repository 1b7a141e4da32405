/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The mock's objects: clients, commands and batches. */
#include <string.h>

#include "bus-client.h"
#include "mock-fleet.h"
#include "names.h"

MockCommand *mock_find_command(const Mock *m, const char *id) {
        for (unsigned i = 0; i < m->commands->len; i++) {
                MockCommand *c = m->commands->pdata[i];

                if (strcmp(c->id, id) == 0 || strcmp(c->path, id) == 0)
                        return c;
        }
        return NULL;
}

MockBatch *mock_find_batch(const Mock *m, const char *id) {
        for (unsigned i = 0; i < m->batches->len; i++) {
                MockBatch *b = m->batches->pdata[i];

                if (strcmp(b->id, id) == 0 || strcmp(b->path, id) == 0)
                        return b;
        }
        return NULL;
}

int mock_append_members(sd_bus_message *reply, const MockBatch *b) {
        int r = sd_bus_message_open_container(reply, 'a', "{ss}");

        for (unsigned i = 0; r >= 0 && i < b->members->len; i++) {
                const MockCommand *c = b->members->pdata[i];

                r = sd_bus_message_append(reply, "{ss}", c->client, c->id);
        }
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int get_result(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        const MockCommand *c = userdata;

        return sd_bus_reply_method_return(m, "sss",
                                          json_object_to_json_string_ext(c->params, JSON_C_TO_STRING_PLAIN),
                                          c->result ?: "", c->error ?: "");
}

static int get_output(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        g_autoptr(sd_bus_message) reply = NULL;
        const MockCommand *c = userdata;
        uint64_t offset;
        uint32_t max;
        size_t size;
        int r = sd_bus_message_read(m, "tu", &offset, &max);

        if (r >= 0)
                r = sd_bus_message_new_method_return(m, &reply);
        if (r < 0)
                return r;
        offset = CLAMP(offset, c->forgotten, c->output->len);
        size = MIN(max, c->output->len - offset);
        size = MIN(size, 5); /* so that more than one call is needed */
        r = sd_bus_message_append_array(reply, 'y', c->output->str + offset, size);
        if (r >= 0)
                r = sd_bus_message_append(reply, "tb", offset + size,
                                          c->finished == 0 || offset + size < c->output->len);
        return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

static int get_client_state(sd_bus *bus, const char *path, const char *interface, const char *property,
                            sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        return sd_bus_message_append(reply, "s",
                                     ((const MockClient *) userdata)->online ? "online" : "offline");
}

static int get_since(sd_bus *bus, const char *path, const char *interface, const char *property,
                     sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        return sd_bus_message_append(reply, "t", (uint64_t) 1795406800000000);
}

static int get_labels(sd_bus *bus, const char *path, const char *interface, const char *property,
                      sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        const char *const *label = ((const MockClient *) userdata)->labels;
        int r = sd_bus_message_open_container(reply, 'a', "{ss}");

        for (; r >= 0 && *label; label += 2)
                r = sd_bus_message_append(reply, "{ss}", label[0], label[1]);
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int get_members(sd_bus *bus, const char *path, const char *interface, const char *property,
                       sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        return mock_append_members(reply, userdata);
}

#define METHOD(name, in, out, handler) SD_BUS_METHOD(name, in, out, handler, SD_BUS_VTABLE_UNPRIVILEGED)
#define MEMBER(type, name, signature, member) \
        SD_BUS_PROPERTY(name, signature, NULL, offsetof(type, member), 0)
#define CHANGING(name, signature, member)                                   \
        SD_BUS_PROPERTY(name, signature, NULL, offsetof(MockBatch, member), \
                        SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE)

static const sd_bus_vtable client[] = {
        SD_BUS_VTABLE_START(0),
        MEMBER(MockClient, "Id", "s", id),
        MEMBER(MockClient, "Host", "s", host),
        SD_BUS_PROPERTY("State", "s", get_client_state, 0, 0),
        MEMBER(MockClient, "Address", "s", address),
        MEMBER(MockClient, "Version", "s", version),
        SD_BUS_PROPERTY("Since", "t", get_since, 0, 0),
        SD_BUS_PROPERTY("LastSeen", "t", get_since, 0, 0),
        SD_BUS_PROPERTY("Labels", "a{ss}", get_labels, 0, 0),
        MEMBER(MockClient, "Commands", "as", commands),
        SD_BUS_VTABLE_END,
};

static const sd_bus_vtable command[] = {
        SD_BUS_VTABLE_START(0),
        METHOD("GetResult", NULL, "sss", get_result),
        METHOD("GetOutput", "tu", "aytb", get_output),
        MEMBER(MockCommand, "Id", "s", id),
        MEMBER(MockCommand, "Client", "s", client),
        MEMBER(MockCommand, "Command", "s", command),
        MEMBER(MockCommand, "Container", "s", container),
        MEMBER(MockCommand, "State", "s", state),
        MEMBER(MockCommand, "Batch", "s", batch),
        MEMBER(MockCommand, "Requested", "t", requested),
        MEMBER(MockCommand, "Sent", "t", sent),
        MEMBER(MockCommand, "Started", "t", started),
        MEMBER(MockCommand, "Finished", "t", finished),
        MEMBER(MockCommand, "CallerUid", "u", uid),
        SD_BUS_VTABLE_END,
};

static const sd_bus_vtable batch[] = {
        SD_BUS_VTABLE_START(0),
        MEMBER(MockBatch, "Id", "s", id),
        MEMBER(MockBatch, "Selector", "s", selector),
        MEMBER(MockBatch, "Command", "s", command),
        CHANGING("State", "s", state),
        CHANGING("Status", "s", status),
        CHANGING("Total", "u", total),
        CHANGING("Sent", "u", sent),
        CHANGING("Succeeded", "u", succeeded),
        CHANGING("Failed", "u", failed),
        CHANGING("Skipped", "u", skipped),
        SD_BUS_PROPERTY("Commands", "a{ss}", get_members, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_VTABLE_END,
};

static int find_client_object(sd_bus *bus, const char *path, const char *interface, void *userdata,
                              void **ret, sd_bus_error *error) {
        g_autofree char *id = NULL;

        if (sd_bus_path_decode(path, MSERVER_CLIENT_ROOT, &id) <= 0)
                return 0;
        *ret = (void *) mock_client(id);
        return *ret != NULL;
}

static int find_command_object(sd_bus *bus, const char *path, const char *interface, void *userdata,
                               void **ret, sd_bus_error *error) {
        *ret = mock_find_command(userdata, path);
        return *ret != NULL;
}

static int find_batch_object(sd_bus *bus, const char *path, const char *interface, void *userdata,
                             void **ret, sd_bus_error *error) {
        *ret = mock_find_batch(userdata, path);
        return *ret != NULL;
}

static int list_objects(sd_bus *bus, const char *prefix, void *userdata, char ***ret, sd_bus_error *error) {
        GPtrArray *paths = g_ptr_array_new();

        for (const MockClient *c = mock_clients; c->id; c++) {
                char *path = NULL;

                if (sd_bus_path_encode(MSERVER_CLIENT_ROOT, c->id, &path) >= 0)
                        g_ptr_array_add(paths, path);
        }
        g_ptr_array_add(paths, NULL);
        *ret = (char **) g_ptr_array_free(paths, false);
        return 0;
}

int mock_publish_objects(Mock *m) {
        int r;

        r = sd_bus_add_fallback_vtable(m->bus, NULL, MSERVER_CLIENT_ROOT, MSERVER_IFACE_CLIENT, client,
                                       find_client_object, m);
        if (r >= 0)
                r = sd_bus_add_node_enumerator(m->bus, NULL, MSERVER_CLIENT_ROOT, list_objects, m);
        if (r >= 0)
                r = sd_bus_add_fallback_vtable(m->bus, NULL, MSERVER_COMMAND_ROOT, MSERVER_IFACE_COMMAND,
                                               command, find_command_object, m);
        if (r >= 0)
                r = sd_bus_add_fallback_vtable(m->bus, NULL, MSERVER_BATCH_ROOT, MSERVER_IFACE_BATCH, batch,
                                               find_batch_object, m);
        return r;
}
