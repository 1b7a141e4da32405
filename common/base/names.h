/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Every fixed name that another program can see: bus, polkit, journal, files. */
#pragma once

/* D-Bus */
#define MSERVER_BUS_NAME "org.mserver1"
#define MSERVER_ROOT "/org/mserver1"
#define MSERVER_CLIENT_ROOT "/org/mserver1/client"
#define MSERVER_COMMAND_ROOT "/org/mserver1/command"
#define MSERVER_BATCH_ROOT "/org/mserver1/batch"
#define MSERVER_SCHEDULE_ROOT "/org/mserver1/schedule"
#define MSERVER_IFACE_MANAGER "org.mserver1.Manager"
#define MSERVER_IFACE_CLIENT "org.mserver1.Client"
#define MSERVER_IFACE_COMMAND "org.mserver1.Command"
#define MSERVER_IFACE_BATCH "org.mserver1.Batch"
#define MSERVER_IFACE_SCHEDULE "org.mserver1.Schedule"
#define MSERVER_ERROR_PREFIX "org.mserver1.Error."

#define MCLIENT_BUS_NAME "org.mclient1"
#define MCLIENT_ROOT "/org/mclient1"
#define MCLIENT_IFACE_AGENT "org.mclient1.Agent"
#define MCLIENT_ERROR_PREFIX "org.mclient1.Error."

/* polkit actions; a command's own action is ACTION_COMMAND_PREFIX + its name, or ACTION_COMMAND_CUSTOM */
#define ACTION_READ "org.mserver1.read"
#define ACTION_READ_OUTPUT "org.mserver1.read-output"
#define ACTION_READ_KEYS "org.mserver1.read-keys"
#define ACTION_COMMAND_PREFIX "org.mserver1.command."
#define ACTION_COMMAND_CUSTOM "org.mserver1.command.custom"
#define ACTION_BROADCAST "org.mserver1.broadcast"
#define ACTION_CANCEL "org.mserver1.cancel"
#define ACTION_MANAGE_CLIENTS "org.mserver1.manage-clients"
#define ACTION_MANAGE_SCHEDULES "org.mserver1.manage-schedules"
#define ACTION_MANAGE_ALERTS "org.mserver1.manage-alerts"
#define ACTION_AGENT_RUN "org.mclient1.run"

/* Files. The state directory comes from $STATE_DIRECTORY (systemd.exec(5)) and else is this. */
#define MSERVER_STATE_DIR "/var/lib/mserver"
#define MSERVER_CONFIG_FILE "/etc/mserver/mserver.conf"
#define NOTIFY_SOCKET_PATH "/run/mserver-notify.sock"
#define NOTIFY_SECRETS_DIR "/etc/mserver/notify"
#define MCLIENT_STATE_DIR "/var/lib/mclient"
#define MCLIENT_CONFIG_FILE "/etc/mclient/mclient.conf"
#define MCLIENT_CONFIG_DIR "/etc/mclient"
#define MCLIENT_TOKEN_FILE "/etc/mclient/token"
#define MCLIENT_KEY_FILE "/etc/mclient/client.key"
#define MCLIENT_CERTIFICATE_FILE "/etc/mclient/client.pem"
#define MCLIENT_USER "mclient"
#define MCLIENT_SCRIPT_STATE_DIR "/var/lib/mclient-script"
#define DOCKER_SOCKET "/run/docker.sock"

#define MSERVER_UNIT "mserver.service"
#define MSERVER_SCHEDULE_TIMER "mserver-schedule@%s.timer" /* %s: the schedule's name */
#define MSERVER_USER "mserver"
#define MCLIENT_UNIT "mclient.service"

/* Label of the short-lived containers that the agent itself makes; its value is the name of the one they serve */
#define MCLIENT_GUEST_LABEL "org.mclient1.guest-of"

/* WebSocket endpoint and ports; the messages are docs/PROTOCOL.md's */
#define WS_PATH "/ws/monitoring/"
#define ENROLL_PATH "/enroll" /* beside it, for hosts that have no token yet */
#define TLS_PORT 8443
#define PLAIN_PORT 8080
#define METRICS_PORT 9723

/* Socket activation: FileDescriptorName= of the two socket units (sd_listen_fds_with_names(3)) */
#define FD_NAME_TLS "tls"
#define FD_NAME_PLAIN "plain"
#define FD_NAME_METRICS "metrics"
#define METRICS_PATH "/metrics"

/* Journal: SYSLOG_IDENTIFIER= of the audit trail, and where journald listens (sd_journal_sendv(3) does not say
 * whether it does) */
#define MSERVER_SYSLOG_IDENTIFIER "mserver"
#define MCLIENT_SYSLOG_IDENTIFIER "mclient"
#define JOURNAL_SOCKET "/run/systemd/journal/socket"

/* Journal: MESSAGE_ID= of each MSERVER_EVENT=, explained in units/mserver.catalog */
#define MESSAGE_ID_COMMAND_REQUESTED "93dfffdde11b4e2291fd80f3fcac02bb"
#define MESSAGE_ID_COMMAND_DENIED "381014a366b44b45916b0bc029e4435c"
#define MESSAGE_ID_COMMAND_DENIED_BY_AGENT "dd6360ba1d5542ca9b12bc9861ff23ce"
#define MESSAGE_ID_COMMAND_FINISHED "acc8d64776b745148825d9ac4b28fa26"
#define MESSAGE_ID_COMMAND_SETTLED "440e2d02db8a4d949a2af05b8bb62c22"
#define MESSAGE_ID_AUDIT_RESUMED "2b0609d632564f8aa2c2bd9447c7bc6f"
#define MESSAGE_ID_AUDIT_BROKEN "831b7ae783e24739bfd4c44546dd8be6"
#define MESSAGE_ID_KEY_UPDATE "61c3165a94d7423cb711ecb361038d43"
#define MESSAGE_ID_BACKUP_COMPLETE "330aedeaa3ca4222961f0620e8926653"
#define MESSAGE_ID_CLIENT_ONLINE "9cd456bf8171462fbbeaa7ca8b9b80a7"
#define MESSAGE_ID_CLIENT_OFFLINE "61fc4ab4c1e04c14badb70536c331ea0"
#define MESSAGE_ID_CLIENT_REJECTED "2fb4b3daae88496f883eab2a4a022b74"
#define MESSAGE_ID_CLIENT_ENROLLED "47504b4af20847df812f765a71a43112"
#define MESSAGE_ID_CLIENT_CERTIFICATE_ISSUED "f812555bb8c64c578a27f84840a80e0b"
#define MESSAGE_ID_ENROLLMENT_CREATED "4e87d1b422574aec9cc98fd1a31a5199"
#define MESSAGE_ID_CLIENT_REVOKED "406de3285f5341caba834fe38ee50759"
#define MESSAGE_ID_SCHEDULE_CHANGED "3b82823821dd480bb287c394a40d5b8a"
#define MESSAGE_ID_SCHEDULE_RUN "79c54cf49e784c178c9f54e57829a513"
#define MESSAGE_ID_ALERT_RAISED "c3228eedb8e6416abf85cfda9dce4b70"
#define MESSAGE_ID_ALERT_CLEARED "f5787d7f795f4586b2659ce92144a476"
#define MESSAGE_ID_ALERT_ACKNOWLEDGED "c0233d46d4c64d388f99679d260a0d94"
#define MESSAGE_ID_SILENCE_CREATED "4fd442223fe94701b75c02057f9acdbf"
#define MESSAGE_ID_SILENCE_ENDED "a69941540b814e42b654b78895d7e8c0"

/* The same of each MCLIENT_EVENT=, explained in units/mclient.catalog */
#define MESSAGE_ID_AGENT_COMMAND_REQUESTED "5068b19c194e47bf8f3f039a93d61054"
#define MESSAGE_ID_AGENT_COMMAND_DENIED "3188328e948945db897a2a0daf0a0b22"
#define MESSAGE_ID_AGENT_COMMAND_FINISHED "11a0d43be9e346d39fd33578ee244834"
#define MESSAGE_ID_AGENT_RECONNECT "6fef53cf3c13407b8aefc3c7f7784c5b"

/* MSERVER_EVENT= of the server's own mark in its trail where this does not go on from what the store says */
#define AUDIT_BROKEN_EVENT "audit-broken"

/* How an error begins in which an agent names the rule of its own policy that said no (docs/PROTOCOL.md) */
#define POLICY_ERROR_PREFIX "[Policy] "
