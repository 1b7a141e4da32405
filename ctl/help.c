/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Help, made from the tables that the program works by. */
#include "help.h"

#include <glib/gi18n.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "display.h"

#define WRAP_WIDTH 80 /* lines longer than this are hard to read */
#define LEFT_MAX 34   /* what is longer on the left has its help on the next line */

typedef struct Help {
        GString *out;
        const Terminal *terminal;
} Help;

static void append_heading(Help *h, const char *text) {
        g_string_append_printf(h->out, "\n%s%s%s\n", terminal_color(h->terminal, COLOR_STRONG), text,
                               terminal_reset(h->terminal, COLOR_STRONG));
}

/* Words of text in lines, each indented; the first line goes on at column. */
static void append_wrapped(GString *out, const char *text, size_t indent, size_t column) {
        g_auto(GStrv) words = g_strsplit(text, " ", -1);

        for (char **word = words; *word; word++) {
                size_t width = display_width(*word);

                if (column > indent && column + 1 + width > WRAP_WIDTH) {
                        g_string_append_printf(out, "\n%*s", (int) indent, "");
                        column = indent;
                } else if (column > indent) {
                        g_string_append_c(out, ' ');
                        column++;
                }
                g_string_append(out, *word);
                column += width;
        }
        g_string_append_c(out, '\n');
}

/* "  left      help": left may be wide. */
static void append_item(Help *h, const char *left, size_t width, const char *help) {
        size_t used = display_width(left), indent = 2 + MIN(width, LEFT_MAX) + 2;

        g_string_append_printf(h->out, "  %s", left);
        if (used > LEFT_MAX)
                g_string_append_printf(h->out, "\n%*s", (int) indent, "");
        else
                g_string_append_printf(h->out, "%*s", (int) (indent - 2 - used), "");
        append_wrapped(h->out, help, indent, indent);
}

/* "-j --json[=MODE]" */
static char *option_title(const OptionInfo *o) {
        g_autoptr(GString) title = g_string_new(NULL);

        if (o->letter)
                g_string_append_printf(title, "-%c ", o->letter);
        else
                g_string_append(title, "   ");
        g_string_append_printf(title, "--%s", o->name);
        if (o->value)
                g_string_append_printf(title, o->optional ? "[=%s]" : "=%s", _(o->value));
        return g_string_free(g_steal_pointer(&title), false);
}

static void append_options(Help *h, const OptionInfo *const *tables) {
        size_t width = 0;

        for (const OptionInfo *const *t = tables; *t; t++)
                for (const OptionInfo *o = *t; o->name; o++) {
                        g_autofree char *title = option_title(o);

                        width = MAX(width, display_width(title));
                }
        for (const OptionInfo *const *t = tables; *t; t++)
                for (const OptionInfo *o = *t; o->name; o++) {
                        g_autofree char *title = option_title(o);

                        append_item(h, title, width, _(o->help));
                }
}

static char *verb_title(const Verb *verb) {
        return g_strjoin(verb->words ? " " : "", verb->name, verb->words ? _(verb->words) : "", NULL);
}

static void append_verbs(Help *h, bool in_session) {
        size_t width = 0;

        for (const Verb *const *v = verb_table; *v; v++) {
                g_autofree char *title = verb_title(*v);

                if (verb_is_shown(*v, in_session))
                        width = MAX(width, display_width(title));
        }
        for (const Verb *const *v = verb_table; *v; v++) {
                g_autofree char *title = verb_title(*v);

                if (verb_is_shown(*v, in_session))
                        append_item(h, title, width, _((*v)->help));
        }
}

static char *command_title(const CommandInfo *info) {
        g_autoptr(GString) title = g_string_new(info->name);

        for (const ParamInfo *p = info->params; p->name; p++)
                g_string_append_printf(title, p->required ? " %s" : " [%s]", p->name);
        return g_string_free(g_steal_pointer(&title), false);
}

static void append_commands(Help *h) {
        size_t width = 0;

        append_heading(h, _("Commands, with their parameters:"));
        for (const CommandInfo *info = command_table; info->name; info++) {
                g_autofree char *title = command_title(info);

                width = MAX(width, display_width(title));
        }
        for (const CommandInfo *info = command_table; info->name; info++) {
                g_autofree char *title = command_title(info);

                append_item(h, title, width, _(info->help));
        }
}

static void append_usage(Help *h, const char *rest, bool in_session) {
        if (in_session)
                g_string_append_printf(h->out, "%s\n", rest);
        else
                g_string_append_printf(h->out, "mserverctl %s %s\n", _("[OPTIONS...]"), rest);
}

char *help_overview(const Terminal *terminal, bool in_session) {
        const OptionInfo *const tables[] = { ctl_style_options, in_session ? NULL : ctl_place_options,
                                             NULL };
        Help h = { g_string_new(NULL), terminal };

        append_usage(&h, _("VERB ..."), in_session);
        g_string_append_c(h.out, '\n');
        append_wrapped(h.out, _("Send commands to the agents of a fleet, and see what becomes of them."), 0,
                       0);
        append_heading(&h, _("Verbs:"));
        append_verbs(&h, in_session);
        append_heading(&h, _("Options:"));
        append_options(&h, tables);
        if (!in_session) {
                g_string_append_c(h.out, '\n');
                append_wrapped(h.out,
                               _("Without a verb: a prompt on a terminal, else one line of standard input after the other."),
                               0, 0);
        }
        g_string_append_c(h.out, '\n');
        append_wrapped(h.out, _("More on a verb, or on a command for clients: help VERB, help COMMAND"), 0,
                       0);
        return g_string_free(h.out, false);
}

char *help_verb(const Verb *verb, const Terminal *terminal, bool in_session) {
        Help h = { g_string_new(NULL), terminal };
        g_autofree char *title = verb_title(verb);

        append_usage(&h, title, in_session);
        g_string_append_c(h.out, '\n');
        append_wrapped(h.out, _(verb->help), 0, 0);
        if (verb->details) {
                g_string_append_c(h.out, '\n');
                append_wrapped(h.out, _(verb->details), 0, 0);
        }
        if (verb->options) {
                const OptionInfo *const tables[] = { verb->options, NULL };

                append_heading(&h, _("Options:"));
                append_options(&h, tables);
        }
        if (verb->flags & VERB_PARAMETERS)
                append_commands(&h);
        return g_string_free(h.out, false);
}

char *help_command(const CommandInfo *info, const Terminal *terminal) {
        Help h = { g_string_new(NULL), terminal };
        g_autofree char *title = command_title(info);
        size_t width = 0;

        g_string_append_printf(h.out, "send %s %s\n\n%s: %s\n", _("CLIENT"), title, info->name,
                               _(info->help));
        append_heading(&h, _("Parameters:"));
        for (const ParamInfo *p = info->params; p->name; p++)
                width = MAX(width, display_width(p->name));
        for (const ParamInfo *p = info->params; p->name; p++)
                append_item(&h, p->name, width, _(p->help));
        return g_string_free(h.out, false);
}

int help_show_overview(const Ctl *ctl) {
        g_autofree char *text = help_overview(&ctl->terminal, ctl->in_session);

        ctl_print(ctl, text);
        return EXIT_SUCCESS;
}

int help_show_verb(const Ctl *ctl, const Verb *verb) {
        g_autofree char *text = help_verb(verb, &ctl->terminal, ctl->in_session);

        ctl_print(ctl, text);
        return EXIT_SUCCESS;
}

int help_show_command(const Ctl *ctl, const CommandInfo *info) {
        g_autofree char *text = help_command(info, &ctl->terminal);

        ctl_print(ctl, text);
        return EXIT_SUCCESS;
}

int help_show_version(void) {
        (void) puts("mserverctl " PROJECT_VERSION);
        return EXIT_SUCCESS;
}
