/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Follows one command to its end: its states, its output without gaps, and Ctrl-C, which cancels it.
 *
 * Signals only note what happened; the loop acts on it, for a call waits for its answer and may not do so inside a
 * signal's handler. Output comes by signals; where one does not join what went out (what was sent before we listened, a
 * service restarted) GetOutput fills the gap, and what nobody has any more is told as lost. While whoever reads us pauses
 * the bus is not read either: the service notices, and holds the command's output back. */
#include "follow.h"

#include <glib/gi18n.h>
#include <string.h>
#include <unistd.h>

#include "bus-error.h"
#include "clock.h"
#include "error.h"
#include "inflow.h"
#include "limits.h"
#include "names.h"

#define ALIVE_USEC (SUBSCRIBER_SILENT_SEC * USEC_PER_SEC / 3) /* well within the silence allowed */

typedef struct Follow {
        BusClient *bus;
        const FollowEvents *events;
        void *userdata;
        CommandReport *report; /* NULL until its id is known */
        sd_bus_slot *slots[4];
        Inflow inflow;
        uint64_t streamed;
        bool ask;        /* there may be output that no signal told of */
        bool changed;    /* the state is to be read */
        bool unheard;    /* the service does not know that we listen */
        bool subscribed; /* it does */
        bool away;       /* it is not on the bus */
        unsigned owners; /* changes of who it is there */
        bool deaf;       /* nobody reads the output */
        bool cancelled;
        GError *refused; /* why it was not */
        bool done;
} Follow;

/* How many interrupts do not end it: the first cancels. */
static unsigned patience(const FollowEvents *events) {
        return events->watch_only ? 0 : 1;
}

static bool is_ours(const Follow *f, const char *id) {
        return f->report && strcmp(f->report->id, id) == 0;
}

static int on_output(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Follow *f = userdata;
        const void *chunk;
        const char *id;
        uint64_t offset;
        size_t size;

        if (sd_bus_message_read(m, "st", &id, &offset) < 0 ||
            sd_bus_message_read_array(m, 'y', &chunk, &size) < 0 || !is_ours(f, id))
                return 0;
        inflow_put(&f->inflow, offset, chunk, size);
        /* From here on signals tell of all, and of what is before this one the gap does. */
        if (!command_report_is_final(f->report))
                f->ask = false;
        return 0;
}

static int on_state(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Follow *f = userdata;
        const char *id;

        if (sd_bus_message_read(m, "s", &id) >= 0 && is_ours(f, id))
                f->changed = true;
        return 0;
}

static int on_owner(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Follow *f = userdata;
        const char *name, *before, *now;

        if (sd_bus_message_read(m, "sss", &name, &before, &now) < 0)
                return 0;
        f->owners++;
        f->away = !now[0];
        /* A service that came back knows nothing of who listened, and may have gone on without us. */
        f->unheard = f->changed = f->ask = !f->away;
        f->subscribed = false;
        return 0;
}

static bool listen(Follow *f, GError **error) {
        sd_bus *bus = bus_client_bus(f->bus);
        int r;

        r = sd_bus_match_signal(bus, &f->slots[0], MSERVER_BUS_NAME, MSERVER_ROOT, MSERVER_IFACE_MANAGER,
                                "CommandOutput", on_output, f);
        if (r >= 0)
                r = sd_bus_add_match(
                                bus, &f->slots[1],
                                "type='signal',sender='org.freedesktop.DBus',path='/org/freedesktop/DBus',"
                                "interface='org.freedesktop.DBus',member='NameOwnerChanged',"
                                "arg0='" MSERVER_BUS_NAME "'",
                                on_owner, f);
        return r < 0 ? bus_fail_errno(error, r) : true;
}

/* Of this command alone: what all others do would pile up while we do not read. */
static bool listen_to_state(Follow *f, GError **error) {
        g_autofree char *match = g_strdup_printf(
                        "type='signal',sender='" MSERVER_BUS_NAME "',path='" MSERVER_ROOT
                        "',interface='" MSERVER_IFACE_MANAGER "',member='CommandStateChanged',arg0='%s'",
                        f->report->id);
        int r = sd_bus_add_match(bus_client_bus(f->bus), &f->slots[2], match, on_state, f);

        return r < 0 ? bus_fail_errno(error, r) : true;
}

/* Who may not subscribe gets the output at the end, by GetOutput; that is worth no password, unless there is no end. */
static bool subscribe(Follow *f, GError **error) {
        g_autoptr(sd_bus_message) reply = NULL;

        f->unheard = false;
        if (!f->events->output)
                return true;
        reply = f->events->endless ? bus_client_call(f->bus, "Subscribe", error, NULL)
                                   : bus_client_peek(f->bus, "Subscribe", NULL);
        f->subscribed = reply != NULL;
        return reply || !f->events->endless;
}

/* The service gives up on subscribers that read nothing for too long. We read nothing because nobody reads us, and say
 * that we are there. */
static void say_alive(Follow *f) {
        g_autoptr(sd_bus_message) m = NULL;

        if (!f->subscribed)
                return;
        m = bus_client_message(f->bus, MSERVER_ROOT, MSERVER_IFACE_MANAGER, "Subscribe", NULL);
        if (m && sd_bus_message_set_expect_reply(m, false) >= 0)
                (void) sd_bus_send(bus_client_bus(f->bus), m, NULL);
}

/* Writes these bytes, or waits for a while until that is possible. */
static void hand_out(Follow *f, const void *data, size_t size) {
        ssize_t n;

        if (!bus_client_wait_writable(f->bus, STDOUT_FILENO, ALIVE_USEC)) {
                say_alive(f);
                return;
        }
        n = f->events->output(data, size, f->userdata);
        if (n < 0) {
                f->deaf = true;
                return;
        }
        f->streamed += (size_t) n;
        inflow_taken(&f->inflow, (size_t) n);
}

static void skip(Follow *f, uint64_t offset) {
        uint64_t lost = inflow_skip(&f->inflow, offset);

        if (lost > 0)
                f->events->lost(lost, f->userdata);
}

static sd_bus_message *get_output(Follow *f, GError **error) {
        g_autoptr(sd_bus_message) m = NULL;
        int r;

        m = bus_client_message(f->bus, f->report->path, MSERVER_IFACE_COMMAND, "GetOutput", error);
        if (!m)
                return NULL;
        r = sd_bus_message_append(m, "tu", f->inflow.next, OUTPUT_CHUNK_BYTES);
        if (r < 0) {
                (void) bus_fail_errno(error, r);
                return NULL;
        }
        return bus_client_send(f->bus, g_steal_pointer(&m), error);
}

/* Takes a chunk of the output there is from where we are. Signals that come meanwhile tell of the same bytes again. */
static bool fill(Follow *f, GError **error) {
        g_autoptr(sd_bus_message) reply = get_output(f, error);
        const void *chunk;
        uint64_t next;
        size_t size;
        int r, more;

        if (!reply)
                return false;
        r = sd_bus_message_read_array(reply, 'y', &chunk, &size);
        if (r >= 0)
                r = sd_bus_message_read(reply, "tb", &next, &more);
        if (r < 0)
                return bus_fail_errno(error, r);
        /* Its beginning is the oldest that the service has; and where it has nothing, what came by signals is. */
        skip(f, size > 0 ? next - size : f->inflow.next + inflow_gap(&f->inflow));
        inflow_put(&f->inflow, next - size, chunk, size);
        if (!more || size == 0)
                f->ask = false;
        return true;
}

static int on_cancel_answer(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Follow *f = userdata;

        g_clear_error(&f->refused);
        if (bus_client_check_answer(m, &f->refused))
                return 0;
        f->changed = true;
        if (g_error_matches(f->refused, FLEET_ERROR, FLEET_ERROR_UNAVAILABLE)) {
                f->cancelled = false; /* the service is away: once more when it is back */
                g_clear_error(&f->refused);
        }
        return 0;
}

/* Without waiting for the answer, which would read the bus: the end may be far, and our reader stuck. */
static bool cancel(Follow *f, GError **error) {
        sd_bus_message *m = NULL;
        int r;

        f->cancelled = true;
        m = bus_client_request(f->bus, "CancelCommand", NULL, 0, error, "s", f->report->id);
        if (!m)
                return false;
        f->slots[3] = sd_bus_slot_unref(f->slots[3]);
        r = sd_bus_call_async(bus_client_bus(f->bus), &f->slots[3], m, on_cancel_answer, f, 0);
        sd_bus_message_unref(m);
        return r < 0 ? bus_fail_errno(error, r) : true;
}

static bool fail_refused(const Follow *f, GError **error) {
        return fleet_fail(error, f->refused->code, _("%s goes on, for it could not be cancelled: %s"),
                          f->report->id, f->refused->message);
}

static bool wants_cancel(const Follow *f) {
        return !f->cancelled && (f->deaf || bus_client_interrupts(f->bus) > 0);
}

static bool is_left(const Follow *f) {
        return bus_client_interrupts(f->bus) > patience(f->events) || (f->deaf && f->events->watch_only);
}

static bool read_state(Follow *f, GError **error) {
        f->changed = false;
        if (!command_report_read(f->report, f->bus, error))
                return false;
        if (command_report_is_final(f->report))
                f->ask = true; /* the last signals may still be on their way */
        f->events->changed(f->report, f->userdata);
        return true;
}

static bool read_result(Follow *f, GError **error) {
        f->done = true;
        return command_report_read_result(f->report, f->bus, error);
}

static bool fail_left(const Follow *f, GError **error) {
        return fleet_fail(error, FLEET_ERROR_FAILED, _("left %s before its end; see: mserverctl command %s"),
                          f->report->id, f->report->id);
}

/* Something stands between what went out and what is there, or more may be there. */
static bool is_incomplete(const Follow *f) {
        return f->events->output && !f->deaf && (f->ask || inflow_gap(&f->inflow) > 0);
}

/* The next thing to do, which may be to wait. */
static bool act(Follow *f, GError **error) {
        size_t size = 0;
        const void *data = f->deaf ? NULL : inflow_peek(&f->inflow, PIPE_BUF, &size);
        bool stop = wants_cancel(f) && !f->away && !f->unheard;

        /* First of all: output that is stuck does not hold it up. */
        if (stop && f->changed)
                return read_state(f, error);
        if (stop && !command_report_is_final(f->report))
                return cancel(f, error);
        if (data) {
                hand_out(f, data, size);
                return true;
        }
        if (f->away)
                return bus_client_turn(f->bus, error);
        if (f->unheard)
                return subscribe(f, error);
        if (f->changed)
                return read_state(f, error);
        if (f->refused && !command_report_is_final(f->report))
                return fail_refused(f, error);
        if (is_incomplete(f))
                return fill(f, error);
        if (command_report_is_final(f->report))
                return read_result(f, error);
        return bus_client_turn(f->bus, error);
}

/* A call that failed because the service was just stopped or started again is no failure of the command: all is asked
 * for once more when it is back. */
static bool act_or_start_over(Follow *f, GError **error) {
        g_autoptr(GError) failed = NULL;
        unsigned owners = f->owners;

        if (!is_left(f) && act(f, &failed))
                return true;
        if (is_left(f))
                return fail_left(f, error);
        if (f->owners == owners || !g_error_matches(failed, FLEET_ERROR, FLEET_ERROR_UNAVAILABLE)) {
                g_propagate_error(error, g_steal_pointer(&failed));
                return false;
        }
        f->unheard = f->changed = f->ask = true;
        f->cancelled = f->done = false;
        return true;
}

static bool to_the_end(Follow *f, GError **error) {
        if (!listen_to_state(f, error))
                return false;
        /* Before the command was known its signals could not be told from others'. */
        f->changed = f->ask = true;
        while (!f->done)
                if (!act_or_start_over(f, error))
                        return false;
        return true;
}

static void unlisten(Follow *f) {
        for (unsigned i = 0; i < G_N_ELEMENTS(f->slots); i++)
                f->slots[i] = sd_bus_slot_unref(f->slots[i]);
}

static bool finish(Follow *f, bool ok, FollowEnd *ret) {
        unlisten(f);
        bus_client_release_interrupts(f->bus);
        if (ok)
                *ret = (FollowEnd){ g_steal_pointer(&f->report), f->streamed, f->inflow.next, f->cancelled };
        (void) command_report_free(f->report);
        inflow_clear(&f->inflow);
        g_clear_error(&f->refused);
        return ok;
}

static bool send_request(Follow *f, sd_bus_message *request, GError **error) {
        const char *id, *path;
        g_autoptr(sd_bus_message) reply = bus_client_send_for_id(f->bus, request, &id, &path, error);

        if (!reply)
                return false;
        f->report = command_report_new(id, path);
        return true;
}

bool follow_request(BusClient *bus, sd_bus_message *request, const FollowEvents *events, void *userdata,
                    FollowEnd *ret, GError **error) {
        Follow f = { .bus = bus, .events = events, .userdata = userdata };
        g_autoptr(sd_bus_message) m = request;
        bool ok;

        bus_client_catch_interrupts(bus, patience(events), events->endless);
        ok = listen(&f, error) && subscribe(&f, error) && send_request(&f, g_steal_pointer(&m), error) &&
             to_the_end(&f, error);
        return finish(&f, ok, ret);
}

bool follow_command(BusClient *bus, const char *id, const FollowEvents *events, void *userdata,
                    FollowEnd *ret, GError **error) {
        Follow f = { .bus = bus, .events = events, .userdata = userdata };
        bool ok;

        bus_client_catch_interrupts(bus, patience(events), events->endless);
        f.report = command_report_find(bus, id, error);
        ok = f.report && listen(&f, error) && subscribe(&f, error) && to_the_end(&f, error);
        return finish(&f, ok, ret);
}
