/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* broadcast: one command to many clients. */
#include <glib/gi18n.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "batch-result.h"
#include "batch.h"
#include "bus-error.h"
#include "client-info.h"
#include "clock.h"
#include "command-table.h"
#include "error.h"
#include "json.h"
#include "live.h"
#include "progress.h"
#include "request.h"
#include "selector.h"
#include "text.h"
#include "verbs.h"

#define NAMES_SHOWN 8 /* of clients, in the question */

static const OptionInfo options[] = {
        { "on", 0, N_("SELECTOR"),
          N_("Which clients: all (default), a glob on ids, labels as KEY=VALUE; commas join") },
        REQUEST_OPTIONS,
        { "yes", 'y', NULL, N_("Do not ask first") },
        { "no-wait", 0, NULL, N_("Only send it, and print the id of the broadcast") },
        {},
};

typedef struct Broadcast {
        Ctl *ctl;
        const char *command, *selector;
        json_object *parameters, *options;
        GPtrArray *clients; /* json_object, as client-info.h has them: those it is meant for */
} Broadcast;

static void broadcast_clear(Broadcast *b) {
        json_object_put(b->parameters);
        json_object_put(b->options);
        g_clear_pointer(&b->clients, g_ptr_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Broadcast, broadcast_clear)

static bool is_verbatim(const char *const *words, unsigned n) {
        return request_is_exec(words, n, 0);
}

/* The service chooses again when it is sent: this is for the question, and to name whom it left out. */
static bool choose_clients(Broadcast *b, GError **error) {
        g_autoptr(Selector) selector = selector_parse(b->selector, error);

        if (!selector)
                return false;
        b->clients = client_info_list(b->ctl->bus, error);
        if (!b->clients)
                return false;
        for (unsigned i = b->clients->len; i > 0; i--)
                if (!client_info_matches(b->clients->pdata[i - 1], selector))
                        g_ptr_array_remove_index(b->clients, i - 1);
        if (b->clients->len == 0)
                return fleet_fail(error, FLEET_ERROR_NO_SUCH_CLIENT,
                                  _("no client matches \"%s\"; mserverctl list shows them"), b->selector);
        return true;
}

/* One of them must offer it; the first one's complaint stands for all. */
static bool check_command(const Broadcast *b, GError **error) {
        for (unsigned i = 1; i < b->clients->len; i++)
                if (client_info_check_command(b->clients->pdata[i], b->command, NULL))
                        return true;
        return client_info_check_command(b->clients->pdata[0], b->command, error);
}

static bool prepare(Broadcast *b, const Args *args, GError **error) {
        g_auto(GStrv) words = request_words(args, 0, error);

        if (!words)
                return false;
        b->options = request_options(args, error);
        if (!b->options || !ctl_bus(b->ctl, error) || !choose_clients(b, error) || !check_command(b, error))
                return false;
        b->parameters = command_params_from_words(command_info(b->command), NULL,
                                                  (const char *const *) words, error);
        return b->parameters != NULL;
}

static char *make_question(const Broadcast *b) {
        g_autofree char *parameters = json_plain(b->parameters);
        g_autoptr(GString) names = g_string_new(NULL);
        unsigned n = b->clients->len, offline = 0;

        for (unsigned i = 0; i < n; i++) {
                offline += !client_info_is_online(b->clients->pdata[i]);
                if (i < NAMES_SHOWN)
                        g_string_append_printf(names, "%s%s", i > 0 ? ", " : "",
                                               json_text(b->clients->pdata[i], "Id"));
        }
        if (n > NAMES_SHOWN)
                g_string_append(names, ", ...");
        if (offline > 0) {
                g_string_append(names, "; ");
                g_string_append_printf(names, ngettext("%u is offline", "%u are offline", offline), offline);
        }
        return g_strdup_printf(_("This sends %s%s%s to %u clients (%s). Continue?"), b->command,
                               parameters[0] ? " " : "", parameters, n, names->str);
}

/* Commands whose harm is not undone by sending them again. */
static bool is_grave(const char *command) {
        static const char *const grave[] = { "exec", "payout", "rotate_keys", NULL };

        return g_strv_contains(grave, command);
}

/* What touches more than one client is asked for first: not for what only looks, and where nobody is there to be asked
 * only what is grave is refused. */
static bool is_agreed(const Broadcast *b, const Args *args, GError **error) {
        const CommandInfo *info = command_info(b->command);
        g_autofree char *question = NULL;

        if (args_has(args, "yes") || b->clients->len < 2 || (info && !info->wide_confirm))
                return true;
        if (!ctl_can_ask()) {
                if (!is_grave(b->command))
                        return true;
                return fleet_fail(error, FLEET_ERROR_FAILED,
                                  _("%s to %u clients is not sent without being asked for: add --yes"),
                                  b->command, b->clients->len);
        }
        question = make_question(b);
        if (ctl_confirm(question))
                return true;
        return fleet_fail(error, FLEET_ERROR_FAILED, _("nothing was sent"));
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
                .elapsed = now_monotonic() - s->since,
        };
        return progress_line(&p, terminal);
}

static void on_changed(const BatchReport *r, void *userdata) {
        live_update(((Screen *) userdata)->live);
}

static sd_bus_message *make_call(const Broadcast *b, GError **error) {
        json_object *dicts[] = { b->parameters, b->options };

        return bus_client_request(b->ctl->bus, "Broadcast", dicts, G_N_ELEMENTS(dicts), error, "ss",
                                  b->selector, b->command);
}

static bool follow(const Broadcast *b, BatchReport *report, GError **error) {
        Screen screen = { .report = report, .since = now_monotonic() };
        sd_bus_message *m = make_call(b, error);
        bool ok;

        if (!m)
                return false;
        screen.live = live_new(bus_client_event(b->ctl->bus), draw, &screen);
        ok = batch_follow(b->ctl->bus, m, on_changed, &screen, report, error);
        screen.live = live_free(screen.live);
        return ok;
}

static void print_totals(const Ctl *ctl, const BatchReport *r, uint64_t took_usec) {
        g_autofree char *took = text_duration(took_usec);

        ctl_note(ctl, _("%s: %u of %u succeeded, %u failed, %u skipped, in %s"), r->id, r->succeeded,
                 r->total, r->failed, r->skipped, took);
}

static int follow_and_print(const Broadcast *b, GError **error) {
        g_autoptr(GPtrArray) ids = g_ptr_array_new_null_terminated(1, NULL, true);
        uint64_t since = now_monotonic(), took;
        g_auto(BatchReport) report = {};

        if (!follow(b, &report, error))
                return EXIT_FAILURE;
        took = now_monotonic() - since;
        for (unsigned i = 0; i < b->clients->len; i++)
                g_ptr_array_add(ids, (gpointer) json_text(b->clients->pdata[i], "Id"));
        if (!batch_result_print(b->ctl, &report, (const char *const *) ids->pdata, error))
                return EXIT_FAILURE;
        if (b->ctl->style.json == JSON_OFF)
                print_totals(b->ctl, &report, took);
        return report.total > 0 && report.succeeded == report.total ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int send_only(const Broadcast *b, GError **error) {
        g_autoptr(sd_bus_message) m = make_call(b, error), reply = NULL;
        const char *id, *path;
        int r;

        reply = m ? bus_client_send(b->ctl->bus, g_steal_pointer(&m), error) : NULL;
        if (!reply)
                return EXIT_FAILURE;
        r = sd_bus_message_read(reply, "so", &id, &path);
        if (r < 0) {
                (void) bus_fail_errno(error, r);
                return EXIT_FAILURE;
        }
        if (b->ctl->style.json != JSON_OFF) {
                json_object *o = json_object_new_object();

                json_object_object_add(o, "batch", json_object_new_string(id));
                ctl_print_object(b->ctl, o);
        } else {
                printf("%s\n", id);
        }
        return EXIT_SUCCESS;
}

static int run(Ctl *ctl, const Args *args, GError **error) {
        g_auto(Broadcast) b = {
                .ctl = ctl,
                .command = args_word(args, 0),
                .selector = args_get(args, "on") ?: "all",
        };

        if (!prepare(&b, args, error) || !is_agreed(&b, args, error))
                return EXIT_FAILURE;
        return args_has(args, "no-wait") ? send_only(&b, error) : follow_and_print(&b, error);
}

const Verb verb_broadcast = {
        .name = "broadcast",
        .words = N_("COMMAND [ARGS...]"),
        .help = N_("Send a command to many clients and wait for its end on all"),
        .details = N_("Succeeds only where all clients did. What changes something asks first, and says what it will touch. "
                      "With exec, options come before the words that are passed on."),
        .options = options,
        .flags = VERB_PARAMETERS,
        .words_min = 1,
        .words_max = VERB_WORDS_ANY,
        .kinds = { WORD_COMMAND, WORD_CONTAINER },
        .verbatim = is_verbatim,
        .run = run,
};
