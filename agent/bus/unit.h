/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A service of this host's systemd, as systemctl handles it: enabled, started, watched. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct Unit Unit;

/* Connects to the system bus. name: "mclient.service". FLEET_ERROR_UNAVAILABLE where there is no systemd. */
Unit *unit_open(const char *name, GError **error);
Unit *unit_close(Unit *u);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Unit, unit_close)

bool unit_enable(Unit *u, GError **error);
/* Returns once its start has succeeded or failed. */
bool unit_restart(Unit *u, uint64_t timeout_usec, GError **error);

/* Waits until what it says of itself (sd_notify(3), STATUS=) is done(), or it has ended. False without an error: the
 * time is over. *ret_status (may be NULL) is the latest; new string, "" for none. */
typedef bool (*UnitStatusDone)(const char *status, void *userdata);
bool unit_wait_status(Unit *u, UnitStatusDone done, void *userdata, uint64_t timeout_usec, char **ret_status,
                      GError **error);
