/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What commands print: the newest part of each open one's output, which agents add to and any number of readers take
 * from at their own pace; and how the slowest of those who are waited for holds the agent back. */
#include <string.h>

#include "dispatcher-internal.h"
#include "error.h"
#include "limits.h"
#include "result-tail.h"
#include "session.h"

/* From the agent */

/* The agent stops OUTPUT_WINDOW_BYTES after what it was told last, so what nobody has read yet is still here. */
static void tell_passed(Open *o) {
        Dispatcher *d = o->dispatcher;
        const Client *c = fleet_find(d->fleet, o->record->client);
        uint64_t passed;

        if (!o->output || o->finishing || !c || !c->session || !(c->features & FEATURE_FLOW))
                return;
        passed = fleet_output_passed(d->fleet, o->record, outbuf_end(o->output));
        if (passed < o->passed + OUTPUT_PASSED_BYTES)
                return;
        o->passed = passed;
        session_send(c->session, message_command_flow(o->record->id, passed));
}

void open_put_output(Open *o, uint64_t offset, const void *data, size_t size) {
        const void *chunk;
        size_t n;

        if (!o->output)
                o->output = outbuf_new(OUTPUT_TAIL_BYTES);
        n = outbuf_put(o->output, offset, data, size, &offset, &chunk);
        if (n > 0)
                fleet_tell_output(o->dispatcher->fleet, o->record, offset, chunk, n);
        tell_passed(o);
}

void open_complete_output(Open *o, json_object *result, uint64_t output_bytes) {
        size_t size;
        const char *tail = result_tail(result, output_bytes, &size);

        if (tail)
                open_put_output(o, output_bytes - size, tail, size);
}

void dispatcher_output_passed(Dispatcher *d, const char *id) {
        Open *o = open_find(d, id);

        if (o)
                tell_passed(o);
}

/* To readers */

GBytes *dispatcher_peek_output(Dispatcher *d, const char *id, uint64_t offset, size_t max,
                               uint64_t *ret_offset) {
        Open *o = open_find(d, id);

        if (!o || !o->output || outbuf_end(o->output) <= offset)
                return NULL;
        return outbuf_read(o->output, offset, max, ret_offset);
}

typedef struct OutputQuery {
        Dispatcher *dispatcher;
        char *id;
        uint64_t offset;
        size_t max;
        OutputDone done;
        void *userdata;
} OutputQuery;

static void output_query_free(OutputQuery *q) {
        g_free(q->id);
        g_free(q);
}

static void output_loaded(StoreStatus status, GPtrArray *rows, void *userdata) {
        OutputQuery *q = userdata;
        g_autoptr(GError) error = NULL;
        const uint8_t *data = NULL;
        uint64_t start = 0, offset;
        size_t size = 0, skip, n;

        if (status != STORE_OK)
                fleet_fail(&error, FLEET_ERROR_UNAVAILABLE,
                           "the store does not give out the output of \"%s\"", q->id);
        else if (rows->len > 0) {
                data = g_bytes_get_data(g_ptr_array_index(rows, 0), &size);
                memcpy(&start, data, sizeof(start));
                start = GUINT64_FROM_LE(start);
                data += sizeof(start);
                size -= sizeof(start);
        }
        offset = MAX(q->offset, start); /* nobody is sent back */
        skip = MIN(offset - start, size);
        n = MIN(size - skip, q->max);
        q->done(data ? data + skip : NULL, n, offset + n, size - skip > n, error, q->userdata);
        output_query_free(q);
}

static void answer_from_memory(OutputQuery *q) {
        uint64_t offset = q->offset;
        g_autoptr(GBytes) chunk = dispatcher_peek_output(q->dispatcher, q->id, offset, q->max, &offset);
        size_t size = 0;
        const void *data = chunk ? g_bytes_get_data(chunk, &size) : NULL;

        q->done(data, size, offset + size, true, NULL, q->userdata);
        output_query_free(q);
}

static void output_command_known(const CommandRecord *r, const GError *error, void *userdata) {
        OutputQuery *q = userdata;
        Dispatcher *d = q->dispatcher;

        if (!r) {
                q->done(NULL, 0, q->offset, false, error, q->userdata);
                output_query_free(q);
        } else if (open_find(d, q->id))
                answer_from_memory(q);
        else
                d->store->ops->get_output(d->store->engine, q->id, output_loaded, q);
}

void dispatcher_output(Dispatcher *d, const char *id, uint64_t offset, size_t max, OutputDone done,
                       void *userdata) {
        OutputQuery *q = g_new0(OutputQuery, 1);

        *q = (OutputQuery){ d, g_strdup(id), offset, max, done, userdata };
        dispatcher_get(d, id, output_command_known, q);
}
