/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* token and enroll: let a client in. */
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

static const OptionInfo token_table[] = {
        { "replace", 0, NULL, N_("Also where the client has a token, which stops working") },
        { "expires", 0, N_("TIME"), N_("When the token stops working: 30d, 2027-01-01") },
        {},
};

static const OptionInfo enroll_table[] = {
        { "replace", 0, NULL,
          N_("Also where the client has a token, which works until another host is there") },
        { "expires", 0, N_("TIME"), N_("When the line stops working, instead of in 15 minutes: 2h, 3d") },
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

/* What is printed is a secret: alone on its line, so that it can be piped to where it belongs. */
static void print(const Ctl *ctl, const char *client, const char *name, const char *secret) {
        if (ctl->style.json != JSON_OFF) {
                json_object *o = json_object_new_object();

                json_object_object_add(o, "client", json_object_new_string(client));
                json_object_object_add(o, name, json_object_new_string(secret));
                ctl_print_object(ctl, o);
        } else
                printf("%s\n", secret);
}

/* exists: what to say of a client that has a token. */
static sd_bus_message *create(BusClient *bus, const char *member, const char *client, json_object *with,
                              const char *exists, GError **error) {
        g_autoptr(sd_bus_message) m = bus_client_request(bus, member, &with, 1, error, "s", client),
                                  reply = NULL;
        g_autoptr(GError) failed = NULL;

        if (!m)
                return NULL;
        reply = bus_client_send(bus, g_steal_pointer(&m), &failed);
        if (!reply && g_error_matches(failed, FLEET_ERROR, FLEET_ERROR_ALREADY_EXISTS))
                (void) fleet_fail(error, FLEET_ERROR_ALREADY_EXISTS, "%s", exists);
        else if (!reply)
                g_propagate_error(error, g_steal_pointer(&failed));
        return g_steal_pointer(&reply);
}

/* Has the server make one, prints it under this name in JSON. */
static bool make(Ctl *ctl, const Args *args, const char *member, const char *name, const char *exists,
                 GError **error) {
        const char *client = args_word(args, 0), *secret;
        g_autoptr(json_object) with = token_options(args, error);
        g_autoptr(sd_bus_message) reply = NULL;
        int r;

        reply = with && ctl_bus(ctl, error) ? create(ctl->bus, member, client, with, exists, error) : NULL;
        if (!reply)
                return false;
        r = sd_bus_message_read(reply, "s", &secret);
        if (r < 0)
                return bus_fail_errno(error, r);
        print(ctl, client, name, secret);
        return true;
}

static int run_token(Ctl *ctl, const Args *args, GError **error) {
        g_autofree char *exists = g_strdup_printf(
                        _("%s has a token; --replace makes a new one, and the old one stops working"),
                        args_word(args, 0));

        if (!make(ctl, args, "CreateToken", "token", exists, error))
                return EXIT_FAILURE;
        if (ctl->style.json == JSON_OFF)
                ctl_note(ctl,
                         _("This is shown only once. Put it into %s on the host of %s (root, mode 0600), then: "
                           "systemctl restart mclient"),
                         MCLIENT_TOKEN_FILE, args_word(args, 0));
        return EXIT_SUCCESS;
}

static int run_enroll(Ctl *ctl, const Args *args, GError **error) {
        g_autofree char *exists = g_strdup_printf(
                        _("%s is enrolled already; --replace lets another host take its place"),
                        args_word(args, 0));

        if (!make(ctl, args, "CreateEnrollment", "line", exists, error))
                return EXIT_FAILURE;
        if (ctl->style.json != JSON_OFF)
                return EXIT_SUCCESS;
        if (args_has(args, "expires"))
                ctl_note(ctl,
                         _("For one host, once. As root on the host of %s: mclient enroll, and paste the line"),
                         args_word(args, 0));
        else
                ctl_note(ctl,
                         _("For one host, once, within 15 minutes. As root on the host of %s: mclient enroll, and paste "
                           "the line"),
                         args_word(args, 0));
        return EXIT_SUCCESS;
}

const Verb verb_enroll = {
        .name = "enroll",
        .words = N_("CLIENT"),
        .help = N_("Make the line with which a host becomes a client, and print it"),
        .options = enroll_table,
        .words_min = 1,
        .words_max = 1,
        .kinds = { WORD_CLIENT },
        .run = run_enroll,
};

const Verb verb_token = {
        .name = "token",
        .words = N_("CLIENT"),
        .help = N_("Make a token that lets a client in, and print it: for scripts"),
        .options = token_table,
        .words_min = 1,
        .words_max = 1,
        .kinds = { WORD_CLIENT },
        .run = run_token,
};
