/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A broadcast that is about to be sent: whom and what it would touch. */
#include "broadcast.h"

#include <glib/gi18n.h>
#include <string.h>

#include "client-info.h"
#include "command-table.h"
#include "json.h"

#define NAMES_SHOWN 8 /* of clients, in the question */

void broadcast_clear(Broadcast *b) {
        json_object_put(b->parameters);
        json_object_put(b->options);
        g_clear_pointer(&b->clients, g_ptr_array_unref);
        g_clear_pointer(&b->containers, g_ptr_array_unref);
}

char *broadcast_obstacle(const Broadcast *b, json_object *client) {
        if (!client_info_is_online(client) && !json_member(b->options, "queue"))
                return g_strdup(_("offline"));
        if (!client_info_check_command(client, b->command, NULL))
                return g_strdup_printf(_("does not offer %s"), b->command);
        return NULL;
}

static bool is_reached(const Broadcast *b, unsigned i) {
        g_autofree char *obstacle = broadcast_obstacle(b, b->clients->pdata[i]);

        return !obstacle;
}

/* Those that are there, of this name; NULL: of any. */
static unsigned count_there(json_object *containers, const char *name) {
        unsigned n = 0;

        for (size_t i = 0; i < json_object_array_length(containers); i++) {
                json_object *c = json_object_array_get_idx(containers, i);

                n += strcmp(json_text(c, "state"), "absent") != 0 &&
                     (!name || strcmp(json_text(c, "name"), name) == 0);
        }
        return n;
}

bool broadcast_means_all(const Broadcast *b) {
        const CommandInfo *info = command_info(b->command);

        /* Of one client alone it asks which, as send does; and who only looks need not be asked. */
        if (!info || !info->takes_all || strcmp(b->command, "status") == 0 || b->clients->len < 2 ||
            json_member(b->parameters, "container"))
                return false;
        for (unsigned i = 0; i < b->clients->len; i++) {
                json_object *containers = b->containers->pdata[i];

                if (containers && count_there(containers, NULL) > 1 && is_reached(b, i))
                        return true;
        }
        return false;
}

/* On a client that is reached; false: nobody knows. */
static bool count_containers(const Broadcast *b, unsigned i, unsigned *count) {
        json_object *containers = b->containers->pdata[i];
        const char *name = json_text(b->parameters, "container");

        if (!containers)
                return false;
        if (strcmp(name, "all") == 0)
                *count += count_there(containers, NULL);
        else if (name[0])
                *count += count_there(containers, name);
        else
                *count += 1; /* the only one, or the agent refuses */
        return true;
}

/* "busan-1, seoul-1, ...; 1 is offline" */
static char *name_clients(const Broadcast *b, unsigned reached) {
        unsigned offline = 0, shown = 0;
        GString *names = g_string_new(NULL);

        for (unsigned i = 0; i < b->clients->len; i++) {
                offline += !client_info_is_online(b->clients->pdata[i]);
                if (is_reached(b, i) && shown++ < NAMES_SHOWN)
                        g_string_append_printf(names, "%s%s", shown > 1 ? ", " : "",
                                               json_text(b->clients->pdata[i], "Id"));
        }
        if (reached > NAMES_SHOWN)
                g_string_append(names, ", ...");
        if (offline > 0) {
                g_string_append(names, "; ");
                g_string_append_printf(names, ngettext("%u is offline", "%u are offline", offline), offline);
        }
        return g_string_free(names, false);
}

/* where: "11 containers on 3 clients". NULL: there is no word for this command. */
static char *say_deed(const char *command, const char *where) {
        if (strcmp(command, "start") == 0)
                return g_strdup_printf(_("This starts %s"), where);
        if (strcmp(command, "stop") == 0)
                return g_strdup_printf(_("This stops %s"), where);
        if (strcmp(command, "restart") == 0)
                return g_strdup_printf(_("This restarts %s"), where);
        return NULL;
}

/* known: the containers could be counted. */
static char *say_what(const Broadcast *b, unsigned reached, unsigned containers, bool known) {
        g_autofree char *clients = g_strdup_printf(ngettext("%u client", "%u clients", reached), reached);
        g_autofree char *where = NULL, *parameters = json_plain(b->parameters);
        char *deed;

        if (known)
                where = g_strdup_printf(ngettext("%u container on %s", "%u containers on %s", containers),
                                        containers, clients);
        else
                where = g_strdup_printf(_("containers on %s"), clients);
        deed = say_deed(b->command, where);
        return deed ? deed
                    : g_strdup_printf(_("This sends %s%s%s to %s"), b->command, parameters[0] ? " " : "",
                                      parameters, clients);
}

static char *say_how(const Broadcast *b) {
        uint64_t n = json_uint(b->options, "max-parallel");
        bool waves = json_member(b->options, "pause") || json_member(b->options, "require-healthy");

        if (n == 1 || (n == 0 && waves))
                return g_strdup(_(", one client at a time"));
        if (n > 0)
                return g_strdup_printf(_(", %u clients at a time"), (unsigned) n);
        return g_strdup("");
}

char *broadcast_question(const Broadcast *b) {
        unsigned reached = 0, containers = 0;
        g_autofree char *what = NULL, *names = NULL, *how = say_how(b);
        bool known = true;

        for (unsigned i = 0; i < b->clients->len; i++)
                if (is_reached(b, i)) {
                        reached++;
                        known = count_containers(b, i, &containers) && known;
                }
        what = say_what(b, reached, containers, known);
        names = name_clients(b, reached);
        return g_strdup_printf(_("%s (%s)%s. Continue?"), what, names, how);
}
