/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The agent on its host's system bus: its object, and what changes of it. */
#include "agent-bus.h"

#include <systemd/sd-bus.h>

#include "agent-call.h"
#include "bus-link.h"
#include "names.h"

#define GATHER_MSEC 100 /* what waits for the server may change a hundred times a second */

struct AgentBus {
        Loop *loop;
        const AgentConfig *config;
        Uplink *uplink;
        BusLink *link;
        LoopTimer *gather;
        UplinkState told; /* to whoever listens */

        /* These come and go with the connection. */
        sd_bus *connection; /* borrowed; NULL while there is none */
        AgentCalls *calls;
};

static int get_id(sd_bus *bus, const char *path, const char *interface, const char *property,
                  sd_bus_message *reply, void *userdata, sd_bus_error *ret_error) {
        return sd_bus_message_append(reply, "s", ((AgentBus *) userdata)->config->id);
}

static int get_server(sd_bus *bus, const char *path, const char *interface, const char *property,
                      sd_bus_message *reply, void *userdata, sd_bus_error *ret_error) {
        return sd_bus_message_append(reply, "s", ((AgentBus *) userdata)->config->server);
}

static int get_state(sd_bus *bus, const char *path, const char *interface, const char *property,
                     sd_bus_message *reply, void *userdata, sd_bus_error *ret_error) {
        static const char *const states[] = {
                [UPLINK_CONNECTING] = "connecting", [UPLINK_ONLINE] = "online",
                [UPLINK_WAITING] = "waiting",       [UPLINK_REFUSED] = "refused",
                [UPLINK_STOPPED] = "stopped",
        };

        return sd_bus_message_append(reply, "s", states[uplink_state(((AgentBus *) userdata)->uplink)]);
}

static int get_pending(sd_bus *bus, const char *path, const char *interface, const char *property,
                       sd_bus_message *reply, void *userdata, sd_bus_error *ret_error) {
        return sd_bus_message_append(reply, "u", uplink_pending(((AgentBus *) userdata)->uplink));
}

static int get_last_contact(sd_bus *bus, const char *path, const char *interface, const char *property,
                            sd_bus_message *reply, void *userdata, sd_bus_error *ret_error) {
        return sd_bus_message_append(reply, "t", uplink_last_contact(((AgentBus *) userdata)->uplink));
}

static int on_run(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        agent_call_run(((AgentBus *) userdata)->calls, m);
        return 1;
}

static int on_reconnect(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        agent_call_reconnect(((AgentBus *) userdata)->calls, m);
        return 1;
}

#define OPEN SD_BUS_VTABLE_UNPRIVILEGED /* to all callers: polkit decides */

static const sd_bus_vtable vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD_WITH_ARGS("Run", SD_BUS_ARGS("s", command, "a{sv}", params),
                                SD_BUS_RESULT("s", state, "s", result), on_run, OPEN),
        SD_BUS_METHOD_WITH_ARGS("Reconnect", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, on_reconnect, OPEN),
        SD_BUS_PROPERTY("Id", "s", get_id, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("Server", "s", get_server, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("State", "s", get_state, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("Pending", "u", get_pending, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("LastContact", "t", get_last_contact, 0, 0), /* each message would be a signal */
        SD_BUS_VTABLE_END,
};

static void gone(const char *name, void *userdata) {
        agent_calls_caller_gone(((AgentBus *) userdata)->calls, name);
}

static int connected(sd_bus *bus, void *userdata) {
        AgentBus *b = userdata;

        b->connection = bus;
        b->calls = agent_calls_new(bus, b->config, b->uplink);
        return sd_bus_add_object_vtable(bus, NULL, MCLIENT_ROOT, MCLIENT_IFACE_AGENT, vtable, b);
}

static void disconnected(void *userdata) {
        AgentBus *b = userdata;

        b->calls = agent_calls_free(b->calls);
        b->connection = NULL;
}

static void tell_changed(AgentBus *b, const char *property) {
        if (b->connection)
                (void) sd_bus_emit_properties_changed(b->connection, MCLIENT_ROOT, MCLIENT_IFACE_AGENT,
                                                      property, NULL);
}

void agent_bus_state_changed(AgentBus *b) {
        UplinkState state = uplink_state(b->uplink);

        if (state == b->told) /* only its text is another one */
                return;
        b->told = state;
        tell_changed(b, "State");
}

static void on_gathered(void *userdata) {
        AgentBus *b = userdata;

        b->gather = loop_timer_free(b->gather);
        tell_changed(b, "Pending");
}

void agent_bus_pending_changed(AgentBus *b) {
        if (!b->gather)
                b->gather = loop_timer_new(b->loop, GATHER_MSEC, 0, on_gathered, b);
}

AgentBus *agent_bus_new(Loop *l, const AgentConfig *config, Uplink *uplink) {
        static const BusLinkHandler handler = { connected, disconnected, gone };
        AgentBus *b = g_new0(AgentBus, 1);

        *b = (AgentBus){ .loop = l, .config = config, .uplink = uplink, .told = uplink_state(uplink) };
        b->link = bus_link_new_patient(l, MCLIENT_BUS_NAME, &handler, b);
        return b;
}

AgentBus *agent_bus_free(AgentBus *b) {
        if (!b)
                return NULL;
        loop_timer_free(b->gather);
        bus_link_free(b->link);
        g_free(b);
        return NULL;
}
