/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Batch objects: how far a broadcast has come, as properties.
 *
 * Those of batches that have ended are not listed, but answer (stored-objects.h). */
#include "batch-bus.h"

#include "bus-internal.h"
#include "bus-method.h"
#include "dict.h"
#include "error.h"
#include "names.h"
#include "paths.h"
#include "stored-objects.h"

bool batch_find_of(Request *r, GError **error) {
        const Batch *b = batches_find(r->bus->server->batches, r->args.id);

        if (!b || b->finished != 0)
                return fleet_fail(error, FLEET_ERROR_NO_SUCH_COMMAND,
                                  "No batch \"%s\" is running: expected an id that Broadcast returned",
                                  r->args.id);
        r->owner_uid = b->caller_uid;
        r->subject.batch = g_strdup(b->id);
        r->subject.command = g_strdup(b->command);
        r->subject.selector = g_strdup(b->selector);
        return true;
}

void batch_cancel(Request *r) {
        g_autoptr(GError) error = NULL;

        if (batches_cancel(r->bus->server->batches, r->args.id, &error))
                request_reply(r, NULL);
        else
                request_fail(r, error);
}

static bool parse(Request *r, sd_bus_message *m, GError **error) {
        r->args.id = batch_id_from_path(sd_bus_message_get_path(m));
        return batch_find_of(r, error);
}

static const BusMethod methods[] = {
        { "Cancel", ACTION_CANCEL, parse, false, batch_cancel },
        {},
};

static int on_method(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        return bus_method_call(methods, m);
}

#define COUNT(name, member) \
        SD_BUS_PROPERTY(name, "u", NULL, offsetof(Batch, member), SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE)

/* The object is the Batch. */
static const sd_bus_vtable vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD_WITH_ARGS("Cancel", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, on_method,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_PROPERTY("Id", "s", NULL, offsetof(Batch, id), SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("Selector", "s", NULL, offsetof(Batch, selector), SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("Command", "s", NULL, offsetof(Batch, command), SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("State", "s", NULL, offsetof(Batch, state), SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("Status", "s", NULL, offsetof(Batch, status), SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("Requested", "t", NULL, offsetof(Batch, requested), SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("Finished", "t", NULL, offsetof(Batch, finished),
                        SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        COUNT("Total", total),
        COUNT("Sent", sent),
        COUNT("Succeeded", succeeded),
        COUNT("Failed", failed),
        COUNT("Skipped", skipped),
        /* As many as there are clients: announced by name alone. */
        SD_BUS_PROPERTY("Commands", "a{ss}", dict_property_get, offsetof(Batch, commands),
                        SD_BUS_VTABLE_PROPERTY_EMITS_INVALIDATION),
        SD_BUS_VTABLE_END,
};

static const void *peek(Bus *b, const char *id) {
        return batches_find(b->server->batches, id);
}

static void on_fetched(const Batch *batch, const GError *error, void *userdata) {
        stored_object_fetched(userdata, error);
}

static void fetch(Bus *b, const char *id, Request *r) {
        batches_get(b->server->batches, id, on_fetched, r);
}

static const StoredKind kind = { batch_id_from_path, peek, fetch };

static int on_call(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        return stored_object_call(&kind, userdata, m);
}

static int find(sd_bus *bus, const char *path, const char *interface, void *userdata, void **ret_found,
                sd_bus_error *ret_error) {
        return stored_object_find(&kind, userdata, path, ret_found);
}

static int enumerate(sd_bus *bus, const char *prefix, void *userdata, char ***ret_nodes,
                     sd_bus_error *ret_error) {
        Bus *b = userdata;
        g_autoptr(GPtrArray) batches = batches_list(b->server->batches);
        char **nodes = g_new0(char *, batches->len + 1);

        for (guint i = 0; i < batches->len; i++)
                nodes[i] = batch_path(((const Batch *) g_ptr_array_index(batches, i))->id);
        *ret_nodes = nodes;
        return 0;
}

int batch_bus_publish(Bus *b) {
        int r;

        r = sd_bus_add_fallback(b->connection, NULL, MSERVER_BATCH_ROOT, on_call, b);
        if (r >= 0)
                r = sd_bus_add_fallback_vtable(b->connection, NULL, MSERVER_BATCH_ROOT, MSERVER_IFACE_BATCH,
                                               vtable, find, b);
        return r < 0 ? r : sd_bus_add_node_enumerator(b->connection, NULL, MSERVER_BATCH_ROOT, enumerate, b);
}
