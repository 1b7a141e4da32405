/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The one error domain and its names on the bus. */
#include "error.h"

G_DEFINE_QUARK(fleet - error - quark, fleet_error)

char *fleet_error_name(const char *prefix, FleetError code) {
        static const char *const ours[] = {
                [FLEET_ERROR_NO_SUCH_CLIENT] = "NoSuchClient",
                [FLEET_ERROR_NOT_CONNECTED] = "NotConnected",
                [FLEET_ERROR_NO_SUCH_COMMAND] = "NoSuchCommand",
                [FLEET_ERROR_UNKNOWN_COMMAND] = "UnknownCommand",
                [FLEET_ERROR_INVALID_PARAMETER] = "InvalidParameter",
                [FLEET_ERROR_ALREADY_EXISTS] = "AlreadyExists",
                [FLEET_ERROR_LIMIT_EXCEEDED] = "LimitExceeded",
                [FLEET_ERROR_REJECTED] = "Rejected",
                [FLEET_ERROR_NOT_SUPPORTED] = "NotSupported",
        };
        const char *standard = code == FLEET_ERROR_ACCESS_DENIED ? "AccessDenied"
                               : code == FLEET_ERROR_INTERACTIVE_REQUIRED
                                               ? "InteractiveAuthorizationRequired"
                                               : "Failed";

        if (code >= 0 && code < (int) G_N_ELEMENTS(ours))
                return g_strconcat(prefix, ours[code], NULL);
        return g_strconcat("org.freedesktop.DBus.Error.", standard, NULL);
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
