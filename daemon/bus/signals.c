/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What changes in the fleet, told to the bus.
 *
 * Each client and command that changes is told of at once. What counts many of them (the manager's and a batch's
 * counters) would change thousands of times in a second of broadcast, so that is gathered and told of at most
 * ten times a second. */
#include "signals.h"

#include "bus-internal.h"
#include "limits.h"
#include "names.h"
#include "paths.h"

#define GATHER_MSEC 100

struct Signals {
        Bus *bus;
        LoopTimer *gather;    /* while something is gathered */
        bool counts_changed;  /* of the manager */
        GHashTable *batches;  /* set of ids that changed */
        GHashTable *watched;  /* set of command ids, keys in watched_order */
        GQueue watched_order; /* oldest first */
};

static void tell_counts(Signals *s) {
        if (!s->counts_changed)
                return;
        s->counts_changed = false;
        (void) sd_bus_emit_properties_changed(s->bus->connection, MSERVER_ROOT, MSERVER_IFACE_MANAGER,
                                              "Clients", "ClientsOnline", "CommandsRunning", NULL);
}

static void tell_batch(Signals *s, const char *id) {
        g_autofree char *path = batch_path(id);

        (void) sd_bus_emit_properties_changed(s->bus->connection, path, MSERVER_IFACE_BATCH, "State",
                                              "Status", "Total", "Sent", "Succeeded", "Failed", "Skipped",
                                              "Finished", "Commands", NULL);
}

static void on_gathered(void *userdata) {
        Signals *s = userdata;
        GHashTableIter i;
        void *id;

        s->gather = loop_timer_free(s->gather);
        if (s->bus->connection) {
                tell_counts(s);
                g_hash_table_iter_init(&i, s->batches);
                while (g_hash_table_iter_next(&i, &id, NULL))
                        tell_batch(s, id);
        }
        g_hash_table_remove_all(s->batches);
}

static void gather(Signals *s) {
        if (!s->gather)
                s->gather = loop_timer_new(s->bus->server->loop, GATHER_MSEC, 0, on_gathered, s);
}

static void counts_changed(Signals *s) {
        s->counts_changed = true;
        gather(s);
}

static void unwatch(Signals *s, const char *id) {
        void *link;

        if (g_hash_table_steal_extended(s->watched, id, NULL, &link)) {
                g_free(((GList *) link)->data);
                g_queue_delete_link(&s->watched_order, link);
        }
}

void signals_watch_command(Signals *s, const char *id) {
        if (g_hash_table_contains(s->watched, id))
                return;
        if (g_hash_table_size(s->watched) >= WATCHED_COMMANDS_MAX)
                unwatch(s, g_queue_peek_head(&s->watched_order));
        g_queue_push_tail(&s->watched_order, g_strdup(id));
        g_hash_table_insert(s->watched, s->watched_order.tail->data, s->watched_order.tail);
}

static void on_client_added(const Client *c, void *userdata) {
        Signals *s = userdata;
        g_autofree char *path = client_path(c->id);

        if (!s->bus->connection)
                return;
        (void) sd_bus_emit_object_added(s->bus->connection, path);
        counts_changed(s);
}

static void on_client_removed(const Client *c, void *userdata) {
        Signals *s = userdata;
        g_autofree char *path = client_path(c->id);

        if (!s->bus->connection)
                return;
        (void) sd_bus_emit_object_removed(s->bus->connection, path);
        counts_changed(s);
}

static void on_client_described(const Client *c, void *userdata) {
        Signals *s = userdata;
        g_autofree char *path = client_path(c->id);

        if (s->bus->connection)
                (void) sd_bus_emit_properties_changed(s->bus->connection, path, MSERVER_IFACE_CLIENT, "Host",
                                                      "Version", "Labels", "Commands", NULL);
}

static void on_client_online(const Client *c, void *userdata) {
        Signals *s = userdata;
        g_autofree char *path = client_path(c->id);

        if (!s->bus->connection)
                return;
        (void) sd_bus_emit_signal(s->bus->connection, MSERVER_ROOT, MSERVER_IFACE_MANAGER, "ClientOnline",
                                  "so", c->id, path);
        (void) sd_bus_emit_properties_changed(s->bus->connection, path, MSERVER_IFACE_CLIENT, "Host",
                                              "State", "Address", "Version", "Since", "Labels", "Commands",
                                              NULL);
        counts_changed(s);
}

static void on_client_offline(const Client *c, const char *reason, void *userdata) {
        Signals *s = userdata;
        g_autofree char *path = client_path(c->id);

        if (!s->bus->connection)
                return;
        (void) sd_bus_emit_signal(s->bus->connection, MSERVER_ROOT, MSERVER_IFACE_MANAGER, "ClientOffline",
                                  "ss", c->id, reason);
        (void) sd_bus_emit_properties_changed(s->bus->connection, path, MSERVER_IFACE_CLIENT, "State",
                                              "Since", NULL);
        counts_changed(s);
}

static void on_command_changed(const CommandRecord *r, void *userdata) {
        Signals *s = userdata;

        if (!s->bus->connection)
                return;
        if (command_state_is_final(r->state))
                subscribers_ended(s->bus->subscribers, r);
        (void) sd_bus_emit_signal(s->bus->connection, MSERVER_ROOT, MSERVER_IFACE_MANAGER,
                                  "CommandStateChanged", "ssss", r->id, r->client, r->command,
                                  command_state_to_string(r->state));
        if (g_hash_table_contains(s->watched, r->id)) {
                g_autofree char *path = command_path(r->id);

                (void) sd_bus_emit_properties_changed(s->bus->connection, path, MSERVER_IFACE_COMMAND,
                                                      "State", "Sent", "Started", "Finished", NULL);
                if (command_state_is_final(r->state))
                        unwatch(s, r->id);
        }
        counts_changed(s);
}

static void on_command_output(const CommandRecord *r, uint64_t offset, const void *chunk, size_t size,
                              void *userdata) {
        Signals *s = userdata;

        if (s->bus->connection)
                subscribers_output(s->bus->subscribers, r, offset);
}

static uint64_t on_output_passed(const CommandRecord *r, uint64_t end, void *userdata) {
        Signals *s = userdata;

        return s->bus->connection ? subscribers_output_passed(s->bus->subscribers, r, end) : end;
}

static void tell_report(Signals *s, const char *member, const char *client, const char *container,
                        const char *what) {
        if (s->bus->connection)
                (void) sd_bus_emit_signal(s->bus->connection, MSERVER_ROOT, MSERVER_IFACE_MANAGER, member,
                                          "sss", client, container, what);
}

static void on_key_updated(const char *client, const char *container, const char *session_key,
                           void *userdata) {
        tell_report(userdata, "KeyUpdated", client, container, session_key);
}

static void on_backup_completed(const char *client, const char *container, const char *file,
                                void *userdata) {
        tell_report(userdata, "BackupCompleted", client, container, file);
}

static void on_batch_changed(const Batch *b, bool added, bool ended, void *userdata) {
        Signals *s = userdata;
        g_autofree char *path = NULL;

        if (!s->bus->connection)
                return;
        if (!added && !ended) { /* with each of its commands */
                if (!g_hash_table_contains(s->batches, b->id))
                        g_hash_table_add(s->batches, g_strdup(b->id));
                gather(s);
                return;
        }
        path = batch_path(b->id);
        if (added)
                (void) sd_bus_emit_object_added(s->bus->connection, path);
        if (ended) {
                g_hash_table_remove(s->batches, b->id);
                tell_batch(s, b->id);
                (void) sd_bus_emit_object_removed(s->bus->connection, path);
        }
}

static void on_schedule_changed(const Schedule *what, ScheduleNews news, void *userdata) {
        Signals *s = userdata;
        g_autofree char *path = schedule_path(what->name);

        if (!s->bus->connection)
                return;
        if (news == SCHEDULE_ADDED)
                (void) sd_bus_emit_object_added(s->bus->connection, path);
        else if (news == SCHEDULE_REMOVED)
                (void) sd_bus_emit_object_removed(s->bus->connection, path);
        else
                (void) sd_bus_emit_properties_changed(s->bus->connection, path, MSERVER_IFACE_SCHEDULE,
                                                      "Enabled", "Last", "LastBatch", NULL);
}

static void on_alert_changed(const AlertRecord *a, AlertChange change, void *userdata) {
        Signals *s = userdata;

        if (!s->bus->connection)
                return;
        if (change == ALERT_CHANGE_RAISED)
                (void) sd_bus_emit_signal(s->bus->connection, MSERVER_ROOT, MSERVER_IFACE_MANAGER,
                                          "AlertRaised", "sssss", a->id,
                                          alert_severity_to_string(a->severity), a->kind, a->client,
                                          a->message);
        else if (change == ALERT_CHANGE_CLEARED)
                (void) sd_bus_emit_signal(s->bus->connection, MSERVER_ROOT, MSERVER_IFACE_MANAGER,
                                          "AlertCleared", "s", a->id);
}

static const FleetObserver observer = {
        .client_added = on_client_added,
        .client_removed = on_client_removed,
        .client_described = on_client_described,
        .client_online = on_client_online,
        .client_offline = on_client_offline,
        .command_changed = on_command_changed,
        .command_output = on_command_output,
        .output_passed = on_output_passed,
        .key_updated = on_key_updated,
        .backup_completed = on_backup_completed,
        .alert_changed = on_alert_changed,
        .batch_changed = on_batch_changed,
        .schedule_changed = on_schedule_changed,
};

Signals *signals_new(Bus *b) {
        Signals *s = g_new0(Signals, 1);

        s->bus = b;
        s->batches = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        s->watched = g_hash_table_new(g_str_hash, g_str_equal);
        g_queue_init(&s->watched_order);
        fleet_observe(b->server->fleet, &observer, s);
        return s;
}

Signals *signals_free(Signals *s) {
        if (!s)
                return NULL;
        fleet_unobserve(s->bus->server->fleet, s);
        s->gather = loop_timer_free(s->gather);
        g_hash_table_unref(s->batches);
        g_hash_table_unref(s->watched);
        g_queue_clear_full(&s->watched_order, g_free);
        g_free(s);
        return NULL;
}
