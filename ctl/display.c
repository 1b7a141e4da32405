/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Text as a terminal shows it: how many columns it takes, cut to fit, and free of what could drive the
 * terminal. */
#include "display.h"

#include <glib.h>

static size_t char_width(gunichar c) {
        if (g_unichar_iszerowidth(c))
                return 0;
        return g_unichar_iswide(c) ? 2 : 1;
}

size_t display_width(const char *text) {
        size_t width = 0;

        for (const char *p = text; *p; p = g_utf8_next_char(p))
                width += char_width(g_utf8_get_char(p));
        return width;
}

char *display_clean(const char *text) {
        g_autofree char *valid = g_utf8_make_valid(text, -1);
        g_autoptr(GString) clean = g_string_sized_new(strlen(valid));

        for (const char *p = valid; *p; p = g_utf8_next_char(p)) {
                gunichar c = g_utf8_get_char(p);

                if (c == '\n' || c == '\t' || c == '\r')
                        g_string_append_c(clean, ' ');
                else if (g_unichar_iscntrl(c))
                        g_string_append_printf(clean, "\\x%02x", c);
                else
                        g_string_append_unichar(clean, c);
        }
        return g_string_free(g_steal_pointer(&clean), false);
}

char *display_cut(const char *text, size_t width) {
        const char *end = text;

        for (size_t used = 0; *end; end = g_utf8_next_char(end)) {
                used += char_width(g_utf8_get_char(end));
                if (used > width)
                        break;
        }
        return g_strndup(text, (size_t) (end - text));
}

char *display_ellipsize(const char *text, size_t width, const char *ellipsis) {
        g_autofree char *part = NULL;

        if (display_width(text) <= width)
                return g_strdup(text);
        if (display_width(ellipsis) > width)
                return display_cut(text, width);
        part = display_cut(text, width - display_width(ellipsis));
        return g_strconcat(part, ellipsis, NULL);
}
