/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names to addresses without ever holding up the loop. */
#pragma once

#include <glib.h>

#include "loop.h"

typedef struct Resolve Resolve;

/* addresses: numeric, in the order in which they are to be tried (RFC 6724), at most SERVER_ADDRESSES_MAX; a
 * new strv. NULL with error (FLEET_ERROR_UNAVAILABLE, borrowed) when the name has none. The Resolve ends
 * with it. */
typedef void (*ResolveDone)(char **addresses, const GError *error, void *userdata);

/* Asks the system's resolver, on libuv's threads; numeric addresses come back as they are. */
Resolve *resolve_start(Loop *l, const char *host, ResolveDone done, void *userdata);

/* done will not be called. The system's resolver cannot be interrupted: until it returns, the loop is not
 * free. */
Resolve *resolve_cancel(Resolve *r);
