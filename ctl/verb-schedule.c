/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* schedule: commands that are broadcast when a calendar says so. */
#include <glib/gi18n.h>
#include <stdlib.h>
#include <string.h>

#include "bus-error.h"
#include "clock.h"
#include "command-table.h"
#include "error.h"
#include "json.h"
#include "plan-options.h"
#include "request.h"
#include "schedule-list.h"
#include "text.h"
#include "verbs.h"
#include "when.h"

static const OptionInfo options[] = {
        { "calendar", 0, N_("EVENT"),
          N_("With add: when, as systemd.time(7) has it: 'Mon *-*-* 04:00 Asia/Seoul'") },
        { "on", 0, N_("SELECTOR"),
          N_("With add: which clients: all (default), a glob on ids, labels as KEY=VALUE; commas join") },
        { "persistent", 0, NULL, N_("With add: make up for a run that was missed while the host was off") },
        { "randomized-delay", 0, N_("SPAN"), N_("With add: come later by up to so much, at random") },
        { "disabled", 0, NULL, N_("With add: only keep it; enable starts it") },
        { "param", 'p', N_("KEY=VALUE"), N_("Set a parameter of the command; may be given more than once") },
        { "timeout", 0, N_("SPAN"), N_("How long it may run: 90s, 5min") },
        { "queue", 0, NULL, N_("Where a client is offline, send it once that is back") },
        PLAN_OPTIONS,
        {},
};

static bool is_verbatim(const char *const *words, unsigned n) {
        return n >= 3 && g_str_equal(words[0], "add") && request_is_exec(words, n, 2);
}

static const ColumnInfo columns[] = {
        { "name", N_("NAME") },
        { "enabled", NULL },
        { "next", N_("NEXT") },
        { "last", N_("LAST") },
        { "calendar", N_("CALENDAR"), COLUMN_SHRINK },
        { "selector", N_("CLIENTS"), COLUMN_SHRINK },
        { "command", N_("COMMAND") },
        { "parameters", N_("PARAMETERS"), COLUMN_SHRINK },
        {},
};

static void add_time(Table *t, uint64_t usec, const char *none, bool full) {
        g_autofree char *when = usec == 0 ? g_strdup(none)
                                : full    ? when_local(usec)
                                          : when_ago(usec, now_realtime());

        table_add_value(t, COLOR_NONE, when, json_object_new_uint64(usec));
}

static void add_row(Table *t, const ScheduleRow *s, bool full) {
        g_autoptr(json_object) params = json_tokener_parse(s->params);
        g_autofree char *plain = json_plain(params);

        table_add_colored(t, s->enabled ? COLOR_STRONG : COLOR_DIM, s->name);
        table_add_value(t, COLOR_NONE, s->enabled ? "yes" : "no", json_object_new_boolean(s->enabled));
        add_time(t, s->next, s->enabled ? "" : _("disabled"), full);
        add_time(t, s->last, "", full);
        table_add(t, s->calendar);
        table_add(t, s->selector);
        table_add(t, s->command);
        table_add_value(t, COLOR_DIM, plain, json_object_get(params));
}

static int run_list(Ctl *ctl, const Args *args, GError **error) {
        g_autoptr(GPtrArray) rows = ctl_bus(ctl, error) ? schedule_list_read(ctl->bus, error) : NULL;
        g_autoptr(Table) t = table_new(columns);

        if (!rows)
                return EXIT_FAILURE;
        for (unsigned i = 0; i < rows->len; i++)
                add_row(t, rows->pdata[i], ctl->style.full);
        ctl_print_table(ctl, t, false);
        if (rows->len == 0)
                ctl_note(ctl, _("There is no schedule; mserverctl help schedule says how to add one"));
        return EXIT_SUCCESS;
}

static json_object *read_options(const Args *args, GError **error) {
        g_autoptr(json_object) to = json_object_new_object();

        if (!plan_add_span(to, args, "timeout", error) ||
            !plan_add_span(to, args, "randomized-delay", error) || !plan_options_add(to, args, error))
                return NULL;
        plan_add_flag(to, args, "queue");
        plan_add_flag(to, args, "persistent");
        if (args_has(args, "disabled"))
                json_object_object_add(to, "enabled", json_object_new_boolean(false));
        return g_steal_pointer(&to);
}

static bool check_add(const Args *args, GError **error) {
        if (!args_word(args, 1) || !args_word(args, 2))
                return fleet_fail(
                                error, FLEET_ERROR_INVALID_PARAMETER,
                                _("schedule add needs more words: schedule add NAME --calendar=EVENT COMMAND [ARGS...]"));
        if (!args_get(args, "calendar"))
                return fleet_fail(
                                error, FLEET_ERROR_INVALID_PARAMETER,
                                _("schedule add needs --calendar=EVENT, such as --calendar='Mon *-*-* 04:00'"));
        return true;
}

static void say_next(Ctl *ctl, const char *name) {
        g_autoptr(GPtrArray) rows = schedule_list_read(ctl->bus, NULL);

        for (unsigned i = 0; rows && i < rows->len; i++) {
                const ScheduleRow *s = rows->pdata[i];
                g_autofree char *when = NULL;

                if (!g_str_equal(s->name, name) || s->next == 0)
                        continue;
                when = when_local(s->next);
                ctl_note(ctl, _("%s: runs next at %s (mserver-schedule@%s.timer)"), name, when, name);
        }
}

static int run_add(Ctl *ctl, const Args *args, GError **error) {
        const char *command = args_word(args, 2);
        g_autoptr(json_object) parameters = NULL, to = NULL;
        g_autoptr(sd_bus_message) reply = NULL;
        g_auto(GStrv) words = NULL;
        sd_bus_message *m;

        if (!check_add(args, error) || !(words = request_words(args, 2, error)) ||
            !(to = read_options(args, error)))
                return EXIT_FAILURE;
        parameters = command_params_from_words(command_info(command), NULL, (const char *const *) words,
                                               error);
        if (!parameters || !ctl_bus(ctl, error))
                return EXIT_FAILURE;
        m = bus_client_request(ctl->bus, "CreateSchedule", (json_object *[]){ parameters, to }, 2, error,
                               "ssss", args_word(args, 1), args_get(args, "calendar"),
                               args_get(args, "on") ?: "all", command);
        reply = m ? bus_client_send(ctl->bus, m, error) : NULL;
        if (!reply)
                return EXIT_FAILURE;
        say_next(ctl, args_word(args, 1));
        return EXIT_SUCCESS;
}

static int run_run(Ctl *ctl, const char *name, GError **error) {
        g_autoptr(sd_bus_message) reply = NULL;
        g_autoptr(json_object) about = json_object_new_object();
        const char *id, *path;
        sd_bus_message *m = bus_client_request(ctl->bus, "RunSchedule", NULL, 0, error, "s", name);

        reply = m ? bus_client_send_for_id(ctl->bus, m, &id, &path, error) : NULL;
        if (!reply)
                return EXIT_FAILURE;
        json_object_object_add(about, "schedule", json_object_new_string(name));
        json_object_object_add(about, "batch", json_object_new_string(id));
        ctl_print_sent(ctl, id, about);
        return EXIT_SUCCESS;
}

static int run_change(Ctl *ctl, const char *what, const char *name, GError **error) {
        g_autoptr(sd_bus_message) reply =
                        g_str_equal(what, "remove")
                                        ? bus_client_call(ctl->bus, "DeleteSchedule", error, "s", name)
                                        : bus_client_call(ctl->bus, "EnableSchedule", error, "sb", name,
                                                          (int) g_str_equal(what, "enable"));

        if (!reply)
                return EXIT_FAILURE;
        if (g_str_equal(what, "enable"))
                say_next(ctl, name);
        return EXIT_SUCCESS;
}

static const char *const choices[] = { "add", "list", "run", "remove", "enable", "disable", NULL };

static bool check_plain(const Args *args, unsigned words, GError **error) {
        const char *what = args_word(args, 0);

        for (const OptionInfo *o = options; o->name; o++)
                if (args_has(args, o->name))
                        return fleet_fail(error, FLEET_ERROR_INVALID_PARAMETER,
                                          _("--%s is for schedule add"), o->name);
        if (args_count(args) < words)
                return fleet_fail(error, FLEET_ERROR_INVALID_PARAMETER,
                                  _("schedule %s needs more words: schedule %s NAME..."), what, what);
        return true;
}

static int run(Ctl *ctl, const Args *args, GError **error) {
        const char *what = args_word(args, 0) ?: "list";
        int code = EXIT_SUCCESS;

        if (!g_strv_contains(choices, what)) {
                fleet_fail(error, FLEET_ERROR_INVALID_PARAMETER,
                           _("\"%s\" is unknown; expected add, list, run, remove, enable or disable"), what);
                return EXIT_FAILURE;
        }
        if (g_str_equal(what, "add"))
                return run_add(ctl, args, error);
        if (g_str_equal(what, "list"))
                return check_plain(args, 0, error) ? run_list(ctl, args, error) : EXIT_FAILURE;
        if (!check_plain(args, 2, error) || !ctl_bus(ctl, error))
                return EXIT_FAILURE;
        for (unsigned i = 1; code == EXIT_SUCCESS && i < args_count(args); i++)
                code = g_str_equal(what, "run") ? run_run(ctl, args_word(args, i), error)
                                                : run_change(ctl, what, args_word(args, i), error);
        return code;
}

const Verb verb_schedule = {
        .name = "schedule",
        .words = N_("[ACTION [NAME] [COMMAND [ARGS...]]]"),
        .help = N_("Send a command to many clients whenever a calendar event comes"),
        .details = N_("schedule add NAME --calendar=EVENT [--on=SELECTOR] COMMAND [ARGS...] makes one: a timer of systemd "
                      "(systemctl list-timers), which survives restarts. Each run is a broadcast; while one is under way "
                      "the next is left out. schedule run NAME runs it now, disable keeps it without its timer, remove "
                      "deletes it; these and enable take several names. schedule list, or schedule alone, shows all."),
        .options = options,
        .flags = VERB_PARAMETERS,
        .words_max = VERB_WORDS_ANY,
        .kinds = { WORD_CHOICE, WORD_SCHEDULE, WORD_COMMAND },
        .choices = choices,
        .verbatim = is_verbatim,
        .run = run,
};
