/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How far a broadcast is, as one line. Pure. */
#include "progress.h"

#include <glib.h>
#include <glib/gi18n.h>

#include "display.h"
#include "when.h"

#define BAR_WIDTH 20

static void append_colored(GString *out, const Terminal *t, Color color, const char *text) {
        g_string_append(out, terminal_color(t, color));
        g_string_append(out, text);
        g_string_append(out, terminal_reset(t, color));
}

static void append_bar(GString *out, const Progress *p, const Terminal *t, unsigned ended) {
        /* Full only when everything has ended. */
        unsigned full = p->total > 0 ? (unsigned) ((uint64_t) ended * BAR_WIDTH / p->total) : 0;

        g_string_append(out, terminal_color(t, p->failed > 0 ? COLOR_BAD : COLOR_GOOD));
        for (unsigned i = 0; i < BAR_WIDTH; i++)
                g_string_append(out, terminal_glyph(t, i < full ? GLYPH_FULL : GLYPH_EMPTY));
        g_string_append(out, terminal_reset(t, COLOR_GOOD));
}

static void append_count(GString *out, const Terminal *t, Color color, unsigned n, const char *what) {
        g_autofree char *text = g_strdup_printf("   %u %s", n, what);

        if (n > 0)
                append_colored(out, t, color, text);
}

static char *format_line(const Progress *p, const Terminal *t) {
        unsigned ended = MIN(p->succeeded + p->failed + p->skipped, p->total);
        GString *out = g_string_new(NULL);
        g_autofree char *elapsed = when_span(p->elapsed);

        append_colored(out, t, COLOR_DIM, p->id);
        g_string_append(out, "  ");
        append_bar(out, p, t, ended);
        g_string_append_printf(out, "  %u/%u", ended, p->total);
        append_count(out, t, COLOR_BAD, p->failed, _("failed"));
        append_count(out, t, COLOR_WARN, p->skipped, _("skipped"));
        if (p->last) {
                g_autofree char *last = display_clean(p->last);

                g_string_append_printf(out, "   %s ", last);
                append_colored(out, t, p->last_ok ? COLOR_GOOD : COLOR_BAD,
                               terminal_glyph(t, p->last_ok ? GLYPH_CHECK : GLYPH_CROSS));
        }
        if (p->status && p->status[0]) {
                g_autofree char *status = display_clean(p->status);

                g_string_append(out, "   ");
                append_colored(out, t, COLOR_WARN, status);
        }
        g_string_append_printf(out, "   %s", elapsed);
        return g_string_free(out, false);
}

char *progress_line(const Progress *p, const Terminal *terminal) {
        Terminal plain = *terminal;
        g_autofree char *text = NULL;

        plain.color = false;
        text = format_line(p, &plain);
        if (terminal->width > 0 && display_width(text) > terminal->width)
                return display_ellipsize(text, terminal->width, terminal_glyph(terminal, GLYPH_ELLIPSIS));
        return format_line(p, terminal);
}
