/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The connection itself: its name, the server's stop, and a bus that goes away and comes back. */
#include <string.h>

#include "bus-fixture.h"
#include "error.h"

static void test_name_taken(Fixture *f, const void *data) {
        g_autoptr(GError) error = NULL;

        g_assert_null(bus_new(&f->server, &error));
        g_assert_error(error, FLEET_ERROR, FLEET_ERROR_ALREADY_EXISTS);
        g_assert_nonnull(strstr(error->message, MSERVER_BUS_NAME));
}

static void test_no_bus(Fixture *f, const void *data) {
        g_autoptr(GError) error = NULL;
        g_autofree char *address = g_strdup(g_getenv("DBUS_SYSTEM_BUS_ADDRESS"));

        g_setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nonexistent/bus", true);
        g_assert_null(bus_new(&f->server, &error));
        g_assert_error(error, FLEET_ERROR, FLEET_ERROR_UNAVAILABLE);
        g_setenv("DBUS_SYSTEM_BUS_ADDRESS", address, true);
}

/* The server stops: whoever waits is told. */
static void test_stop(Fixture *f, const void *data) {
        FakeAgent *a = fake_agent_new(&f->server, "a");
        Pending *p = fixture_command_begin(f, f->root, false, "RunCommand", "a", "status", NULL, NULL),
                *asked;
        g_autoptr(sd_bus_message) m = NULL, denied = NULL;

        fake_polkit_say(f->polkit, NULL, "hold");
        asked = manager_begin(f, f->user, "ListClients", NULL);
        run_until(f->loop, fake_agent_commands(a)->len > 0 && fake_polkit_held(f->polkit) > 0);
        settle(f->loop, f->root);
        fake_agent_free(a);
        fixture_stop_server(f);
        m = call_end(p);
        assert_reply_error(m, SD_BUS_ERROR_FAILED, "stopping");
        denied = call_end(asked);
        assert_reply_error(denied, SD_BUS_ERROR_FAILED, "stopping");
        fixture_start_server(f);
}

/* The bus dies with calls in flight. The fleet does not notice, and the server is back when the bus is. */
static void test_bus_restarts(Fixture *f, const void *data) {
        FakeAgent *a = fake_agent_new(&f->server, "a");
        Pending *p = fixture_command_begin(f, f->root, false, "RunCommand", "a", "status", NULL, NULL);
        g_autoptr(sd_bus_message) lost = NULL, m = NULL;
        const char *name = NULL;

        run_until(f->loop, fake_agent_commands(a)->len > 0);
        private_bus_kill(f->private_bus);
        lost = call_end(p);
        g_assert_true(sd_bus_message_is_method_error(lost, NULL));
        fake_agent_ends(a, g_ptr_array_index(fake_agent_commands(a), 0), COMMAND_SUCCEEDED, "{}", NULL);
        g_assert_false(fake_agent_is_closed(a));

        private_bus_disconnect(f->root);
        private_bus_disconnect(f->user);
        private_bus_restart(f->private_bus);
        f->root = private_bus_connect(f->private_bus, geteuid());
        f->user = private_bus_connect(f->private_bus, other_uid());
        while (!name) {
                g_autoptr(sd_bus_message) owner = NULL;

                (void) uv_run(loop_uv(f->loop), UV_RUN_ONCE);
                if (sd_bus_call_method(f->root, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                                       "org.freedesktop.DBus", "GetNameOwner", NULL, &owner, "s",
                                       MSERVER_BUS_NAME) >= 0)
                        name = "there";
        }
        m = manager_call(f, f->root, "GetClient", "s", "a");
        assert_reply_error(m, NULL, NULL);
        fake_agent_free(a);
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        fixture_add("/bus/connection/name-taken", test_name_taken);
        fixture_add("/bus/connection/no-bus", test_no_bus);
        fixture_add("/bus/connection/stop", test_stop);
        fixture_add("/bus/connection/bus-restarts", test_bus_restarts);
        return g_test_run();
}
