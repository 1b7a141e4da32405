/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The manager's methods about what agents have reported of their nodes: session keys, backups, statistics. */
#include <inttypes.h>

#include "bus-internal.h"
#include "clock.h"
#include "error.h"
#include "ident.h"
#include "limits.h"
#include "manager-methods.h"

static bool check_container(const char *name, GError **error) {
        if (container_name_is_valid(name))
                return true;
        return fleet_fail(
                        error, FLEET_ERROR_INVALID_PARAMETER,
                        "\"%s\" is no container's name: expected a letter or digit, then up to %d of A-Z, a-z, "
                        "0-9, \".\", \"_\", \"-\"",
                        name, CONTAINER_NAME_MAX - 1);
}

bool manager_parse_node(Request *r, sd_bus_message *m, GError **error) {
        if (!manager_read_client(r, m, error) || !manager_read_string(m, &r->args.container, error) ||
            !check_container(r->args.container, error))
                return false;
        r->subject.container = g_strdup(r->args.container);
        return true;
}

/* Empty is any. */
bool manager_parse_nodes(Request *r, sd_bus_message *m, GError **error) {
        const char *client, *container;

        if (!manager_read_string(m, &client, error) || !manager_read_string(m, &container, error))
                return false;
        if (client[0] && !manager_take_client(r, client, error))
                return false;
        if (container[0]) {
                if (!check_container(container, error))
                        return false;
                r->args.container = container;
                r->subject.container = g_strdup(container);
        }
        return true;
}

/* The id of the command that made it, which an agent need not have said. */
static const char *command_of(const KeyRecord *k) {
        return g_str_has_prefix(k->id, "cmd_") ? k->id : "";
}

static int append_key(sd_bus_message *m, const void *row) {
        const KeyRecord *k = row;

        return sd_bus_message_append(m, "(sssts)", k->client, k->container, k->session_key, k->received,
                                     command_of(k));
}

static void on_keys(StoreStatus status, GPtrArray *rows, void *userdata) {
        g_autoptr(Request) r = userdata;

        request_reply_rows(r, status, rows, "(sssts)", append_key);
}

void manager_list_keys(Request *r) {
        Store *s = r->bus->server->store;

        s->ops->list_keys(s->engine, r->args.id, r->args.container, LIST_KEYS_MAX, on_keys, request_ref(r));
}

static void on_latest_key(StoreStatus status, GPtrArray *rows, void *userdata) {
        g_autoptr(Request) r = userdata;
        g_autoptr(GError) error = NULL;

        if (request_is_answered(r) || !request_check_store(r, status))
                return;
        if (rows->len > 0) {
                const KeyRecord *k = g_ptr_array_index(rows, 0);

                request_reply(r, "sts", k->session_key, k->received, command_of(k));
                return;
        }
        (void) fleet_fail(
                        &error, FLEET_ERROR_NO_SUCH_CLIENT,
                        "No session key of \"%s\" on client \"%s\" was ever reported: expected a node that "
                        "ListKeys names",
                        r->args.container, r->args.id);
        request_fail(r, error);
}

void manager_get_latest_key(Request *r) {
        Store *s = r->bus->server->store;

        s->ops->list_keys(s->engine, r->args.id, r->args.container, 1, on_latest_key, request_ref(r));
}

static int append_backup(sd_bus_message *m, const void *row) {
        const BackupRecord *b = row;

        return sd_bus_message_append(m, "(sssstt)", b->client, b->container, b->file, b->sha256 ?: "",
                                     b->size, b->finished);
}

static void on_backups(StoreStatus status, GPtrArray *rows, void *userdata) {
        g_autoptr(Request) r = userdata;

        request_reply_rows(r, status, rows, "(sssstt)", append_backup);
}

void manager_list_backups(Request *r) {
        Store *s = r->bus->server->store;

        s->ops->list_backups(s->engine, r->args.id, r->args.container, LIST_KEYS_MAX, on_backups,
                             request_ref(r));
}

void manager_get_latest_stats(Request *r) {
        const Client *c = manager_find_client(r);

        if (c)
                request_reply(r, "ss", c->stats ?: "", c->summary ?: "");
}

/* 0 is what is usual. */
bool manager_parse_stats(Request *r, sd_bus_message *m, GError **error) {
        RequestArgs *a = &r->args;
        uint64_t now = now_realtime(), hour = 3600 * USEC_PER_SEC;

        if (!manager_read_client(r, m, error))
                return false;
        if (sd_bus_message_read(m, "ttu", &a->from, &a->to, &a->points) < 0)
                return fleet_fail(error, FLEET_ERROR_INVALID_PARAMETER,
                                  "GetStats takes a client, two times and a number of points (sttu)");
        if (a->points > HISTORY_POINTS_MAX)
                return fleet_fail(error, FLEET_ERROR_INVALID_PARAMETER,
                                  "points is %" PRIu32 ", expected 1 to %d, or 0: %d", a->points,
                                  HISTORY_POINTS_MAX, HISTORY_POINTS_DEFAULT);
        a->points = a->points > 0 ? a->points : HISTORY_POINTS_DEFAULT;
        a->to = a->to > 0 ? a->to : now;
        a->from = a->from > 0 ? a->from : a->to - MIN(a->to, hour);
        if (a->from >= a->to)
                return fleet_fail(error, FLEET_ERROR_INVALID_PARAMETER,
                                  "from is %" PRIu64 " and to %" PRIu64
                                  ", expected µs since the epoch, from before to",
                                  a->from, a->to);
        return true;
}

static void on_stats(const char *json, void *userdata) {
        g_autoptr(Request) r = userdata;

        if (!request_is_answered(r) && request_check_store(r, json ? STORE_OK : STORE_UNAVAILABLE))
                request_reply(r, "s", json);
}

void manager_get_stats(Request *r) {
        const RequestArgs *a = &r->args;

        if (manager_find_client(r))
                history_get(r->bus->server->history, a->id, a->from, a->to, a->points, on_stats,
                            request_ref(r));
}
