/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* send: one command to one client. */
#include <glib/gi18n.h>
#include <stdlib.h>

#include "json.h"
#include "request.h"
#include "run-command.h"
#include "verbs.h"

static const OptionInfo options[] = {
        REQUEST_OPTIONS,
        { "follow", 'f', NULL, N_("logs: go on with what is written from now on, until Ctrl-C") },
        { "no-wait", 0, NULL, N_("Only send it, and print its id") },
        {},
};

static bool is_verbatim(const char *const *words, unsigned n) {
        return request_is_exec(words, n, 1);
}

static json_object *parameters(Ctl *ctl, const Args *args, json_object *send_options, GError **error) {
        g_auto(GStrv) words = request_words(args, 1, error);

        if (!words)
                return NULL;
        return request_parameters(ctl, args_word(args, 0), args_word(args, 1), (const char *const *) words,
                                  send_options, error);
}

static int run(Ctl *ctl, const Args *args, GError **error) {
        g_autoptr(json_object) send_options = request_options(args, error);
        g_autoptr(json_object) params = send_options ? parameters(ctl, args, send_options, error) : NULL;
        RunRequest request = {
                .client = args_word(args, 0),
                .command = args_word(args, 1),
                .parameters = params,
                .options = send_options,
                .wait = !args_has(args, "no-wait"),
        };

        if (!params)
                return EXIT_FAILURE;
        if (args_has(args, "follow"))
                json_object_object_add(params, "follow", json_object_new_boolean(true));
        request.endless = json_object_get_boolean(json_member(params, "follow"));
        return run_command(ctl, &request, error);
}

const Verb verb_send = {
        .name = "send",
        .words = N_("CLIENT COMMAND [ARGS...]"),
        .help = N_("Send a command to a client and wait for its end"),
        .details = N_("ARGS are the container, where the client has more than one, then what the command takes; "
                      "KEY=VALUE and --KEY=VALUE name a parameter. What follows exec is passed on as it is. "
                      "Ctrl-C cancels the command on the client too."),
        .options = options,
        .flags = VERB_PARAMETERS,
        .words_min = 2,
        .words_max = VERB_WORDS_ANY,
        .kinds = { WORD_CLIENT, WORD_COMMAND, WORD_CONTAINER },
        .verbatim = is_verbatim,
        .run = run,
};
