/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What standard output can show: colours, glyphs and columns on a terminal, and plain text elsewhere. */
#include "terminal.h"

#include <glib.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "text.h"

#define WIDTH_DEFAULT 80
#define WIDTH_MIN 20
#define WIDTH_MAX 1000

static unsigned width_of(int fd) {
        struct winsize size = {};
        uint64_t columns;

        if (text_to_uint(g_getenv("COLUMNS"), WIDTH_MIN, WIDTH_MAX, &columns))
                return (unsigned) columns;
        if (ioctl(fd, TIOCGWINSZ, &size) < 0 || size.ws_col == 0)
                return WIDTH_DEFAULT;
        return CLAMP(size.ws_col, WIDTH_MIN, WIDTH_MAX);
}

static bool wants_color(void) {
        const char *none = g_getenv("NO_COLOR"), *term = g_getenv("TERM");

        return (!none || !none[0]) && term && strcmp(term, "dumb") != 0;
}

void terminal_detect(int fd, Terminal *ret) {
        bool tty = isatty(fd);

        *ret = (Terminal){
                .tty = tty,
                .color = tty && wants_color(),
                .utf8 = g_get_charset(NULL),
                .width = tty ? width_of(fd) : 0,
        };
}

const char *terminal_color(const Terminal *t, Color color) {
        static const char *const sequences[] = {
                [COLOR_NONE] = "",           [COLOR_GOOD] = "\033[32m", [COLOR_BAD] = "\033[31m",
                [COLOR_WARN] = "\033[33m",   [COLOR_DIM] = "\033[90m",  [COLOR_STRONG] = "\033[1m",
                [COLOR_HEADING] = "\033[4m",
        };

        return t->color ? sequences[color] : "";
}

const char *terminal_reset(const Terminal *t, Color color) {
        return t->color && color != COLOR_NONE ? "\033[0m" : "";
}

const char *terminal_glyph(const Terminal *t, Glyph glyph) {
        static const char *const glyphs[][2] = {
                [GLYPH_ELLIPSIS] = { "...", "…" }, [GLYPH_CHECK] = { "ok", "✓" },
                [GLYPH_CROSS] = { "x", "✗" },      [GLYPH_FULL] = { "#", "█" },
                [GLYPH_EMPTY] = { "-", "░" },      [GLYPH_ON] = { "*", "●" },
                [GLYPH_OFF] = { "o", "○" },
        };

        return glyphs[glyph][t->utf8];
}
