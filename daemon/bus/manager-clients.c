/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The manager's methods about clients: who there is, their tokens, and who listens. */
#include <string.h>

#include "bus-internal.h"
#include "bus-options.h"
#include "client-bus.h"
#include "enroll-line.h"
#include "error.h"
#include "ident.h"
#include "limits.h"
#include "manager-methods.h"
#include "paths.h"

bool manager_read_string(sd_bus_message *m, const char **ret, GError **error) {
        int r = sd_bus_message_read(m, "s", ret);

        if (r < 0)
                return fleet_fail_errno(error, FLEET_ERROR_INVALID_PARAMETER, r,
                                        "Cannot read the arguments");
        return true;
}

bool manager_take_client(Request *r, const char *id, GError **error) {
        if (!client_id_is_valid(id))
                return fleet_fail(
                                error, FLEET_ERROR_INVALID_PARAMETER,
                                "\"%s\" is no client id: expected 1 to %d of A-Z, a-z, 0-9, \".\", \"_\", \"-\"",
                                id, CLIENT_ID_MAX);
        r->args.id = id;
        r->subject.client = g_strdup(id);
        return true;
}

bool manager_read_client(Request *r, sd_bus_message *m, GError **error) {
        const char *id;

        return manager_read_string(m, &id, error) && manager_take_client(r, id, error);
}

bool manager_parse_client(Request *r, sd_bus_message *m, GError **error) {
        return manager_read_client(r, m, error);
}

static const BusOption token_options[] = {
        { "expires", 't', offsetof(RequestArgs, expires) },
        { "replace", 'b', offsetof(RequestArgs, replace) },
        {},
};

bool manager_parse_token(Request *r, sd_bus_message *m, GError **error) {
        return manager_read_client(r, m, error) && bus_options_read(m, token_options, &r->args, error);
}

static int append_client(sd_bus_message *m, const Client *c) {
        g_autofree char *path = client_path(c->id);

        return sd_bus_message_append(m, "(sssto)", c->id, c->host, client_state(c), c->since, path);
}

static int append_clients(sd_bus_message *m, GPtrArray *clients) {
        int r;

        r = sd_bus_message_open_container(m, 'a', "(sssto)");
        for (guint i = 0; r >= 0 && i < clients->len; i++)
                r = append_client(m, g_ptr_array_index(clients, i));
        return r < 0 ? r : sd_bus_message_close_container(m);
}

void manager_list_clients(Request *r) {
        g_autoptr(GPtrArray) clients = fleet_list(r->bus->server->fleet);
        g_autoptr(sd_bus_message) reply = NULL;
        int made;

        made = sd_bus_message_new_method_return(r->message, &reply);
        if (made >= 0)
                made = append_clients(reply, clients);
        request_send(r, reply, made);
}

const Client *manager_find_client(Request *r) {
        const Client *c = fleet_find(r->bus->server->fleet, r->args.id);
        g_autoptr(GError) error = NULL;

        if (!c) {
                (void) fleet_fail(&error, FLEET_ERROR_NO_SUCH_CLIENT,
                                  "No client \"%s\": expected one of those that ListClients names",
                                  r->args.id);
                request_fail(r, error);
        }
        return c;
}

void manager_get_client(Request *r) {
        const Client *c = manager_find_client(r);

        if (c) {
                g_autofree char *path = client_path(c->id);

                request_reply(r, "o", path);
        }
}

void manager_create_token(Request *r) {
        fleet_create_token(r->bus->server->fleet, r->args.id, r->args.expires, r->args.replace,
                           r->caller.uid, request_answer_text, request_ref(r));
}

static void on_enrollment(const char *token, const GError *error, void *userdata) {
        g_autoptr(Request) r = userdata;
        const Server *s = r->bus ? r->bus->server : NULL;
        g_autofree char *line = NULL;

        if (error)
                request_fail(r, error);
        else if (s) {
                line = enroll_line_format(s->advertise_url, s->fingerprint, token);
                request_reply(r, "s", line);
                explicit_bzero(line, strlen(line));
        }
}

void manager_create_enrollment(Request *r) {
        const Server *s = r->bus->server;
        g_autoptr(GError) error = NULL;

        if (!s->advertise_url) {
                (void) fleet_fail(&error, FLEET_ERROR_NOT_SUPPORTED,
                                  "hosts are enrolled over TLS alone, and this server listens on plain ws: "
                                  "CreateToken makes a token for %s",
                                  r->args.id);
                request_fail(r, error);
                return;
        }
        fleet_create_enrollment(s->fleet, r->args.id, r->args.expires, r->args.replace, r->caller.uid,
                                on_enrollment, request_ref(r));
}

static void on_done(const GError *error, void *userdata) {
        g_autoptr(Request) r = userdata;

        if (error)
                request_fail(r, error);
        else
                request_reply(r, NULL);
}

void manager_revoke_client(Request *r) {
        fleet_revoke(r->bus->server->fleet, r->args.id, r->caller.uid, on_done, request_ref(r));
}

void manager_forget_client(Request *r) {
        fleet_forget(r->bus->server->fleet, r->args.id, r->caller.uid, on_done, request_ref(r));
}

void manager_subscribe(Request *r) {
        g_autoptr(GError) error = NULL;

        if (subscribers_add(r->bus->subscribers, sd_bus_message_get_sender(r->message), r->caller.uid,
                            &error))
                request_reply(r, NULL);
        else
                request_fail(r, error);
}

void manager_unsubscribe(Request *r) {
        subscribers_remove(r->bus->subscribers, sd_bus_message_get_sender(r->message));
        request_reply(r, NULL);
}
