/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Fuzzes the message codec, as either side meets it: whatever is taken for a message can be used and written again. */
#include <string.h>

#include "fuzz.h"
#include "message.h"

static void use_text(const char *text) {
        if (text && strlen(text) > 1u << 24)
                abort();
}

/* What we read of a register we would say so ourselves, and understand. */
static void round_trip_register(const Message *m) {
        g_autofree char *text = message_register(m->reg.server_id, m->reg.version, m->reg.host_name,
                                                 m->reg.labels, m->reg.commands, m->reg.features, 1);
        g_autoptr(GError) error = NULL;
        g_autoptr(Message) again = message_parse(text, strlen(text), &error);

        g_assert_no_error(error);
        g_assert_cmpint(again->type, ==, MESSAGE_REGISTER);
        g_assert_cmpstr(again->reg.server_id, ==, m->reg.server_id);
        g_assert_cmpstr(again->reg.host_name, ==, m->reg.host_name);
        g_assert_cmpuint(again->reg.features, ==, m->reg.features);
}

static void round_trip_command(const Message *m) {
        g_autofree char *text = message_command(m->command.id, m->command.command, m->command.target,
                                                m->command.params, m->command.deadline_ms, m->command.caller,
                                                m->command.timestamp_ms);
        g_autoptr(GError) error = NULL;
        g_autoptr(Message) again = message_parse(text, strlen(text), &error);

        g_assert_no_error(error);
        g_assert_cmpstr(again->command.id, ==, m->command.id);
        g_assert_cmpstr(again->command.command, ==, m->command.command);
}

static void round_trip_progress(const Message *m) {
        g_autofree char *text = message_command_progress(m->progress.id, m->progress.offset,
                                                         m->progress.output, m->progress.output_size);
        g_autoptr(GError) error = NULL;
        g_autoptr(Message) again = message_parse(text, strlen(text), &error);

        g_assert_no_error(error);
        g_assert_cmpmem(again->progress.output, again->progress.output_size, m->progress.output,
                        m->progress.output_size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        g_autoptr(GError) error = NULL;
        g_autoptr(Message) m = message_parse((const char *) data, size, &error);

        g_assert_true((m == NULL) == (error != NULL));
        if (!m)
                return 0;
        use_text(m->type_name);
        if (m->type == MESSAGE_REGISTER)
                round_trip_register(m);
        else if (m->type == MESSAGE_COMMAND)
                round_trip_command(m);
        else if (m->type == MESSAGE_COMMAND_PROGRESS)
                round_trip_progress(m);
        else if (m->type == MESSAGE_COMMAND_RESPONSE) {
                g_autofree char *text = message_command_response(
                                m->response.id, m->response.status, m->response.result,
                                m->response.output_bytes, m->response.error, 1);
                use_text(text);
        }
        return 0;
}
