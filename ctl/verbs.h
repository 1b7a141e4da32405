/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The verbs: one table from which lines are run, completed, and explained. */
#pragma once

#include <stdbool.h>

#include "args.h"
#include "ctl.h"

/* What a word stands for, for completion. */
typedef enum WordKind {
        WORD_OTHER,
        WORD_CLIENT,
        WORD_COMMAND,    /* the name of one that the client before it offers, or any */
        WORD_CONTAINER,  /* one of the client before it */
        WORD_COMMAND_ID, /* of a command */
        WORD_ALERT_ID,   /* of an alert or a silence, by the choice before it */
        WORD_SCHEDULE,   /* the name of one that is there */
        WORD_VERB,
        WORD_CHOICE, /* one of the verb's choices */
} WordKind;

#define VERB_WORDS_ANY UINT_MAX
#define VERB_KINDS_MAX 3

typedef enum VerbFlags {
        VERB_HIDDEN = 1 << 0,     /* for other programs: in no help and no completion */
        VERB_PARAMETERS = 1 << 1, /* unknown long options are parameters of the command it sends */
        VERB_SESSION_ONLY = 1 << 2,
} VerbFlags;

typedef struct Verb {
        const char *name;
        const char *words;         /* N_(), in help: "CLIENT COMMAND [ARGS...]"; NULL for none */
        const char *help;          /* N_(), one line */
        const char *details;       /* N_(), more paragraphs for its own help; may be NULL */
        const OptionInfo *options; /* ended by a NULL name; may be NULL */
        VerbFlags flags;
        unsigned words_min, words_max;
        WordKind kinds[VERB_KINDS_MAX]; /* of the words; the last one also of those that follow */
        const char *const *choices;     /* of WORD_CHOICE, ended by NULL */
        bool (*verbatim)(const char *const *words, unsigned n); /* ArgsRules.verbatim; may be NULL */

        /* Returns an exit code; where error is set, that is shown and the code is a failure. */
        int (*run)(Ctl *ctl, const Args *args, GError **error);
} Verb;

extern const Verb verb_list, verb_show, verb_watch, verb_send, verb_broadcast, verb_logs, verb_history,
                verb_command, verb_cancel, verb_keys, verb_backups, verb_schedule, verb_alerts, verb_audit,
                verb_enroll, verb_token, verb_revoke, verb_forget, verb_help, verb_quit, verb_complete;

/* In the order of the help, ended by NULL. */
extern const Verb *const verb_table[];

/* Is it one to be shown (and, for those of the prompt alone, usable) here? */
bool verb_is_shown(const Verb *verb, bool in_session);

/* FLEET_ERROR_UNKNOWN_COMMAND, with the nearest one, for a name that is none. */
const Verb *verb_find(const char *name, bool in_session, GError **error);

#define VERB_TABLES_MAX 4

/* The options that a verb takes on this line: its own, style, and where that is not settled place. ret has room for
 * VERB_TABLES_MAX. */
void verb_option_tables(const Verb *verb, bool in_session, const OptionInfo **ret);

/* Runs a line: a verb's name and what follows; words is NULL-terminated and not empty. Errors have been shown.
 * Returns an exit code. */
int verb_run_line(Ctl *ctl, const char *const *words);
