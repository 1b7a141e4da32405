/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A row of commands as a CommandRecord. */
#include "command-row.h"

#include "store-sql.h"

unsigned command_phase(CommandState state) {
        if (!command_state_is_final(state))
                return SQL_PHASE_OPEN;
        return state == COMMAND_SUCCEEDED ? SQL_PHASE_SUCCEEDED : SQL_PHASE_UNSUCCESSFUL;
}

bool command_row(RowReader *r, GPtrArray *rows) {
        CommandRecord c = {};
        const char *state;

        c.id = peek_text(r);
        c.client = peek_text(r);
        c.command = peek_text(r);
        c.container = peek_text(r);
        c.batch = peek_text(r);
        state = peek_text(r);
        if (!command_state_from_string(state, &c.state))
                return false;
        c.requested = read_number(r);
        c.sent = read_number(r);
        c.started = read_number(r);
        c.finished = read_number(r);
        c.expires = read_number(r);
        c.timeout = read_number(r);
        c.caller_uid = (uint32_t) read_number(r);
        c.error = (char *) peek_text(r);
        c.params = peek_text(r);
        c.result = (char *) peek_text(r);
        c.cancel = read_number(r) != 0;
        c.schedule = peek_text(r);
        g_ptr_array_add(rows, command_record_copy(&c));
        return true;
}

StoreTask *command_read_new(StoreRun run, const ArgsLayout *layout, const void *args) {
        return store_read_new(run, (GDestroyNotify) command_record_free, layout, args);
}
