/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What every verb is given: where the service is, how to show things, and the connection once it is needed. */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "args.h"
#include "bus-client.h"
#include "table.h"
#include "terminal.h"

typedef enum JsonMode {
        JSON_OFF,
        JSON_SHORT,
        JSON_PRETTY,
} JsonMode;

/* How one command line wants things shown. */
typedef struct CtlStyle {
        JsonMode json;
        bool full;   /* nothing is cut to the terminal's width */
        bool legend; /* headings, totals and hints */
        bool pager;
} CtlStyle;

typedef struct Ctl {
        char *host, *machine; /* NULL: this machine */
        bool ask_password;
        CtlStyle style;
        Terminal terminal;    /* standard output's */
        bool in_session;      /* one line after the other: the place is settled, quit ends it */
        bool survives_ctrl_c; /* the prompt does: only what it waits for ends */
        bool quit;
        BusClient *bus; /* NULL until ctl_bus() */
} Ctl;

/* Options that say where (for a program's start alone) and how to show (for every line of the prompt too). */
extern const OptionInfo ctl_place_options[];
extern const OptionInfo ctl_style_options[];

void ctl_init(Ctl *ctl);
void ctl_clear(Ctl *ctl);

/* Takes over the place options of a command line, and its style options. */
void ctl_set_place(Ctl *ctl, const Args *args);
bool ctl_set_style(Ctl *ctl, const Args *args, GError **error);

/* The connection, opened on first use and again where it was lost. Borrowed. */
BusClient *ctl_bus(Ctl *ctl, GError **error);

/* "mserverctl: message" on standard error. */
void ctl_error(const char *format, ...) G_GNUC_PRINTF(1, 2);
/* A remark or hint on standard error, where a person reads it there. */
void ctl_note(const Ctl *ctl, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* Text on standard output, through the pager where that is wanted and needed. */
void ctl_print(const Ctl *ctl, const char *text);

/* Shows a table as the style asks: aligned, or with lines one value a line, or as JSON. */
void ctl_print_table(const Ctl *ctl, const Table *t, bool lines);
void ctl_print_json(const Ctl *ctl, json_object *value);
/* What is about one thing: an array of one object (reference taken). */
void ctl_print_object(const Ctl *ctl, json_object *object);

/* What was sent and is not waited for: its id, or about as JSON (borrowed). */
void ctl_print_sent(const Ctl *ctl, const char *id, json_object *about);

/* Asks "question [y/N] " on the terminal. False for anything but yes, and where there is no terminal. */
bool ctl_confirm(const char *question);
/* Is there somebody to ask? */
bool ctl_can_ask(void);
