/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The record of an alert: its words, and that a copy is one. */
#include <glib.h>

#include "alert.h"

static void test_severity(void) {
        AlertSeverity severity = ALERT_WARNING;

        for (AlertSeverity s = 0; s < _ALERT_SEVERITY_MAX; s++) {
                g_assert_true(alert_severity_from_string(alert_severity_to_string(s), &severity));
                g_assert_cmpint(severity, ==, s);
        }
        severity = ALERT_INFO;
        g_assert_false(alert_severity_from_string("grave", &severity));
        g_assert_false(alert_severity_from_string("", &severity));
        g_assert_false(alert_severity_from_string(NULL, &severity));
        g_assert_cmpint(severity, ==, ALERT_INFO);
}

static void test_copy(void) {
        char id[] = "alert_1_1000", kind[] = "node-syncing", client[] = "seoul-1", container[] = "3node0",
             message[] = "3node0: syncing", subject[] = "restart";
        const AlertRecord a = { id, ALERT_CRITICAL, kind, client, container, message, 5,
                                7,  true,           true, subject };
        g_autoptr(AlertRecord) copy = alert_record_copy(&a);

        id[0] = kind[0] = client[0] = container[0] = message[0] = subject[0] = '?';
        g_assert_cmpstr(copy->id, ==, "alert_1_1000");
        g_assert_cmpstr(copy->kind, ==, "node-syncing");
        g_assert_cmpstr(copy->client, ==, "seoul-1");
        g_assert_cmpstr(copy->container, ==, "3node0");
        g_assert_cmpstr(copy->message, ==, "3node0: syncing");
        g_assert_cmpstr(copy->subject, ==, "restart");
        g_assert_cmpint(copy->severity, ==, ALERT_CRITICAL);
        g_assert_cmpuint(copy->since, ==, 5);
        g_assert_cmpuint(copy->cleared, ==, 7);
        g_assert_true(copy->acknowledged && copy->silenced);
        g_assert_null(alert_record_free(NULL));
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/alert/severity", test_severity);
        g_test_add_func("/alert/copy", test_copy);
        return g_test_run();
}
