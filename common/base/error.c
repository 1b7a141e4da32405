/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The one error domain and its names on the bus. */
#include "error.h"

#include "names.h"

G_DEFINE_QUARK(fleet - error - quark, fleet_error)

const char *fleet_error_name(FleetError code) {
        static const char *const names[_FLEET_ERROR_MAX] = {
                [FLEET_ERROR_NO_SUCH_CLIENT] = MSERVER_ERROR_PREFIX "NoSuchClient",
                [FLEET_ERROR_NOT_CONNECTED] = MSERVER_ERROR_PREFIX "NotConnected",
                [FLEET_ERROR_NO_SUCH_COMMAND] = MSERVER_ERROR_PREFIX "NoSuchCommand",
                [FLEET_ERROR_UNKNOWN_COMMAND] = MSERVER_ERROR_PREFIX "UnknownCommand",
                [FLEET_ERROR_INVALID_PARAMETER] = MSERVER_ERROR_PREFIX "InvalidParameter",
                [FLEET_ERROR_ALREADY_EXISTS] = MSERVER_ERROR_PREFIX "AlreadyExists",
                [FLEET_ERROR_LIMIT_EXCEEDED] = MSERVER_ERROR_PREFIX "LimitExceeded",
                [FLEET_ERROR_REJECTED] = MSERVER_ERROR_PREFIX "Rejected",
                [FLEET_ERROR_NOT_SUPPORTED] = MSERVER_ERROR_PREFIX "NotSupported",
                [FLEET_ERROR_ACCESS_DENIED] = "org.freedesktop.DBus.Error.AccessDenied",
                [FLEET_ERROR_INTERACTIVE_REQUIRED] =
                                "org.freedesktop.DBus.Error.InteractiveAuthorizationRequired",
        };

        if (code < 0 || code >= _FLEET_ERROR_MAX || !names[code])
                return "org.freedesktop.DBus.Error.Failed";
        return names[code];
}

bool fleet_fail(GError **error, FleetError code, const char *format, ...) {
        va_list ap;

        va_start(ap, format);
        if (error)
                *error = g_error_new_valist(FLEET_ERROR, code, format, ap);
        va_end(ap);
        return false;
}

bool fleet_fail_errno(GError **error, FleetError code, int r, const char *format, ...) {
        va_list ap;

        va_start(ap, format);
        if (error) {
                g_autofree char *text = g_strdup_vprintf(format, ap);
                *error = g_error_new(FLEET_ERROR, code, "%s: %s", text, g_strerror(r < 0 ? -r : r));
        }
        va_end(ap);
        return false;
}
