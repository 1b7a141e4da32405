/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The manager object and its methods: those that read the arguments (parse) and those that do the work, called in
 * the order of bus-method.h. */
#pragma once

#include "bus-request.h"
#include "client.h"

/* manager-bus.c: publishes it. Returns 0 or a negative errno. */
int manager_bus_publish(Bus *b);

/* manager-clients.c */
bool manager_parse_client(Request *r, sd_bus_message *m, GError **error);
bool manager_parse_token(Request *r, sd_bus_message *m, GError **error);
void manager_list_clients(Request *r);
void manager_get_client(Request *r);
void manager_create_token(Request *r);
void manager_create_enrollment(Request *r);
void manager_revoke_client(Request *r);
void manager_forget_client(Request *r);
void manager_subscribe(Request *r);
void manager_unsubscribe(Request *r);

/* manager-commands.c: sending them */
bool manager_parse_send(Request *r, sd_bus_message *m, GError **error);
bool manager_parse_broadcast(Request *r, sd_bus_message *m, GError **error);
bool manager_parse_can_run(Request *r, sd_bus_message *m, GError **error);
void manager_send_command(Request *r);
void manager_run_command(Request *r);
void manager_broadcast(Request *r);
void manager_can_run(Request *r);

/* manager-schedules.c */
bool manager_parse_create_schedule(Request *r, sd_bus_message *m, GError **error);
bool manager_parse_schedule(Request *r, sd_bus_message *m, GError **error);
bool manager_parse_run_schedule(Request *r, sd_bus_message *m, GError **error);
bool manager_parse_enable_schedule(Request *r, sd_bus_message *m, GError **error);
void manager_create_schedule(Request *r);
void manager_delete_schedule(Request *r);
void manager_enable_schedule(Request *r);
void manager_run_schedule(Request *r);
void manager_list_schedules(Request *r);

/* manager-history.c: finding and ending them */
bool manager_parse_command(Request *r, sd_bus_message *m, GError **error);
bool manager_parse_batch(Request *r, sd_bus_message *m, GError **error);
bool manager_parse_filter(Request *r, sd_bus_message *m, GError **error);
void manager_get_command(Request *r);
void manager_list_commands(Request *r);

/* manager-nodes.c: what agents have reported */
bool manager_parse_node(Request *r, sd_bus_message *m, GError **error);
bool manager_parse_nodes(Request *r, sd_bus_message *m, GError **error);
void manager_list_keys(Request *r);
void manager_get_latest_key(Request *r);
void manager_list_backups(Request *r);
void manager_get_latest_stats(Request *r);
bool manager_parse_stats(Request *r, sd_bus_message *m, GError **error);
void manager_get_stats(Request *r);

/* manager-alerts.c: what is wrong */
bool manager_parse_past_alerts(Request *r, sd_bus_message *m, GError **error);
bool manager_parse_alert(Request *r, sd_bus_message *m, GError **error);
bool manager_parse_silence(Request *r, sd_bus_message *m, GError **error);
bool manager_parse_silence_id(Request *r, sd_bus_message *m, GError **error);
void manager_list_alerts(Request *r);
void manager_list_past_alerts(Request *r);
void manager_acknowledge_alert(Request *r);
void manager_silence_alerts(Request *r);
void manager_list_silences(Request *r);
void manager_remove_silence(Request *r);

/* Shared by those that broadcast now and those that will: selector, command, params and options (a table of
 * bus-options.h, with these in it), and whom polkit is asked about for it. */
#define MANAGER_PLAN_OPTIONS                                                                             \
        { "max-parallel", 'u', offsetof(RequestArgs, batch.plan.max_parallel) },                         \
                        { "max-failures", 'u', offsetof(RequestArgs, batch.plan.max_failures) },         \
                        { "pause", 't', offsetof(RequestArgs, batch.plan.pause) },                       \
                        { "require-healthy", 'b', offsetof(RequestArgs, batch.plan.require_healthy) }, { \
                "health-timeout", 't', offsetof(RequestArgs, batch.health_timeout)                       \
        }
typedef struct BusOption BusOption;
bool manager_read_batch(Request *r, sd_bus_message *m, const BusOption *options, GError **error);

/* Shared by the parsers: the next argument as any string, and as a client's id (args.id, subject.client); the latter of a
 * string that was read. */
bool manager_read_string(sd_bus_message *m, const char **ret, GError **error);
bool manager_read_client(Request *r, sd_bus_message *m, GError **error);
bool manager_take_client(Request *r, const char *id, GError **error);
/* The client args.id; NULL, and the request has its error, where there is none. */
const Client *manager_find_client(Request *r);
