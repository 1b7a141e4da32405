/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* __complete: what the completion of shells calls. */
#include <glib/gi18n.h>
#include <stdio.h>
#include <stdlib.h>

#include "complete-bus.h"
#include "complete.h"
#include "verbs.h"

/* The place that the line itself names. Another host would have to be reached by ssh, which is too slow, and may ask. */
static bool find_place(const char *const *words, BusPlace *ret, Args **ret_args) {
        static const OptionInfo *const tables[] = { ctl_style_options, ctl_place_options, NULL };
        static const ArgsRules rules = { tables, ARGS_STOP_AT_WORD | ARGS_LAST_INCOMPLETE };
        Args *args = args_parse(&rules, words, NULL);

        *ret_args = args;
        if (!args || args_has(args, "host"))
                return false;
        *ret = (BusPlace){ .machine = args_get(args, "machine") };
        return true;
}

static int run(Ctl *ctl, const Args *args, GError **error) {
        unsigned last = args_count(args) - 1;
        g_auto(GStrv) words = g_strdupv((char **) args_words(args)), found = NULL;
        g_autofree char *prefix = words[last];
        g_autoptr(Args) line = NULL;
        g_autoptr(CompleteBus) bus = NULL;
        CompleteSource source;
        BusPlace place;

        words[last] = NULL;
        bus = complete_bus_new(find_place((const char *const *) words, &place, &line) ? &place : NULL);
        source = complete_bus_source(bus);
        found = complete_words((const char *const *) words, prefix, false, &source);
        for (char **word = found; *word; word++)
                (void) puts(*word);
        return EXIT_SUCCESS;
}

const Verb verb_complete = {
        .name = "__complete",
        .words = N_("-- WORD..."),
        .help = N_("For shells: print what the last word can become"),
        .flags = VERB_HIDDEN,
        .words_min = 1,
        .words_max = VERB_WORDS_ANY,
        .run = run,
};
