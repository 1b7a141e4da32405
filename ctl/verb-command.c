/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* command: all about one command, and its end where it has not come yet. */
#include <glib/gi18n.h>
#include <inttypes.h>
#include <stdlib.h>

#include "clock.h"
#include "command-list.h"
#include "json.h"
#include "report.h"
#include "result.h"
#include "run-command.h"
#include "verbs.h"
#include "when.h"

static const OptionInfo options[] = {
        { "follow", 'f', NULL, N_("Show its output and wait for its end; Ctrl-C leaves it running") },
        {},
};

static const ColumnInfo columns[] = {
        { "id", N_("Id") },
        { "client", N_("Client") },
        { "command", N_("Command") },
        { "state", N_("State") },
        { "parameters", N_("Parameters") },
        { "batch", N_("Broadcast") },
        { "caller_uid", N_("Caller") },
        { "requested", N_("Requested") },
        { "sent", N_("Sent") },
        { "started", N_("Started") },
        { "finished", N_("Finished") },
        { "error", N_("Error") },
        {},
};

static void add_time(Table *t, uint64_t usec) {
        g_autofree char *local = usec > 0 ? when_local(usec) : NULL;

        table_add(t, local);
}

static void add_state(Table *t, const CommandReport *r) {
        uint64_t duration = command_report_duration(r);
        g_autofree char *took = when_span(duration), *text = g_strdup_printf(_(" in %s"), took);

        table_add_colored(t, command_state_color(r->state), r->state);
        if (duration > 0)
                table_append(t, COLOR_NONE, text);
}

static Table *make_table(const CommandReport *r) {
        g_autofree char *title = command_report_title(r), *parameters = json_plain(r->parameters);
        g_autofree char *uid = g_strdup_printf("uid %" PRIu64, r->caller_uid);
        Table *t = table_new(columns);

        table_add(t, r->id);
        table_add_colored(t, COLOR_STRONG, r->client);
        table_add(t, title);
        add_state(t, r);
        table_add(t, parameters);
        table_add(t, r->batch);
        table_add(t, uid);
        add_time(t, r->requested);
        add_time(t, r->sent);
        add_time(t, r->started);
        add_time(t, r->finished);
        table_add_colored(t, COLOR_BAD, r->error);
        return t;
}

static char *format_result(const Ctl *ctl, const CommandReport *r) {
        TableStyle style = { ctl->terminal, ctl->style.legend, ctl->style.full };
        const char *output = result_output(r->result);
        ResultRow row = { r->client, r->result };

        if (result_is_list(r->result))
                return result_format_lists(&row, 1, false, now_realtime(), &style);
        if (output)
                return g_strdup(output);
        return result_format_members(r->result, now_realtime(), &style);
}

static void print(const Ctl *ctl, const CommandReport *r) {
        TableStyle style = { ctl->terminal, ctl->style.legend, ctl->style.full };
        g_autoptr(Table) table = make_table(r);
        g_autofree char *about = table_format_lines(table, &style), *result = format_result(ctl, r);
        g_autofree char *text = g_strconcat(about, result[0] ? "\n" : "", result, NULL);

        ctl_print(ctl, text);
}

static CommandReport *read_report(BusClient *bus, const char *id, GError **error) {
        g_autoptr(CommandReport) r = command_report_find(bus, id, error);

        if (!r || !command_report_read(r, bus, error) || !command_report_read_result(r, bus, error))
                return NULL;
        return g_steal_pointer(&r);
}

static int run(Ctl *ctl, const Args *args, GError **error) {
        g_autoptr(CommandReport) r = NULL;

        if (args_has(args, "follow"))
                return run_attach(ctl, args_word(args, 0), error);
        r = ctl_bus(ctl, error) ? read_report(ctl->bus, args_word(args, 0), error) : NULL;
        if (!r)
                return EXIT_FAILURE;
        if (ctl->style.json != JSON_OFF)
                ctl_print_object(ctl, result_report_json(r));
        else
                print(ctl, r);
        return EXIT_SUCCESS;
}

const Verb verb_command = {
        .name = "command",
        .words = N_("ID"),
        .help = N_("Show all about one command, with its result"),
        .options = options,
        .words_min = 1,
        .words_max = 1,
        .kinds = { WORD_COMMAND_ID },
        .run = run,
};
