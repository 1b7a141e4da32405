/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The world with alerts in it: what is told of them is written down, and their rows outlive a kill. */
#pragma once

#include "alerts.h"
#include "world.h"

#define SEC UINT64_C(1000000)
#define MINUTE (60 * SEC)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

typedef struct AlertWorld {
        World *world;
        Alerts *alerts;
        GString *told; /* "raised KIND CLIENT MESSAGE", "cleared KIND CLIENT", "acknowledged …", "silenced …", a line each */
} AlertWorld;

AlertWorld *alert_world_new(void);
void alert_world_free(AlertWorld *w);
/* The alerts' part of the server is killed, with all that is not done yet, and starts again. */
void alert_world_kill(AlertWorld *w);

/* What was told since the last call. */
void assert_told(AlertWorld *w, const char *expected);
/* The only one that lasts. */
const AlertRecord *the_alert(AlertWorld *w);
unsigned open_alerts(AlertWorld *w);

/* A sample with this data (JSON), taken now. */
void sample(WsPeer *peer, const char *data);
/* Such a sample every ten seconds, for so long. */
void samples(WsPeer *peer, const char *data, uint64_t usec);

/* A command of this name, to "a" for 3node0, ends so. */
void end_command(WsPeer *peer, const char *command, CommandState state, const char *error);
