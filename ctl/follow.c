/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Follows one command to its end: its states, its output without gaps, and Ctrl-C, which cancels it.
 *
 * Signals only note what happened; the loop acts on it, for a call waits for its answer and may not do so inside a
 * signal's handler. Output comes by signals from where it joins what was handed out; anything else (what was sent
 * before we listened, a signal dropped, a service restarted) is a gap, which GetOutput fills. */
#include "follow.h"

#include <glib/gi18n.h>
#include <string.h>

#include "bus-error.h"
#include "error.h"
#include "limits.h"
#include "names.h"

typedef struct Follow {
        BusClient *bus;
        const FollowEvents *events;
        void *userdata;
        CommandReport *report; /* NULL until its id is known */
        sd_bus_slot *slots[3];
        uint64_t offset; /* of the output: what comes next */
        uint64_t streamed;
        bool gap;        /* output is missing from offset on */
        bool changed;    /* the state is to be read */
        bool unheard;    /* the service does not know that we listen */
        bool away;       /* it is not on the bus */
        unsigned owners; /* changes of who it is there */
        bool deaf;       /* nobody reads the output */
        bool cancelled;
        bool done;
} Follow;

/* How many interrupts do not end it: the first cancels. */
static unsigned patience(const FollowEvents *events) {
        return events->watch_only ? 0 : 1;
}

static bool is_ours(const Follow *f, const char *id) {
        return f->report && strcmp(f->report->id, id) == 0;
}

static void hand_out(Follow *f, const void *data, size_t size) {
        if (size == 0 || f->deaf)
                return;
        f->streamed += size;
        f->deaf = !f->events->output(data, size, f->userdata);
}

static int on_output(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Follow *f = userdata;
        const void *chunk;
        const char *id;
        uint64_t offset;
        size_t size;

        if (sd_bus_message_read(m, "st", &id, &offset) < 0 ||
            sd_bus_message_read_array(m, 'y', &chunk, &size) < 0 || !is_ours(f, id) || f->gap)
                return 0;
        if (offset > f->offset) {
                f->gap = true;
        } else if (offset + size > f->offset) {
                size_t known = (size_t) (f->offset - offset);

                f->offset += size - known;
                hand_out(f, (const char *) chunk + known, size - known);
        }
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
        f->unheard = f->changed = f->gap = !f->away;
        return 0;
}

static bool listen(Follow *f, GError **error) {
        sd_bus *bus = bus_client_bus(f->bus);
        int r;

        r = sd_bus_match_signal(bus, &f->slots[0], MSERVER_BUS_NAME, MSERVER_ROOT, MSERVER_IFACE_MANAGER,
                                "CommandStateChanged", on_state, f);
        if (r >= 0)
                r = sd_bus_match_signal(bus, &f->slots[1], MSERVER_BUS_NAME, MSERVER_ROOT,
                                        MSERVER_IFACE_MANAGER, "CommandOutput", on_output, f);
        if (r >= 0)
                r = sd_bus_add_match(
                                bus, &f->slots[2],
                                "type='signal',sender='org.freedesktop.DBus',path='/org/freedesktop/DBus',"
                                "interface='org.freedesktop.DBus',member='NameOwnerChanged',"
                                "arg0='" MSERVER_BUS_NAME "'",
                                on_owner, f);
        return r < 0 ? bus_fail_errno(error, r) : true;
}

/* Who may not subscribe gets the output at the end, by GetOutput; that is worth no password, unless there is no end. */
static bool subscribe(Follow *f, GError **error) {
        g_autoptr(sd_bus_message) reply = NULL;

        f->unheard = false;
        if (!f->events->output)
                return true;
        if (!f->events->endless) {
                reply = bus_client_peek(f->bus, "Subscribe", NULL);
                return true;
        }
        reply = bus_client_call(f->bus, "Subscribe", error, NULL);
        return reply != NULL;
}

static sd_bus_message *get_output(Follow *f, GError **error) {
        g_autoptr(sd_bus_message) m = NULL;
        int r;

        m = bus_client_message(f->bus, f->report->path, MSERVER_IFACE_COMMAND, "GetOutput", error);
        if (!m)
                return NULL;
        r = sd_bus_message_append(m, "tu", f->offset, OUTPUT_CHUNK_BYTES);
        if (r < 0) {
                (void) bus_fail_errno(error, r);
                return NULL;
        }
        return bus_client_send(f->bus, g_steal_pointer(&m), error);
}

/* Takes all output there is from offset on. Signals that come meanwhile tell of the same bytes again, and are skipped
 * by their offsets. */
static bool fill_gap(Follow *f, GError **error) {
        int more = true;

        while (more && !f->deaf) {
                g_autoptr(sd_bus_message) reply = get_output(f, error);
                const void *chunk;
                uint64_t next;
                size_t size;
                int r;

                if (!reply)
                        return false;
                r = sd_bus_message_read_array(reply, 'y', &chunk, &size);
                if (r >= 0)
                        r = sd_bus_message_read(reply, "tb", &next, &more);
                if (r < 0)
                        return bus_fail_errno(error, r);
                f->offset = MAX(f->offset, next);
                hand_out(f, chunk, size);
                more = more && size > 0;
        }
        f->gap = false;
        return true;
}

static bool cancel(Follow *f, GError **error) {
        g_autoptr(GError) refused = NULL;
        g_autoptr(sd_bus_message) reply = NULL;

        reply = bus_client_call(f->bus, "CancelCommand", &refused, "s", f->report->id);
        f->cancelled = true;
        if (reply)
                return true;
        return fleet_fail(error, refused->code, _("%s goes on, for it could not be cancelled: %s"),
                          f->report->id, refused->message);
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
                f->gap = true; /* the last signals may still be on their way */
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

/* The next thing to do, which may be to wait. */
static bool act(Follow *f, GError **error) {
        if (f->away)
                return bus_client_turn(f->bus, error);
        if (f->unheard)
                return subscribe(f, error);
        if (f->changed)
                return read_state(f, error);
        if (f->gap && f->events->output)
                return fill_gap(f, error);
        if (command_report_is_final(f->report))
                return read_result(f, error);
        if (wants_cancel(f))
                return cancel(f, error);
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
        f->unheard = f->changed = f->gap = true;
        f->cancelled = f->done = false;
        return true;
}

static bool to_the_end(Follow *f, GError **error) {
        /* Before the command was known its signals could not be told from others'. */
        f->changed = f->gap = true;
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
                *ret = (FollowEnd){ g_steal_pointer(&f->report), f->streamed, f->offset, f->cancelled };
        (void) command_report_free(f->report);
        return ok;
}

static bool send_request(Follow *f, sd_bus_message *request, GError **error) {
        g_autoptr(sd_bus_message) reply = bus_client_send(f->bus, request, error);
        const char *id, *path;
        int r;

        if (!reply)
                return false;
        r = sd_bus_message_read(reply, "so", &id, &path);
        if (r < 0)
                return bus_fail_errno(error, r);
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
