/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The verbs: one table from which lines are run, completed, and explained. */
#include "verbs.h"

#include <glib/gi18n.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command-table.h"
#include "error.h"
#include "help.h"
#include "text.h"

const Verb *const verb_table[] = {
        &verb_list,    &verb_show,    &verb_watch,    &verb_send,  &verb_broadcast, &verb_logs,
        &verb_history, &verb_command, &verb_cancel,   &verb_keys,  &verb_backups,   &verb_schedule,
        &verb_alerts,  &verb_audit,   &verb_enroll,   &verb_token, &verb_revoke,    &verb_forget,
        &verb_help,    &verb_quit,    &verb_complete, NULL,
};

bool verb_is_shown(const Verb *verb, bool in_session) {
        return !(verb->flags & VERB_HIDDEN) && (in_session || !(verb->flags & VERB_SESSION_ONLY));
}

static bool fail_unknown(const char *name, bool in_session, GError **error) {
        g_autoptr(GPtrArray) names = g_ptr_array_new_null_terminated(1, NULL, true);
        const char *nearest;

        if (command_info(name))
                return fleet_fail(error, FLEET_ERROR_UNKNOWN_COMMAND,
                                  _("\"%s\" is a command for clients: send CLIENT %s"), name, name);
        for (const Verb *const *v = verb_table; *v; v++)
                if (verb_is_shown(*v, in_session))
                        g_ptr_array_add(names, (gpointer) (*v)->name);
        nearest = text_nearest(name, (const char *const *) names->pdata);
        if (nearest)
                return fleet_fail(error, FLEET_ERROR_UNKNOWN_COMMAND,
                                  _("no verb \"%s\"; did you mean \"%s\"?"), name, nearest);
        return fleet_fail(error, FLEET_ERROR_UNKNOWN_COMMAND, _("no verb \"%s\"; \"help\" lists them"),
                          name);
}

const Verb *verb_find(const char *name, bool in_session, GError **error) {
        for (const Verb *const *v = verb_table; *v; v++)
                if (strcmp((*v)->name, name) == 0 && (in_session || !((*v)->flags & VERB_SESSION_ONLY)))
                        return *v;
        (void) fail_unknown(name, in_session, error);
        return NULL;
}

void verb_option_tables(const Verb *verb, bool in_session, const OptionInfo **ret) {
        unsigned n = 0;

        if (verb->options)
                ret[n++] = verb->options;
        ret[n++] = ctl_style_options;
        if (!in_session)
                ret[n++] = ctl_place_options;
        ret[n] = NULL;
}

static bool check_count(const Verb *verb, const Args *args, GError **error) {
        const char *words = verb->words ? _(verb->words) : "";
        unsigned n = args_count(args);

        if (n < verb->words_min)
                return fleet_fail(error, FLEET_ERROR_INVALID_PARAMETER, _("%s needs more words: %s %s"),
                                  verb->name, verb->name, words);
        if (n > verb->words_max)
                return fleet_fail(error, FLEET_ERROR_INVALID_PARAMETER,
                                  _("\"%s\" is one word too many: %s %s"), args_word(args, verb->words_max),
                                  verb->name, words);
        return true;
}

/* With the line's own style in force. */
static int run_parsed(Ctl *ctl, const Verb *verb, const Args *args, GError **error) {
        if (!ctl_set_style(ctl, args, error))
                return EXIT_FAILURE;
        if (args_has(args, "help"))
                return help_show_verb(ctl, verb);
        if (!ctl->in_session) {
                if (args_has(args, "version"))
                        return help_show_version();
                ctl_set_place(ctl, args);
        }
        if (!check_count(verb, args, error))
                return EXIT_FAILURE;
        return verb->run(ctl, args, error);
}

static int run_verb(Ctl *ctl, const char *const *words, GError **error) {
        const Verb *verb = verb_find(words[0], ctl->in_session, error);
        const OptionInfo *tables[VERB_TABLES_MAX];
        ArgsRules rules = { .tables = tables };
        g_autoptr(Args) args = NULL;
        CtlStyle style = ctl->style;
        int code;

        if (!verb)
                return EXIT_FAILURE;
        verb_option_tables(verb, ctl->in_session, tables);
        rules.verbatim = verb->verbatim;
        rules.flags = verb->flags & VERB_PARAMETERS ? ARGS_KEEP_UNKNOWN : 0;
        args = args_parse(&rules, words + 1, error);
        if (!args)
                return EXIT_FAILURE;
        code = run_parsed(ctl, verb, args, error);
        ctl->style = style;
        return code;
}

int verb_run_line(Ctl *ctl, const char *const *words) {
        g_autoptr(GError) error = NULL;
        int code = run_verb(ctl, words, &error);

        (void) fflush(stdout);
        if (!error)
                return code;
        ctl_error("%s", error->message);
        return code != EXIT_SUCCESS ? code : EXIT_FAILURE;
}
