/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What one command prints. */
#include "output.h"

#include <string.h>

#include "limits.h"
#include "outbuf.h"
#include "utf8-stream.h"

struct Output {
        Utf8Stream sources[OUTPUT_SOURCES];
        OutBuf *tail;
        uint64_t taken;  /* offset of the first byte that was not sent */
        uint64_t passed; /* as the server says */
        bool sent, windowed, ended;
};

Output *output_new(bool sent) {
        Output *o = g_new0(Output, 1);

        o->sent = sent;
        o->tail = outbuf_new(AGENT_OUTPUT_BYTES_MAX);
        return o;
}

Output *output_free(Output *o) {
        if (!o)
                return NULL;
        (void) outbuf_free(o->tail);
        g_free(o);
        return NULL;
}

void output_append(Output *o, unsigned source, const void *data, size_t size) {
        g_autoptr(GString) text = g_string_sized_new(size + sizeof(Utf8Stream));

        g_assert(source < OUTPUT_SOURCES);
        utf8_stream_feed(&o->sources[source], data, size, text);
        outbuf_append(o->tail, text->str, text->len);
}

void output_end(Output *o) {
        g_autoptr(GString) text = g_string_new(NULL);

        for (unsigned i = 0; i < OUTPUT_SOURCES; i++)
                utf8_stream_end(&o->sources[i], text);
        outbuf_append(o->tail, text->str, text->len);
        o->ended = true;
}

void output_begin(Output *o, bool windowed) {
        o->taken = outbuf_start(o->tail);
        o->windowed = windowed;
}

void output_passed(Output *o, uint64_t offset) {
        o->passed = MAX(o->passed, MIN(offset, outbuf_end(o->tail)));
}

/* The server will never pass on what is gone. */
static bool window_is_open(const Output *o) {
        return !o->windowed || o->ended ||
               o->taken < MAX(o->passed, outbuf_start(o->tail)) + OUTPUT_WINDOW_BYTES;
}

bool output_ready(const Output *o) {
        return o->sent && outbuf_end(o->tail) > o->taken && window_is_open(o);
}

bool output_full(const Output *o) {
        return o->sent && outbuf_end(o->tail) - o->taken >= OUTPUT_CHUNK_BYTES;
}

static bool is_continuation(char c) {
        return ((unsigned char) c & 0xc0) == 0x80;
}

/* The size of the part of valid text that ends with a whole character. */
static size_t whole_characters(const char *text, size_t size) {
        size_t lead = size;

        do
                lead--;
        while (lead > 0 && is_continuation(text[lead]));
        return g_utf8_get_char_validated(text + lead, (gssize) (size - lead)) == (gunichar) -2 ? lead : size;
}

char *output_take(Output *o, size_t *ret_size, uint64_t *ret_offset) {
        uint64_t start;
        g_autoptr(GBytes) bytes = outbuf_read(o->tail, o->taken, OUTPUT_CHUNK_BYTES, &start);
        size_t size;
        const char *text = g_bytes_get_data(bytes, &size);

        if (!output_ready(o))
                return NULL;
        for (; is_continuation(*text); text++, size--) /* after a jump */
                start++;
        size = whole_characters(text, size);
        o->taken = start + size;
        *ret_offset = start;
        *ret_size = size;
        return g_strndup(text, size);
}

uint64_t output_bytes(const Output *o) {
        return outbuf_end(o->tail);
}

char *output_tail(const Output *o, uint64_t *ret_gone) {
        uint64_t start;
        g_autoptr(GBytes) bytes = outbuf_read(o->tail, 0, AGENT_OUTPUT_BYTES_MAX, &start);
        size_t size, skip = 0;
        const char *text = g_bytes_get_data(bytes, &size);

        if (size == 0) {
                *ret_gone = 0;
                return g_strdup("");
        }
        if (start > 0) {
                const char *line = memchr(text, '\n', size - 1);

                if (line)
                        skip = (size_t) (line - text) + 1;
                while (is_continuation(text[skip]))
                        skip++;
        }
        *ret_gone = start + skip;
        return g_strndup(text + skip, size - skip);
}
