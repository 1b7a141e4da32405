/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The bodies of POST /enroll: small JSON objects, whose unknown fields are ignored as in all messages. */
#include "enroll-message.h"

#include <json-c/json.h>
#include <string.h>

#include "error.h"
#include "ident.h"
#include "json-text.h"
#include "limits.h"
#include "text.h"

#define DEPTH_MAX 4

static json_object *parse_object(const char *text, size_t size, GError **error) {
        json_tokener *t = json_tokener_new_ex(DEPTH_MAX);
        json_object *o = size > 0 && size <= ENROLLMENT_BODY_MAX ? json_tokener_parse_ex(t, text, (int) size)
                                                                 : NULL;
        /* A number at the end could go on; an object cannot. */
        bool whole = o && json_tokener_get_error(t) == json_tokener_success &&
                     json_tokener_get_parse_end(t) == size;

        json_tokener_free(t);
        if (whole && json_object_is_type(o, json_type_object))
                return o;
        json_object_put(o);
        fleet_fail(error, FLEET_ERROR_PROTOCOL, "the body is not one JSON object of at most %d bytes",
                   ENROLLMENT_BODY_MAX);
        return NULL;
}

/* NULL with an error where it is there and no string of 1 to max bytes, or is not there and required. */
static const char *string_field(json_object *o, const char *name, size_t max, bool required,
                                GError **error) {
        json_object *value = NULL;
        const char *text;
        size_t size;

        (void) json_object_object_get_ex(o, name, &value);
        if (!value) {
                if (required)
                        fleet_fail(error, FLEET_ERROR_PROTOCOL, "\"%s\" is missing", name);
                return NULL;
        }
        text = json_object_is_type(value, json_type_string) ? json_object_get_string(value) : NULL;
        size = text ? (size_t) json_object_get_string_len(value) : 0;
        if (!text || size > max || strlen(text) != size || !g_utf8_validate(text, -1, NULL) ||
            (required && size == 0)) {
                fleet_fail(error, FLEET_ERROR_PROTOCOL, "\"%s\" is no string of at most %zu bytes", name,
                           max);
                return NULL;
        }
        return text;
}

static bool optional_text(json_object *o, const char *name, size_t max, char **ret, GError **error) {
        g_autoptr(GError) e = NULL;
        const char *text = string_field(o, name, max, false, &e);

        if (e) {
                g_propagate_error(error, g_steal_pointer(&e));
                return false;
        }
        *ret = text && *text ? text_shown(text, max) : NULL;
        return true;
}

/* Several lines; what it is worth is for others to see. */
static bool optional_pem(json_object *o, const char *name, char **ret, GError **error) {
        g_autoptr(GError) e = NULL;
        const char *text = string_field(o, name, CLIENT_CERTIFICATE_BYTES_MAX, false, &e);

        if (e) {
                g_propagate_error(error, g_steal_pointer(&e));
                return false;
        }
        *ret = text && *text ? g_strdup(text) : NULL;
        return true;
}

static bool read_hash(const char *hex, uint8_t ret[static CREDENTIAL_HASH_SIZE]) {
        if (strlen(hex) != 2 * CREDENTIAL_HASH_SIZE)
                return false;
        for (unsigned i = 0; i < CREDENTIAL_HASH_SIZE; i++) {
                int high = g_ascii_xdigit_value(hex[2 * i]), low = g_ascii_xdigit_value(hex[2 * i + 1]);

                if (high < 0 || low < 0)
                        return false;
                ret[i] = (uint8_t) (high << 4 | low);
        }
        return true;
}

static void append(GString *s, const char *name, const char *value) {
        if (!value)
                return;
        g_string_append_printf(s, "%s\"%s\":", s->len > 1 ? "," : "", name);
        json_append_string(s, value, strlen(value));
}

void enroll_request_clear(EnrollRequest *r) {
        g_free(r->host_name);
        g_free(r->version);
        g_free(r->certificate_request);
        *r = (EnrollRequest){};
}

char *enroll_request_format(const EnrollRequest *r) {
        g_autofree char *hash = text_hex(r->credential, sizeof(r->credential));
        GString *s = g_string_new("{");

        append(s, "credential", hash);
        append(s, "hostName", r->host_name);
        append(s, "version", r->version);
        append(s, "certificateRequest", r->certificate_request);
        g_string_append_c(s, '}');
        return g_string_free(s, false);
}

static bool read_request(json_object *o, EnrollRequest *r, GError **error) {
        const char *hash = string_field(o, "credential", 2 * CREDENTIAL_HASH_SIZE, true, error);

        if (!hash)
                return false;
        if (!read_hash(hash, r->credential))
                return fleet_fail(
                                error, FLEET_ERROR_PROTOCOL,
                                "\"credential\" is not the SHA-256 of a token: expected %d hexadecimal digits",
                                2 * CREDENTIAL_HASH_SIZE);
        return optional_text(o, "hostName", HOST_NAME_MAX_BYTES, &r->host_name, error) &&
               optional_text(o, "version", VERSION_MAX_BYTES, &r->version, error) &&
               optional_pem(o, "certificateRequest", &r->certificate_request, error);
}

bool enroll_request_parse(const char *text, size_t size, EnrollRequest *ret, GError **error) {
        json_object *o = parse_object(text, size, error);
        g_auto(EnrollRequest) r = {};
        bool good = o && read_request(o, &r, error);

        json_object_put(o);
        if (!good)
                return false;
        *ret = r;
        r = (EnrollRequest){};
        return true;
}

void enroll_answer_clear(EnrollAnswer *a) {
        g_free(a->client);
        g_free(a->certificate);
        *a = (EnrollAnswer){};
}

char *enroll_answer_format(const EnrollAnswer *a) {
        GString *s = g_string_new("{");

        append(s, "serverId", a->client);
        append(s, "certificate", a->certificate);
        g_string_append_c(s, '}');
        return g_string_free(s, false);
}

bool enroll_answer_parse(const char *text, size_t size, EnrollAnswer *ret, GError **error) {
        json_object *o = parse_object(text, size, error);
        const char *id = o ? string_field(o, "serverId", CLIENT_ID_MAX, true, error) : NULL;
        g_autofree char *certificate = NULL;
        bool good = id &&
                    (client_id_is_valid(id) ||
                     fleet_fail(error, FLEET_ERROR_PROTOCOL, "\"serverId\" is no client id")) &&
                    optional_pem(o, "certificate", &certificate, error);

        if (good)
                *ret = (EnrollAnswer){ .client = g_strdup(id),
                                       .certificate = g_steal_pointer(&certificate) };
        json_object_put(o);
        return good;
}
