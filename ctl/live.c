/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One line at the bottom of the terminal that is drawn again while something goes on, and gone when it is over. */
#include "live.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"

#define REDRAW_USEC USEC_PER_SEC
#define ACCURACY_USEC (100 * USEC_PER_MSEC)

struct Live {
        Terminal terminal;
        LiveDraw draw;
        void *userdata;
        sd_event_source *timer;
};

static void clear_line(const Live *l) {
        if (l->terminal.tty)
                (void) fputs("\r\033[K", stderr);
}

void live_update(Live *l) {
        g_autofree char *line = l->terminal.tty ? l->draw(&l->terminal, l->userdata) : NULL;

        clear_line(l);
        if (line)
                (void) fputs(line, stderr);
        (void) fflush(stderr);
}

static int on_timer(sd_event_source *s, uint64_t usec, void *userdata) {
        live_update(userdata);
        (void) sd_event_source_set_time_relative(s, REDRAW_USEC);
        return sd_event_source_set_enabled(s, SD_EVENT_ONESHOT);
}

Live *live_new(sd_event *event, LiveDraw draw, void *userdata) {
        Live *l = g_new0(Live, 1);

        terminal_detect(STDERR_FILENO, &l->terminal);
        l->draw = draw;
        l->userdata = userdata;
        /* Without the timer the line still follows what happens. */
        if (l->terminal.tty)
                (void) sd_event_add_time_relative(event, &l->timer, CLOCK_MONOTONIC, REDRAW_USEC,
                                                  ACCURACY_USEC, on_timer, l);
        live_update(l);
        return l;
}

Live *live_free(Live *l) {
        if (!l)
                return NULL;
        clear_line(l);
        (void) fflush(stderr);
        (void) sd_event_source_disable_unref(l->timer);
        g_free(l);
        return NULL;
}
