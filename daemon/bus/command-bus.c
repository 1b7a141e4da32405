/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Command objects: every command there ever was has one (stored-objects.h). */
#include "command-bus.h"

#include <string.h>

#include "bus-internal.h"
#include "bus-method.h"
#include "error.h"
#include "limits.h"
#include "names.h"
#include "paths.h"
#include "stored-objects.h"

static bool parse_none(Request *r, sd_bus_message *m, GError **error) {
        r->args.id = command_id_from_path(sd_bus_message_get_path(m));
        return true;
}

static bool parse_output(Request *r, sd_bus_message *m, GError **error) {
        int e;

        r->args.id = command_id_from_path(sd_bus_message_get_path(m));
        e = sd_bus_message_read(m, "tu", &r->args.offset, &r->args.max);
        if (e < 0)
                return fleet_fail_errno(error, FLEET_ERROR_INVALID_PARAMETER, e,
                                        "Cannot read the arguments");
        if (r->args.max < 1 || r->args.max > OUTPUT_TAIL_BYTES)
                return fleet_fail(error, FLEET_ERROR_INVALID_PARAMETER, "max is %u: expected 1 to %u bytes",
                                  r->args.max, OUTPUT_TAIL_BYTES);
        return true;
}

static void on_cancelled(const CommandRecord *record, const GError *error, void *userdata) {
        g_autoptr(Request) r = userdata;

        if (error)
                request_fail(r, error);
        else
                request_reply(r, NULL);
}

void command_cancel(Request *r) {
        dispatcher_cancel(r->bus->server->dispatcher, r->args.id, on_cancelled, request_ref(r));
}

static void on_result(const CommandRecord *record, const GError *error, void *userdata) {
        g_autoptr(Request) r = userdata;

        if (error)
                request_fail(r, error);
        else
                request_reply(r, "sss", record->params, record->result ?: "", record->error ?: "");
}

static void get_result(Request *r) {
        dispatcher_get(r->bus->server->dispatcher, r->args.id, on_result, request_ref(r));
}

static int append_output(sd_bus_message *m, const void *data, size_t size, uint64_t next, bool more) {
        int r;

        r = sd_bus_message_append_array(m, 'y', data, size);
        return r < 0 ? r : sd_bus_message_append(m, "tb", next, more);
}

static void on_output(const void *data, size_t size, uint64_t next_offset, bool more, const GError *error,
                      void *userdata) {
        g_autoptr(Request) r = userdata;
        g_autoptr(sd_bus_message) reply = NULL;
        Bus *b = r->bus; /* NULL once answered */
        int made;

        if (request_is_answered(r))
                return;
        if (error) {
                request_fail(r, error);
                return;
        }
        made = sd_bus_message_new_method_return(r->message, &reply);
        if (made >= 0)
                made = append_output(reply, data, size, next_offset, more);
        request_send(r, reply, made);
        subscribers_follow(b->subscribers, sd_bus_message_get_sender(r->message), r->args.id, next_offset);
}

static void get_output(Request *r) {
        dispatcher_output(r->bus->server->dispatcher, r->args.id, r->args.offset, r->args.max, on_output,
                          request_ref(r));
}

static const BusMethod methods[] = {
        { "Cancel", ACTION_CANCEL, parse_none, true, command_cancel },
        { "GetResult", ACTION_READ_OUTPUT, parse_none, true, get_result },
        { "GetOutput", ACTION_READ_OUTPUT, parse_output, true, get_output },
        {},
};

static int on_method(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        return bus_method_call(methods, m);
}

static int get_state(sd_bus *bus, const char *path, const char *interface, const char *property,
                     sd_bus_message *reply, void *userdata, sd_bus_error *ret_error) {
        return sd_bus_message_append(reply, "s",
                                     command_state_to_string(((CommandRecord *) userdata)->state));
}

#define CONSTANT(name, type, member) \
        SD_BUS_PROPERTY(name, type, NULL, offsetof(CommandRecord, member), SD_BUS_VTABLE_PROPERTY_CONST)
#define CHANGING(name, type, member)                                       \
        SD_BUS_PROPERTY(name, type, NULL, offsetof(CommandRecord, member), \
                        SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE)

/* The object is the CommandRecord. */
static const sd_bus_vtable vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD_WITH_ARGS("Cancel", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, on_method,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("GetResult", SD_BUS_NO_ARGS,
                                SD_BUS_RESULT("s", parameters, "s", result, "s", error), on_method,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("GetOutput", SD_BUS_ARGS("t", offset, "u", max),
                                SD_BUS_RESULT("ay", chunk, "t", next_offset, "b", more), on_method,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        CONSTANT("Id", "s", id),
        CONSTANT("Client", "s", client),
        CONSTANT("Command", "s", command),
        CONSTANT("Container", "s", container),
        SD_BUS_PROPERTY("State", "s", get_state, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        CONSTANT("Batch", "s", batch),
        CONSTANT("Requested", "t", requested),
        CHANGING("Sent", "t", sent),
        CHANGING("Started", "t", started),
        CHANGING("Finished", "t", finished),
        CONSTANT("CallerUid", "u", caller_uid),
        SD_BUS_VTABLE_END,
};

static const void *peek(Bus *b, const char *id) {
        return dispatcher_peek(b->server->dispatcher, id);
}

static void on_fetched(const CommandRecord *record, const GError *error, void *userdata) {
        stored_object_fetched(userdata, error);
}

static void fetch(Bus *b, const char *id, Request *r) {
        dispatcher_get(b->server->dispatcher, id, on_fetched, r);
}

static const StoredKind kind = { command_id_from_path, peek, fetch };

/* Who looks at one that has not ended is told how it goes on. */
static int on_call(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        Bus *b = userdata;
        void *record;

        if (stored_object_find(&kind, b, sd_bus_message_get_path(m), &record) > 0 &&
            !command_state_is_final(((const CommandRecord *) record)->state))
                signals_watch_command(b->signals, ((const CommandRecord *) record)->id);
        return stored_object_call(&kind, b, m);
}

static int find(sd_bus *bus, const char *path, const char *interface, void *userdata, void **ret_found,
                sd_bus_error *ret_error) {
        return stored_object_find(&kind, userdata, path, ret_found);
}

int command_bus_publish(Bus *b) {
        int r;

        r = sd_bus_add_fallback(b->connection, NULL, MSERVER_COMMAND_ROOT, on_call, b);
        return r < 0 ? r
                     : sd_bus_add_fallback_vtable(b->connection, NULL, MSERVER_COMMAND_ROOT,
                                                  MSERVER_IFACE_COMMAND, vtable, find, b);
}
