/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lines one after the other: typed at a prompt with history and completion, or read from a script. */
#include "prompt.h"

#include <glib/gi18n.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "complete-bus.h"
#include "line-editor.h"
#include "run-command.h"
#include "verbs.h"

/* Nothing to run, as after a comment, is a success. */
static int run_line(Ctl *ctl, const char *line) {
        g_autoptr(GError) error = NULL;
        g_auto(GStrv) words = NULL;

        if (g_shell_parse_argv(line, NULL, &words, &error))
                return verb_run_line(ctl, (const char *const *) words);
        if (g_error_matches(error, G_SHELL_ERROR, G_SHELL_ERROR_EMPTY_STRING))
                return EXIT_SUCCESS;
        ctl_error("%s", error->message);
        return EXIT_FAILURE;
}

static char *make_prompt(const Ctl *ctl) {
        const Terminal *t = &ctl->terminal;
        const char *place = ctl->host ?: ctl->machine ?: "";

        /* \1 marks what takes no column on the terminal. */
        return g_strdup_printf("\1%s\1mserver%s%s>\1%s\1 ", terminal_color(t, COLOR_STRONG),
                               place[0] ? "@" : "", place, terminal_reset(t, COLOR_STRONG));
}

static void ignore(int number) {
}

int prompt_run(Ctl *ctl) {
        /* Interrupts what waits in a system call, and nothing else. */
        struct sigaction interrupt = { .sa_handler = ignore }, before;
        BusPlace place = { ctl->host, ctl->machine };
        g_autoptr(CompleteBus) bus = complete_bus_new(&place);
        CompleteSource source = complete_bus_source(bus);
        g_autofree char *prompt = make_prompt(ctl);
        g_autoptr(LineEditor) editor = line_editor_new(prompt, &source);

        ctl->in_session = ctl->survives_ctrl_c = true;
        (void) sigaction(SIGINT, &interrupt, &before);
        ctl_note(ctl, _("Try: list, help. Ctrl-D leaves."));
        while (!ctl->quit) {
                g_autofree char *line = line_editor_read(editor);

                if (!line) {
                        (void) fputc('\n', stdout);
                        break;
                }
                (void) run_line(ctl, line);
        }
        (void) sigaction(SIGINT, &before, NULL);
        return EXIT_SUCCESS;
}

int prompt_run_script(Ctl *ctl) {
        int code = EXIT_SUCCESS;
        char *line = NULL;
        size_t size = 0;

        ctl->in_session = true;
        while (!ctl->quit && code != EXIT_INTERRUPTED && getline(&line, &size, stdin) >= 0) {
                int r = run_line(ctl, line);

                code = r != EXIT_SUCCESS ? r : code;
        }
        free(line);
        return code;
}
