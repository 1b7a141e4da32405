/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Typed values to the JSON text of docs/PROTOCOL.md. */
#include "message.h"

#include <string.h>

#include "json-text.h"
#include "message-names.h"

/* Room for most messages without growing. */
#define SIZE_USUAL 256

static GString *begin(MessageType type) {
        GString *out = g_string_sized_new(SIZE_USUAL);

        g_string_append(out, "{\"type\":\"");
        g_string_append(out, message_type_names[type]);
        g_string_append_c(out, '"');
        return out;
}

static void key(GString *out, const char *name) {
        if (out->str[out->len - 1] != '{')
                g_string_append_c(out, ',');
        g_string_append_c(out, '"');
        g_string_append(out, name);
        g_string_append(out, "\":");
}

/* The optional ones leave out what is not there. */
static void string(GString *out, const char *name, const char *value) {
        if (!value)
                return;
        key(out, name);
        json_append_string(out, value, strlen(value));
}

static void number(GString *out, const char *name, int64_t value) {
        key(out, name);
        json_append_int(out, value);
}

static void object(GString *out, const char *name, json_object *value) {
        if (!value)
                return;
        key(out, name);
        json_append_object(out, value);
}

static void features(GString *out, unsigned set) {
        char separator = '[';

        if (set == 0)
                return;
        key(out, "features");
        for (const FeatureName *f = message_feature_names; f->name; f++) {
                if (!(set & f->feature))
                        continue;
                g_string_append_c(out, separator);
                json_append_string(out, f->name, strlen(f->name));
                separator = ',';
        }
        g_string_append_c(out, ']');
}

static void open_data(GString *out) {
        key(out, "data");
        g_string_append_c(out, '{');
}

static char *end(GString *out) {
        g_string_append_c(out, '}');
        return g_string_free(out, FALSE);
}

static char *end_data(GString *out) {
        g_string_append_c(out, '}');
        return end(out);
}

/* {"type":…,"timestamp":ms} */
static char *timestamp_only(MessageType type, int64_t now_ms) {
        GString *out = begin(type);

        number(out, "timestamp", now_ms);
        return end(out);
}

char *message_register(const char *id, const char *version, const char *host_name, json_object *labels,
                       json_object *commands, unsigned feature_set, int64_t now_ms) {
        GString *out = begin(MESSAGE_REGISTER);

        string(out, "serverId", id);
        string(out, "version", version);
        number(out, "timestamp", now_ms);
        string(out, "hostName", host_name);
        object(out, "labels", labels);
        object(out, "commands", commands);
        features(out, feature_set);
        return end(out);
}

char *message_register_ack(const char *id, bool success, const char *text, unsigned feature_set,
                           int64_t now_ms) {
        GString *out = begin(MESSAGE_REGISTER_ACK);

        string(out, "status", success ? "success" : "error");
        string(out, "serverId", id);
        number(out, "timestamp", now_ms);
        string(out, "message", text);
        features(out, feature_set);
        return end(out);
}

char *message_pong(int64_t now_ms) {
        return timestamp_only(MESSAGE_PONG, now_ms);
}

char *message_heartbeat(int64_t now_ms) {
        return timestamp_only(MESSAGE_HEARTBEAT, now_ms);
}

char *message_heartbeat_ack(int64_t now_ms) {
        return timestamp_only(MESSAGE_HEARTBEAT_ACK, now_ms);
}

char *message_stats(const char *id, int64_t sequence, int64_t interval_sec, json_object *data,
                    int64_t now_ms) {
        GString *out = begin(MESSAGE_STATS);

        string(out, "serverId", id);
        number(out, "timestamp", now_ms);
        number(out, "sequence", sequence);
        number(out, "interval", interval_sec);
        object(out, "data", data);
        return end(out);
}

char *message_stats_ack(int64_t sequence, int64_t now_ms) {
        GString *out = begin(MESSAGE_STATS_ACK);

        number(out, "timestamp", now_ms);
        string(out, "status", "success");
        number(out, "sequence", sequence);
        return end(out);
}

char *message_summary_ack(int64_t sequence, int64_t now_ms) {
        GString *out = begin(MESSAGE_SUMMARY_ACK);

        number(out, "timestamp", now_ms);
        string(out, "status", "success");
        if (sequence > 0)
                number(out, "sequence", sequence);
        return end(out);
}

char *message_command(const char *id, const char *command, const char *target, json_object *params,
                      int64_t deadline_ms, const char *caller, int64_t now_ms) {
        GString *out = begin(MESSAGE_COMMAND);

        open_data(out);
        string(out, "id", id);
        string(out, "command", command);
        string(out, "target", target);
        key(out, "params");
        if (params)
                json_append_object(out, params);
        else
                g_string_append(out, "{}"); /* clients of version 1.1.0 look inside without asking */
        number(out, "timestamp", now_ms);
        if (deadline_ms > 0)
                number(out, "deadline", deadline_ms);
        string(out, "caller", caller);
        return end_data(out);
}

char *message_command_cancel(const char *id) {
        GString *out = begin(MESSAGE_COMMAND_CANCEL);

        open_data(out);
        string(out, "id", id);
        return end_data(out);
}

char *message_command_flow(const char *id, uint64_t offset) {
        GString *out = begin(MESSAGE_COMMAND_FLOW);

        open_data(out);
        string(out, "id", id);
        number(out, "offset", (int64_t) offset);
        return end_data(out);
}

char *message_command_progress(const char *id, uint64_t offset, const char *output, size_t size) {
        GString *out = begin(MESSAGE_COMMAND_PROGRESS);

        open_data(out);
        string(out, "id", id);
        string(out, "state", command_state_to_string(COMMAND_RUNNING));
        number(out, "offset", (int64_t) offset);
        key(out, "output");
        json_append_string(out, output, size);
        return end_data(out);
}

char *message_command_response(const char *id, CommandState status, json_object *result,
                               uint64_t output_bytes, const char *error, int64_t now_ms) {
        GString *out = begin(MESSAGE_COMMAND_RESPONSE);

        open_data(out);
        string(out, "id", id);
        string(out, "command_id", id); /* which of the two a server of version 1.1.0 reads differs */
        string(out, "status", command_state_to_wire(status));
        object(out, "result", result);
        if (output_bytes > 0)
                number(out, "output_bytes", (int64_t) output_bytes);
        string(out, "error", error);
        number(out, "timestamp", now_ms);
        return end_data(out);
}

char *message_command_ack(const char *id, int64_t now_ms) {
        GString *out = begin(MESSAGE_COMMAND_ACK);

        number(out, "timestamp", now_ms);
        string(out, "command_id", id);
        return end(out);
}

char *message_key_update(const char *id, const char *container, const char *session_key, const char *action,
                         int64_t timestamp_ms) {
        GString *out = begin(MESSAGE_KEY_UPDATE);

        open_data(out);
        string(out, "container", container);
        string(out, "session_key", session_key);
        number(out, "timestamp", timestamp_ms);
        string(out, "action", action);
        string(out, "id", id);
        return end_data(out);
}

static char *durable_ack(MessageType type, const char *id, const char *container, const char *text,
                         int64_t now_ms) {
        GString *out = begin(type);

        string(out, "status", "success");
        number(out, "timestamp", now_ms);
        string(out, "message", text);
        string(out, "id", id);
        string(out, "container", container);
        return end(out);
}

char *message_key_update_ack(const char *id, const char *container, int64_t now_ms) {
        return durable_ack(MESSAGE_KEY_UPDATE_ACK, id, container, "Session key stored", now_ms);
}

char *message_backup_complete(const char *id, const char *container, const char *backup_file,
                              const char *sha256, int64_t size, int64_t timestamp_ms) {
        GString *out = begin(MESSAGE_BACKUP_COMPLETE);

        open_data(out);
        string(out, "container", container);
        string(out, "backup_file", backup_file);
        number(out, "timestamp", timestamp_ms);
        string(out, "id", id);
        string(out, "sha256", sha256);
        if (size > 0)
                number(out, "size", size);
        return end_data(out);
}

char *message_backup_complete_ack(const char *id, const char *container, int64_t now_ms) {
        return durable_ack(MESSAGE_BACKUP_COMPLETE_ACK, id, container, "Backup recorded", now_ms);
}

static char *certificate_message(MessageType type, const char *name, const char *pem) {
        GString *out = begin(type);

        open_data(out);
        string(out, name, pem);
        return end_data(out);
}

char *message_certificate_request(const char *request_pem) {
        return certificate_message(MESSAGE_CERTIFICATE_REQUEST, "request", request_pem);
}

char *message_certificate(const char *certificate_pem) {
        return certificate_message(MESSAGE_CERTIFICATE, "certificate", certificate_pem);
}

char *message_error(const char *message, const char *detail) {
        GString *out = begin(MESSAGE_ERROR);

        string(out, "message", message);
        string(out, "detail", detail);
        return end(out);
}
