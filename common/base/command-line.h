/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The options of a command line, by getopt_long(3). */
#pragma once

#include <stdbool.h>

#define COMMAND_OPTIONS_MAX 8

/* One that takes no value sets flag, one that takes one sets value, to a part of argv. */
typedef struct CommandOption {
        const char *name; /* without dashes */
        char letter;      /* 0: none */
        bool *flag;
        const char **value;
} CommandOption;

typedef struct CommandLine {
        const CommandOption *options; /* ended by a NULL name; COMMAND_OPTIONS_MAX at most */
        bool stop_at_word;            /* options behind the first word are somebody else's */
        void (*help)(void);           /* prints it, for -h and --help */
        const char *version;          /* printed for --version; NULL: there is no such option */
} CommandLine;

/* Reads the options; argv may be another one than the last time. Returns where the words begin, which may have been moved
 * behind the options. Less than 0: there is nothing more to do but exit with *ret_code; what is wrong was said on standard
 * error. */
int command_line_read(const CommandLine *l, int argc, char *argv[], int *ret_code);
