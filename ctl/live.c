/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One line at the bottom of the terminal that is drawn again while something goes on, and gone when it is over. */
#include "live.h"

#include <stdbool.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"

#define FIRST_USEC (250 * USEC_PER_MSEC) /* what is over sooner need not be announced */
#define REDRAW_USEC USEC_PER_SEC
#define ACCURACY_USEC (50 * USEC_PER_MSEC)

struct Live {
        Terminal terminal;
        LiveDraw draw;
        void *userdata;
        sd_event_source *timer;
        bool shown;
};

/* Without a line nothing is touched: it may be polkit that asks for a password there. */
static void redraw(Live *l) {
        g_autofree char *line = l->draw(&l->terminal, l->userdata);

        if (!line)
                return;
        (void) fprintf(stderr, "\r\033[K%s", line);
        (void) fflush(stderr);
        l->shown = true;
}

void live_update(Live *l) {
        if (l->shown)
                redraw(l);
}

static int on_timer(sd_event_source *s, uint64_t usec, void *userdata) {
        redraw(userdata);
        (void) sd_event_source_set_time_relative(s, REDRAW_USEC);
        return sd_event_source_set_enabled(s, SD_EVENT_ONESHOT);
}

Live *live_new(sd_event *event, LiveDraw draw, void *userdata) {
        Live *l = g_new0(Live, 1);

        terminal_detect(STDERR_FILENO, &l->terminal);
        l->draw = draw;
        l->userdata = userdata;
        if (l->terminal.tty)
                (void) sd_event_add_time_relative(event, &l->timer, CLOCK_MONOTONIC, FIRST_USEC,
                                                  ACCURACY_USEC, on_timer, l);
        return l;
}

Live *live_free(Live *l) {
        if (!l)
                return NULL;
        if (l->shown)
                (void) fputs("\r\033[K", stderr);
        (void) sd_event_source_disable_unref(l->timer);
        g_free(l);
        return NULL;
}
