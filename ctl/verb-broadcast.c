/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* broadcast: one command to many clients. */
#include <glib/gi18n.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "batch-result.h"
#include "batch.h"
#include "broadcast.h"
#include "bus-error.h"
#include "bus-json.h"
#include "client-containers.h"
#include "client-info.h"
#include "clock.h"
#include "command-table.h"
#include "error.h"
#include "json.h"
#include "live.h"
#include "plan-options.h"
#include "progress.h"
#include "request.h"
#include "run-command.h"
#include "selector.h"
#include "verbs.h"
#include "when.h"

static const OptionInfo options[] = {
        { "on", 0, N_("SELECTOR"),
          N_("Which clients: all (default), a glob on ids, labels as KEY=VALUE; commas join") },
        REQUEST_OPTIONS,
        PLAN_OPTIONS,
        { "dry-run", 0, NULL, N_("Send nothing, only show to whom it would be sent") },
        { "yes", 'y', NULL, N_("Do not ask first") },
        { "no-wait", 0, NULL, N_("Only send it, and print the id of the broadcast") },
        {},
};

static bool is_verbatim(const char *const *words, unsigned n) {
        return request_is_exec(words, n, 0);
}

/* The service chooses again when it is sent: this is for the question, and to say of whom it left out why. */
static bool choose_clients(Broadcast *b, BusClient *bus, GError **error) {
        g_autoptr(Selector) selector = selector_parse(b->selector, error);
        g_autoptr(GPtrArray) ids = g_ptr_array_new_null_terminated(1, NULL, true);

        if (!selector)
                return false;
        b->clients = client_info_list(bus, error);
        if (!b->clients)
                return false;
        for (unsigned i = b->clients->len; i > 0; i--)
                if (!client_info_matches(b->clients->pdata[i - 1], selector))
                        g_ptr_array_remove_index(b->clients, i - 1);
        if (b->clients->len == 0)
                return fleet_fail(error, FLEET_ERROR_NO_SUCH_CLIENT,
                                  _("no client matches \"%s\"; mserverctl list shows them"), b->selector);
        for (unsigned i = 0; i < b->clients->len; i++)
                g_ptr_array_add(ids, (gpointer) json_text(b->clients->pdata[i], "Id"));
        b->containers = client_containers_read(bus, (const char *const *) ids->pdata, error);
        return b->containers != NULL;
}

/* One of them must offer it; the first one's complaint stands for all. */
static bool check_command(const Broadcast *b, GError **error) {
        for (unsigned i = 1; i < b->clients->len; i++)
                if (client_info_check_command(b->clients->pdata[i], b->command, NULL))
                        return true;
        return client_info_check_command(b->clients->pdata[0], b->command, error);
}

static json_object *read_options(const Args *args, GError **error) {
        g_autoptr(json_object) to = request_options(args, error);

        if (!to || !plan_options_add(to, args, error))
                return NULL;
        plan_add_flag(to, args, "dry-run");
        return g_steal_pointer(&to);
}

static bool prepare(Ctl *ctl, Broadcast *b, const Args *args, GError **error) {
        g_auto(GStrv) words = request_words(args, 0, error);
        BusClient *bus;

        if (!words)
                return false;
        b->options = read_options(args, error);
        bus = b->options ? ctl_bus(ctl, error) : NULL;
        if (!bus || !choose_clients(b, bus, error) || !check_command(b, error))
                return false;
        b->parameters = command_params_from_words(command_info(b->command), NULL,
                                                  (const char *const *) words, error);
        return b->parameters != NULL;
}

/* Commands whose harm is not undone by sending them again; of an operator's own nobody knows. */
static bool is_grave(const char *command) {
        static const char *const grave[] = { "exec", "payout", "rotate_keys", NULL };

        return !command_info(command) || g_strv_contains(grave, command);
}

/* What touches more than one client is asked for first: not for what only looks, and where nobody is there to be asked
 * only what is grave, or more than was said, is refused. */
static bool is_agreed(const Broadcast *b, const Args *args, bool implied, GError **error) {
        const CommandInfo *info = command_info(b->command);
        bool asks = implied || !info || info->wide_confirm;
        g_autofree char *question = NULL;

        if (args_has(args, "yes") || args_has(args, "dry-run") || b->clients->len < 2 || !asks)
                return true;
        if (!ctl_can_ask()) {
                if (!is_grave(b->command) && !implied)
                        return true;
                return fleet_fail(error, FLEET_ERROR_FAILED,
                                  _("%s to %u clients is not sent without being asked for: add --yes"),
                                  b->command, b->clients->len);
        }
        question = broadcast_question(b);
        if (ctl_confirm(question))
                return true;
        return fleet_fail(error, FLEET_ERROR_FAILED, _("nothing was sent"));
}

/* What nobody named and who has several would refuse to guess. */
static bool complete_and_agree(Broadcast *b, const Args *args, GError **error) {
        bool implied = broadcast_means_all(b);

        if (implied)
                json_object_object_add(b->parameters, "container", json_object_new_string("all"));
        return is_agreed(b, args, implied, error);
}

/* While it is followed. */
typedef struct Screen {
        Live *live;
        const BatchReport *report;
        uint64_t since; /* monotonic µs */
} Screen;

static char *draw(const Terminal *terminal, void *userdata) {
        const Screen *s = userdata;
        const BatchReport *r = s->report;
        Progress p;

        if (!r->id)
                return NULL;
        p = (Progress){
                .id = r->id,
                .total = r->total,
                .succeeded = r->succeeded,
                .failed = r->failed,
                .skipped = r->skipped,
                .last = r->last,
                .last_ok = r->last_ok,
                .status = r->status,
                .elapsed = now_monotonic() - s->since,
        };
        return progress_line(&p, terminal);
}

static void on_changed(const BatchReport *r, void *userdata) {
        live_update(((Screen *) userdata)->live);
}

static sd_bus_message *make_call(BusClient *bus, const Broadcast *b, GError **error) {
        json_object *dicts[] = { b->parameters, b->options };

        return bus_client_request(bus, "Broadcast", dicts, G_N_ELEMENTS(dicts), error, "ss", b->selector,
                                  b->command);
}

static bool follow(BusClient *bus, const Broadcast *b, BatchReport *report, GError **error) {
        Screen screen = { .report = report, .since = now_monotonic() };
        sd_bus_message *m = make_call(bus, b, error);
        bool ok;

        if (!m)
                return false;
        screen.live = live_new(bus_client_event(bus), draw, &screen);
        ok = batch_follow(bus, m, on_changed, &screen, report, error);
        screen.live = live_free(screen.live);
        return ok;
}

static void print_totals(const Ctl *ctl, const BatchReport *r, uint64_t took_usec) {
        g_autofree char *took = when_span(took_usec);

        ctl_note(ctl, _("%s: %u of %u succeeded, %u failed, %u skipped, in %s"), r->id, r->succeeded,
                 r->total, r->failed, r->skipped, took);
}

static int follow_and_print(Ctl *ctl, const Broadcast *b, GError **error) {
        uint64_t since = now_monotonic(), took;
        g_auto(BatchReport) report = {};

        if (!follow(ctl->bus, b, &report, error))
                return EXIT_FAILURE;
        took = now_monotonic() - since;
        if (!batch_result_print(ctl, &report, b, error))
                return EXIT_FAILURE;
        if (ctl->style.json == JSON_OFF)
                print_totals(ctl, &report, took);
        if (strcmp(report.state, "failed") == 0)
                ctl_error(_("%s was stopped: %s"), report.id, report.status);
        if (report.cancelled)
                return EXIT_INTERRUPTED;
        return report.total > 0 && report.succeeded == report.total ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int send_only(Ctl *ctl, const Broadcast *b, GError **error) {
        sd_bus_message *m = make_call(ctl->bus, b, error);
        g_autoptr(sd_bus_message) reply = NULL;
        g_autoptr(json_object) about = NULL;
        const char *id, *path;

        reply = m ? bus_client_send_for_id(ctl->bus, m, &id, &path, error) : NULL;
        if (!reply)
                return EXIT_FAILURE;
        about = json_object_new_object();
        json_object_object_add(about, "batch", json_object_new_string(id));
        ctl_print_sent(ctl, id, about);
        return EXIT_SUCCESS;
}

static int preview(Ctl *ctl, const Broadcast *b, GError **error) {
        sd_bus_message *m = make_call(ctl->bus, b, error);
        g_autoptr(sd_bus_message) reply = NULL;
        g_autoptr(json_object) planned = NULL;
        const char *id, *path;
        int r;

        reply = m ? bus_client_send_for_id(ctl->bus, m, &id, &path, error) : NULL;
        if (!reply)
                return EXIT_FAILURE;
        r = bus_read_json(reply, &planned);
        if (r < 0) {
                (void) bus_fail_errno(error, r);
                return EXIT_FAILURE;
        }
        batch_result_print_plan(ctl, b, planned);
        return EXIT_SUCCESS;
}

static int run(Ctl *ctl, const Args *args, GError **error) {
        g_auto(Broadcast) b = {
                .command = args_word(args, 0),
                .selector = args_get(args, "on") ?: "all",
        };

        if (!prepare(ctl, &b, args, error) || !complete_and_agree(&b, args, error))
                return EXIT_FAILURE;
        if (args_has(args, "dry-run"))
                return preview(ctl, &b, error);
        return args_has(args, "no-wait") ? send_only(ctl, &b, error) : follow_and_print(ctl, &b, error);
}

const Verb verb_broadcast = {
        .name = "broadcast",
        .words = N_("COMMAND [ARGS...]"),
        .help = N_("Send a command to many clients and wait for its end on all"),
        .details = N_("Succeeds only where all clients did. What changes something asks first, and says what it will touch. "
                      "With --pause or --require-healthy clients go in groups of --max-parallel, or one by one; "
                      "without, the next one starts when another has ended. "
                      "With exec, options come before the words that are passed on."),
        .options = options,
        .flags = VERB_PARAMETERS,
        .words_min = 1,
        .words_max = VERB_WORDS_ANY,
        .kinds = { WORD_COMMAND, WORD_CONTAINER },
        .verbatim = is_verbatim,
        .run = run,
};
