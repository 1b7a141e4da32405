/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* JSON (RFC 8259) written straight into a string. */
#include "json-text.h"

#include <string.h>

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

static void append_escape(GString *out, unsigned char c) {
        static const char letters[0x20] = {
                ['\b'] = 'b', ['\f'] = 'f', ['\n'] = 'n', ['\r'] = 'r', ['\t'] = 't',
        };
        static const char hex[] = "0123456789abcdef";

        if (c == '"' || c == '\\') {
                char escape[2] = { '\\', (char) c };

                g_string_append_len(out, escape, sizeof(escape));
        } else if (letters[c]) {
                char escape[2] = { '\\', letters[c] };

                g_string_append_len(out, escape, sizeof(escape));
        } else {
                char escape[6] = { '\\', 'u', '0', '0', hex[c >> 4], hex[c & 15] };

                g_string_append_len(out, escape, sizeof(escape));
        }
}

/* How many bytes the character at p has; 0: it is none. */
static size_t character_size(const char *p, const char *end) {
        gunichar c;

        if ((unsigned char) *p < 0x80)
                return 1;
        c = g_utf8_get_char_validated(p, end - p);
        return c == (gunichar) -1 || c == (gunichar) -2 ? 0 : (size_t) g_unichar_to_utf8(c, NULL);
}

void json_append_string(GString *out, const char *text, size_t size) {
        const char *plain = text ?: "", *p = plain, *end = plain + size;

        g_string_append_c(out, '"');
        while (p < end) {
                unsigned char c = (unsigned char) *p;
                size_t n = character_size(p, end);

                if (n > 0 && c >= 0x20 && c != '"' && c != '\\') {
                        p += n;
                        continue;
                }
                g_string_append_len(out, plain, p - plain);
                if (n == 0)
                        g_string_append_len(out, REPLACEMENT, strlen(REPLACEMENT));
                else
                        append_escape(out, c);
                plain = ++p;
        }
        g_string_append_len(out, plain, end - plain);
        g_string_append_c(out, '"');
}

void json_append_int(GString *out, int64_t n) {
        char digits[20], *p = digits + sizeof(digits);
        uint64_t rest = n < 0 ? -(uint64_t) n : (uint64_t) n;

        do
                *--p = (char) ('0' + rest % 10);
        while ((rest /= 10) > 0);
        if (n < 0)
                *--p = '-';
        g_string_append_len(out, p, digits + sizeof(digits) - p);
}

void json_append_object(GString *out, json_object *value) {
        size_t size;
        const char *text = json_object_to_json_string_length(
                        value, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, &size);

        g_string_append_len(out, text, size);
}
