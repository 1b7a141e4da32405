/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* mserverctl: the command line of mserver. */
#include <glib/gi18n.h>
#include <locale.h>
#include <stdlib.h>
#include <unistd.h>

#include "ctl.h"
#include "help.h"
#include "prompt.h"
#include "verbs.h"

/* What stands before the verb; without one, a session. */
static int run_without_verb(Ctl *ctl, const Args *args, GError **error) {
        if (!ctl_set_style(ctl, args, error))
                return EXIT_FAILURE;
        ctl_set_place(ctl, args);
        if (args_has(args, "help"))
                return help_show_overview(ctl);
        if (args_has(args, "version"))
                return help_show_version();
        return isatty(STDIN_FILENO) ? prompt_run(ctl) : prompt_run_script(ctl);
}

static int run(Ctl *ctl, const char *const *words, GError **error) {
        static const OptionInfo *const tables[] = { ctl_style_options, ctl_place_options, NULL };
        static const ArgsRules rules = { tables, ARGS_STOP_AT_WORD };
        g_autoptr(Args) args = args_parse(&rules, words, error);

        if (!args)
                return EXIT_FAILURE;
        words += args_consumed(args);
        if (!*words || args_has(args, "help") || args_has(args, "version"))
                return run_without_verb(ctl, args, error);
        if (!ctl_set_style(ctl, args, error))
                return EXIT_FAILURE;
        ctl_set_place(ctl, args);
        return verb_run_line(ctl, words);
}

int main(int argc, char **argv) {
        g_autoptr(GError) error = NULL;
        Ctl ctl;
        int code;

        (void) setlocale(LC_ALL, "");
        (void) bindtextdomain("mserver", LOCALEDIR);
        (void) bind_textdomain_codeset("mserver", "UTF-8");
        (void) textdomain("mserver");

        ctl_init(&ctl);
        code = run(&ctl, (const char *const *) argv + 1, &error);
        if (error)
                ctl_error("%s", error->message);
        ctl_clear(&ctl);
        return code;
}
