/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the bus costs a large fleet, in CPU time of the server (meson test --benchmark). */
#include <time.h>

#include "bus-fixture.h"

#define CLIENTS 10000

static double cpu_usec(void) {
        struct timespec t;

        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
        return (double) t.tv_sec * 1e6 + (double) t.tv_nsec / 1e3;
}

static CommandRecord **make_commands(void) {
        CommandRecord **all = g_new0(CommandRecord *, CLIENTS);

        for (unsigned i = 0; i < CLIENTS; i++) {
                g_autofree char *id = g_strdup_printf("cmd_1795406712331_%u", 10000 + i),
                                *client = g_strdup_printf("client-%05u", i);

                all[i] = command_record_new(id, client, "restart");
        }
        return all;
}

/* A broadcast: each command changes its state twice, in chunks as the dispatcher makes them. */
static void test_broadcast(Fixture *f, const void *data) {
        CommandRecord **all = make_commands();
        double start = cpu_usec(), each;

        for (unsigned change = 0; change < 2; change++)
                for (unsigned i = 0; i < CLIENTS; i++) {
                        all[i]->state = change == 0 ? COMMAND_SENT : COMMAND_SUCCEEDED;
                        fleet_tell_command(f->server.fleet, all[i]);
                        if (i % 256 == 0)
                                (void) uv_run(loop_uv(f->loop), UV_RUN_NOWAIT);
                }
        settle(f->loop, f->root);
        each = (cpu_usec() - start) / CLIENTS;
        g_test_minimized_result(each, "%.1f us of signals a command", each);
        for (unsigned i = 0; i < CLIENTS; i++)
                command_record_free(all[i]);
        g_free(all);
}

static void add_clients(Fixture *f) {
        for (unsigned i = 0; i < CLIENTS; i++) {
                g_autofree char *id = g_strdup_printf("client-%05u", i);
                FleetRegister what = { .host = "host.example", .version = "1.2.3", .address = "192.0.2.1" };
                g_autoptr(GError) error = NULL;
                Client *c = fleet_register(f->server.fleet, id, &what, NULL, 1, &error);

                g_assert_no_error(error);
                fleet_unregister(f->server.fleet, c, NULL, "test", 1);
                if (i % 256 == 0)
                        (void) uv_run(loop_uv(f->loop), UV_RUN_NOWAIT);
        }
        settle(f->loop, f->root);
}

static void test_lists(Fixture *f, const void *data) {
        double start = cpu_usec(), spent;

        add_clients(f);
        spent = (cpu_usec() - start) / CLIENTS;
        g_test_minimized_result(spent, "%.1f us for a client that is new, comes and goes", spent);
        {
                g_autoptr(sd_bus_message) m = NULL;

                start = cpu_usec();
                m = manager_call(f, f->root, "ListClients", NULL);
                spent = cpu_usec() - start;
                assert_reply_error(m, NULL, NULL);
                g_test_minimized_result(spent, "%.0f us for ListClients of %u", spent, CLIENTS);
        }
        {
                g_autoptr(sd_bus_message) m = NULL;

                start = cpu_usec();
                m = call(f->loop, f->root, MSERVER_ROOT, "org.freedesktop.DBus.ObjectManager",
                         "GetManagedObjects", NULL);
                spent = cpu_usec() - start;
                assert_reply_error(m, NULL, NULL);
                g_test_minimized_result(spent, "%.0f us for GetManagedObjects of %u", spent, CLIENTS);
        }
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        fixture_add("/bus/cost/broadcast", test_broadcast);
        fixture_add("/bus/cost/lists", test_lists);
        return g_test_run();
}
