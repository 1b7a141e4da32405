/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Is this a calendar event? A child says so: see calendar-check.h.
 *
 * It is over when the child has ended, and its output, too; or when there was none. */
#include "calendar-check.h"

#include <signal.h>
#include <string.h>

#include "error.h"
#include "limits.h"

#define PROGRAM "/usr/bin/systemd-analyze"

struct CalendarCheck {
        Loop *loop;
        char *calendar;
        CalendarChecked done;
        void *userdata;
        LoopTimer *deadline;
        uv_process_t process;
        uv_pipe_t output;
        char text[CALENDAR_CHECK_BYTES_MAX + 1];
        size_t size;
        int spawned; /* 0, or a negative errno */
        int64_t status;
        int signal;
        bool exited, ended, late, freed;
        unsigned open; /* handles */
};

static void free_if_closed(CalendarCheck *c) {
        if (!c->freed || c->open > 0)
                return;
        g_free(c->calendar);
        g_free(c);
}

static void on_closed(uv_handle_t *handle) {
        CalendarCheck *c = handle->data;

        c->open--;
        free_if_closed(c);
}

static void set_error(const CalendarCheck *c, GError **error) {
        if (c->spawned < 0)
                fleet_fail_errno(error, FLEET_ERROR_UNAVAILABLE, c->spawned, "cannot run " PROGRAM);
        else if (c->late)
                fleet_fail(error, FLEET_ERROR_UNAVAILABLE,
                           PROGRAM " has not said within %d s what it thinks of \"%s\"; try again",
                           CALENDAR_CHECK_MSEC / 1000, c->calendar);
        else if (c->status != 0 || c->signal != 0)
                fleet_fail(error, FLEET_ERROR_INVALID_PARAMETER,
                           "\"%s\" is no calendar event: expected one as in systemd.time(7), such as "
                           "\"Mon *-*-* 04:00 Asia/Seoul\"; \"systemd-analyze calendar\" explains them",
                           c->calendar);
        else if (strstr(c->text, "Next elapse: never"))
                fleet_fail(error, FLEET_ERROR_INVALID_PARAMETER,
                           "\"%s\" never comes (again): expected a calendar event in the future",
                           c->calendar);
}

static void finish(CalendarCheck *c) {
        g_autoptr(GError) error = NULL;

        if (c->freed || !c->exited || !c->ended)
                return;
        c->deadline = loop_timer_free(c->deadline);
        set_error(c, &error);
        c->done(error, c->userdata);
}

static void on_exited(uv_process_t *process, int64_t status, int signum) {
        CalendarCheck *c = process->data;

        c->status = status;
        c->signal = signum;
        c->exited = true;
        finish(c);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *ret) {
        CalendarCheck *c = handle->data;

        *ret = uv_buf_init(c->text + c->size, (unsigned) (sizeof(c->text) - 1 - c->size));
}

/* A full buffer is an error of libuv's here: it has said more than it ever does, and no more is wanted. */
static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf) {
        CalendarCheck *c = stream->data;

        if (n > 0) {
                c->size += (size_t) n;
                return;
        }
        if (n == 0)
                return;
        (void) uv_read_stop(stream);
        c->ended = true;
        finish(c);
}

static void on_late(void *userdata) {
        CalendarCheck *c = userdata;

        c->late = true;
        (void) uv_process_kill(&c->process, SIGKILL);
}

/* Never from inside the call. */
static void on_unspawned(void *userdata) {
        CalendarCheck *c = userdata;

        c->exited = c->ended = true;
        finish(c);
}

static int spawn(CalendarCheck *c) {
        char *argv[] = { (char *) PROGRAM, (char *) "calendar", (char *) "--", c->calendar, NULL };
        /* The words it is looked for must be those; a zone of ours is none of the schedule's. */
        char *environment[] = { (char *) "LC_ALL=C.UTF-8", (char *) "PATH=/usr/bin:/bin",
                                (char *) "SYSTEMD_COLORS=0", NULL };
        uv_stdio_container_t stdio[] = {
                { .flags = UV_IGNORE },
                { .flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE, .data.stream = (uv_stream_t *) &c->output },
                { .flags = UV_IGNORE },
        };
        const uv_process_options_t options = {
                .exit_cb = on_exited,
                .file = argv[0],
                .args = argv,
                .env = environment,
                .stdio_count = G_N_ELEMENTS(stdio),
                .stdio = stdio,
        };
        int r;

        c->process.data = c->output.data = c;
        r = uv_pipe_init(loop_uv(c->loop), &c->output, 0);
        c->open++;
        if (r < 0)
                return r;
        c->open++; /* libuv initialises the handle also where it fails */
        r = uv_spawn(loop_uv(c->loop), &c->process, &options);
        return r < 0 ? r : uv_read_start((uv_stream_t *) &c->output, on_alloc, on_read);
}

CalendarCheck *calendar_check(Loop *l, const char *calendar, CalendarChecked done, void *userdata) {
        CalendarCheck *c = g_new0(CalendarCheck, 1);

        c->loop = l;
        c->calendar = g_strdup(calendar);
        c->done = done;
        c->userdata = userdata;
        c->spawned = spawn(c);
        if (c->spawned < 0)
                loop_defer(l, on_unspawned, c);
        else
                c->deadline = loop_timer_new(l, CALENDAR_CHECK_MSEC, 0, on_late, c);
        return c;
}

static void close_handle(uv_handle_t *handle) {
        if (handle->type != UV_UNKNOWN_HANDLE && !uv_is_closing(handle))
                uv_close(handle, on_closed);
}

CalendarCheck *calendar_check_free(CalendarCheck *c) {
        if (!c || c->freed)
                return NULL;
        c->freed = true;
        loop_undefer(c->loop, on_unspawned, c);
        c->deadline = loop_timer_free(c->deadline);
        if (c->spawned == 0 && !c->exited)
                (void) uv_process_kill(&c->process, SIGKILL);
        close_handle((uv_handle_t *) &c->output);
        close_handle((uv_handle_t *) &c->process);
        free_if_closed(c);
        return NULL;
}
