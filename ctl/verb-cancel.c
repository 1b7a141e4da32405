/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* cancel: ends commands and broadcasts before their time. */
#include <glib/gi18n.h>
#include <stdlib.h>

#include "verbs.h"

static bool cancel(BusClient *bus, const char *id, GError **error) {
        const char *member = g_str_has_prefix(id, "batch_") ? "CancelBatch" : "CancelCommand";
        g_autoptr(sd_bus_message) reply = bus_client_call(bus, member, error, "s", id);

        return reply != NULL;
}

static int run(Ctl *ctl, const Args *args, GError **error) {
        if (!ctl_bus(ctl, error))
                return EXIT_FAILURE;
        for (const char *const *id = args_words(args); *id; id++) {
                if (!cancel(ctl->bus, *id, error))
                        return EXIT_FAILURE;
                ctl_note(ctl, _("%s: asked to end"), *id);
        }
        return EXIT_SUCCESS;
}

const Verb verb_cancel = {
        .name = "cancel",
        .words = N_("ID..."),
        .help = N_("End commands or broadcasts that have not ended yet"),
        .words_min = 1,
        .words_max = VERB_WORDS_ANY,
        .kinds = { WORD_COMMAND_ID },
        .run = run,
};
