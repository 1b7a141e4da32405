/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What one command prints. */
#include "output.h"

#include <string.h>

#include "limits.h"
#include "outbuf.h"
#include "utf8-stream.h"

struct Output {
        Utf8Stream sources[OUTPUT_SOURCES];
        GString *waiting; /* to be sent */
        uint64_t taken;   /* bytes sent before these */
        OutBuf *tail;
};

Output *output_new(void) {
        Output *o = g_new0(Output, 1);

        o->waiting = g_string_new(NULL);
        o->tail = outbuf_new(AGENT_OUTPUT_BYTES_MAX);
        return o;
}

Output *output_free(Output *o) {
        if (!o)
                return NULL;
        (void) g_string_free(o->waiting, true);
        (void) outbuf_free(o->tail);
        g_free(o);
        return NULL;
}

/* What was added to the waiting text since it had this size goes into the tail as well. */
static void keep_from(Output *o, size_t size) {
        outbuf_append(o->tail, o->waiting->str + size, o->waiting->len - size);
}

void output_append(Output *o, unsigned source, const void *data, size_t size) {
        size_t before = o->waiting->len;

        g_assert(source < OUTPUT_SOURCES);
        utf8_stream_feed(&o->sources[source], data, size, o->waiting);
        keep_from(o, before);
}

void output_end(Output *o) {
        size_t before = o->waiting->len;

        for (unsigned i = 0; i < OUTPUT_SOURCES; i++)
                utf8_stream_end(&o->sources[i], o->waiting);
        keep_from(o, before);
}

bool output_full(const Output *o) {
        return o->waiting->len >= OUTPUT_CHUNK_BYTES;
}

static bool is_continuation(char c) {
        return ((unsigned char) c & 0xc0) == 0x80;
}

bool output_take(Output *o, char **ret_text, size_t *ret_size, uint64_t *ret_offset) {
        size_t n = o->waiting->len;

        if (n == 0)
                return false;
        if (n > OUTPUT_CHUNK_BYTES)
                for (n = OUTPUT_CHUNK_BYTES; is_continuation(o->waiting->str[n]);)
                        n--;
        *ret_text = g_strndup(o->waiting->str, n);
        *ret_size = n;
        *ret_offset = o->taken;
        (void) g_string_erase(o->waiting, 0, (gssize) n);
        o->taken += n;
        return true;
}

uint64_t output_bytes(const Output *o) {
        return outbuf_end(o->tail);
}

char *output_tail(const Output *o, uint64_t *ret_gone) {
        uint64_t start = outbuf_start(o->tail);
        g_autoptr(GBytes) kept = outbuf_read(o->tail, start, AGENT_OUTPUT_BYTES_MAX, &start);
        size_t size, skip = 0;
        const char *text = g_bytes_get_data(kept, &size);

        if (start > 0) {
                const char *line = memchr(text, '\n', size);

                if (line && (size_t) (line - text) + 1 < size)
                        skip = (size_t) (line - text) + 1;
                while (skip < size && is_continuation(text[skip]))
                        skip++;
        }
        *ret_gone = start + skip;
        return g_strndup(text ? text + skip : "", size - skip);
}
