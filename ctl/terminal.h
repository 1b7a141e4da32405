/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What standard output can show: colours, glyphs and columns on a terminal, and plain text elsewhere. */
#pragma once

#include <stdbool.h>

typedef struct Terminal {
        bool tty;
        bool color;     /* a terminal, and nobody asked for none ($NO_COLOR, TERM=dumb) */
        bool utf8;      /* the locale's encoding */
        unsigned width; /* columns; 0: no limit */
} Terminal;

typedef enum Color {
        COLOR_NONE,
        COLOR_GOOD,    /* green: online, succeeded */
        COLOR_BAD,     /* red: failed */
        COLOR_WARN,    /* yellow: needs a look */
        COLOR_DIM,     /* grey: away, past, secondary */
        COLOR_STRONG,  /* bold: names */
        COLOR_HEADING, /* underlined: a table's first line */
} Color;

typedef enum Glyph {
        GLYPH_ELLIPSIS,
        GLYPH_CHECK,
        GLYPH_CROSS,
        GLYPH_FULL,  /* of a progress bar */
        GLYPH_EMPTY, /* of a progress bar */
        GLYPH_ON,
        GLYPH_OFF,
} Glyph;

/* Looks at a file descriptor, the environment and the locale. */
void terminal_detect(int fd, Terminal *ret);

/* The control sequence that starts a colour ("" where there are none), and the one that ends it. */
const char *terminal_color(const Terminal *t, Color color);
const char *terminal_reset(const Terminal *t, Color color);

/* One that the locale can write. */
const char *terminal_glyph(const Terminal *t, Glyph glyph);
