/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is known of one command: the row of the ledger, and the pure rules of how it moves on. */
#include "command-record.h"

#include <string.h>

#include "limits.h"
#include "result-text.h"
#include "text.h"

CommandRecord *command_record_new(const char *id, const char *client, const char *command) {
        return command_record_copy(&(CommandRecord){
                        .id = id,
                        .client = client,
                        .command = command,
                        .container = "",
                        .batch = "",
                        .schedule = "",
                        .params = "{}",
                        .state = COMMAND_QUEUED,
                        .caller_uid = UINT32_MAX,
        });
}

/* Commands come and go by the thousand: one allocation for all that does not change. */
CommandRecord *command_record_copy(const CommandRecord *r) {
        const char *const from[] = { r->id,    r->client, r->command, r->container,
                                     r->batch, r->params, r->schedule };
        size_t sizes[G_N_ELEMENTS(from)], size = sizeof(*r);
        const char *to[G_N_ELEMENTS(from)] = {};
        CommandRecord *copy;
        char *next;

        for (unsigned i = 0; i < G_N_ELEMENTS(from); i++)
                size += sizes[i] = from[i] ? strlen(from[i]) + 1 : 0;
        copy = g_malloc(size);
        next = (char *) (copy + 1);
        for (unsigned i = 0; i < G_N_ELEMENTS(from); i++)
                if (from[i]) {
                        to[i] = memcpy(next, from[i], sizes[i]);
                        next += sizes[i];
                }

        *copy = *r;
        copy->id = to[0];
        copy->client = to[1];
        copy->command = to[2];
        copy->container = to[3];
        copy->batch = to[4];
        copy->params = to[5];
        copy->schedule = to[6];
        copy->result = g_strdup(r->result);
        copy->error = g_strdup(r->error);
        return copy;
}

CommandRecord *command_record_free(CommandRecord *r) {
        if (!r)
                return NULL;
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

char *command_record_result_json(const CommandRecord *r) {
        bool failed = command_state_is_final(r->state) && r->state != COMMAND_SUCCEEDED;

        return result_with_error(r->result, failed ? r->error ?: command_state_to_string(r->state) : NULL);
}
