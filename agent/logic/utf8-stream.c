/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Valid UTF-8 out of whatever a program prints. */
#include "utf8-stream.h"

#include <stdbool.h>
#include <string.h>

#define REPLACEMENT "\xef\xbf\xbd"

/* Whether more bytes could still make a character of these. Lead bytes above 0xf4 are of no character that
 * Unicode has, though GLib would wait for their rest, as it does where a NUL ends the text. */
static bool is_incomplete(const char *p, size_t size) {
        return (unsigned char) *p <= 0xf4 && size < 4 && !memchr(p, '\0', size) &&
               g_utf8_get_char_validated(p, (gssize) size) == (gunichar) -2;
}

/* Appends all that is certain; returns how many bytes at the end are not. */
static size_t convert(const char *p, size_t size, GString *out) {
        while (size > 0) {
                const char *end;

                (void) g_utf8_validate_len(p, size, &end);
                g_string_append_len(out, p, end - p);
                size -= (size_t) (end - p);
                p = end;
                if (size == 0)
                        break;
                if (is_incomplete(p, size))
                        return size;
                g_string_append(out, REPLACEMENT);
                p++;
                size--;
        }
        return 0;
}

void utf8_stream_feed(Utf8Stream *u, const void *data, size_t size, GString *out) {
        const char *p = data;
        size_t left;

        /* A started character grows byte by byte until it is one, or is none. */
        while (u->tail_size > 0 && size > 0) {
                size_t have = u->tail_size + 1;
                char joined[sizeof(u->tail)];

                memcpy(joined, u->tail, u->tail_size);
                joined[u->tail_size] = *p++;
                size--;
                u->tail_size = convert(joined, have, out);
                memmove(u->tail, joined + have - u->tail_size, u->tail_size);
        }
        if (size == 0)
                return;
        left = convert(p, size, out);
        memcpy(u->tail, p + size - left, left);
        u->tail_size = left;
}

void utf8_stream_end(Utf8Stream *u, GString *out) {
        if (u->tail_size > 0)
                g_string_append(out, REPLACEMENT);
        u->tail_size = 0;
}
