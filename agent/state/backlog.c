/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How many of something wait for the server. */
#include "backlog.h"

#include "log.h"

bool backlog_is_full(const Backlog *b) {
        return b->count >= b->max;
}

static void say_crossed(const Backlog *b) {
        g_autofree char *problem = backlog_problem(b);

        if (problem)
                log_warning("%s", problem);
        else
                log_info("Fewer %s wait for the server than may: work goes on", b->what);
}

void backlog_set(Backlog *b, unsigned count) {
        bool was_full = backlog_is_full(b), crossed;

        if (b->count == count)
                return;
        b->count = count;
        crossed = backlog_is_full(b) != was_full;
        if (crossed)
                say_crossed(b);
        if (b->changed)
                b->changed(crossed, b->userdata);
}

char *backlog_problem(const Backlog *b) {
        if (!backlog_is_full(b))
                return NULL;
        return g_strdup_printf("%u %s wait for the server: %s until it acknowledges some", b->count, b->what,
                               b->consequence);
}
