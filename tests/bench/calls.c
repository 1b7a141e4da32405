/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The caller's side of the benchmark, one process so that its own start is not measured:
 *
 *   tokens COUNT         makes a token for sim-0…, one a line
 *   round-trip CALLS     RunCommand(sim-0, status) one after another; prints the µs of each, one a line
 *   series CLIENTS       GetStats of the last hour in 300 points, of each of sim-0…; prints the µs of each, one a line
 *   broadcast COUNT      Broadcast(all, status) and waits for COUNT ends; prints the µs of the whole */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>

#include "clock.h"
#include "names.h"
#include "state.h"

static sd_bus *bus;

static void check(int r, const char *what, const sd_bus_error *error) {
        if (r >= 0)
                return;
        fprintf(stderr, "bench-calls: %s: %s\n", what,
                error && error->message ? error->message : strerror(-r));
        exit(EXIT_FAILURE);
}

static sd_bus_message *call(const char *member, const char *types, ...) {
        sd_bus_error error = SD_BUS_ERROR_NULL;
        sd_bus_message *m = NULL, *reply = NULL;
        va_list ap;

        check(sd_bus_message_new_method_call(bus, &m, MSERVER_BUS_NAME, MSERVER_ROOT, MSERVER_IFACE_MANAGER,
                                             member),
              member, NULL);
        va_start(ap, types);
        check(sd_bus_message_appendv(m, types, ap), member, NULL);
        va_end(ap);
        check(sd_bus_call(bus, m, UINT64_MAX, &error, &reply), member, &error);
        sd_bus_message_unref(m);
        return reply;
}

static void make_tokens(unsigned count) {
        for (unsigned i = 0; i < count; i++) {
                char id[32];
                const char *token;
                sd_bus_message *reply;

                snprintf(id, sizeof(id), "sim-%u", i);
                reply = call("CreateToken", "sa{sv}", id, 1, "replace", "b", 1);
                check(sd_bus_message_read(reply, "s", &token), "CreateToken", NULL);
                puts(token);
                sd_bus_message_unref(reply);
        }
}

static void get_series(unsigned clients) {
        for (unsigned i = 0; i < clients; i++) {
                uint64_t begin = now_monotonic();
                char id[32];

                snprintf(id, sizeof(id), "sim-%u", i);
                sd_bus_message_unref(call("GetStats", "sttu", id, UINT64_C(0), UINT64_C(0), UINT32_C(300)));
                printf("%" PRIu64 "\n", now_monotonic() - begin);
        }
}

static void round_trips(unsigned calls) {
        for (unsigned i = 0; i < calls; i++) {
                uint64_t begin = now_monotonic();
                const char *state;
                sd_bus_message *reply = call("RunCommand", "ssa{sv}a{sv}", "sim-0", "status", 0, 0);

                printf("%lu\n", (unsigned long) (now_monotonic() - begin));
                check(sd_bus_message_read(reply, "sss", NULL, &state, NULL), "RunCommand", NULL);
                if (strcmp(state, "succeeded") != 0)
                        check(-EPROTO, state, NULL);
                sd_bus_message_unref(reply);
        }
}

static int on_state(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        const char *state;
        CommandState s;

        check(sd_bus_message_read(m, "ssss", NULL, NULL, NULL, &state), "CommandStateChanged", NULL);
        if (command_state_from_string(state, &s) && command_state_is_final(s))
                ++*(unsigned *) userdata;
        return 0;
}

static void broadcast(unsigned count) {
        unsigned ended = 0;
        uint64_t begin;

        check(sd_bus_match_signal(bus, NULL, MSERVER_BUS_NAME, MSERVER_ROOT, MSERVER_IFACE_MANAGER,
                                  "CommandStateChanged", on_state, &ended),
              "match", NULL);
        begin = now_monotonic();
        sd_bus_message_unref(call("Broadcast", "ssa{sv}a{sv}", "all", "status", 0, 0));
        while (ended < count) {
                int r = sd_bus_process(bus, NULL);

                check(r, "process", NULL);
                if (r == 0)
                        check(sd_bus_wait(bus, 60 * USEC_PER_SEC), "wait", NULL);
        }
        printf("%lu\n", (unsigned long) (now_monotonic() - begin));
}

int main(int argc, char *argv[]) {
        unsigned n = argc == 3 ? (unsigned) atoi(argv[2]) : 0;

        if (n == 0) {
                fprintf(stderr, "Usage: bench-calls tokens|round-trip|series|broadcast NUMBER\n");
                return EXIT_FAILURE;
        }
        check(sd_bus_open_system(&bus), "bus", NULL);
        if (strcmp(argv[1], "tokens") == 0)
                make_tokens(n);
        else if (strcmp(argv[1], "round-trip") == 0)
                round_trips(n);
        else if (strcmp(argv[1], "series") == 0)
                get_series(n);
        else
                broadcast(n);
        sd_bus_flush_close_unref(bus);
        return EXIT_SUCCESS;
}
