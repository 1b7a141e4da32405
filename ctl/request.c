/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From a command line to a request: what send, logs and broadcast share. */
#include "request.h"

#include <glib/gi18n.h>
#include <string.h>

#include "client-containers.h"
#include "client-info.h"
#include "clock.h"
#include "command-table.h"
#include "error.h"
#include "json.h"
#include "text.h"
#include "when.h"

#define EXEC "exec"

bool request_is_exec(const char *const *words, unsigned n, unsigned i) {
        return n > i && strcmp(words[i], EXEC) == 0;
}

/* Behind exec every word is the program's, so nothing may be put there that is not: only the container goes before. */
static bool check_exec(const char *const *pairs, const char *const *unknown, GError **error) {
        if (*unknown)
                return fleet_fail(error, FLEET_ERROR_INVALID_PARAMETER,
                                  _("unknown option --%s; --help lists them"), *unknown);
        for (; *pairs; pairs++)
                if (!g_str_has_prefix(*pairs, "container=") && !g_str_has_prefix(*pairs, "target="))
                        return fleet_fail(error, FLEET_ERROR_INVALID_PARAMETER,
                                          _("-p %s: with exec only the container can be set so"), *pairs);
        return true;
}

static bool add_pairs(GPtrArray *words, const char *const *pairs, GError **error) {
        for (; *pairs; pairs++) {
                if (!strchr(*pairs, '='))
                        return fleet_fail(error, FLEET_ERROR_INVALID_PARAMETER,
                                          _("-p %s: expected KEY=VALUE"), *pairs);
                g_ptr_array_add(words, g_strdup(*pairs));
        }
        return true;
}

char **request_words(const Args *args, unsigned i, GError **error) {
        g_autoptr(GPtrArray) words = g_ptr_array_new_null_terminated(1, g_free, true);
        const char *const *pairs = args_all(args, "param"), *const *unknown = args_unknown(args);

        if (request_is_exec(args_words(args), args_count(args), i) && !check_exec(pairs, unknown, error))
                return NULL;
        if (!add_pairs(words, pairs, error))
                return NULL;
        while (args_word(args, ++i))
                g_ptr_array_add(words, g_strdup(args_word(args, i)));
        for (; *unknown; unknown++)
                g_ptr_array_add(words, g_strconcat("--", *unknown, NULL));
        return (char **) g_ptr_array_free(g_steal_pointer(&words), false);
}

json_object *request_options(const Args *args, GError **error) {
        g_autoptr(json_object) options = json_object_new_object();
        const char *expires = args_get(args, "expires"), *timeout = args_get(args, "timeout");
        uint64_t usec;

        if (args_has(args, "queue"))
                json_object_object_add(options, "queue", json_object_new_boolean(true));
        if (expires && !args_has(args, "queue")) {
                (void) fleet_fail(error, FLEET_ERROR_INVALID_PARAMETER,
                                  _("--expires=%s says how long to wait for a client, so it needs --queue"),
                                  expires);
                return NULL;
        }
        if (expires) {
                if (!when_parse(expires, WHEN_FUTURE, now_realtime(), &usec, error))
                        return NULL;
                json_object_object_add(options, "expires", json_object_new_uint64(usec));
        }
        if (timeout) {
                if (!request_parse_span("--timeout", timeout, &usec, error))
                        return NULL;
                json_object_object_add(options, "timeout", json_object_new_uint64(usec));
        }
        return g_steal_pointer(&options);
}

json_object *request_parameters(Ctl *ctl, const char *client, const char *command, const char *const *words,
                                json_object *options, GError **error) {
        g_autoptr(json_object) info = NULL;
        g_auto(GStrv) containers = NULL;

        if (!ctl_bus(ctl, error))
                return NULL;
        info = client_info_read(ctl->bus, client, error);
        if (!info || !client_info_check_command(info, command, error))
                return NULL;
        if (!json_member(options, "queue") && !client_info_check_online(info, now_realtime(), error))
                return NULL;
        if (words[0])
                containers = client_containers_names(ctl->bus, client);
        return command_params_from_words(command_info(command), (const char *const *) containers, words,
                                         error);
}

bool request_parse_span(const char *option, const char *text, uint64_t *ret, GError **error) {
        if (text_to_usec(text, ret) && *ret > 0)
                return true;
        return fleet_fail(error, FLEET_ERROR_INVALID_PARAMETER,
                          _("%s=%s: expected a time span such as 90s, 5min or 2h"), option, text);
}
