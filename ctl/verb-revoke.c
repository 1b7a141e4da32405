/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* revoke and forget: keep a client out. */
#include <glib/gi18n.h>
#include <stdlib.h>

#include "verbs.h"

static const OptionInfo options[] = {
        { "yes", 'y', NULL, N_("Do not ask first") },
        {},
};

static bool is_agreed(const Args *args, const char *question) {
        return args_has(args, "yes") || !ctl_can_ask() || ctl_confirm(question);
}

static bool call_each(Ctl *ctl, const Args *args, const char *member, GError **error) {
        if (!ctl_bus(ctl, error))
                return false;
        for (const char *const *id = args_words(args); *id; id++) {
                g_autoptr(sd_bus_message) reply = bus_client_call(ctl->bus, member, error, "s", *id);

                if (!reply)
                        return false;
        }
        return true;
}

static int run_revoke(Ctl *ctl, const Args *args, GError **error) {
        g_autofree char *clients = g_strjoinv(", ", (char **) args_words(args));
        g_autofree char *question = g_strdup_printf(
                        _("The token of %s stops working at once, and its connection closes. Continue?"),
                        clients);

        if (!is_agreed(args, question) || !call_each(ctl, args, "RevokeClient", error))
                return EXIT_FAILURE;
        ctl_note(ctl, _("%s: kept out until it is enrolled anew (mserverctl enroll)"), clients);
        return EXIT_SUCCESS;
}

static int run_forget(Ctl *ctl, const Args *args, GError **error) {
        g_autofree char *clients = g_strjoinv(", ", (char **) args_words(args));
        g_autofree char *question = g_strdup_printf(
                        _("The token of %s stops working at once, and it leaves the list; its history and keys stay. "
                          "Continue?"),
                        clients);

        if (!is_agreed(args, question) || !call_each(ctl, args, "ForgetClient", error))
                return EXIT_FAILURE;
        ctl_note(ctl, _("%s: kept out and off the list"), clients);
        return EXIT_SUCCESS;
}

const Verb verb_revoke = {
        .name = "revoke",
        .words = N_("CLIENT..."),
        .help = N_("Keep clients out: their tokens stop working at once"),
        .options = options,
        .words_min = 1,
        .words_max = VERB_WORDS_ANY,
        .kinds = { WORD_CLIENT },
        .run = run_revoke,
};

const Verb verb_forget = {
        .name = "forget",
        .words = N_("CLIENT..."),
        .help = N_("Keep clients out and take them off the list"),
        .options = options,
        .words_min = 1,
        .words_max = VERB_WORDS_ANY,
        .kinds = { WORD_CLIENT },
        .run = run_forget,
};
