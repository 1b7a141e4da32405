/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What every verb is given: where the service is, how to show things, and the connection once it is needed. */
#include "ctl.h"

#include <glib/gi18n.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "display.h"
#include "error.h"
#include "json.h"
#include "pager.h"

static const char *const json_modes[] = {
        [JSON_OFF] = "off", [JSON_SHORT] = "short", [JSON_PRETTY] = "pretty", NULL
};

const OptionInfo ctl_place_options[] = {
        { "host", 'H', N_("[USER@]HOST"), N_("Work on the mserver of another host, by ssh") },
        { "machine", 'M', N_("MACHINE"), N_("Work on the mserver of a local container machine") },
        { "no-ask-password", 0, NULL, N_("Fail where a password would have to be asked for") },
        { "version", 0, NULL, N_("Show the version") },
        {},
};

const OptionInfo ctl_style_options[] = {
        { "json", 'j', N_("MODE"), N_("Print JSON: pretty, short or off"), json_modes, .optional = true },
        { "full", 'l', NULL, N_("Do not cut columns to the width of the terminal") },
        { "no-legend", 0, NULL, N_("Leave out headings, totals and hints") },
        { "no-pager", 0, NULL, N_("Do not show long output in a pager") },
        { "help", 'h', NULL, N_("Show help") },
        {},
};

void ctl_init(Ctl *ctl) {
        *ctl = (Ctl){ .ask_password = true, .style = { .legend = true, .pager = true } };
        terminal_detect(STDOUT_FILENO, &ctl->terminal);
}

void ctl_clear(Ctl *ctl) {
        g_clear_pointer(&ctl->bus, bus_client_free);
        g_clear_pointer(&ctl->host, g_free);
        g_clear_pointer(&ctl->machine, g_free);
}

static void replace(char **where, const char *value) {
        if (!value)
                return;
        g_free(*where);
        *where = g_strdup(value);
}

void ctl_set_place(Ctl *ctl, const Args *args) {
        replace(&ctl->host, args_get(args, "host"));
        replace(&ctl->machine, args_get(args, "machine"));
        ctl->ask_password &= !args_has(args, "no-ask-password");
}

static bool parse_json_mode(const char *text, const Terminal *terminal, JsonMode *ret, GError **error) {
        if (!text[0]) {
                *ret = terminal->tty ? JSON_PRETTY : JSON_SHORT;
                return true;
        }
        for (JsonMode mode = 0; json_modes[mode]; mode++)
                if (strcmp(json_modes[mode], text) == 0) {
                        *ret = mode;
                        return true;
                }
        return fleet_fail(error, FLEET_ERROR_INVALID_PARAMETER,
                          _("--json=%s: expected pretty, short or off"), text);
}

bool ctl_set_style(Ctl *ctl, const Args *args, GError **error) {
        if (args_has(args, "json") &&
            !parse_json_mode(args_get(args, "json"), &ctl->terminal, &ctl->style.json, error))
                return false;
        ctl->style.full |= args_has(args, "full");
        ctl->style.legend &= !args_has(args, "no-legend");
        ctl->style.pager &= !args_has(args, "no-pager");
        return true;
}

BusClient *ctl_bus(Ctl *ctl, GError **error) {
        BusPlace place = { ctl->host, ctl->machine };
        BusClientFlags flags = BUS_CLIENT_AUTO_START | (ctl->ask_password ? BUS_CLIENT_ASK_PASSWORD : 0) |
                               (ctl->survives_ctrl_c ? BUS_CLIENT_SURVIVE : 0);

        if (ctl->bus && !bus_client_is_open(ctl->bus))
                g_clear_pointer(&ctl->bus, bus_client_free);
        if (!ctl->bus)
                ctl->bus = bus_client_open(&place, flags, error);
        return ctl->bus;
}

void ctl_error(const char *format, ...) {
        g_autofree char *message = NULL, *clean = NULL;
        Terminal terminal;
        va_list ap;

        va_start(ap, format);
        message = g_strdup_vprintf(format, ap);
        va_end(ap);
        clean = display_clean(message);
        terminal_detect(STDERR_FILENO, &terminal);
        (void) fflush(stdout);
        (void) fprintf(stderr, "mserverctl: %s%s%s\n", terminal_color(&terminal, COLOR_BAD), clean,
                       terminal_reset(&terminal, COLOR_BAD));
}

void ctl_note(const Ctl *ctl, const char *format, ...) {
        g_autofree char *message = NULL, *clean = NULL;
        Terminal terminal;
        va_list ap;

        terminal_detect(STDERR_FILENO, &terminal);
        if (!terminal.tty || !ctl->style.legend)
                return;
        va_start(ap, format);
        message = g_strdup_vprintf(format, ap);
        va_end(ap);
        clean = display_clean(message);
        (void) fflush(stdout);
        (void) fprintf(stderr, "%s%s%s\n", terminal_color(&terminal, COLOR_DIM), clean,
                       terminal_reset(&terminal, COLOR_DIM));
}

void ctl_print(const Ctl *ctl, const char *text) {
        if (ctl->terminal.tty && ctl->style.pager && pager_show(text))
                return;
        (void) fputs(text, stdout);
}

void ctl_print_json(const Ctl *ctl, json_object *value) {
        int flags = JSON_C_TO_STRING_NOSLASHESCAPE;
        g_autofree char *text = NULL;

        if (ctl->style.json == JSON_PRETTY)
                flags |= JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED;
        text = g_strconcat(json_object_to_json_string_ext(value, flags), "\n", NULL);
        ctl_print(ctl, text);
}

void ctl_print_object(const Ctl *ctl, json_object *object) {
        g_autoptr(json_object) array = json_object_new_array();

        json_object_array_add(array, object);
        ctl_print_json(ctl, array);
}

void ctl_print_table(const Ctl *ctl, const Table *t, bool lines) {
        TableStyle style = { ctl->terminal, ctl->style.legend, ctl->style.full };
        g_autofree char *text = NULL;

        if (ctl->style.json != JSON_OFF) {
                g_autoptr(json_object) array = table_to_json(t);

                ctl_print_json(ctl, array);
                return;
        }
        text = lines ? table_format_lines(t, &style) : table_format(t, &style);
        ctl_print(ctl, text);
}

bool ctl_can_ask(void) {
        return isatty(STDIN_FILENO) && isatty(STDERR_FILENO);
}

/* False after Ctrl-C, where that does not end the program. It is let in only while waiting: one that came between the
 * question and the wait would else be lost. */
static bool ask(const char *question) {
        struct pollfd p = { .fd = STDIN_FILENO, .events = POLLIN };
        sigset_t interrupt, before;
        int r;

        (void) sigemptyset(&interrupt);
        (void) sigaddset(&interrupt, SIGINT);
        (void) sigprocmask(SIG_BLOCK, &interrupt, &before);
        (void) fflush(stdout);
        (void) fprintf(stderr, "%s [y/N] ", question);
        r = ppoll(&p, 1, NULL, &before);
        (void) sigprocmask(SIG_SETMASK, &before, NULL);
        return r > 0;
}

void ctl_print_sent(const Ctl *ctl, const char *id, json_object *about) {
        if (ctl->style.json != JSON_OFF)
                ctl_print_object(ctl, json_object_get(about));
        else
                printf("%s\n", id);
}

bool ctl_confirm(const char *question) {
        g_autofree char *clean = display_clean(question);
        char *answer = NULL;
        size_t size = 0;
        bool yes = false;

        if (!ctl_can_ask())
                return false;
        if (ask(clean) && getline(&answer, &size, stdin) > 0)
                yes = rpmatch(answer) == 1;
        else
                (void) fputc('\n', stderr);
        clearerr(stdin);
        free(answer);
        return yes;
}
