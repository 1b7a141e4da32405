/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* mclient run: has the agent of this host run a command, once or for each container that is there. What timers need, and
 * who is on the host without a server. */
#include "verb-run.h"

#include <glib/gi18n.h>
#include <json-c/json.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "command-line.h"
#include "error.h"
#include "run-client.h"

static void help(void) {
        printf(_("mclient run [--each] COMMAND [KEY=VALUE...]\n\n"
                 "Has the agent of this host run a command, as one from the server, and waits for its end.\n\n"
                 "     --each  Once for each container that is there, one after the other\n"
                 "  -h --help  Show this help\n\n"
                 "Exits with 0 where all of it succeeded.\n"));
}

static void print_error(const char *message) {
        (void) fflush(stdout);
        (void) fprintf(stderr, "mclient: %s\n", message);
}

static const char *error_of(json_object *result) {
        json_object *text;

        return json_object_is_type(result, json_type_object) &&
                                               json_object_object_get_ex(result, "error", &text)
                               ? json_object_get_string(text)
                               : NULL;
}

static bool run_one(RunClient *c, const char *command, const char *container, char *const *parameters) {
        g_autofree char *state = NULL, *result = NULL;
        g_autoptr(GError) error = NULL;
        json_object *parsed;
        bool ok;

        if (!run_client_call(c, command, container, parameters, &state, &result, &error)) {
                print_error(error->message);
                return false;
        }
        ok = strcmp(state, "succeeded") == 0;
        parsed = json_tokener_parse(result);
        (void) printf("%s%s%s %s: %s\n", container ?: "", container ? ": " : "", command, state,
                      ok ? result : error_of(parsed) ?: result);
        (void) fflush(stdout);
        json_object_put(parsed);
        return ok;
}

/* Names of the containers that are there, as status has them. */
static GPtrArray *read_containers(RunClient *c, GError **error) {
        g_autofree char *state = NULL, *result = NULL;
        GPtrArray *names;
        json_object *list;

        if (!run_client_call(c, "status", NULL, NULL, &state, &result, error))
                return NULL;
        list = json_tokener_parse(result);
        if (strcmp(state, "succeeded") != 0 || !json_object_is_type(list, json_type_array)) {
                fleet_fail(error, FLEET_ERROR_FAILED, "status %s: %s", state, error_of(list) ?: result);
                json_object_put(list);
                return NULL;
        }
        names = g_ptr_array_new_with_free_func(g_free);
        for (size_t i = 0; i < json_object_array_length(list); i++) {
                json_object *entry = json_object_array_get_idx(list, i), *name, *at;

                if (!json_object_object_get_ex(entry, "name", &name) ||
                    (json_object_object_get_ex(entry, "state", &at) &&
                     g_strcmp0(json_object_get_string(at), "absent") == 0))
                        continue;
                g_ptr_array_add(names, g_strdup(json_object_get_string(name)));
        }
        json_object_put(list);
        return names;
}

/* One that fails is no reason to leave out the next. */
static bool run_each(RunClient *c, const char *command, char *const *parameters) {
        g_autoptr(GError) error = NULL;
        g_autoptr(GPtrArray) names = read_containers(c, &error);
        bool ok = true;

        if (!names || names->len == 0) {
                print_error(error ? error->message : _("no container is there"));
                return false;
        }
        for (unsigned i = 0; i < names->len; i++)
                ok = run_one(c, command, names->pdata[i], parameters) && ok;
        return ok;
}

int verb_run(int argc, char *argv[]) {
        bool each = false, ok;
        const CommandOption options[] = { { "each", 0, &each, NULL }, {} };
        const CommandLine line = { .options = options, .stop_at_word = true, .help = help };
        g_autoptr(RunClient) c = NULL;
        g_autoptr(GError) error = NULL;
        int code, first = command_line_read(&line, argc, argv, &code);

        if (first < 0)
                return code;
        if (first == argc) {
                print_error(_("run: expected a command; see mclient run --help"));
                return EX_USAGE;
        }
        c = run_client_new(&error);
        if (!c) {
                print_error(error->message);
                return EXIT_FAILURE;
        }
        ok = each ? run_each(c, argv[first], argv + first + 1)
                  : run_one(c, argv[first], NULL, argv + first + 1);
        return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
