/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The whole terminal, for a while: an alternate screen that is drawn a frame at a time, keys as they are pressed, and all as it
 * was afterwards. Plain control sequences that every terminal of today knows, so it works through ssh and screen alike. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

typedef struct WatchScreen WatchScreen;

/* Takes over standard input and output. NULL with error set where these are no terminal. */
WatchScreen *watch_screen_new(GError **error);
/* Gives it back. */
WatchScreen *watch_screen_free(WatchScreen *s);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(WatchScreen, watch_screen_free)

/* Its size now. */
void watch_screen_size(const WatchScreen *s, unsigned *ret_width, unsigned *ret_height);

/* lines separated by newlines, as many as the screen has. */
void watch_screen_draw(WatchScreen *s, const char *frame);
