/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The manager object: its members, and who does the work of each. */
#include "batch-bus.h"
#include "bus-internal.h"
#include "bus-method.h"
#include "command-bus.h"
#include "manager-methods.h"
#include "names.h"

static const BusMethod methods[] = {
        { "ListClients", ACTION_READ, NULL, false, manager_list_clients },
        { "GetClient", ACTION_READ, manager_parse_client, false, manager_get_client },
        { "SendCommand", NULL, manager_parse_send, false, manager_send_command },
        { "RunCommand", NULL, manager_parse_send, false, manager_run_command },
        { "Broadcast", NULL, manager_parse_broadcast, false, manager_broadcast },
        { "CancelCommand", ACTION_CANCEL, manager_parse_command, true, command_cancel },
        { "CancelBatch", ACTION_CANCEL, manager_parse_batch, false, batch_cancel },
        { "GetCommand", ACTION_READ, manager_parse_command, true, manager_get_command },
        { "ListCommands", ACTION_READ, manager_parse_filter, false, manager_list_commands },
        { "ListKeys", ACTION_READ_KEYS, manager_parse_nodes, false, manager_list_keys },
        { "GetLatestKey", ACTION_READ_KEYS, manager_parse_node, false, manager_get_latest_key },
        { "ListBackups", ACTION_READ, manager_parse_nodes, false, manager_list_backups },
        { "GetLatestStats", ACTION_READ, manager_parse_client, false, manager_get_latest_stats },
        { "GetStats", ACTION_READ, manager_parse_stats, false, manager_get_stats },
        { "CanRun", NULL, manager_parse_can_run, false, manager_can_run },
        { "CreateToken", ACTION_MANAGE_CLIENTS, manager_parse_token, false, manager_create_token },
        { "CreateEnrollment", ACTION_MANAGE_CLIENTS, manager_parse_token, false, manager_create_enrollment },
        { "RevokeClient", ACTION_MANAGE_CLIENTS, manager_parse_client, false, manager_revoke_client },
        { "ForgetClient", ACTION_MANAGE_CLIENTS, manager_parse_client, false, manager_forget_client },
        { "CreateSchedule", NULL, manager_parse_create_schedule, false, manager_create_schedule },
        { "DeleteSchedule", ACTION_MANAGE_SCHEDULES, manager_parse_schedule, false,
          manager_delete_schedule },
        { "EnableSchedule", ACTION_MANAGE_SCHEDULES, manager_parse_enable_schedule, false,
          manager_enable_schedule },
        { "RunSchedule", ACTION_MANAGE_SCHEDULES, manager_parse_run_schedule, false, manager_run_schedule },
        { "ListSchedules", ACTION_READ, NULL, false, manager_list_schedules },
        { "ListAlerts", ACTION_READ, NULL, false, manager_list_alerts },
        { "ListPastAlerts", ACTION_READ, manager_parse_past_alerts, false, manager_list_past_alerts },
        { "AcknowledgeAlert", ACTION_MANAGE_ALERTS, manager_parse_alert, false, manager_acknowledge_alert },
        { "SilenceAlerts", ACTION_MANAGE_ALERTS, manager_parse_silence, false, manager_silence_alerts },
        { "ListSilences", ACTION_READ, NULL, false, manager_list_silences },
        { "RemoveSilence", ACTION_MANAGE_ALERTS, manager_parse_silence_id, false, manager_remove_silence },
        { "Subscribe", ACTION_READ, NULL, false, manager_subscribe },
        { "Unsubscribe", NULL, NULL, false, manager_unsubscribe },
        {},
};

static int on_method(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        return bus_method_call(methods, m);
}

static int get_version(sd_bus *bus, const char *path, const char *interface, const char *property,
                       sd_bus_message *reply, void *userdata, sd_bus_error *ret_error) {
        return sd_bus_message_append(reply, "s", PROJECT_VERSION);
}

static int get_fingerprint(sd_bus *bus, const char *path, const char *interface, const char *property,
                           sd_bus_message *reply, void *userdata, sd_bus_error *ret_error) {
        return sd_bus_message_append(reply, "s", ((Bus *) userdata)->server->fingerprint);
}

static int get_certificate_expires(sd_bus *bus, const char *path, const char *interface,
                                   const char *property, sd_bus_message *reply, void *userdata,
                                   sd_bus_error *ret_error) {
        return sd_bus_message_append(reply, "t", ((Bus *) userdata)->server->certificate_expires);
}

static int get_audit_head(sd_bus *bus, const char *path, const char *interface, const char *property,
                          sd_bus_message *reply, void *userdata, sd_bus_error *ret_error) {
        const AuditHead *head = audit_head(((Bus *) userdata)->server->audit);

        return sd_bus_message_append(reply, "(stts)", head->instance, head->seq, head->usec, head->hash);
}

static int get_clients(sd_bus *bus, const char *path, const char *interface, const char *property,
                       sd_bus_message *reply, void *userdata, sd_bus_error *ret_error) {
        return sd_bus_message_append(reply, "u", fleet_size(((Bus *) userdata)->server->fleet));
}

static int get_clients_online(sd_bus *bus, const char *path, const char *interface, const char *property,
                              sd_bus_message *reply, void *userdata, sd_bus_error *ret_error) {
        return sd_bus_message_append(reply, "u", fleet_online(((Bus *) userdata)->server->fleet));
}

static int get_commands_running(sd_bus *bus, const char *path, const char *interface, const char *property,
                                sd_bus_message *reply, void *userdata, sd_bus_error *ret_error) {
        return sd_bus_message_append(reply, "u",
                                     dispatcher_open_count(((Bus *) userdata)->server->dispatcher));
}

static int get_listen_addresses(sd_bus *bus, const char *path, const char *interface, const char *property,
                                sd_bus_message *reply, void *userdata, sd_bus_error *ret_error) {
        return sd_bus_message_append_strv(reply, ((Bus *) userdata)->server->listen_addresses);
}

#define OPEN SD_BUS_VTABLE_UNPRIVILEGED /* to all callers: polkit decides */

static const sd_bus_vtable vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD_WITH_ARGS("ListClients", SD_BUS_NO_ARGS, SD_BUS_RESULT("a(sssto)", clients), on_method,
                                OPEN),
        SD_BUS_METHOD_WITH_ARGS("GetClient", SD_BUS_ARGS("s", id), SD_BUS_RESULT("o", client), on_method,
                                OPEN),
        SD_BUS_METHOD_WITH_ARGS("SendCommand",
                                SD_BUS_ARGS("s", client, "s", command, "a{sv}", params, "a{sv}", options),
                                SD_BUS_RESULT("s", id, "o", path), on_method, OPEN),
        SD_BUS_METHOD_WITH_ARGS("RunCommand",
                                SD_BUS_ARGS("s", client, "s", command, "a{sv}", params, "a{sv}", options),
                                SD_BUS_RESULT("s", id, "s", state, "s", result), on_method, OPEN),
        SD_BUS_METHOD_WITH_ARGS("Broadcast",
                                SD_BUS_ARGS("s", selector, "s", command, "a{sv}", params, "a{sv}", options),
                                SD_BUS_RESULT("s", id, "o", path, "a{ss}", commands), on_method, OPEN),
        SD_BUS_METHOD_WITH_ARGS("CancelCommand", SD_BUS_ARGS("s", id), SD_BUS_NO_RESULT, on_method, OPEN),
        SD_BUS_METHOD_WITH_ARGS("CancelBatch", SD_BUS_ARGS("s", id), SD_BUS_NO_RESULT, on_method, OPEN),
        SD_BUS_METHOD_WITH_ARGS("GetCommand", SD_BUS_ARGS("s", id), SD_BUS_RESULT("o", path), on_method,
                                OPEN),
        SD_BUS_METHOD_WITH_ARGS("ListCommands", SD_BUS_ARGS("a{sv}", filter),
                                SD_BUS_RESULT("a(sssstts)", commands), on_method, OPEN),
        SD_BUS_METHOD_WITH_ARGS("ListKeys", SD_BUS_ARGS("s", client, "s", container),
                                SD_BUS_RESULT("a(sssts)", keys), on_method, OPEN),
        SD_BUS_METHOD_WITH_ARGS("GetLatestKey", SD_BUS_ARGS("s", client, "s", container),
                                SD_BUS_RESULT("s", session_key, "t", received, "s", command_id), on_method,
                                OPEN),
        SD_BUS_METHOD_WITH_ARGS("ListBackups", SD_BUS_ARGS("s", client, "s", container),
                                SD_BUS_RESULT("a(sssstt)", backups), on_method, OPEN),
        SD_BUS_METHOD_WITH_ARGS("GetLatestStats", SD_BUS_ARGS("s", client),
                                SD_BUS_RESULT("s", stats, "s", summary), on_method, OPEN),
        SD_BUS_METHOD_WITH_ARGS("GetStats", SD_BUS_ARGS("s", client, "t", from, "t", to, "u", points),
                                SD_BUS_RESULT("s", series), on_method, OPEN),
        SD_BUS_METHOD_WITH_ARGS("CanRun", SD_BUS_ARGS("s", client, "s", command), SD_BUS_RESULT("s", answer),
                                on_method, OPEN),
        SD_BUS_METHOD_WITH_ARGS("CreateToken", SD_BUS_ARGS("s", client, "a{sv}", options),
                                SD_BUS_RESULT("s", token), on_method, OPEN | SD_BUS_VTABLE_SENSITIVE),
        SD_BUS_METHOD_WITH_ARGS("CreateEnrollment", SD_BUS_ARGS("s", client, "a{sv}", options),
                                SD_BUS_RESULT("s", line), on_method, OPEN | SD_BUS_VTABLE_SENSITIVE),
        SD_BUS_METHOD_WITH_ARGS("RevokeClient", SD_BUS_ARGS("s", id), SD_BUS_NO_RESULT, on_method, OPEN),
        SD_BUS_METHOD_WITH_ARGS("ForgetClient", SD_BUS_ARGS("s", id), SD_BUS_NO_RESULT, on_method, OPEN),
        SD_BUS_METHOD_WITH_ARGS("CreateSchedule",
                                SD_BUS_ARGS("s", name, "s", calendar, "s", selector, "s", command, "a{sv}",
                                            params, "a{sv}", options),
                                SD_BUS_NO_RESULT, on_method, OPEN),
        SD_BUS_METHOD_WITH_ARGS("DeleteSchedule", SD_BUS_ARGS("s", name), SD_BUS_NO_RESULT, on_method, OPEN),
        SD_BUS_METHOD_WITH_ARGS("EnableSchedule", SD_BUS_ARGS("s", name, "b", enabled), SD_BUS_NO_RESULT,
                                on_method, OPEN),
        SD_BUS_METHOD_WITH_ARGS("RunSchedule", SD_BUS_ARGS("s", name), SD_BUS_RESULT("s", batch, "o", path),
                                on_method, OPEN),
        SD_BUS_METHOD_WITH_ARGS("ListSchedules", SD_BUS_NO_ARGS, SD_BUS_RESULT("a(sssssbtt)", schedules),
                                on_method, OPEN),
        SD_BUS_METHOD_WITH_ARGS("ListAlerts", SD_BUS_NO_ARGS, SD_BUS_RESULT("a(ssssstb)", alerts), on_method,
                                OPEN),
        SD_BUS_METHOD_WITH_ARGS("ListPastAlerts", SD_BUS_ARGS("u", limit),
                                SD_BUS_RESULT("a(ssssstt)", alerts), on_method, OPEN),
        SD_BUS_METHOD_WITH_ARGS("AcknowledgeAlert", SD_BUS_ARGS("s", id), SD_BUS_NO_RESULT, on_method, OPEN),
        SD_BUS_METHOD_WITH_ARGS("SilenceAlerts",
                                SD_BUS_ARGS("s", selector, "s", kind, "t", until, "s", comment),
                                SD_BUS_RESULT("s", id), on_method, OPEN),
        SD_BUS_METHOD_WITH_ARGS("ListSilences", SD_BUS_NO_ARGS, SD_BUS_RESULT("a(sssttus)", silences),
                                on_method, OPEN),
        SD_BUS_METHOD_WITH_ARGS("RemoveSilence", SD_BUS_ARGS("s", id), SD_BUS_NO_RESULT, on_method, OPEN),
        SD_BUS_METHOD_WITH_ARGS("Subscribe", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, on_method, OPEN),
        SD_BUS_METHOD_WITH_ARGS("Unsubscribe", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, on_method, OPEN),

        SD_BUS_SIGNAL_WITH_ARGS("ClientOnline", SD_BUS_ARGS("s", id, "o", client), 0),
        SD_BUS_SIGNAL_WITH_ARGS("ClientOffline", SD_BUS_ARGS("s", id, "s", reason), 0),
        SD_BUS_SIGNAL_WITH_ARGS("CommandStateChanged",
                                SD_BUS_ARGS("s", id, "s", client, "s", command, "s", state), 0),
        SD_BUS_SIGNAL_WITH_ARGS("CommandOutput", SD_BUS_ARGS("s", id, "t", offset, "ay", chunk), 0),
        SD_BUS_SIGNAL_WITH_ARGS("KeyUpdated", SD_BUS_ARGS("s", client, "s", container, "s", session_key), 0),
        SD_BUS_SIGNAL_WITH_ARGS("BackupCompleted", SD_BUS_ARGS("s", client, "s", container, "s", file), 0),
        SD_BUS_SIGNAL_WITH_ARGS("AlertRaised",
                                SD_BUS_ARGS("s", id, "s", severity, "s", kind, "s", client, "s", message),
                                0),
        SD_BUS_SIGNAL_WITH_ARGS("AlertCleared", SD_BUS_ARGS("s", id), 0),

        SD_BUS_PROPERTY("Version", "s", get_version, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("Fingerprint", "s", get_fingerprint, 0,
                        0), /* a reload may bring another certificate */
        SD_BUS_PROPERTY("CertificateExpires", "t", get_certificate_expires, 0, 0),
        SD_BUS_PROPERTY("AuditHead", "(stts)", get_audit_head, 0, 0), /* moves on with every entry */
        SD_BUS_PROPERTY("Clients", "u", get_clients, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("ClientsOnline", "u", get_clients_online, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("CommandsRunning", "u", get_commands_running, 0,
                        SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("ListenAddresses", "as", get_listen_addresses, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_VTABLE_END,
};

int manager_bus_publish(Bus *b) {
        return sd_bus_add_object_vtable(b->connection, NULL, MSERVER_ROOT, MSERVER_IFACE_MANAGER, vtable, b);
}
