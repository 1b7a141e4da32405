/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* token: lets a client in. */
#include <glib/gi18n.h>
#include <stdio.h>
#include <stdlib.h>

#include "bus-error.h"
#include "clock.h"
#include "error.h"
#include "json.h"
#include "names.h"
#include "verbs.h"
#include "when.h"

static const OptionInfo options[] = {
        { "replace", 0, NULL, N_("Also where the client has a token, which stops working") },
        { "expires", 0, N_("TIME"), N_("When the token stops working: 30d, 2027-01-01") },
        {},
};

static json_object *token_options(const Args *args, GError **error) {
        g_autoptr(json_object) o = json_object_new_object();
        uint64_t usec;

        if (args_has(args, "replace"))
                json_object_object_add(o, "replace", json_object_new_boolean(true));
        if (args_has(args, "expires")) {
                if (!when_parse(args_get(args, "expires"), WHEN_FUTURE, now_realtime(), &usec, error))
                        return NULL;
                json_object_object_add(o, "expires", json_object_new_uint64(usec));
        }
        return g_steal_pointer(&o);
}

static void print(const Ctl *ctl, const char *client, const char *token) {
        if (ctl->style.json != JSON_OFF) {
                json_object *o = json_object_new_object();

                json_object_object_add(o, "client", json_object_new_string(client));
                json_object_object_add(o, "token", json_object_new_string(token));
                ctl_print_object(ctl, o);
                return;
        }
        printf("%s\n", token);
        ctl_note(ctl,
                 _("This is shown only once. Put it into %s on the host of %s (root, mode 0600), then: "
                   "systemctl restart mclient"),
                 MCLIENT_TOKEN_FILE, client);
}

static sd_bus_message *create(BusClient *bus, const char *client, json_object *with, GError **error) {
        g_autoptr(sd_bus_message) m = bus_client_request(bus, "CreateToken", &with, 1, error, "s", client),
                                  reply = NULL;
        g_autoptr(GError) failed = NULL;

        if (!m)
                return NULL;
        reply = bus_client_send(bus, g_steal_pointer(&m), &failed);
        if (!reply && g_error_matches(failed, FLEET_ERROR, FLEET_ERROR_ALREADY_EXISTS))
                (void) fleet_fail(
                                error, FLEET_ERROR_ALREADY_EXISTS,
                                _("%s has a token; --replace makes a new one, and the old one stops working"),
                                client);
        else if (!reply)
                g_propagate_error(error, g_steal_pointer(&failed));
        return g_steal_pointer(&reply);
}

static int run(Ctl *ctl, const Args *args, GError **error) {
        const char *client = args_word(args, 0), *token;
        g_autoptr(json_object) with = token_options(args, error);
        g_autoptr(sd_bus_message) reply = NULL;
        int r;

        reply = with && ctl_bus(ctl, error) ? create(ctl->bus, client, with, error) : NULL;
        if (!reply)
                return EXIT_FAILURE;
        r = sd_bus_message_read(reply, "s", &token);
        if (r < 0) {
                (void) bus_fail_errno(error, r);
                return EXIT_FAILURE;
        }
        print(ctl, client, token);
        return EXIT_SUCCESS;
}

const Verb verb_token = {
        .name = "token",
        .words = N_("CLIENT"),
        .help = N_("Make a token that lets a client in, and print it"),
        .options = options,
        .words_min = 1,
        .words_max = 1,
        .kinds = { WORD_CLIENT },
        .run = run,
};
