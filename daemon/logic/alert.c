/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is known of one incident that somebody should look at. */
#include "alert.h"

static const char *const severities[_ALERT_SEVERITY_MAX] = { "info", "warning", "critical" };

const char *alert_severity_to_string(AlertSeverity severity) {
        return severities[severity];
}

bool alert_severity_from_string(const char *s, AlertSeverity *ret) {
        for (AlertSeverity i = 0; s && i < _ALERT_SEVERITY_MAX; i++)
                if (g_str_equal(s, severities[i])) {
                        *ret = i;
                        return true;
                }
        return false;
}

AlertRecord *alert_record_copy(const AlertRecord *a) {
        AlertRecord *copy = g_memdup2(a, sizeof(*a));

        copy->id = g_strdup(a->id);
        copy->kind = g_strdup(a->kind);
        copy->client = g_strdup(a->client);
        copy->container = g_strdup(a->container);
        copy->message = g_strdup(a->message);
        copy->subject = g_strdup(a->subject);
        return copy;
}

AlertRecord *alert_record_free(AlertRecord *a) {
        if (!a)
                return NULL;
        g_free(a->id);
        g_free(a->kind);
        g_free(a->client);
        g_free(a->container);
        g_free(a->message);
        g_free(a->subject);
        g_free(a);
        return NULL;
}
