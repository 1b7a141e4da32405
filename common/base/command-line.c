/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The options of a command line, by getopt_long(3). */
#include "command-line.h"

#include <getopt.h>
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

enum { OPTION_HELP = 'h', OPTION_VERSION = 256, OPTION_FIRST };

/* "+" first, a letter each, and ":" where it takes a value. */
typedef struct Letters {
        char text[2 * (COMMAND_OPTIONS_MAX + 2)];
        unsigned n;
} Letters;

static void add_letter(Letters *l, char letter) {
        l->text[l->n++] = letter;
}

static unsigned fill(const CommandLine *l, struct option *ret_options, Letters *ret_letters) {
        unsigned n = 0;

        if (l->stop_at_word)
                add_letter(ret_letters, '+');
        for (; l->options[n].name; n++) {
                const CommandOption *o = &l->options[n];

                g_assert(n < COMMAND_OPTIONS_MAX && !o->flag == !!o->value);
                ret_options[n] = (struct option){ o->name, o->value ? required_argument : no_argument, NULL,
                                                  OPTION_FIRST + (int) n };
                if (o->letter)
                        add_letter(ret_letters, o->letter);
                if (o->letter && o->value)
                        add_letter(ret_letters, ':');
        }
        add_letter(ret_letters, OPTION_HELP);
        ret_options[n] = (struct option){ "help", no_argument, NULL, OPTION_HELP };
        if (l->version)
                ret_options[n + 1] = (struct option){ "version", no_argument, NULL, OPTION_VERSION };
        return n;
}

/* c: what getopt_long() returned; NULL: no option of the line's own. */
static const CommandOption *find(const CommandLine *l, unsigned n, int c) {
        for (unsigned i = 0; i < n; i++)
                if (c == OPTION_FIRST + (int) i || (l->options[i].letter && c == l->options[i].letter))
                        return &l->options[i];
        return NULL;
}

int command_line_read(const CommandLine *l, int argc, char *argv[], int *ret_code) {
        struct option options[COMMAND_OPTIONS_MAX + 3] = {};
        Letters letters = {};
        unsigned n = fill(l, options, &letters);
        int c;

        optind = 0; /* anew, and with the "+" */
        while ((c = getopt_long(argc, argv, letters.text, options, NULL)) >= 0) {
                const CommandOption *o = find(l, n, c);

                if (o && o->value)
                        *o->value = optarg;
                else if (o)
                        *o->flag = true;
                else {
                        if (c == OPTION_HELP)
                                l->help();
                        else if (c == OPTION_VERSION)
                                puts(l->version);
                        *ret_code = c == OPTION_HELP || c == OPTION_VERSION ? EXIT_SUCCESS : EX_USAGE;
                        return -1;
                }
        }
        return optind;
}
