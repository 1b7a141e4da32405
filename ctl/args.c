/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A command line taken apart by tables of options: pure, and the same for argv, a line of the prompt and
 * completion. */
#include "args.h"

#include <glib/gi18n.h>
#include <string.h>

#include "error.h"
#include "text.h"

struct Args {
        const ArgsRules *rules;
        GPtrArray *words;   /* char*, NULL-terminated */
        GPtrArray *unknown; /* char*, NULL-terminated */
        GHashTable *values; /* OptionInfo* to GPtrArray of char*, NULL-terminated */
        const OptionInfo *pending;
        bool verbatim;
        unsigned consumed;
};

typedef struct Parser {
        Args *args;
        const char *const *input; /* where parsing stands */
} Parser;

static GPtrArray *strings_new(void) {
        return g_ptr_array_new_null_terminated(1, g_free, true);
}

static void strings_unref(gpointer strings) {
        g_ptr_array_unref(strings);
}

Args *args_free(Args *a) {
        if (!a)
                return NULL;
        g_ptr_array_unref(a->words);
        g_ptr_array_unref(a->unknown);
        g_hash_table_unref(a->values);
        g_free(a);
        return NULL;
}

static const OptionInfo *find(const ArgsRules *rules, const char *name, size_t length, char letter) {
        for (const OptionInfo *const *table = rules->tables; *table; table++)
                for (const OptionInfo *o = *table; o->name; o++)
                        if (name ? strncmp(o->name, name, length) == 0 && !o->name[length]
                                 : o->letter == letter)
                                return o;
        return NULL;
}

static void put(Args *a, const OptionInfo *option, const char *value) {
        GPtrArray *values = g_hash_table_lookup(a->values, option);

        if (!values) {
                values = strings_new();
                g_hash_table_insert(a->values, (gpointer) option, values);
        }
        g_ptr_array_add(values, g_strdup(value));
}

static bool fail_unknown(const ArgsRules *rules, const char *given, GError **error) {
        g_autoptr(GPtrArray) names = g_ptr_array_new_null_terminated(1, NULL, true);
        g_autofree char *name = g_strndup(given, strcspn(given, "="));
        const char *nearest;

        for (const OptionInfo *const *table = rules->tables; *table; table++)
                for (const OptionInfo *o = *table; o->name; o++)
                        g_ptr_array_add(names, (gpointer) o->name);
        nearest = text_nearest(name, (const char *const *) names->pdata);
        if (nearest)
                return fleet_fail(error, FLEET_ERROR_INVALID_PARAMETER,
                                  _("unknown option --%s; did you mean --%s?"), name, nearest);
        return fleet_fail(error, FLEET_ERROR_INVALID_PARAMETER, _("unknown option --%s; --help lists them"),
                          name);
}

/* The value of an option that needs one and has none attached is the next word. */
static bool take_value(Parser *p, const OptionInfo *option, const char *spelled, GError **error) {
        if (p->input[1])
                put(p->args, option, *++p->input);
        else if (p->args->rules->flags & ARGS_LAST_INCOMPLETE)
                p->args->pending = option;
        else
                return fleet_fail(error, FLEET_ERROR_INVALID_PARAMETER, _("option %s needs a value: %s"),
                                  spelled, _(option->value));
        return true;
}

static bool needs_value(const OptionInfo *option) {
        return option->value && !option->optional;
}

static bool parse_long(Parser *p, GError **error) {
        const ArgsRules *rules = p->args->rules;
        const char *text = *p->input + 2, *equals = strchr(text, '=');
        const OptionInfo *option = find(rules, text, strcspn(text, "="), 0);

        if (!option) {
                if (!(rules->flags & ARGS_KEEP_UNKNOWN) && !(rules->flags & ARGS_LAST_INCOMPLETE))
                        return fail_unknown(rules, text, error);
                g_ptr_array_add(p->args->unknown, g_strdup(text));
                return true;
        }
        if (!option->value && equals)
                return fleet_fail(error, FLEET_ERROR_INVALID_PARAMETER,
                                  _("option --%s takes no value, got \"%s\""), option->name, equals + 1);
        if (needs_value(option) && !equals)
                return take_value(p, option, *p->input, error);
        put(p->args, option, equals ? equals + 1 : "");
        return true;
}

static bool parse_letters(Parser *p, GError **error) {
        const ArgsRules *rules = p->args->rules;

        for (const char *letter = *p->input + 1; *letter; letter++) {
                const OptionInfo *option = find(rules, NULL, 0, *letter);
                const char spelled[] = { '-', *letter, 0 };

                if (!option && (rules->flags & ARGS_LAST_INCOMPLETE))
                        continue;
                if (!option)
                        return fleet_fail(error, FLEET_ERROR_INVALID_PARAMETER,
                                          _("unknown option -%s; --help lists them"), letter);
                if (needs_value(option) && !letter[1])
                        return take_value(p, option, spelled, error);
                put(p->args, option, needs_value(option) ? letter + 1 : "");
                if (needs_value(option))
                        return true;
        }
        return true;
}

static bool is_option(const char *word) {
        return word[0] == '-' && word[1];
}

static bool parse(Parser *p, GError **error) {
        const ArgsRules *rules = p->args->rules;
        Args *a = p->args;

        for (; *p->input; p->input++) {
                if (!a->verbatim && strcmp(*p->input, "--") == 0) {
                        a->verbatim = true;
                        continue;
                }
                if (!a->verbatim && is_option(*p->input)) {
                        bool ok = (*p->input)[1] == '-' ? parse_long(p, error) : parse_letters(p, error);

                        if (!ok)
                                return false;
                        continue;
                }
                if (rules->flags & ARGS_STOP_AT_WORD)
                        return true;
                if (rules->verbatim && rules->verbatim(args_words(a), args_count(a)))
                        a->verbatim = true;
                g_ptr_array_add(a->words, g_strdup(*p->input));
        }
        return true;
}

Args *args_parse(const ArgsRules *rules, const char *const *words, GError **error) {
        g_autoptr(Args) a = g_new0(Args, 1);
        Parser p = { a, words };

        a->rules = rules;
        a->words = strings_new();
        a->unknown = strings_new();
        a->values = g_hash_table_new_full(NULL, NULL, NULL, strings_unref);
        if (!parse(&p, error))
                return NULL;
        a->consumed = (unsigned) (p.input - words);
        return g_steal_pointer(&a);
}

const char *const *args_words(const Args *a) {
        return (const char *const *) a->words->pdata;
}

unsigned args_count(const Args *a) {
        return a->words->len;
}

const char *args_word(const Args *a, unsigned i) {
        return i < a->words->len ? a->words->pdata[i] : NULL;
}

unsigned args_consumed(const Args *a) {
        return a->consumed;
}

static const GPtrArray *values_of(const Args *a, const char *name) {
        const OptionInfo *option = find(a->rules, name, strlen(name), 0);

        g_assert(option);
        return g_hash_table_lookup(a->values, option);
}

bool args_has(const Args *a, const char *name) {
        return values_of(a, name) != NULL;
}

const char *args_get(const Args *a, const char *name) {
        const GPtrArray *values = values_of(a, name);

        return values ? values->pdata[values->len - 1] : NULL;
}

const char *const *args_all(const Args *a, const char *name) {
        static const char *const none[] = { NULL };
        const GPtrArray *values = values_of(a, name);

        return values ? (const char *const *) values->pdata : none;
}

const OptionInfo *args_pending(const Args *a) {
        return a->pending;
}

bool args_verbatim(const Args *a) {
        return a->verbatim;
}

const char *const *args_unknown(const Args *a) {
        return (const char *const *) a->unknown->pdata;
}
