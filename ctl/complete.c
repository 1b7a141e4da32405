/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What may come next on a command line: pure, for shells and the prompt alike. */
#include "complete.h"

#include <glib.h>
#include <string.h>

#include "args.h"
#include "command-table.h"
#include "ctl.h"
#include "verbs.h"

typedef struct Completion {
        const char *prefix;
        const CompleteSource *source;
        bool in_session;
        GPtrArray *found;
} Completion;

static void offer(Completion *c, const char *word) {
        if (g_str_has_prefix(word, c->prefix) &&
            !g_ptr_array_find_with_equal_func(c->found, word, g_str_equal, NULL))
                g_ptr_array_add(c->found, g_strdup(word));
}

static void offer_all(Completion *c, const char *const *words) {
        for (; words && *words; words++)
                offer(c, *words);
}

static void offer_new(Completion *c, char **words) {
        offer_all(c, (const char *const *) words);
        g_strfreev(words);
}

static void offer_verbs(Completion *c) {
        for (const Verb *const *v = verb_table; *v; v++)
                if (verb_is_shown(*v, c->in_session))
                        offer(c, (*v)->name);
}

static void offer_option(Completion *c, const char *name) {
        g_autofree char *word = g_strconcat("--", name, NULL);

        offer(c, word);
}

/* What the options of tables can be, or the value of one where "--name=" stands already. */
static void offer_options(Completion *c, const OptionInfo *const *tables) {
        for (; *tables; tables++)
                for (const OptionInfo *o = *tables; o->name; o++) {
                        offer_option(c, o->name);
                        for (const char *const *choice = o->choices; choice && *choice; choice++) {
                                g_autofree char *name = g_strdup_printf("%s=%s", o->name, *choice);

                                /* One at a time: the values only once the name is there. */
                                if (strchr(c->prefix, '='))
                                        offer_option(c, name);
                        }
                }
}

static void offer_parameters(Completion *c, const char *command) {
        const CommandInfo *info = command ? command_info(command) : NULL;

        if (!info)
                return;
        if (info->takes_all)
                offer_option(c, "all");
        for (const ParamInfo *p = info->params; p->name; p++)
                offer_option(c, p->name);
}

/* before: the word that the kind depends on, if it is there. */
static void offer_kind(Completion *c, const Verb *verb, WordKind kind, const char *before) {
        const CompleteSource *s = c->source;

        switch (kind) {
        case WORD_CLIENT:
                offer_new(c, s->clients(s->userdata));
                break;
        case WORD_COMMAND:
                offer_new(c, s->commands(before, s->userdata));
                break;
        case WORD_CONTAINER:
                if (before)
                        offer_new(c, s->containers(before, s->userdata));
                break;
        case WORD_COMMAND_ID:
                offer_new(c, s->command_ids(s->userdata));
                break;
        case WORD_ALERT_ID:
                if (before)
                        offer_new(c, s->alert_ids(before, s->userdata));
                break;
        case WORD_SCHEDULE:
                offer_new(c, s->schedules(s->userdata));
                break;
        case WORD_VERB:
                offer_verbs(c);
                break;
        case WORD_CHOICE:
                offer_all(c, verb->choices);
                break;
        case WORD_OTHER:
                break;
        }
}

static WordKind kind_of(const Verb *verb, unsigned i) {
        if (i >= verb->words_max)
                return WORD_OTHER;
        /* A verb of words of one kind takes as many as one likes. */
        if (verb->kinds[1] == WORD_OTHER)
                return verb->kinds[0];
        return i < VERB_KINDS_MAX ? verb->kinds[i] : WORD_OTHER;
}

/* The word of a kind among those that are there. */
static const char *word_of(const Verb *verb, const Args *args, WordKind kind) {
        for (unsigned i = 0; i < VERB_KINDS_MAX; i++)
                if (verb->kinds[i] == kind)
                        return args_word(args, i);
        return NULL;
}

static void offer_value(Completion *c, const OptionInfo *option) {
        offer_all(c, option->choices);
        if (strcmp(option->name, "command") == 0)
                offer_kind(c, NULL, WORD_COMMAND, NULL);
        else if (strcmp(option->name, "client") == 0)
                offer_kind(c, NULL, WORD_CLIENT, NULL);
}

static void complete_verb(Completion *c, const Verb *verb, const char *const *words) {
        const OptionInfo *tables[VERB_TABLES_MAX];
        ArgsRules rules = { tables, ARGS_LAST_INCOMPLETE, verb->verbatim };
        g_autoptr(Args) args = NULL;

        verb_option_tables(verb, c->in_session, tables);
        args = args_parse(&rules, words, NULL);
        if (!args)
                return;
        if (args_pending(args)) {
                offer_value(c, args_pending(args));
        } else if (c->prefix[0] == '-' && !args_verbatim(args)) {
                offer_options(c, tables);
                if (verb->flags & VERB_PARAMETERS)
                        offer_parameters(c, word_of(verb, args, WORD_COMMAND));
        } else {
                WordKind kind = kind_of(verb, args_count(args));

                offer_kind(c, verb, kind,
                           word_of(verb, args, kind == WORD_ALERT_ID ? WORD_CHOICE : WORD_CLIENT));
        }
}

static void complete_line(Completion *c, const char *const *words) {
        static const OptionInfo *const tables[] = { ctl_style_options, ctl_place_options, NULL };
        ArgsRules rules = { tables, ARGS_STOP_AT_WORD | ARGS_LAST_INCOMPLETE };
        g_autoptr(Args) args = args_parse(&rules, words, NULL);
        const Verb *verb;

        if (!args)
                return;
        words += args_consumed(args);
        verb = *words ? verb_find(*words, c->in_session, NULL) : NULL;
        if (verb)
                complete_verb(c, verb, words + 1);
        else if (*words)
                return;
        else if (args_pending(args))
                offer_value(c, args_pending(args));
        else if (c->prefix[0] == '-')
                offer_options(c, tables);
        else
                offer_verbs(c);
}

static int compare(gconstpointer a, gconstpointer b) {
        return strcmp(*(const char *const *) a, *(const char *const *) b);
}

char **complete_words(const char *const *words, const char *prefix, bool in_session,
                      const CompleteSource *source) {
        Completion c = { prefix, source, in_session, g_ptr_array_new() };

        complete_line(&c, words);
        g_ptr_array_sort(c.found, compare);
        g_ptr_array_add(c.found, NULL);
        return (char **) g_ptr_array_free(c.found, false);
}
