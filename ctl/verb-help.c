/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* help and quit: finding the way in, and out. */
#include <glib/gi18n.h>
#include <stdlib.h>

#include "help.h"
#include "verbs.h"

static int run_help(Ctl *ctl, const Args *args, GError **error) {
        const char *word = args_word(args, 0);
        g_autoptr(GError) unknown = NULL;
        const CommandInfo *command;
        const Verb *verb;

        if (!word)
                return help_show_overview(ctl);
        verb = verb_find(word, ctl->in_session, &unknown);
        command = verb ? NULL : command_info(word);
        if (command)
                return help_show_command(ctl, command);
        if (!verb)
                g_propagate_error(error, g_steal_pointer(&unknown));
        return verb ? help_show_verb(ctl, verb) : EXIT_FAILURE;
}

static int run_quit(Ctl *ctl, const Args *args, GError **error) {
        ctl->quit = true;
        return EXIT_SUCCESS;
}

const Verb verb_help = {
        .name = "help",
        .words = N_("[VERB | COMMAND]"),
        .help = N_("Show help, on a verb or a command for clients where one is given"),
        .words_max = 1,
        .kinds = { WORD_VERB },
        .run = run_help,
};

const Verb verb_quit = {
        .name = "quit",
        .help = N_("Leave the prompt, as Ctrl-D does"),
        .flags = VERB_SESSION_ONLY,
        .run = run_quit,
};
