/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One command to one client, from the call to what a person sees of its end. */
#include "run-command.h"

#include <errno.h>
#include <glib/gi18n.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "command-table.h"
#include "display.h"
#include "follow.h"
#include "json.h"
#include "limits.h"
#include "live.h"
#include "result.h"
#include "when.h"

/* While a command is followed. */
typedef struct Screen {
        Ctl *ctl;
        Live *live; /* NULL where output takes its place */
        const CommandReport *report;
        uint64_t since; /* monotonic µs: known since then, for a password may have been asked for before */
        bool told_queued;
        bool in_line; /* what was printed last did not end one */
} Screen;

static char *draw(const Terminal *terminal, void *userdata) {
        const Screen *s = userdata;
        g_autofree char *took = NULL, *title = NULL, *line = NULL;

        if (!s->report)
                return NULL;
        took = when_span(now_monotonic() - s->since);
        title = command_report_title(s->report);
        line = g_strdup_printf("%s  %s  %s   %s, %s", s->report->id, s->report->client, title,
                               s->report->state, took);
        return display_ellipsize(line, terminal->width, terminal_glyph(terminal, GLYPH_ELLIPSIS));
}

static void on_changed(const CommandReport *r, void *userdata) {
        Screen *s = userdata;

        if (!s->report)
                s->since = now_monotonic();
        s->report = r;
        if (s->live)
                live_update(s->live);
        else if (!s->told_queued && strcmp(r->state, command_state_to_string(COMMAND_QUEUED)) == 0) {
                ctl_note(s->ctl, _("%s is queued until %s is back"), r->id, r->client);
                s->told_queued = true;
        }
}

/* Not by stdio, which would keep what could not be written. */
static ssize_t on_output(const void *data, size_t size, void *userdata) {
        Screen *s = userdata;
        ssize_t n = write(STDOUT_FILENO, data, size);

        if (n > 0)
                s->in_line = ((const char *) data)[n - 1] != '\n';
        return n < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : n;
}

/* On a line of its own, where the output shares the terminal. */
static void end_line(Screen *s) {
        if (s->in_line && s->ctl->terminal.tty)
                (void) !write(STDOUT_FILENO, "\n", 1);
        s->in_line = false;
}

static void on_lost(uint64_t bytes, void *userdata) {
        g_autofree char *number = g_strdup_printf("%" PRIu64, bytes);

        end_line(userdata);
        ctl_error(ngettext("%s byte of output is missing here", "%s bytes of output are missing here",
                           bytes),
                  number);
}

/* An operator's own command may print, too: there is no telling. */
static bool streams(const char *command) {
        const CommandInfo *info = command_info(command);

        return !info || info->streams;
}

static void print_success(const Ctl *ctl, const CommandReport *r) {
        const Terminal *t = &ctl->terminal;
        TableStyle style = { *t, false, ctl->style.full };
        g_autofree char *took = when_span(command_report_duration(r)), *title = command_report_title(r);
        g_autofree char *members = result_format_members(r->result, now_realtime(), &style);

        printf("%s%s%s  %s%s%s  %s   ", terminal_color(t, COLOR_DIM), r->id, terminal_reset(t, COLOR_DIM),
               terminal_color(t, COLOR_STRONG), r->client, terminal_reset(t, COLOR_STRONG), title);
        printf("%s", terminal_color(t, COLOR_GOOD));
        printf(_("succeeded in %s"), took);
        printf("%s\n%s", terminal_reset(t, COLOR_GOOD), members);
}

static void print_list(const Ctl *ctl, const CommandReport *r) {
        TableStyle style = { ctl->terminal, ctl->style.legend, ctl->style.full };
        ResultRow row = { r->client, r->result };
        g_autofree char *text = result_format_lists(&row, 1, false, now_realtime(), &style);

        ctl_print(ctl, text);
}

/* What of the output in the result was not streamed: all of it by an agent that only answers, its end by one that was cut
 * off for a while. One that is as long as agents keep may lack its beginning, and cannot be told apart. */
static const char *output_left(const FollowEnd *end) {
        const char *output = result_output(end->report->result);
        size_t size = output ? strlen(output) : 0;

        if (end->streamed == 0)
                return output;
        return size > end->offset && size < AGENT_OUTPUT_BYTES_MAX ? output + end->offset : "";
}

/* To look is all that status does: what it saw says enough. */
static void print_result(const Ctl *ctl, const FollowEnd *end) {
        const CommandReport *r = end->report;
        const char *output = output_left(end);
        bool is_list = result_is_list(r->result), looks = is_list && strcmp(r->command, "status") == 0;

        if (output)
                (void) fputs(output, stdout);
        else if (command_report_succeeded(r) && !looks)
                print_success(ctl, r);
        if (is_list)
                print_list(ctl, r);
}

static bool passes_exit_code(const CommandReport *r, int *ret) {
        uint64_t code = json_uint(r->result, "exit_code");

        /* One that was stopped may have one as well, but that is not why it ended. */
        if (strcmp(r->state, "failed") != 0 || code < 1 || code > 255)
                return false;
        *ret = (int) code;
        return true;
}

static int print_end(const Ctl *ctl, const FollowEnd *end) {
        const CommandReport *r = end->report;
        bool ok = command_report_succeeded(r);
        int code = ok ? EXIT_SUCCESS : EXIT_FAILURE;

        if (ctl->style.json != JSON_OFF)
                ctl_print_object(ctl, result_report_json(r));
        else
                print_result(ctl, end);
        if (passes_exit_code(r, &code)) {
                ctl_note(ctl, _("%s: %s ended with exit code %d"), r->client, r->command, code);
        } else if (end->cancelled) {
                ctl_note(ctl, _("%s: %s"), r->id, r->state);
                return EXIT_INTERRUPTED;
        } else if (!ok) {
                g_autofree char *failure = result_failure(r);

                ctl_error("%s", failure);
        }
        return code;
}

typedef bool (*FollowStart)(BusClient *bus, const FollowEvents *events, Screen *screen, const void *what,
                            FollowEnd *ret, GError **error);

/* Draws while start() follows. */
static int follow_on_screen(Ctl *ctl, const FollowEvents *events, FollowStart start, const void *what,
                            GError **error) {
        Screen screen = { .ctl = ctl };
        struct sigaction ignore = { .sa_handler = SIG_IGN }, before;
        FollowEnd end;
        bool ok;
        int code;

        /* A reader of the output that has gone away is learnt from write(2), for the command is to be cancelled then. */
        (void) sigaction(SIGPIPE, &ignore, &before);
        (void) fflush(stdout);
        screen.live = events->output ? NULL : live_new(bus_client_event(ctl->bus), draw, &screen);
        ok = start(ctl->bus, events, &screen, what, &end, error);
        screen.live = live_free(screen.live);
        (void) sigaction(SIGPIPE, &before, NULL);
        /* The terminal shows Ctrl-C itself, in the middle of a line. */
        screen.in_line |= ok && events->output && end.cancelled;
        end_line(&screen);
        if (!ok)
                return EXIT_FAILURE;

        code = print_end(ctl, &end);
        (void) command_report_free(end.report);
        return code;
}

static sd_bus_message *make_call(BusClient *bus, const RunRequest *request, GError **error) {
        json_object *dicts[] = { request->parameters, request->options };

        return bus_client_request(bus, "SendCommand", dicts, G_N_ELEMENTS(dicts), error, "ss",
                                  request->client, request->command);
}

static int send_only(Ctl *ctl, const RunRequest *request, GError **error) {
        sd_bus_message *m = make_call(ctl->bus, request, error);
        g_autoptr(sd_bus_message) reply = NULL;
        g_autoptr(json_object) about = NULL;
        const char *id, *path;

        reply = m ? bus_client_send_for_id(ctl->bus, m, &id, &path, error) : NULL;
        if (!reply)
                return EXIT_FAILURE;
        about = json_object_new_object();
        json_object_object_add(about, "id", json_object_new_string(id));
        json_object_object_add(about, "client", json_object_new_string(request->client));
        json_object_object_add(about, "command", json_object_new_string(request->command));
        ctl_print_sent(ctl, id, about);
        if (ctl->style.json == JSON_OFF)
                ctl_note(ctl, _("See how it goes: mserverctl command --follow %s"), id);
        return EXIT_SUCCESS;
}

static bool start_request(BusClient *bus, const FollowEvents *events, Screen *screen, const void *what,
                          FollowEnd *ret, GError **error) {
        sd_bus_message *m = make_call(bus, what, error);

        return m && follow_request(bus, m, events, screen, ret, error);
}

int run_command(Ctl *ctl, const RunRequest *request, GError **error) {
        bool streaming = ctl->style.json == JSON_OFF && streams(request->command);
        const FollowEvents events = {
                .changed = on_changed,
                .output = streaming ? on_output : NULL,
                .lost = on_lost,
                .endless = request->endless,
        };

        if (!ctl_bus(ctl, error))
                return EXIT_FAILURE;
        if (!request->wait)
                return send_only(ctl, request, error);
        return follow_on_screen(ctl, &events, start_request, request, error);
}

static bool start_attach(BusClient *bus, const FollowEvents *events, Screen *screen, const void *what,
                         FollowEnd *ret, GError **error) {
        return follow_command(bus, what, events, screen, ret, error);
}

int run_attach(Ctl *ctl, const char *id, GError **error) {
        const FollowEvents events = {
                .changed = on_changed,
                .output = ctl->style.json == JSON_OFF ? on_output : NULL,
                .lost = on_lost,
                .watch_only = true,
        };

        if (!ctl_bus(ctl, error))
                return EXIT_FAILURE;
        return follow_on_screen(ctl, &events, start_attach, id, error);
}
