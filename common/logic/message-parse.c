/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* JSON text to a typed message: what each type carries is a table of fields. */
#include <stddef.h>
#include <string.h>

#include "error.h"
#include "json-values.h"
#include "limits.h"
#include "message-field.h"
#include "message-names.h"
#include "message.h"
#include "text.h"

#define QUOTED_MAX 64 /* bytes of a wrong value that an error shows */

#define AT(member) offsetof(Message, member)

/* Filled as one slot. */
G_STATIC_ASSERT(AT(progress.output_size) - AT(progress.output) == offsetof(FieldBytes, size));

/* docs/PROTOCOL.md, as tables. Each ends with a field that has no name. */
static const Field register_fields[] = {
        { "serverId", field_client_id, AT(reg.server_id), .required = true },
        { "version", field_string, AT(reg.version), .max = VERSION_MAX_BYTES },
        { "hostName", field_string, AT(reg.host_name), .max = HOST_NAME_MAX_BYTES },
        { "labels", field_labels, AT(reg.labels) },
        { "commands", field_commands, AT(reg.commands) },
        { "features", field_features, AT(reg.features) },
        {},
};

static const Field register_ack_fields[] = {
        { "status", field_success, AT(register_ack.success), .required = true },
        { "message", field_text, AT(register_ack.text) },
        { "features", field_features, AT(register_ack.features) },
        {},
};

static const Field stats_fields[] = {
        { "sequence", field_int, AT(stats.sequence) },
        { "timestamp", field_time, AT(stats.timestamp_ms) },
        { "data", field_object, AT(stats.body), .required = true },
        {},
};

static const Field sequence_fields[] = {
        { "sequence", field_int, AT(stats.sequence) },
        {},
};

static const Field command_fields[] = {
        { "id", field_command_id, AT(command.id), .required = true },
        { "command", field_string, AT(command.command), .required = true },
        { "target", field_string, AT(command.target) },
        { "params", field_object, AT(command.params) },
        { "timestamp", field_time, AT(command.timestamp_ms) },
        { "deadline", field_int, AT(command.deadline_ms) },
        { "caller", field_string, AT(command.caller) },
        {},
};

static const Field command_progress_fields[] = {
        { "id", field_command_id, AT(progress.id), .required = true },
        { "offset", field_int, AT(progress.offset) },
        { "output", field_bytes, AT(progress.output) },
        {},
};

static const Field command_cancel_fields[] = {
        { "id", field_command_id, AT(cancel.id), .required = true },
        {},
};

static const Field command_flow_fields[] = {
        { "id", field_command_id, AT(flow.id), .required = true },
        { "offset", field_int, AT(flow.offset), .required = true },
        {},
};

static const Field command_response_fields[] = {
        { "command_id", field_command_id, AT(response.id) },
        { "id", field_command_id, AT(response.id), .required = true, .instead = "command_id" },
        { "status", field_status, AT(response.status), .required = true },
        { "result", field_any, AT(response.result) },
        { "output_bytes", field_int, AT(response.output_bytes) },
        { "error", field_text, AT(response.error) },
        {},
};

static const Field command_ack_fields[] = {
        { "command_id", field_command_id, AT(cancel.id), .required = true },
        {},
};

static const Field key_update_fields[] = {
        { "id", field_command_id, AT(key_update.id) },
        { "container", field_container, AT(key_update.container), .required = true },
        { "session_key", field_string, AT(key_update.session_key), .required = true },
        { "action", field_string, AT(key_update.action) },
        { "timestamp", field_time, AT(key_update.timestamp_ms) },
        {},
};

static const Field key_update_ack_fields[] = {
        { "status", field_success, AT(key_update.success), .required = true },
        { "id", field_command_id, AT(key_update.id) },
        { "container", field_container, AT(key_update.container) },
        {},
};

static const Field backup_complete_fields[] = {
        { "id", field_command_id, AT(backup.id) },
        { "container", field_container, AT(backup.container), .required = true },
        { "backup_file", field_string, AT(backup.backup_file), .required = true },
        { "sha256", field_string, AT(backup.sha256) },
        { "size", field_int, AT(backup.size) },
        { "timestamp", field_time, AT(backup.timestamp_ms) },
        {},
};

static const Field backup_complete_ack_fields[] = {
        { "status", field_success, AT(backup.success), .required = true },
        { "id", field_command_id, AT(backup.id) },
        { "container", field_container, AT(backup.container) },
        {},
};

static const Field certificate_request_fields[] = {
        { "request", field_text, AT(certificate.request), .required = true },
        {},
};

static const Field certificate_fields[] = {
        { "certificate", field_text, AT(certificate.certificate), .required = true },
        {},
};

static const Field error_fields[] = {
        { "message", field_text, AT(error.message) },
        { "detail", field_text, AT(error.detail) },
        {},
};

static const struct {
        const Field *fields; /* NULL: none that we read */
        bool in_data;        /* they are those of the object "data" */
} shapes[MESSAGE_UNKNOWN] = {
        [MESSAGE_REGISTER] = { register_fields, false },
        [MESSAGE_REGISTER_ACK] = { register_ack_fields, false },
        [MESSAGE_STATS] = { stats_fields, false },
        [MESSAGE_STATS_ACK] = { sequence_fields, false },
        [MESSAGE_SUMMARY] = { sequence_fields, false },
        [MESSAGE_SUMMARY_ACK] = { sequence_fields, false },
        [MESSAGE_COMMAND] = { command_fields, true },
        [MESSAGE_COMMAND_PROGRESS] = { command_progress_fields, true },
        [MESSAGE_COMMAND_CANCEL] = { command_cancel_fields, true },
        [MESSAGE_COMMAND_FLOW] = { command_flow_fields, true },
        [MESSAGE_COMMAND_RESPONSE] = { command_response_fields, true },
        [MESSAGE_COMMAND_ACK] = { command_ack_fields, false },
        [MESSAGE_KEY_UPDATE] = { key_update_fields, true },
        [MESSAGE_KEY_UPDATE_ACK] = { key_update_ack_fields, false },
        [MESSAGE_BACKUP_COMPLETE] = { backup_complete_fields, true },
        [MESSAGE_BACKUP_COMPLETE_ACK] = { backup_complete_ack_fields, false },
        [MESSAGE_CERTIFICATE_REQUEST] = { certificate_request_fields, true },
        [MESSAGE_CERTIFICATE] = { certificate_fields, true },
        [MESSAGE_ERROR] = { error_fields, false },
};

static bool missing(const Message *m, const char *name, GError **error) {
        return fleet_fail(error, FLEET_ERROR_PROTOCOL, "%s: \"%s\" is missing", m->type_name, name);
}

static bool wrong(const Message *m, const char *name, json_object *value, const char *expected,
                  GError **error) {
        g_autofree char *shown = text_shown(json_object_to_json_string_ext(value, JSON_C_TO_STRING_PLAIN),
                                            QUOTED_MAX);

        return fleet_fail(error, FLEET_ERROR_PROTOCOL, "%s: \"%s\" is %s, expected %s", m->type_name, name,
                          shown, expected);
}

/* Null and, but for values that are passed on as they are, empty strings are as good as absent. */
static json_object *get(json_object *body, const Field *field, const char *name) {
        json_object *value = NULL;

        (void) json_object_object_get_ex(body, name, &value);
        if (json_object_is_type(value, json_type_string) && json_object_get_string_len(value) == 0 &&
            field->read != field_any)
                return NULL;
        return value;
}

static bool read_fields(Message *m, json_object *body, const Field *fields, GError **error) {
        for (const Field *f = fields; f && f->name; f++) {
                json_object *value = get(body, f, f->name);
                const char *expected;

                if (!value) {
                        if (f->required && !(f->instead && get(body, f, f->instead)))
                                return missing(m, f->name, error);
                        continue;
                }
                expected = f->read(value, f, (char *) m + f->slot);
                if (expected)
                        return wrong(m, f->name, value, expected, error);
        }
        return true;
}

static bool read_message(Message *m, GError **error) {
        json_object *body = m->root;

        if (m->type == MESSAGE_UNKNOWN)
                return true;
        if (m->type == MESSAGE_SUMMARY)
                m->stats.body = m->root;
        if (shapes[m->type].in_data) {
                if (!json_object_object_get_ex(m->root, "data", &body) || !body)
                        return missing(m, "data", error);
                if (!json_object_is_type(body, json_type_object))
                        return wrong(m, "data", body, "an object", error);
        }
        return read_fields(m, body, shapes[m->type].fields, error);
}

static bool read_type(Message *m, GError **error) {
        json_object *type = NULL;

        (void) json_object_object_get_ex(m->root, "type", &type);
        if (!json_object_is_type(type, json_type_string))
                return fleet_fail(error, FLEET_ERROR_PROTOCOL, "\"type\" is missing or no string");

        m->type_name = json_object_get_string(type);
        for (m->type = 0; m->type < MESSAGE_UNKNOWN; m->type++)
                if (strcmp(m->type_name, message_type_names[m->type]) == 0)
                        break;
        return true;
}

static json_object *parse_object(const char *text, size_t size, GError **error) {
        json_tokener *tokener = json_tokener_new_ex(MESSAGE_DEPTH_MAX);
        enum json_tokener_error failure;
        json_object *root;
        size_t end;

        json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_ALLOW_TRAILING_CHARS);
        root = json_tokener_parse_ex(tokener, text, (int) size);
        failure = json_tokener_get_error(tokener);
        end = json_tokener_get_parse_end(tokener);
        json_tokener_free(tokener);
        while (end < size && g_ascii_isspace(text[end]))
                end++;

        if (failure == json_tokener_continue)
                fleet_fail(error, FLEET_ERROR_PROTOCOL, "the message ends after %zu bytes, expected more",
                           size);
        else if (failure != json_tokener_success)
                fleet_fail(error, FLEET_ERROR_PROTOCOL, "no JSON at byte %zu: %s", end,
                           json_tokener_error_desc(failure));
        else if (!json_object_is_type(root, json_type_object))
                fleet_fail(error, FLEET_ERROR_PROTOCOL, "the message is no JSON object");
        else if (end < size)
                fleet_fail(error, FLEET_ERROR_PROTOCOL, "more behind the object that ends at byte %zu", end);
        else
                return root;
        json_object_put(root);
        return NULL;
}

Message *message_parse(const char *text, size_t size, GError **error) {
        g_autoptr(Message) m = g_new0(Message, 1);

        if (size > MESSAGE_BYTES_MAX) {
                fleet_fail(error, FLEET_ERROR_PROTOCOL, "%zu bytes, expected at most %u", size,
                           MESSAGE_BYTES_MAX);
                return NULL;
        }
        if (!g_utf8_validate_len(text, size, NULL)) {
                fleet_fail(error, FLEET_ERROR_PROTOCOL, "the message is not UTF-8 text");
                return NULL;
        }
        if (json_has_more_values(text, size, MESSAGE_VALUES_MAX)) {
                fleet_fail(error, FLEET_ERROR_PROTOCOL, "more than %u values in one message",
                           MESSAGE_VALUES_MAX);
                return NULL;
        }

        m->root = parse_object(text, size, error);
        if (!m->root || !read_type(m, error) || !read_message(m, error))
                return NULL;
        return g_steal_pointer(&m);
}
