/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Fuzzes the handshake and what follows, as an agent hears it from a server: a message a line. Whatever it says, the
 * agent's own words are messages, and nothing is done before it is registered. */
#include <string.h>

#include "conversation.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        const char *at = (const char *) data, *end = at + size;
        Conversation c = {};

        while (at < end) {
                const char *stop = memchr(at, '\n', end - at) ?: end;
                bool was_registered = c.registered;
                g_auto(Step) step = conversation_receive(&c, at, stop - at, 1);

                if (step.kind == STEP_COMMAND || step.kind == STEP_CANCEL)
                        g_assert_true(was_registered);
                if (step.reply) {
                        g_autoptr(GError) error = NULL;
                        g_autoptr(Message) m = message_parse(step.reply, strlen(step.reply), &error);

                        g_assert_no_error(error);
                }
                at = stop + 1;
        }
        return 0;
}
