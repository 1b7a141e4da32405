/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* watch: the fleet, live on the whole terminal. Who comes and goes is told by signals; what they measure is asked for as often as
 * agents send it. */
#include <errno.h>
#include <glib/gi18n.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bus-error.h"
#include "clock.h"
#include "error.h"
#include "json.h"
#include "names.h"
#include "verbs.h"
#include "watch-screen.h"
#include "watch-view.h"

#define REFRESH_USEC (5 * USEC_PER_SEC)
#define SOON_USEC (200 * USEC_PER_MSEC) /* signals come in crowds */
#define REDRAW_USEC USEC_PER_SEC        /* "3 s ago" goes on */

typedef struct Watch {
        Ctl *ctl;
        BusClient *bus;
        WatchScreen *screen;
        WatchView view;
        GPtrArray *rows; /* of WatchRow */
        char *problem;
        uint64_t refresh_usec; /* monotonic, when what is shown is asked for anew */
        bool ended;            /* the terminal is gone */
} Watch;

static void draw(Watch *w) {
        Terminal terminal = w->ctl->terminal;
        g_autofree char *frame = NULL;
        unsigned height;

        watch_screen_size(w->screen, &terminal.width, &height);
        frame = watch_view_frame(&w->view, w->rows, now_realtime(), &terminal, height, w->problem);
        watch_screen_draw(w->screen, frame);
}

/* Keys */

static void take_keys(Watch *w, const char *bytes, size_t size) {
        unsigned width, height;

        watch_screen_size(w->screen, &width, &height);
        while (size > 0 && !w->view.quit) {
                g_autoptr(GPtrArray) found = watch_view_rows(&w->view, w->rows);
                char text[WATCH_TEXT_MAX];
                WatchKey key;
                size_t n = watch_key_read(bytes, size, &key, text);

                watch_view_key(&w->view, key, text, watch_view_page(height), found->len);
                bytes += n;
                size -= n;
        }
}

static int on_input(sd_event_source *s, int fd, uint32_t revents, void *userdata) {
        Watch *w = userdata;
        char bytes[256];
        ssize_t n = read(fd, bytes, sizeof(bytes));

        if (n < 0 && (errno == EINTR || errno == EAGAIN))
                return 0;
        if (n <= 0) {
                w->ended = true;
                (void) sd_event_source_set_enabled(s, SD_EVENT_OFF);
                return 0;
        }
        take_keys(w, bytes, (size_t) n);
        draw(w);
        return 0;
}

static int on_resize(sd_event_source *s, const struct signalfd_siginfo *info, void *userdata) {
        draw(userdata);
        return 0;
}

static int on_timer(sd_event_source *s, uint64_t usec, void *userdata) {
        draw(userdata);
        (void) sd_event_source_set_time_relative(s, REDRAW_USEC);
        return sd_event_source_set_enabled(s, SD_EVENT_ONESHOT);
}

static int on_signal(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Watch *w = userdata;

        w->refresh_usec = MIN(w->refresh_usec, now_monotonic() + SOON_USEC);
        return 0;
}

/* The fleet */

static void unref_message(gpointer m) {
        sd_bus_message_unref(m);
}

static GPtrArray *read_clients(sd_bus_message *reply, GError **error) {
        GPtrArray *rows = g_ptr_array_new_with_free_func(watch_row_free);
        const char *id, *host, *state, *path;
        uint64_t since;
        int r = sd_bus_message_enter_container(reply, 'a', "(sssto)");

        while (r > 0 && (r = sd_bus_message_read(reply, "(sssto)", &id, &host, &state, &since, &path)) > 0) {
                WatchRow *row = g_new0(WatchRow, 1);

                *row = (WatchRow){ g_strdup(id), g_strdup(host), strcmp(state, "online") == 0, since, NULL };
                g_ptr_array_add(rows, row);
        }
        if (r < 0) {
                (void) bus_fail_errno(error, r);
                g_ptr_array_unref(rows);
                return NULL;
        }
        return rows;
}

/* Of those that are there; what could not be had is left out. */
static bool read_stats(Watch *w, GPtrArray *rows, GError **error) {
        g_autoptr(GPtrArray) requests = g_ptr_array_new_with_free_func(unref_message), replies = NULL;

        for (unsigned i = 0; i < rows->len; i++) {
                const WatchRow *row = rows->pdata[i];
                sd_bus_message *m =
                                bus_client_request(w->bus, "GetLatestStats", NULL, 0, error, "s", row->id);

                if (!m)
                        return false;
                (void) sd_bus_message_set_allow_interactive_authorization(m, false);
                g_ptr_array_add(requests, m);
        }
        replies = bus_client_send_all(w->bus, requests, error);
        if (!replies)
                return false;
        for (unsigned i = 0; i < replies->len; i++) {
                const char *stats, *summary;

                if (!sd_bus_message_is_method_error(replies->pdata[i], NULL) &&
                    sd_bus_message_read(replies->pdata[i], "ss", &stats, &summary) > 0)
                        ((WatchRow *) rows->pdata[i])->stats = json_tokener_parse(stats);
        }
        return true;
}

/* Keys are taken meanwhile. */
static bool refresh(Watch *w, GError **error) {
        g_autoptr(sd_bus_message) reply = NULL;
        g_autoptr(GPtrArray) rows = NULL;

        w->refresh_usec = now_monotonic() + REFRESH_USEC;
        reply = bus_client_call(w->bus, "ListClients", error, NULL);
        rows = reply ? read_clients(reply, error) : NULL;
        if (!rows || !read_stats(w, rows, error))
                return false;
        g_ptr_array_unref(w->rows);
        w->rows = g_steal_pointer(&rows);
        return true;
}

/* A server that is being restarted is waited for. */
static bool refresh_or_say(Watch *w, GError **error) {
        g_autoptr(GError) e = NULL;

        g_clear_pointer(&w->problem, g_free);
        if (refresh(w, &e))
                return true;
        if (!bus_client_is_open(w->bus)) {
                g_propagate_error(error, g_steal_pointer(&e));
                return false;
        }
        w->problem = g_strdup(e->message);
        return true;
}

static bool is_over(const Watch *w) {
        return w->view.quit || w->ended || bus_client_interrupts(w->bus) > 0;
}

static bool follow(Watch *w, GError **error) {
        draw(w);
        while (!is_over(w)) {
                if (!bus_client_turn(w->bus, error))
                        return false;
                if (now_monotonic() < w->refresh_usec || is_over(w))
                        continue;
                if (!refresh_or_say(w, error))
                        return false;
                draw(w);
        }
        return true;
}

typedef struct Sources {
        sd_event_source *input, *resize, *timer;
        sd_bus_slot *online, *offline;
} Sources;

static int listen_to(Watch *w, Sources *s) {
        sd_event *event = bus_client_event(w->bus);
        sd_bus *bus = bus_client_bus(w->bus);
        int r;

        r = sd_event_add_io(event, &s->input, STDIN_FILENO, EPOLLIN, on_input, w);
        if (r >= 0)
                r = sd_event_add_signal(event, &s->resize, SIGWINCH | SD_EVENT_SIGNAL_PROCMASK, on_resize,
                                        w);
        if (r >= 0)
                r = sd_event_add_time_relative(event, &s->timer, CLOCK_MONOTONIC, REDRAW_USEC, 0, on_timer,
                                               w);
        if (r >= 0)
                r = sd_bus_match_signal(bus, &s->online, MSERVER_BUS_NAME, MSERVER_ROOT,
                                        MSERVER_IFACE_MANAGER, "ClientOnline", on_signal, w);
        if (r >= 0)
                r = sd_bus_match_signal(bus, &s->offline, MSERVER_BUS_NAME, MSERVER_ROOT,
                                        MSERVER_IFACE_MANAGER, "ClientOffline", on_signal, w);
        return r;
}

static void listen_no_more(Sources *s) {
        (void) sd_event_source_disable_unref(s->input);
        (void) sd_event_source_disable_unref(s->resize);
        (void) sd_event_source_disable_unref(s->timer);
        (void) sd_bus_slot_unref(s->online);
        (void) sd_bus_slot_unref(s->offline);
}

static bool show(Watch *w, GError **error) {
        Sources sources = {};
        bool well;
        int r;

        w->screen = watch_screen_new(error);
        if (!w->screen)
                return false;
        r = listen_to(w, &sources);
        well = r < 0 ? bus_fail_errno(error, r) : follow(w, error);
        listen_no_more(&sources);
        w->screen = watch_screen_free(w->screen);
        return well;
}

/* The first answer is waited for on the screen as it is: a password may be asked for. */
static int run(Ctl *ctl, const Args *args, GError **error) {
        Watch w = { .ctl = ctl, .bus = ctl_bus(ctl, error) };
        bool well;

        if (!w.bus)
                return EXIT_FAILURE;
        watch_view_init(&w.view);
        if (args_count(args) > 0)
                g_string_assign(w.view.search, args_word(args, 0));
        w.rows = g_ptr_array_new_with_free_func(watch_row_free);
        bus_client_catch_interrupts(w.bus, 1, true);
        well = refresh(&w, error) && show(&w, error);
        bus_client_release_interrupts(w.bus);
        g_ptr_array_unref(w.rows);
        watch_view_clear(&w.view);
        g_free(w.problem);
        return well ? EXIT_SUCCESS : EXIT_FAILURE;
}

const Verb verb_watch = {
        .name = "watch",
        .words = N_("[TEXT]"),
        .help = N_("Watch clients live on the whole terminal"),
        .details = N_("Shows those with TEXT in their id, host, state or containers. q quits, s sorts by the next column and r the other "
                      "way round, / searches, arrow keys and Page Up and Page Down scroll."),
        .words_max = 1,
        .kinds = { WORD_CLIENT },
        .run = run,
};
