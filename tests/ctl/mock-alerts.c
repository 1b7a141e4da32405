/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Alerts of the mock: two that last, one that is over, and a silence. */
#include <stdio.h>
#include <string.h>

#include "bus-client.h"
#include "mock-fleet.h"
#include "names.h"

#define SINCE 1795406800000000

static int send_list(sd_bus_message *reply, int r) {
        if (r >= 0)
                r = sd_bus_message_close_container(reply);
        return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

int mock_list_alerts(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        g_autoptr(sd_bus_message) reply = NULL;
        int r = sd_bus_message_new_method_return(m, &reply);

        if (r >= 0)
                r = sd_bus_message_open_container(reply, 'a', "(ssssstb)");
        if (r >= 0)
                r = sd_bus_message_append(reply, "(ssssstb)(ssssstb)", "alert_2_1001", "critical",
                                          "client-offline", "seoul-2", "offline", (uint64_t) SINCE, 0,
                                          "alert_1_1000", "warning", "certificate-expiring", "",
                                          "the server's TLS certificate expires in 9 d", (uint64_t) SINCE,
                                          1);
        return send_list(reply, r);
}

int mock_list_past_alerts(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        g_autoptr(sd_bus_message) reply = NULL;
        uint32_t limit;
        int r = sd_bus_message_read(m, "u", &limit);

        if (r >= 0)
                r = sd_bus_message_new_method_return(m, &reply);
        if (r >= 0)
                r = sd_bus_message_open_container(reply, 'a', "(ssssstt)");
        if (r >= 0 && limit != 7)
                r = sd_bus_message_append(reply, "(ssssstt)", "alert_0_1000", "info", "command-failed",
                                          "seoul-1", "restart 3node0 failed", (uint64_t) SINCE,
                                          (uint64_t) SINCE + 60000000);
        return send_list(reply, r);
}

int mock_list_silences(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        g_autoptr(sd_bus_message) reply = NULL;
        int r = sd_bus_message_new_method_return(m, &reply);

        if (r >= 0)
                r = sd_bus_message_open_container(reply, 'a', "(sssttus)");
        if (r >= 0)
                r = sd_bus_message_append(reply, "(sssttus)", "silence_1_1000", "role=validator", "",
                                          (uint64_t) SINCE, (uint64_t) SINCE + 60000000, 0, "upgrade");
        return send_list(reply, r);
}

/* AcknowledgeAlert and RemoveSilence. */
int mock_end_alert(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        const char *id;
        int r = sd_bus_message_read(m, "s", &id);

        if (r < 0)
                return r;
        printf("%s %s\n", sd_bus_message_get_member(m), id);
        if (strcmp(id, "alert_9_9") == 0)
                return sd_bus_error_setf(error, MSERVER_ERROR_PREFIX "InvalidParameter", "No alert \"%s\"",
                                         id);
        return sd_bus_reply_method_return(m, NULL);
}

int mock_silence_alerts(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        const char *selector, *kind, *comment;
        uint64_t until;
        int r = sd_bus_message_read(m, "ssts", &selector, &kind, &until, &comment);

        if (r < 0)
                return r;
        printf("SilenceAlerts %s %s %lu %s\n", selector, kind, (unsigned long) until, comment);
        return sd_bus_reply_method_return(m, "s", "silence_2_1001");
}
