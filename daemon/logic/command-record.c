/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is known of one command: the row of the ledger, and the pure rules of how it moves on. */
#include "command-record.h"

#include <string.h>

#include "json-text.h"
#include "limits.h"
#include "text.h"

CommandRecord *command_record_new(const char *id, const char *client, const char *command) {
        CommandRecord *r = g_new0(CommandRecord, 1);

        r->id = g_strdup(id);
        r->client = g_strdup(client);
        r->command = g_strdup(command);
        r->container = g_strdup("");
        r->batch = g_strdup("");
        r->params = g_strdup("{}");
        r->state = COMMAND_QUEUED;
        r->caller_uid = UINT32_MAX;
        return r;
}

CommandRecord *command_record_copy(const CommandRecord *r) {
        CommandRecord *copy = g_memdup2(r, sizeof(*r));

        copy->id = g_strdup(r->id);
        copy->client = g_strdup(r->client);
        copy->command = g_strdup(r->command);
        copy->container = g_strdup(r->container);
        copy->batch = g_strdup(r->batch);
        copy->params = g_strdup(r->params);
        copy->result = g_strdup(r->result);
        copy->error = g_strdup(r->error);
        return copy;
}

CommandRecord *command_record_free(CommandRecord *r) {
        if (!r)
                return NULL;
        g_free(r->id);
        g_free(r->client);
        g_free(r->command);
        g_free(r->container);
        g_free(r->batch);
        g_free(r->params);
        g_free(r->result);
        g_free(r->error);
        g_free(r);
        return NULL;
}

static char *bounded_result(const char *result) {
        size_t size = result ? strlen(result) : 0;

        if (size <= RESULT_BYTES_MAX)
                return g_strdup(result);
        return g_strdup_printf("{\"truncated\":true,\"size\":%zu,\"max\":%u}", size, RESULT_BYTES_MAX);
}

bool command_record_advance(CommandRecord *r, CommandState state, const char *result, const char *error,
                            uint64_t now_usec) {
        bool final = command_state_is_final(state);

        g_return_val_if_fail(final || (!result && !error), false);
        if (!command_state_may_follow(r->state, state))
                return false;

        r->state = state;
        if (state == COMMAND_SENT)
                r->sent = now_usec;
        else if (state == COMMAND_RUNNING)
                r->started = now_usec;
        else if (final) {
                r->finished = now_usec;
                g_free(r->result);
                g_free(r->error);
                r->result = bounded_result(result);
                r->error = error ? text_cut(error, ERROR_TEXT_MAX) : NULL;
        }
        return true;
}

/* The members of an object, or {"result": …} around anything else, left open for "error". */
static void open_failed_result(GString *out, const char *result) {
        json_object *o = json_tokener_parse(result);

        g_string_append_c(out, '{');
        if (json_object_is_type(o, json_type_object)) {
                json_object_object_del(o, "error");
                json_object_object_foreach (o, name, value) {
                        json_append_string(out, name, strlen(name));
                        g_string_append_c(out, ':');
                        json_append_object(out, value);
                        g_string_append_c(out, ',');
                }
        } else if (o) {
                g_string_append(out, "\"result\":");
                json_append_object(out, o);
                g_string_append_c(out, ',');
        }
        json_object_put(o);
}

char *command_record_result_json(const CommandRecord *r) {
        const char *error = r->error ?: command_state_to_string(r->state);
        GString *out;

        if (!command_state_is_final(r->state) || r->state == COMMAND_SUCCEEDED)
                return g_strdup(r->result ?: "null");

        out = g_string_new(NULL);
        open_failed_result(out, r->result ?: "null");
        g_string_append(out, "\"error\":");
        json_append_string(out, error, strlen(error));
        g_string_append_c(out, '}');
        return g_string_free(out, FALSE);
}
