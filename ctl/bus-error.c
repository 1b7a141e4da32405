/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What went wrong on the bus, in a sentence for people that says what to do next. */
#include "bus-error.h"

#include <errno.h>
#include <glib/gi18n.h>
#include <string.h>

#include "error.h"
#include "names.h"

#define DBUS_ERROR(name) "org.freedesktop.DBus.Error." name

/* The bus's own words say little to whom did not write the program; ours replace them. */
static const struct {
        const char *name; /* a prefix where it ends with a dot */
        FleetError code;
        const char *text;
} translations[] = {
        { DBUS_ERROR("ServiceUnknown"), FLEET_ERROR_UNAVAILABLE,
          N_("mserver is not running there; see: systemctl status mserver") },
        { DBUS_ERROR("NameHasNoOwner"), FLEET_ERROR_UNAVAILABLE,
          N_("mserver is not running there; see: systemctl status mserver") },
        { DBUS_ERROR("Spawn."), FLEET_ERROR_UNAVAILABLE,
          N_("mserver could not be started; see: systemctl status mserver") },
        { "org.freedesktop.systemd1.", FLEET_ERROR_UNAVAILABLE,
          N_("mserver could not be started; see: systemctl status mserver") },
        { DBUS_ERROR("NoReply"), FLEET_ERROR_UNAVAILABLE,
          N_("mserver did not answer; see: systemctl status mserver") },
        { DBUS_ERROR("Timeout"), FLEET_ERROR_UNAVAILABLE,
          N_("mserver did not answer in time; see: systemctl status mserver") },
        { DBUS_ERROR("UnknownObject"), FLEET_ERROR_NO_SUCH_CLIENT, N_("mserver does not know of it") },
        { DBUS_ERROR("Disconnected"), FLEET_ERROR_UNAVAILABLE, N_("the connection to the bus was closed") },
        { DBUS_ERROR("InteractiveAuthorizationRequired"), FLEET_ERROR_INTERACTIVE_REQUIRED,
          N_("this needs a password: run it on a terminal without --no-ask-password, or as root") },
};

static bool matches(const char *pattern, const char *name) {
        return g_str_has_suffix(pattern, ".") ? g_str_has_prefix(name, pattern) : strcmp(name, pattern) == 0;
}

static FleetError code_of(const char *name) {
        for (FleetError code = 0; code <= FLEET_ERROR_INTERACTIVE_REQUIRED; code++) {
                g_autofree char *ours = fleet_error_name(MSERVER_ERROR_PREFIX, code);

                if (strcmp(ours, name) == 0)
                        return code;
        }
        return FLEET_ERROR_FAILED;
}

bool bus_fail(GError **error, const char *name, const char *message) {
        FleetError code = code_of(name);

        for (unsigned i = 0; i < G_N_ELEMENTS(translations); i++)
                if (matches(translations[i].name, name))
                        return fleet_fail(error, translations[i].code, "%s", _(translations[i].text));
        if (strcmp(name, DBUS_ERROR("UnknownMethod")) == 0)
                return fleet_fail(
                                error, FLEET_ERROR_NOT_SUPPORTED,
                                _("the mserver there does not know this yet (%s); is it of an older version?"),
                                message);
        if (code == FLEET_ERROR_ACCESS_DENIED)
                return fleet_fail(error, code, _("not allowed: %s"), message);
        return fleet_fail(error, code, "%s", message && message[0] ? message : name);
}

bool bus_fail_errno(GError **error, int r) {
        switch (-r) {
        case ETIMEDOUT:
                return bus_fail(error, DBUS_ERROR("Timeout"), NULL);
        case ECONNRESET:
        case ENOTCONN:
        case EPIPE:
                return bus_fail(error, DBUS_ERROR("Disconnected"), NULL);
        default:
                return fleet_fail_errno(error, FLEET_ERROR_FAILED, r, _("talking to mserver failed"));
        }
}

bool bus_fail_open(GError **error, int r, const char *host, const char *machine) {
        if (host)
                return fleet_fail_errno(
                                error, FLEET_ERROR_UNAVAILABLE, r,
                                _("cannot reach the system bus of %s by ssh; try: ssh %s systemctl status mserver"),
                                host, host);
        if (machine)
                return fleet_fail_errno(error, FLEET_ERROR_UNAVAILABLE, r,
                                        _("cannot reach the system bus of machine %s; see: machinectl list"),
                                        machine);
        return fleet_fail_errno(error, FLEET_ERROR_UNAVAILABLE, r,
                                _("cannot reach the system bus; is dbus running on this machine?"));
}
