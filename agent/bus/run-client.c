/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A program of this host that has the agent run a command. */
#include "run-client.h"

#include <string.h>
#include <systemd/sd-bus.h>

#include "error.h"
#include "limits.h"
#include "names.h"

#define RUN_TIMEOUT_USEC \
        (COMMAND_TIMEOUT_DEFAULT_USEC + 60ull * 1000000) /* the agent's own, and some more */

G_DEFINE_AUTOPTR_CLEANUP_FUNC(sd_bus_message, sd_bus_message_unref)

struct RunClient {
        sd_bus *bus;
};

RunClient *run_client_new(GError **error) {
        RunClient *c = g_new0(RunClient, 1);
        int r = sd_bus_open_system(&c->bus);

        if (r >= 0)
                return c;
        fleet_fail_errno(error, FLEET_ERROR_UNAVAILABLE, r, "no system bus");
        g_free(c);
        return NULL;
}

RunClient *run_client_free(RunClient *c) {
        if (!c)
                return NULL;
        (void) sd_bus_flush_close_unref(c->bus);
        g_free(c);
        return NULL;
}

static int append_parameter(sd_bus_message *m, const char *name, const char *value) {
        return sd_bus_message_append(m, "{sv}", name, "s", value);
}

static bool append_parameters(sd_bus_message *m, const char *container, char *const *parameters,
                              GError **error) {
        int r = sd_bus_message_open_container(m, 'a', "{sv}");

        if (r >= 0 && container)
                r = append_parameter(m, "container", container);
        for (; r >= 0 && parameters && *parameters; parameters++) {
                const char *equals = strchr(*parameters, '=');
                g_autofree char *name =
                                equals ? g_strndup(*parameters, (size_t) (equals - *parameters)) : NULL;

                if (!name)
                        return fleet_fail(error, FLEET_ERROR_INVALID_PARAMETER, "\"%s\": expected KEY=VALUE",
                                          *parameters);
                r = append_parameter(m, name, equals + 1);
        }
        if (r >= 0)
                r = sd_bus_message_close_container(m);
        return r >= 0 || fleet_fail_errno(error, FLEET_ERROR_FAILED, r, "cannot write the call");
}

bool run_client_call(RunClient *c, const char *command, const char *container, char *const *parameters,
                     char **ret_state, char **ret_result, GError **error) {
        g_autoptr(sd_bus_message) m = NULL, reply = NULL;
        sd_bus_error failed = SD_BUS_ERROR_NULL;
        const char *state, *result;
        int r;

        r = sd_bus_message_new_method_call(c->bus, &m, MCLIENT_BUS_NAME, MCLIENT_ROOT, MCLIENT_IFACE_AGENT,
                                           "Run");
        if (r >= 0)
                r = sd_bus_message_append(m, "s", command);
        if (r < 0)
                return fleet_fail_errno(error, FLEET_ERROR_FAILED, r, "cannot write the call");
        if (!append_parameters(m, container, parameters, error))
                return false;
        r = sd_bus_call(c->bus, m, RUN_TIMEOUT_USEC, &failed, &reply);
        if (r < 0) {
                fleet_fail(error, FLEET_ERROR_FAILED, "%s", failed.message ?: g_strerror(-r));
                sd_bus_error_free(&failed);
                return false;
        }
        r = sd_bus_message_read(reply, "ss", &state, &result);
        if (r < 0)
                return fleet_fail_errno(error, FLEET_ERROR_FAILED, r, "cannot read the answer");
        *ret_state = g_strdup(state);
        *ret_result = g_strdup(result);
        return true;
}
