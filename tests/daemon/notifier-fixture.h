/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The real notifier with its database and connection, and a mserver-notify that is played. Timers run twenty times as fast. */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "notice-outcome.h"
#include "notifier.h"
#include "notify-stream.h"

typedef struct Test {
        char *dir, *socket;
        Loop *loop;
        Fleet *fleet;
        Notifier *notifier;
        bool ready;

        uv_pipe_t listener;
        NotifyStream *peer; /* the server */
        GString *told;      /* "TARGET EVENT ID…, " of each request */
        GQueue ids;         /* of requests without an answer, as pointers */
        NoticeOutcome outcome;
        const char *deaf; /* the target that is never answered */
        bool holds;       /* nothing is answered by itself */
        unsigned ends;
} Test;

/* The oldest request that has no answer. */
void answer_next(Test *t, NoticeOutcome outcome);
void listen_on_socket(Test *t);
void step(Test *t);
/* Takes what was told by now, which is to be this once it is all there. */
void expect(Test *t, const char *told);
/* Takes what was told until this, whatever there was before. */
void until_told(Test *t, const char *what);
void until_idle(Test *t);
/* lines: "NAME TYPE SEVERITY CLIENTS", "-" is all; up to a NULL. */
void set_targets(Test *t, const char *const *lines);
/* The server's life, and what is left of it. */
void start(Test *t, const char *const *targets);
void stop(Test *t);
Test *test_new(const char *const *targets);
void test_free(Test *t);
AlertRecord alert_of(const char *id);
void raise_alert(Test *t, const char *id);
void clear_alert(Test *t, const char *id);
/* An alert of this id that is silenced now: it was not before, or (ALERT_CHANGE_RAISED) from the beginning. */
void silence_alert(Test *t, const char *id, AlertChange change);
/* These last, and no others; NULL: fewer. */
void catch_up(Test *t, const char *one, const char *other);
