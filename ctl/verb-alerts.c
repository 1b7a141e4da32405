/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* alerts: what is wrong, who knows of it, and what nobody wants to hear of for a while. */
#include <glib/gi18n.h>
#include <stdlib.h>
#include <string.h>

#include "alert-list.h"
#include "bus-error.h"
#include "clock.h"
#include "error.h"
#include "limits.h"
#include "text.h"
#include "verbs.h"
#include "when.h"

/* Those of daemon/logic/alert-kind.c; tests/names compares. */
static const char *const kinds[] = {
        "client-offline",
        "container-down",
        "container-restarting",
        "node-syncing",
        "node-no-peers",
        "block-stalled",
        "finality-lag",
        "disk-full",
        "memory-full",
        "clock-skew",
        "key-unregistered",
        "backup-too-old",
        "certificate-expiring",
        "command-failed",
        "command-interrupted",
        "audit-broken",
        NULL,
};

static const OptionInfo options[] = {
        { "on", 0, N_("SELECTOR"), N_("silence: whose alerts, as of broadcast (default: all)") },
        { "kind", 0, N_("KIND"), N_("silence: only alerts of this kind"), kinds },
        { "until", 'U', N_("TIME"), N_("silence: when it ends: 2h, tomorrow") },
        { "lines", 'n', N_("LINES"), N_("past: how many to show at most (default: 100)") },
        {},
};

static const char *const words[] = { "list", "ack", "past", "silence", "silences", "unsilence", NULL };

static int list(Ctl *ctl, const Args *args, GError **error) {
        return alert_list_show(ctl, error);
}

static int past(Ctl *ctl, const Args *args, GError **error) {
        const char *lines = args_get(args, "lines");
        uint64_t n = 0;

        if (lines && !text_to_uint(lines, 1, ALERTS_PAST_MAX, &n)) {
                (void) fleet_fail(error, FLEET_ERROR_INVALID_PARAMETER, _("--lines=%s: expected 1 to %d"),
                                  lines, ALERTS_PAST_MAX);
                return EXIT_FAILURE;
        }
        return alert_list_show_past(ctl, (unsigned) n, error);
}

static int silences(Ctl *ctl, const Args *args, GError **error) {
        return alert_list_show_silences(ctl, error);
}

/* Calls the member for each id, in order. */
static int each(Ctl *ctl, const Args *args, const char *member, GError **error) {
        if (!ctl_bus(ctl, error))
                return EXIT_FAILURE;
        for (const char *const *id = args_words(args) + 1; *id; id++) {
                g_autoptr(sd_bus_message) reply = bus_client_call(ctl->bus, member, error, "s", *id);

                if (!reply)
                        return EXIT_FAILURE;
        }
        return EXIT_SUCCESS;
}

static int ack(Ctl *ctl, const Args *args, GError **error) {
        return each(ctl, args, "AcknowledgeAlert", error);
}

static int unsilence(Ctl *ctl, const Args *args, GError **error) {
        return each(ctl, args, "RemoveSilence", error);
}

static int silence(Ctl *ctl, const Args *args, GError **error) {
        g_autofree char *comment = g_strjoinv(" ", (char **) args_words(args) + 1);
        const char *until = args_get(args, "until"), *id;
        g_autoptr(sd_bus_message) reply = NULL;
        uint64_t usec;
        int r;

        if (!until) {
                (void) fleet_fail(error, FLEET_ERROR_INVALID_PARAMETER,
                                  _("a silence needs an end: --until=2h, --until=tomorrow"));
                return EXIT_FAILURE;
        }
        if (!when_parse(until, WHEN_FUTURE, now_realtime(), &usec, error) || !ctl_bus(ctl, error))
                return EXIT_FAILURE;
        reply = bus_client_call(ctl->bus, "SilenceAlerts", error, "ssts", args_get(args, "on") ?: "all",
                                args_get(args, "kind") ?: "", usec, comment);
        if (!reply)
                return EXIT_FAILURE;
        r = sd_bus_message_read(reply, "s", &id);
        if (r < 0) {
                (void) bus_fail_errno(error, r);
                return EXIT_FAILURE;
        }
        if (ctl->style.json == JSON_OFF) {
                g_autofree char *line = g_strconcat(id, "\n", NULL);

                ctl_print(ctl, line);
        } else {
                json_object *o = json_object_new_object();

                json_object_object_add(o, "id", json_object_new_string(id));
                ctl_print_object(ctl, o);
        }
        return EXIT_SUCCESS;
}

typedef struct Action {
        const char *name;
        int (*run)(Ctl *ctl, const Args *args, GError **error);
        bool takes_ids, takes_words;
        const char *option[3]; /* those it has */
} Action;

static const Action actions[] = {
        { "list", list },
        { "ack", ack, .takes_ids = true },
        { "past", past, .option = { "lines" } },
        { "silence", silence, .takes_words = true, .option = { "on", "kind", "until" } },
        { "silences", silences },
        { "unsilence", unsilence, .takes_ids = true },
};

static bool has_option(const Action *a, const char *name) {
        for (unsigned i = 0; i < G_N_ELEMENTS(a->option); i++)
                if (a->option[i] && strcmp(a->option[i], name) == 0)
                        return true;
        return false;
}

static bool check(const Action *a, const Args *args, GError **error) {
        unsigned n = args_count(args);

        if (a->takes_ids && n < 2)
                return fleet_fail(error, FLEET_ERROR_INVALID_PARAMETER, _("alerts %s needs an id"), a->name);
        if (!a->takes_ids && !a->takes_words && n > 1)
                return fleet_fail(error, FLEET_ERROR_INVALID_PARAMETER,
                                  _("\"%s\" is one word too many: alerts %s"), args_word(args, 1), a->name);
        for (const OptionInfo *o = options; o->name; o++)
                if (args_has(args, o->name) && !has_option(a, o->name))
                        return fleet_fail(error, FLEET_ERROR_INVALID_PARAMETER,
                                          _("alerts %s does not take --%s"), a->name, o->name);
        return true;
}

static int run(Ctl *ctl, const Args *args, GError **error) {
        const char *name = args_word(args, 0) ?: "list";

        for (unsigned i = 0; i < G_N_ELEMENTS(actions); i++)
                if (strcmp(actions[i].name, name) == 0)
                        return check(&actions[i], args, error) ? actions[i].run(ctl, args, error)
                                                               : EXIT_FAILURE;
        (void) fleet_fail(error, FLEET_ERROR_INVALID_PARAMETER,
                          _("\"%s\" is unknown; expected list, ack, past, silence, silences or unsilence"),
                          name);
        return EXIT_FAILURE;
}

const Verb verb_alerts = {
        .name = "alerts",
        .words = N_("[ack|past|silence|silences|unsilence] [ID...]"),
        .help = N_("Show what is wrong; acknowledge and silence it"),
        .details = N_("ack says that somebody knows of an alert; it stays until it is over. Silenced alerts are shown, and nobody is told "
                      "of them."),
        .options = options,
        .words_max = VERB_WORDS_ANY,
        .kinds = { WORD_CHOICE, WORD_ALERT_ID, WORD_ALERT_ID },
        .choices = words,
        .run = run,
};
