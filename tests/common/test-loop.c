/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The loop: timers, deferred calls, signals and the watchdog; and that a bus in it neither strands messages
 * nor starves the rest nor wakes an idle process. */
#include <errno.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#include "loop.h"

#define DEADLINE_MS 10000
#define SIGNALS 200

static void too_late(void *userdata) {
        g_error("%s did not happen in time", (const char *) userdata);
}

/* Runs the loop until something quits it; fails when that takes too long. */
static int run(Loop *l, const char *awaited) {
        g_autoptr(LoopTimer) deadline = loop_timer_new(l, DEADLINE_MS, 0, too_late, (void *) awaited);

        return loop_run(l);
}

static void quit(void *userdata) {
        loop_quit(userdata, 7);
}

static void test_quit(void) {
        g_autoptr(Loop) l = loop_new(NULL);

        loop_quit(l, 3);
        g_assert_cmpint(run(l, "a quit before the run"), ==, 3);
        loop_defer(l, quit, l);
        g_assert_cmpint(run(l, "a deferred quit"), ==, 7);
}

typedef struct Ticks {
        Loop *loop;
        LoopTimer *timer;
        unsigned count;
} Ticks;

static void tick(void *userdata) {
        Ticks *t = userdata;

        if (++t->count < 3)
                return;
        t->timer = loop_timer_free(t->timer);
        loop_quit(t->loop, 0);
}

static void test_timer(void) {
        g_autoptr(Loop) l = loop_new(NULL);
        Ticks t = { .loop = l };

        t.timer = loop_timer_new(l, 1, 1, tick, &t);
        run(l, "a repeated timer");
        g_assert_cmpuint(t.count, ==, 3);
        g_assert_null(t.timer);
}

/* A turn that took long does not shorten the timers made in it. */
static void test_timer_in_long_turn(void) {
        g_autoptr(Loop) l = loop_new(NULL);
        g_autoptr(LoopTimer) t = NULL;
        uint64_t start;

        uv_update_time(loop_uv(l));
        start = uv_hrtime();
        while (uv_hrtime() - start < 20 * 1000000ull)
                ;
        start = uv_hrtime();
        t = loop_timer_new(l, 10, 0, quit, l);
        run(l, "a timer");
        g_assert_cmpuint(uv_hrtime() - start, >=, 9 * 1000000ull);
}

static void defer_again(void *userdata) {
        Ticks *t = userdata;

        if (++t->count == 5)
                loop_quit(t->loop, 0);
        else
                loop_defer(t->loop, defer_again, t);
}

static void test_defer(void) {
        g_autoptr(Loop) l = loop_new(NULL);
        Ticks t = { .loop = l };

        loop_defer(l, defer_again, &t);
        run(l, "a deferred call that defers");
        g_assert_cmpuint(t.count, ==, 5);
        loop_defer(l, quit, l); /* dropped with the loop */
}

static void on_signal(int signum, void *userdata) {
        loop_quit(userdata, signum);
}

static void test_signals(void) {
        static const int signals[] = { SIGTERM, SIGINT, SIGHUP };
        g_autoptr(Loop) l = loop_new(NULL);

        loop_on_signal(l, on_signal, l);
        for (size_t i = 0; i < G_N_ELEMENTS(signals); i++) {
                kill(getpid(), signals[i]);
                g_assert_cmpint(run(l, "a signal"), ==, signals[i]);
        }
}

/* A peer that hangs up is an error of write(2), not the end of the process. */
static void test_sigpipe(void) {
        g_autoptr(Loop) l = loop_new(NULL);
        int fds[2];

        g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), ==, 0);
        close(fds[1]);
        g_assert_cmpint(write(fds[0], "x", 1), ==, -1);
        g_assert_cmpint(errno, ==, EPIPE);
        close(fds[0]);
}

static void test_watchdog(void) {
        g_autoptr(Loop) l = loop_new(NULL);
        g_autofree char *dir = g_dir_make_tmp("loop-XXXXXX", NULL),
                        *path = g_build_filename(dir, "notify", NULL);
        struct sockaddr_un sa = { .sun_family = AF_UNIX };
        char buffer[64] = "";
        g_autoptr(LoopTimer) t = NULL;
        GError *error = NULL;
        int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

        g_strlcpy(sa.sun_path, path, sizeof(sa.sun_path));
        g_assert_cmpint(bind(fd, (struct sockaddr *) &sa, sizeof(sa)), ==, 0);
        g_assert_true(loop_watchdog(l, &error)); /* not asked for */
        g_assert_no_error(error);

        g_setenv("NOTIFY_SOCKET", path, true);
        g_setenv("WATCHDOG_USEC", "100000", true);
        g_assert_true(loop_watchdog(l, &error));
        g_assert_no_error(error);
        /* The first word comes at once, the next when the loop has gone round for a while. */
        g_assert_cmpint(recv(fd, buffer, sizeof(buffer) - 1, 0), >, 0);
        g_assert_cmpstr(buffer, ==, "WATCHDOG=1");
        g_assert_cmpint(recv(fd, buffer, sizeof(buffer) - 1, 0), ==, -1);
        t = loop_timer_new(l, 120, 0, quit, l);
        run(l, "the watchdog");
        g_assert_cmpint(recv(fd, buffer, sizeof(buffer) - 1, 0), >, 0);
        g_assert_cmpstr(buffer, ==, "WATCHDOG=1");

        g_unsetenv("NOTIFY_SOCKET");
        g_unsetenv("WATCHDOG_USEC");
        close(fd);
        unlink(path);
        rmdir(dir);
}

static int quit_event(sd_event_source *s, uint64_t usec, void *userdata) {
        loop_quit(userdata, 5);
        return 0;
}

static int endless(sd_event_source *s, void *userdata) {
        ++*(unsigned *) userdata;
        return 0;
}

/* A time source wakes the loop; an event source that is always ready does not keep timers from running. */
static void test_event(void) {
        g_autoptr(Loop) l = loop_new(NULL);
        g_autoptr(LoopTimer) t = NULL;
        sd_event_source *source = NULL;
        unsigned count = 0;

        g_assert_cmpint(sd_event_add_time_relative(loop_event(l), &source, CLOCK_MONOTONIC, 5000, 1,
                                                   quit_event, l),
                        >=, 0);
        g_assert_cmpint(run(l, "a time source"), ==, 5);
        source = sd_event_source_unref(source);

        g_assert_cmpint(sd_event_add_defer(loop_event(l), &source, endless, &count), >=, 0);
        g_assert_cmpint(sd_event_source_set_enabled(source, SD_EVENT_ON), >=, 0);
        t = loop_timer_new(l, 20, 0, quit, l);
        g_assert_cmpint(run(l, "a timer beside a busy source"), ==, 7);
        g_assert_cmpuint(count, >, 64);
        sd_event_source_unref(source);
}

static void test_event_exit(void) {
        g_autoptr(Loop) l = loop_new(NULL);

        g_assert_cmpint(sd_event_exit(loop_event(l), 9), >=, 0);
        g_assert_cmpint(run(l, "sd_event_exit"), ==, 9);
}

/* The other end of a bus: answers each call, but sends a burst of signals first. */
static int answer(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        sd_bus *bus = sd_bus_message_get_bus(m);

        if (!sd_bus_message_is_method_call(m, "t.T", "Go"))
                return 0; /* the hang-up comes by here too */
        for (unsigned i = 0; i < SIGNALS; i++)
                g_assert_cmpint(sd_bus_emit_signal(bus, "/t", "t.T", "Burst", "u", i), >=, 0);
        return sd_bus_reply_method_return(m, NULL);
}

static sd_bus *bus_on(int fd, bool server) {
        sd_id128_t id = SD_ID128_MAKE(01, 02, 03, 04, 05, 06, 07, 08, 09, 0a, 0b, 0c, 0d, 0e, 0f, 10);
        sd_bus *bus = NULL;

        g_assert_cmpint(sd_bus_new(&bus), >=, 0);
        g_assert_cmpint(sd_bus_set_fd(bus, fd, fd), >=, 0);
        if (server)
                g_assert_cmpint(sd_bus_set_server(bus, true, id), >=, 0);
        g_assert_cmpint(sd_bus_set_anonymous(bus, true), >=, 0);
        g_assert_cmpint(sd_bus_start(bus), >=, 0);
        return bus;
}

static void *serve(void *userdata) {
        sd_bus *bus = bus_on(GPOINTER_TO_INT(userdata), true);
        int r;

        g_assert_cmpint(sd_bus_add_filter(bus, NULL, answer, NULL), >=, 0);
        do {
                r = sd_bus_process(bus, NULL);
                if (r == 0)
                        r = sd_bus_wait(bus, UINT64_MAX);
        } while (r >= 0); /* until the other end hangs up */
        sd_bus_close_unref(bus);
        return NULL;
}

typedef struct BusTest {
        Loop *loop;
        sd_bus *bus;
        unsigned received, turns;
        bool called;
} BusTest;

static int on_burst(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        BusTest *t = userdata;

        if (sd_bus_message_is_signal(m, "t.T", "Burst") > 0 && ++t->received == SIGNALS)
                loop_quit(t->loop, 0);
        return 0;
}

static void call_and_wait(void *userdata) {
        BusTest *t = userdata;

        g_assert_cmpint(sd_bus_call_method(t->bus, NULL, "/t", "t.T", "Go", NULL, NULL, NULL), >=, 0);
        g_assert_cmpuint(t->received, ==, 0); /* all of them wait in memory now */
        t->called = true;
}

static void count_turn(uv_prepare_t *h) {
        ((BusTest *) h->data)->turns++;
}

static void test_bus(void) {
        g_autoptr(Loop) l = loop_new(NULL);
        g_autoptr(LoopTimer) t = NULL;
        BusTest b = { .loop = l };
        uv_prepare_t counter = { .data = &b };
        GThread *thread;
        int fds[2];

        g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), ==, 0);
        thread = g_thread_new("bus", serve, GINT_TO_POINTER(fds[1]));
        b.bus = bus_on(fds[0], false);
        g_assert_cmpint(sd_bus_add_filter(b.bus, NULL, on_burst, &b), >=, 0);
        g_assert_cmpint(sd_bus_attach_event(b.bus, loop_event(l), SD_EVENT_PRIORITY_NORMAL), >=, 0);

        loop_defer(l, call_and_wait, &b);
        run(l, "a burst read during a synchronous call");
        g_assert_true(b.called);
        g_assert_cmpuint(b.received, ==, SIGNALS);

        /* Idle from here: the loop sleeps until the timer. */
        uv_prepare_init(loop_uv(l), &counter);
        uv_prepare_start(&counter, count_turn);
        t = loop_timer_new(l, 200, 0, quit, l);
        run(l, "an idle bus");
        g_assert_cmpuint(b.turns, <=, 4);

        uv_close((uv_handle_t *) &counter, NULL);
        sd_bus_flush_close_unref(b.bus);
        g_thread_join(thread);
        uv_run(loop_uv(l), UV_RUN_NOWAIT); /* counter lives on this stack */
}

static void test_left_open(void) {
        if (g_test_subprocess()) {
                Loop *l = loop_new(NULL);

                (void) loop_timer_new(l, 1, 0, quit, l);
                loop_free(l);
                return;
        }
        g_test_trap_subprocess(NULL, 0, 0);
        g_test_trap_assert_failed();
        g_test_trap_assert_stderr("*A timer handle was left in the loop*");
}

static void never(void *userdata) {
        g_assert_not_reached();
}

typedef struct TakeBack {
        Loop *loop;
        unsigned marker;
} TakeBack;

/* Also in the turn in which it was to run. */
static void take_back(void *userdata) {
        TakeBack *t = userdata;

        loop_undefer(t->loop, never, &t->marker);
        loop_quit(t->loop, 0);
}

static void test_undefer(void) {
        g_autoptr(Loop) l = loop_new(NULL);
        TakeBack t = { .loop = l };

        loop_defer(l, never, l);
        loop_undefer(l, never, l);
        loop_defer(l, take_back, &t);
        loop_defer(l, never, &t.marker);
        run(l, "a call that takes back another");
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/loop/quit", test_quit);
        g_test_add_func("/loop/timer", test_timer);
        g_test_add_func("/loop/timer-in-long-turn", test_timer_in_long_turn);
        g_test_add_func("/loop/defer", test_defer);
        g_test_add_func("/loop/undefer", test_undefer);
        g_test_add_func("/loop/signals", test_signals);
        g_test_add_func("/loop/sigpipe", test_sigpipe);
        g_test_add_func("/loop/watchdog", test_watchdog);
        g_test_add_func("/loop/event", test_event);
        g_test_add_func("/loop/event-exit", test_event_exit);
        g_test_add_func("/loop/bus", test_bus);
        g_test_add_func("/loop/left-open", test_left_open);
        return g_test_run();
}
