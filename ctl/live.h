/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One line at the bottom of the terminal that is drawn again while something goes on, and gone when it is over. */
#pragma once

#include <glib.h>
#include <systemd/sd-event.h>

#include "terminal.h"

typedef struct Live Live;

/* Returns the line as it is now, at most terminal->width columns, new string; NULL: none. */
typedef char *(*LiveDraw)(const Terminal *terminal, void *userdata);

/* Draws once it takes longer than a moment, from then on at each live_update(), and each second for what counts time.
 * Nothing at all happens where standard error is no terminal. */
Live *live_new(sd_event *event, LiveDraw draw, void *userdata);
Live *live_free(Live *l);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Live, live_free)

void live_update(Live *l);
