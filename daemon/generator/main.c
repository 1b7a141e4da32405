/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* mserver-schedule-generator: systemd.generator(7) of the server's schedules.
 *
 *   mserver-schedule-generator NORMAL-DIR [EARLY-DIR LATE-DIR]
 *
 * systemd runs it as root at boot and at each daemon-reload. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "names.h"
#include "timer-units.h"

int main(int argc, char *argv[]) {
        if (argc != 2 && argc != 4) {
                fprintf(stderr, "usage: %s NORMAL-DIR [EARLY-DIR LATE-DIR]\n", argv[0]);
                return EXIT_FAILURE;
        }
        (void) umask(0022);
        return timer_units_generate(MSERVER_STATE_DIR, argv[1]) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
