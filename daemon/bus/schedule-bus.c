/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Schedule objects: their definitions, as properties. What they send with is not among them, as properties cannot ask
 * polkit: ListSchedules has it. */
#include "schedule-bus.h"

#include "bus-internal.h"
#include "names.h"
#include "paths.h"

static int get_enabled(sd_bus *bus, const char *path, const char *interface, const char *property,
                       sd_bus_message *reply, void *userdata, sd_bus_error *ret_error) {
        return sd_bus_message_append(reply, "b", (int) ((const Schedule *) userdata)->enabled);
}

static int get_persistent(sd_bus *bus, const char *path, const char *interface, const char *property,
                          sd_bus_message *reply, void *userdata, sd_bus_error *ret_error) {
        return sd_bus_message_append(reply, "b", (int) ((const Schedule *) userdata)->persistent);
}

static int get_timer(sd_bus *bus, const char *path, const char *interface, const char *property,
                     sd_bus_message *reply, void *userdata, sd_bus_error *ret_error) {
        g_autofree char *unit = g_strdup_printf(MSERVER_SCHEDULE_TIMER, ((const Schedule *) userdata)->name);

        return sd_bus_message_append(reply, "s", unit);
}

#define CONSTANT(name, type, member) \
        SD_BUS_PROPERTY(name, type, NULL, offsetof(Schedule, member), SD_BUS_VTABLE_PROPERTY_CONST)
#define CHANGING(name, type, member) \
        SD_BUS_PROPERTY(name, type, NULL, offsetof(Schedule, member), SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE)

/* The object is the Schedule. */
static const sd_bus_vtable vtable[] = {
        SD_BUS_VTABLE_START(0),
        CONSTANT("Name", "s", name),
        CONSTANT("Calendar", "s", calendar),
        CONSTANT("Selector", "s", selector),
        CONSTANT("Command", "s", command),
        SD_BUS_PROPERTY("Enabled", "b", get_enabled, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("Persistent", "b", get_persistent, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        CONSTANT("RandomizedDelay", "t", randomized_delay),
        CONSTANT("Created", "t", created),
        CONSTANT("OwnerUid", "u", owner_uid),
        CHANGING("Last", "t", last),
        CHANGING("LastBatch", "s", last_batch),
        SD_BUS_PROPERTY("Timer", "s", get_timer, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_VTABLE_END,
};

static int find(sd_bus *bus, const char *path, const char *interface, void *userdata, void **ret_found,
                sd_bus_error *ret_error) {
        Bus *b = userdata;
        g_autofree char *name = schedule_name_from_path(path);
        const Schedule *s = name ? schedules_find(b->server->schedules, name) : NULL;

        if (!s)
                return 0;
        *ret_found = (void *) s;
        return 1;
}

static int enumerate(sd_bus *bus, const char *prefix, void *userdata, char ***ret_nodes,
                     sd_bus_error *ret_error) {
        Bus *b = userdata;
        g_autoptr(GPtrArray) all = schedules_list(b->server->schedules);
        char **nodes = g_new0(char *, all->len + 1);

        for (guint i = 0; i < all->len; i++)
                nodes[i] = schedule_path(((const Schedule *) g_ptr_array_index(all, i))->name);
        *ret_nodes = nodes;
        return 0;
}

int schedule_bus_publish(Bus *b) {
        int r;

        r = sd_bus_add_fallback_vtable(b->connection, NULL, MSERVER_SCHEDULE_ROOT, MSERVER_IFACE_SCHEDULE,
                                       vtable, find, b);
        return r < 0 ? r
                     : sd_bus_add_node_enumerator(b->connection, NULL, MSERVER_SCHEDULE_ROOT, enumerate, b);
}
