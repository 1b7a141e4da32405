/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Schedules of the mock: kept, and never run by themselves. */
#include <string.h>

#include "bus-client.h"
#include "json.h"
#include "mock-fleet.h"

#define NEXT 1795406800000000ull

typedef struct MockSchedule {
        char *name, *calendar, *selector, *command;
        json_object *params; /* with the options in it, for the test to see */
        bool enabled;
} MockSchedule;

static GPtrArray *all(void) {
        static GPtrArray *schedules;

        if (!schedules)
                schedules = g_ptr_array_new();
        return schedules;
}

static MockSchedule *find(const char *name) {
        for (unsigned i = 0; i < all()->len; i++) {
                MockSchedule *s = g_ptr_array_index(all(), i);

                if (strcmp(s->name, name) == 0)
                        return s;
        }
        return NULL;
}

static int fail_unknown(sd_bus_error *error, const char *name) {
        return sd_bus_error_setf(error, "org.mserver1.Error.NoSuchCommand", "there is no schedule \"%s\"",
                                 name);
}

int mock_create_schedule(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        MockSchedule *s = g_new0(MockSchedule, 1);
        const char *name, *calendar, *selector, *command;
        json_object *options, *enabled;
        int r = sd_bus_message_read(m, "ssss", &name, &calendar, &selector, &command);

        if (r >= 0)
                r = mock_read_dicts(m, &s->params, &options);
        if (r < 0)
                return r;
        s->name = g_strdup(name);
        s->calendar = g_strdup(calendar);
        s->selector = g_strdup(selector);
        s->command = g_strdup(command);
        enabled = json_member(options, "enabled");
        s->enabled = !enabled || json_object_get_boolean(enabled);
        json_object_object_add(s->params, "options", options);
        g_ptr_array_add(all(), s);
        return sd_bus_reply_method_return(m, NULL);
}

int mock_change_schedule(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        MockSchedule *s;
        const char *name;
        int enabled, r = sd_bus_message_read(m, "s", &name);

        if (r < 0)
                return r;
        s = find(name);
        if (!s)
                return fail_unknown(error, name);
        if (strcmp(sd_bus_message_get_member(m), "DeleteSchedule") == 0)
                g_ptr_array_remove(all(), s);
        else {
                r = sd_bus_message_read(m, "b", &enabled);
                if (r < 0)
                        return r;
                s->enabled = enabled;
        }
        return sd_bus_reply_method_return(m, NULL);
}

int mock_run_schedule(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        const char *name;
        int r = sd_bus_message_read(m, "s", &name);

        if (r < 0)
                return r;
        if (!find(name))
                return fail_unknown(error, name);
        return sd_bus_reply_method_return(m, "so", "batch_1795406800123_7",
                                          "/org/mserver1/batch/batch_1795406800123_7");
}

int mock_list_schedules(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        g_autoptr(sd_bus_message) reply = NULL;
        int r = sd_bus_message_new_method_return(m, &reply);

        if (r >= 0)
                r = sd_bus_message_open_container(reply, 'a', "(sssssbtt)");
        for (unsigned i = 0; r >= 0 && i < all()->len; i++) {
                const MockSchedule *s = g_ptr_array_index(all(), i);

                r = sd_bus_message_append(reply, "(sssssbtt)", s->name, s->calendar, s->selector, s->command,
                                          json_object_to_json_string(s->params), (int) s->enabled,
                                          (uint64_t) 0, (uint64_t) (s->enabled ? NEXT : 0));
        }
        if (r >= 0)
                r = sd_bus_message_close_container(reply);
        return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}
