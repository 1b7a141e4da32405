/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* logs: what a container wrote, and writes. */
#include <glib/gi18n.h>
#include <stdlib.h>

#include "clock.h"
#include "json.h"
#include "request.h"
#include "run-command.h"
#include "verbs.h"

#define COMMAND "logs"

static const OptionInfo options[] = {
        { "follow", 'f', NULL, N_("Go on with what is written from now on, until Ctrl-C") },
        { "lines", 'n', N_("LINES"), N_("How many of the last lines to show (default: 100)") },
        { "since", 0, N_("SPAN"), N_("Only what is not older than this: 90s, 2h") },
        {},
};

static bool add_since(GPtrArray *words, const char *text, GError **error) {
        uint64_t usec;

        if (!text)
                return true;
        if (!request_parse_span("--since", text, &usec, error))
                return false;
        g_ptr_array_add(words, g_strdup_printf("since=%llu", MAX(usec / USEC_PER_SEC, 1ull)));
        return true;
}

static json_object *parameters(Ctl *ctl, const Args *args, GError **error) {
        g_autoptr(GPtrArray) words = g_ptr_array_new_null_terminated(1, g_free, true);

        if (args_word(args, 1))
                g_ptr_array_add(words, g_strconcat("container=", args_word(args, 1), NULL));
        if (args_has(args, "lines"))
                g_ptr_array_add(words, g_strconcat("lines=", args_get(args, "lines"), NULL));
        if (args_has(args, "follow"))
                g_ptr_array_add(words, g_strdup("--follow"));
        if (!add_since(words, args_get(args, "since"), error))
                return NULL;
        return request_parameters(ctl, args_word(args, 0), COMMAND, (const char *const *) words->pdata, NULL,
                                  error);
}

static int run(Ctl *ctl, const Args *args, GError **error) {
        g_autoptr(json_object) params = parameters(ctl, args, error);
        RunRequest request = {
                .client = args_word(args, 0),
                .command = COMMAND,
                .parameters = params,
                .endless = args_has(args, "follow"),
                .wait = true,
        };

        return params ? run_command(ctl, &request, error) : EXIT_FAILURE;
}

const Verb verb_logs = {
        .name = "logs",
        .words = N_("CLIENT [CONTAINER]"),
        .help = N_("Show what a container writes"),
        .options = options,
        .words_min = 1,
        .words_max = 2,
        .kinds = { WORD_CLIENT, WORD_CONTAINER },
        .run = run,
};
