/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The mock as a program: on the bus of $DBUS_SYSTEM_BUS_ADDRESS until it is told to end. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "bus-client.h"
#include "mock-fleet.h"
#include "names.h"

int main(void) {
        Mock m = { .commands = g_ptr_array_new(), .batches = g_ptr_array_new() };
        int r;

        (void) setvbuf(stdout, NULL, _IOLBF, 0);
        m.subscribers = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        r = sd_event_default(&m.event);
        if (r >= 0)
                r = sd_bus_open_system(&m.bus);
        if (r >= 0)
                r = sd_bus_attach_event(m.bus, m.event, 0);
        if (r >= 0)
                r = mock_publish(&m);
        if (r >= 0)
                r = sd_bus_request_name(m.bus, MSERVER_BUS_NAME, 0);
        if (r >= 0) {
                puts("ready");
                r = sd_event_loop(m.event);
        }
        if (r < 0)
                (void) fprintf(stderr, "mock-mserver: %s\n", strerror(-r));
        return r < 0;
}
