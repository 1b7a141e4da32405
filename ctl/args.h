/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A command line taken apart by tables of options: pure, and the same for argv, a line of the prompt and
 * completion. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct OptionInfo {
        const char *name;           /* long, without dashes */
        char letter;                /* 0: none */
        const char *value;          /* N_(), what the help calls its value: "HOST"; NULL: it takes none */
        const char *help;           /* N_() */
        const char *const *choices; /* the values there are, where they are few; for completion */
        bool optional;              /* the value: only --name=VALUE gives one, and it is "" otherwise */
} OptionInfo;

typedef enum ArgsFlags {
        ARGS_STOP_AT_WORD = 1 << 0,    /* what follows the first word is left alone, as POSIX has it */
        ARGS_KEEP_UNKNOWN = 1 << 1,    /* --NAME and --NAME=VALUE of no table go to args_unknown() */
        ARGS_LAST_INCOMPLETE = 1 << 2, /* for completion: nothing is wrong with what is still being typed */
} ArgsFlags;

typedef struct ArgsRules {
        const OptionInfo *const *tables; /* NULL-terminated; each ends with a NULL name */
        ArgsFlags flags;
        /* Given the words so far: is the next word the first of those taken as they are? May be NULL. */
        bool (*verbatim)(const char *const *words, unsigned n);
} ArgsRules;

typedef struct Args Args;

/* Takes NULL-terminated words apart. Options may stand between words, up to "--"; "-" is a word. An unknown
 * option, one without its value or with a value it does not take is FLEET_ERROR_INVALID_PARAMETER. The rules
 * must outlive the result. */
Args *args_parse(const ArgsRules *rules, const char *const *words, GError **error);
Args *args_free(Args *a);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Args, args_free)

/* Words that are no options; NULL-terminated. */
const char *const *args_words(const Args *a);
unsigned args_count(const Args *a);
/* NULL where there are fewer. */
const char *args_word(const Args *a, unsigned i);

/* How many of the input words were looked at: with ARGS_STOP_AT_WORD the rest begins there. */
unsigned args_consumed(const Args *a);

/* By the option's long name, which must be in the tables. args_get(): the last value given, or NULL;
 * args_all(): every one, NULL-terminated, valid as long as a. */
bool args_has(const Args *a, const char *name);
const char *args_get(const Args *a, const char *name);
const char *const *args_all(const Args *a, const char *name);

/* The option at the end whose value is still to come, with ARGS_LAST_INCOMPLETE; else NULL. */
const OptionInfo *args_pending(const Args *a);

/* Are the next words taken as they are? */
bool args_verbatim(const Args *a);

/* "NAME" and "NAME=VALUE" of the unknown long options, NULL-terminated. */
const char *const *args_unknown(const Args *a);
