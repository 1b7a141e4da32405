/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The schedules that the service has. */
#include "schedule-list.h"

#include "bus-error.h"

static void row_free(void *p) {
        ScheduleRow *s = p;

        g_free(s->name);
        g_free(s->calendar);
        g_free(s->selector);
        g_free(s->command);
        g_free(s->params);
        g_free(s);
}

static ScheduleRow *copy(const ScheduleRow *s) {
        ScheduleRow *row = g_memdup2(s, sizeof(*s));

        row->name = g_strdup(s->name);
        row->calendar = g_strdup(s->calendar);
        row->selector = g_strdup(s->selector);
        row->command = g_strdup(s->command);
        row->params = g_strdup(s->params);
        return row;
}

static int read_rows(sd_bus_message *reply, GPtrArray *rows) {
        ScheduleRow s = {};
        int enabled, r = sd_bus_message_enter_container(reply, 'a', "(sssssbtt)");

        while (r > 0 && (r = sd_bus_message_read(reply, "(sssssbtt)", &s.name, &s.calendar, &s.selector,
                                                 &s.command, &s.params, &enabled, &s.last, &s.next)) > 0) {
                s.enabled = enabled;
                g_ptr_array_add(rows, copy(&s));
        }
        return r;
}

GPtrArray *schedule_list_read(BusClient *bus, GError **error) {
        g_autoptr(sd_bus_message) reply = bus_client_call(bus, "ListSchedules", error, NULL);
        g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func(row_free);
        int r = reply ? read_rows(reply, rows) : 0;

        if (!reply)
                return NULL;
        if (r < 0) {
                (void) bus_fail_errno(error, r);
                return NULL;
        }
        return g_steal_pointer(&rows);
}
