/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The whole terminal, for a while. A frame is one write, over the one before it and without clearing first, so that nothing
 * flickers and a slow line is not asked for more than it has to carry. */
#include "watch-screen.h"

#include <errno.h>
#include <glib/gi18n.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "error.h"

#define BEGIN "\033[?1049h\033[?25l\033[?7l" /* alternate screen, no cursor, no wrapping */
#define END "\033[?7h\033[?25h\033[?1049l"
#define WIDTH_MIN 20
#define WIDTH_MAX 1000

struct WatchScreen {
        struct termios before;
        char *shown; /* the frame */
};

static void write_all(const char *text, size_t size) {
        while (size > 0) {
                ssize_t n = write(STDOUT_FILENO, text, size);

                if (n < 0 && errno != EINTR)
                        return; /* it has gone; whoever reads the keys finds out */
                if (n > 0) {
                        text += n;
                        size -= (size_t) n;
                }
        }
}

WatchScreen *watch_screen_new(GError **error) {
        const char *term = g_getenv("TERM");
        struct termios raw;
        WatchScreen *s;

        if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO) || !term || strcmp(term, "dumb") == 0 ||
            tcgetattr(STDIN_FILENO, &raw) < 0) {
                (void) fleet_fail(error, FLEET_ERROR_FAILED,
                                  _("watch needs a terminal; \"list\" and \"show\" print once"));
                return NULL;
        }
        s = g_new0(WatchScreen, 1);
        s->before = raw;
        cfmakeraw(&raw);
        raw.c_oflag |= OPOST; /* messages of libraries still look right */
        (void) tcsetattr(STDIN_FILENO, TCSADRAIN, &raw);
        write_all(BEGIN, strlen(BEGIN));
        return s;
}

WatchScreen *watch_screen_free(WatchScreen *s) {
        if (!s)
                return NULL;
        write_all(END, strlen(END));
        (void) tcsetattr(STDIN_FILENO, TCSADRAIN, &s->before);
        g_free(s->shown);
        g_free(s);
        return NULL;
}

void watch_screen_size(const WatchScreen *s, unsigned *ret_width, unsigned *ret_height) {
        struct winsize size = {};

        (void) ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
        *ret_width = size.ws_col > 0 ? CLAMP(size.ws_col, WIDTH_MIN, WIDTH_MAX) : 80;
        *ret_height = size.ws_row > 0 ? CLAMP(size.ws_row, 4, WIDTH_MAX) : 24;
}

void watch_screen_draw(WatchScreen *s, const char *frame) {
        g_autoptr(GString) out = g_string_new("\033[H");

        if (g_strcmp0(s->shown, frame) == 0)
                return;
        for (const char *c = frame; *c; c++)
                if (*c == '\n')
                        g_string_append(out, "\033[K\r\n");
                else
                        g_string_append_c(out, *c);
        g_string_append(out, "\033[K\033[J");
        write_all(out->str, out->len);
        g_free(s->shown);
        s->shown = g_strdup(frame);
}
