/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The one error domain. A code says what kind of wrong; the message names the value and what was expected. */
#pragma once

#include <glib.h>
#include <stdbool.h>

#define FLEET_ERROR (fleet_error_quark())

typedef enum FleetError {
        /* These, in this order, are PREFIX.Error.*; see fleet_error_name(). */
        FLEET_ERROR_NO_SUCH_CLIENT,
        FLEET_ERROR_NOT_CONNECTED,
        FLEET_ERROR_NO_SUCH_COMMAND,
        FLEET_ERROR_UNKNOWN_COMMAND,
        FLEET_ERROR_INVALID_PARAMETER,
        FLEET_ERROR_ALREADY_EXISTS,
        FLEET_ERROR_LIMIT_EXCEEDED,
        FLEET_ERROR_REJECTED,
        FLEET_ERROR_NOT_SUPPORTED,
        /* Standard D-Bus errors. */
        FLEET_ERROR_ACCESS_DENIED,
        FLEET_ERROR_INTERACTIVE_REQUIRED,
        /* Inside only; on the bus they become org.freedesktop.DBus.Error.Failed. */
        FLEET_ERROR_PROTOCOL,    /* a peer's message breaks docs/PROTOCOL.md */
        FLEET_ERROR_CONFIG,      /* a configuration value is unusable */
        FLEET_ERROR_UNAVAILABLE, /* something we need (store, docker, network) does not answer */
        FLEET_ERROR_FAILED,
        _FLEET_ERROR_MAX,
} FleetError;

GQuark fleet_error_quark(void);

/* The D-Bus error name for a code of FLEET_ERROR: prefix ("org.mserver1.Error.") and "NoSuchClient", or a standard one.
 * New string. */
char *fleet_error_name(const char *prefix, FleetError code);

/* Sets error to FLEET_ERROR/code. Returns false so that callers can write: return fleet_fail(error, …). */
bool fleet_fail(GError **error, FleetError code, const char *format, ...) G_GNUC_PRINTF(3, 4);

/* The same from a negative errno value: "format: strerror". */
bool fleet_fail_errno(GError **error, FleetError code, int r, const char *format, ...) G_GNUC_PRINTF(4, 5);
