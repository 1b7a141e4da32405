/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the agent and mclient-script say to each other on a stream. */
#include "script-frames.h"

#include <string.h>

#include "error.h"
#include "ident.h"
#include "json-path.h"
#include "limits.h"

void script_frame_append(GByteArray *to, ScriptFrame type, const void *data, size_t size) {
        uint32_t n = GUINT32_TO_BE((uint32_t) size);
        uint8_t head[SCRIPT_FRAME_HEAD] = { (uint8_t) type };

        g_assert(size <= SCRIPT_FRAME_BYTES_MAX);
        memcpy(head + 1, &n, sizeof n);
        g_byte_array_append(to, head, sizeof head);
        if (size > 0)
                g_byte_array_append(to, data, (guint) size);
}

static size_t frame_size(const GByteArray *in) {
        uint32_t n;

        memcpy(&n, in->data + 1, sizeof n);
        return GUINT32_FROM_BE(n);
}

bool script_frame_next(const GByteArray *in, ScriptFrame *ret_type, const void **ret_data, size_t *ret_size,
                       GError **error) {
        size_t size;

        if (in->len == 0)
                return false;
        if (!strchr("RQCSOEX", in->data[0]) || !in->data[0])
                return fleet_fail(error, FLEET_ERROR_PROTOCOL,
                                  "A frame begins with byte %u, expected a type", in->data[0]);
        if (in->len < SCRIPT_FRAME_HEAD)
                return false;
        size = frame_size(in);
        if (size > SCRIPT_FRAME_BYTES_MAX)
                return fleet_fail(error, FLEET_ERROR_PROTOCOL, "A frame of %zu bytes, expected at most %u",
                                  size, SCRIPT_FRAME_BYTES_MAX);
        if (in->len < SCRIPT_FRAME_HEAD + size)
                return false;
        *ret_type = in->data[0];
        *ret_data = in->data + SCRIPT_FRAME_HEAD;
        *ret_size = size;
        return true;
}

void script_frame_drop(GByteArray *in) {
        g_byte_array_remove_range(in, 0, (guint) (SCRIPT_FRAME_HEAD + frame_size(in)));
}

/* A JSON object and nothing behind it; NULL for anything else. */
static json_object *parse_object(const void *data, size_t size) {
        json_tokener *t = json_tokener_new_ex(MESSAGE_DEPTH_MAX);
        json_object *o;

        json_tokener_set_flags(t, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
        o = json_tokener_parse_ex(t, data, (int) size);
        if (o && (json_tokener_get_parse_end(t) != size || !json_object_is_type(o, json_type_object)))
                g_clear_pointer(&o, json_object_put);
        json_tokener_free(t);
        return o;
}

static char *format_object(json_object *o) {
        char *text = g_strdup(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN));

        json_object_put(o);
        return text;
}

void script_request_clear(ScriptRequest *r) {
        g_free(r->id);
        g_free(r->command);
        g_free(r->container);
        json_object_put(r->params);
        *r = (ScriptRequest){};
}

char *script_request_format(const ScriptRequest *r) {
        json_object *o = json_object_new_object();

        json_add_string(o, "id", r->id);
        if (r->command) {
                json_add_string(o, "command", r->command);
                json_add_string(o, "container", r->container);
                (void) json_object_object_add(o, "params", json_object_get(r->params));
                json_add_uint(o, "timeout_usec", r->timeout_usec);
        }
        return format_object(o);
}

static bool read_request(json_object *o, bool query, ScriptRequest *ret, GError **error) {
        const char *id = json_string_at(o, "id"), *command = json_string_at(o, "command"),
                   *container = json_string_at(o, "container");
        json_object *params = json_at(o, "params");
        uint64_t timeout = 0;

        if (!id || !command_id_is_valid(id))
                return fleet_fail(error, FLEET_ERROR_PROTOCOL, "A request without a valid id");
        if (!query) {
                if (!command || !command_name_is_valid(command))
                        return fleet_fail(error, FLEET_ERROR_PROTOCOL, "A request without a valid command");
                if (json_at(o, "container") && (!container || !container_name_is_valid(container)))
                        return fleet_fail(error, FLEET_ERROR_PROTOCOL,
                                          "A request without a valid container");
                if (params && !json_object_is_type(params, json_type_object))
                        return fleet_fail(error, FLEET_ERROR_PROTOCOL,
                                          "A request whose params are no object");
                if (!json_uint_at(o, "timeout_usec", &timeout) || timeout > COMMAND_TIMEOUT_MAX_USEC)
                        return fleet_fail(error, FLEET_ERROR_PROTOCOL, "A request without a valid timeout");
        }
        *ret = (ScriptRequest){ g_strdup(id), query ? NULL : g_strdup(command),
                                query ? NULL : g_strdup(container), query ? NULL : json_object_get(params),
                                timeout };
        return true;
}

bool script_request_parse(const void *data, size_t size, bool query, ScriptRequest *ret, GError **error) {
        json_object *o = parse_object(data, size);
        bool good = o ? read_request(o, query, ret, error)
                      : fleet_fail(error, FLEET_ERROR_PROTOCOL, "A request that is no JSON object");

        json_object_put(o);
        return good;
}

void script_end_clear(ScriptEnd *e) {
        g_free(e->error);
        *e = (ScriptEnd){};
}

char *script_end_format(const ScriptEnd *e) {
        json_object *o = json_object_new_object();

        json_add_string(o, "state", command_state_to_string(e->state));
        if (e->exit_code >= 0)
                json_add_uint(o, "exit_code", (uint64_t) e->exit_code);
        if (e->error)
                json_add_string(o, "error", e->error);
        if (e->cut)
                (void) json_object_object_add(o, "cut", json_object_new_boolean(true));
        return format_object(o);
}

static bool read_end(json_object *o, ScriptEnd *ret) {
        const char *state = json_string_at(o, "state"), *error = json_string_at(o, "error");
        CommandState s;
        uint64_t code;
        bool has_code = json_uint_at(o, "exit_code", &code);

        if (!state || !command_state_from_string(state, &s) || !command_state_is_final(s) ||
            (s == COMMAND_SUCCEEDED) != !error || (has_code && code > 255))
                return false;
        *ret = (ScriptEnd){ s, has_code ? (int) code : -1, g_strdup(error), json_bool_at(o, "cut") };
        return true;
}

bool script_end_parse(const void *data, size_t size, ScriptEnd *ret, GError **error) {
        json_object *o = parse_object(data, size);
        bool good = o && read_end(o, ret);

        json_object_put(o);
        return good || fleet_fail(error, FLEET_ERROR_PROTOCOL, "An end that says nothing");
}
