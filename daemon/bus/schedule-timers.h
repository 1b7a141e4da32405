/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The timers of schedules at systemd (org.freedesktop.systemd1(5)), which a polkit rule lets the server reload and
 * start. One call at a time, whatever waits: the system bus lets us wait for 128 answers, most of which are polkit's. */
#pragma once

#include <systemd/sd-bus.h>

#include "schedules.h"

typedef struct SystemdTimers SystemdTimers;

/* Sets itself for the schedules, until it is freed. */
SystemdTimers *systemd_timers_new(sd_bus *bus, Schedules *schedules);
/* What waits has its error before this returns. */
SystemdTimers *systemd_timers_free(SystemdTimers *t);

/* Looks whether the timers of all enabled schedules run, and starts those that do not: /var may not have been there when
 * systemd read the definitions at boot. Logs what cannot be done. */
void systemd_timers_restore(SystemdTimers *t);

/* When a schedule's timer elapses next: realtime µs, 0 where it does not, or nobody says. */
typedef void (*SystemdTimerNext)(uint64_t usec, void *userdata);
void systemd_timers_next(SystemdTimers *t, const char *name, SystemdTimerNext done, void *userdata);
