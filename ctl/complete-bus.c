/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names for completion from the service, quietly: it is not started for them, nobody is asked for a password, and what
 * cannot be had is left out. */
#include "complete-bus.h"

#include "alert-list.h"
#include "client-containers.h"
#include "client-info.h"
#include "command-list.h"
#include "command-table.h"
#include "json.h"
#include "schedule-list.h"

#define IDS_MAX 50 /* the latest; more are too many to choose from */

struct CompleteBus {
        const BusPlace *place;
        BusClient *bus; /* NULL until it is needed */
};

CompleteBus *complete_bus_new(const BusPlace *place) {
        CompleteBus *b = g_new0(CompleteBus, 1);

        b->place = place;
        return b;
}

CompleteBus *complete_bus_free(CompleteBus *b) {
        if (!b)
                return NULL;
        (void) bus_client_free(b->bus);
        g_free(b);
        return NULL;
}

static BusClient *open_bus(CompleteBus *b) {
        if (b->bus && !bus_client_is_open(b->bus))
                b->bus = bus_client_free(b->bus);
        if (!b->bus && b->place)
                b->bus = bus_client_open(b->place, 0, NULL);
        return b->bus;
}

static char **clients(void *userdata) {
        BusClient *bus = open_bus(userdata);

        return bus ? client_info_ids(bus) : NULL;
}

static char **built_in_commands(void) {
        g_autoptr(GPtrArray) names = g_ptr_array_new();

        for (const CommandInfo *info = command_table; info->name; info++)
                g_ptr_array_add(names, g_strdup(info->name));
        g_ptr_array_add(names, NULL);
        return (char **) g_ptr_array_free(g_steal_pointer(&names), false);
}

static char **commands(const char *client, void *userdata) {
        BusClient *bus = client ? open_bus(userdata) : NULL;
        g_autoptr(json_object) info = bus ? client_info_read(bus, client, NULL) : NULL;
        g_autofree const char **offered = json_strings(json_member(info, "Commands"));

        return offered && offered[0] ? g_strdupv((char **) offered) : built_in_commands();
}

static char **containers(const char *client, void *userdata) {
        BusClient *bus = open_bus(userdata);

        return bus ? client_containers_names(bus, client) : NULL;
}

static char **command_ids(void *userdata) {
        g_autoptr(json_object) filter = json_object_new_object();
        g_autoptr(GPtrArray) rows = NULL, ids = g_ptr_array_new();
        BusClient *bus = open_bus(userdata);

        json_object_object_add(filter, "limit", json_object_new_uint64(IDS_MAX));
        rows = bus ? command_list_read(bus, filter, NULL) : NULL;
        for (unsigned i = 0; rows && i < rows->len; i++)
                g_ptr_array_add(ids, g_strdup(((const CommandRow *) rows->pdata[i])->id));
        g_ptr_array_add(ids, NULL);
        return (char **) g_ptr_array_free(g_steal_pointer(&ids), false);
}

static char **alert_ids(const char *action, void *userdata) {
        BusClient *bus = open_bus(userdata);

        if (bus && g_str_equal(action, "ack"))
                return alert_list_ids(bus);
        return bus && g_str_equal(action, "unsilence") ? alert_list_silence_ids(bus) : NULL;
}

static char **schedules(void *userdata) {
        BusClient *bus = open_bus(userdata);
        g_autoptr(GPtrArray) rows = bus ? schedule_list_read(bus, NULL) : NULL, names = g_ptr_array_new();

        for (unsigned i = 0; rows && i < rows->len; i++)
                g_ptr_array_add(names, g_strdup(((const ScheduleRow *) rows->pdata[i])->name));
        g_ptr_array_add(names, NULL);
        return (char **) g_ptr_array_free(g_steal_pointer(&names), false);
}

CompleteSource complete_bus_source(CompleteBus *b) {
        return (CompleteSource){ clients, commands, containers, command_ids, alert_ids, schedules, b };
}
