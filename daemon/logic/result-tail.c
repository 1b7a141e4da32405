/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The end of an output, as the result of its command has it. */
#include "result-tail.h"

#include <glib.h>
#include <string.h>

#define MARK_BEGIN "["
#define MARK_END " bytes before this left out]\n"

/* The text of logs has no field of its own for what is missing before it: a line says it. */
static const char *skip_mark(const char *text, uint64_t *ret_gone) {
        char *end;

        if (!g_str_has_prefix(text, MARK_BEGIN) || !g_ascii_isdigit(text[1]))
                return text;
        *ret_gone = g_ascii_strtoull(text + 1, &end, 10);
        return g_str_has_prefix(end, MARK_END) ? end + strlen(MARK_END) : text;
}

const char *result_tail(json_object *result, uint64_t output_bytes, size_t *ret_size) {
        json_object *output = result;
        const char *text, *tail;
        uint64_t gone = 0;
        size_t size;

        if (json_object_is_type(result, json_type_object) &&
            !json_object_object_get_ex(result, "output", &output))
                return NULL;
        if (!json_object_is_type(output, json_type_string) || output_bytes == 0)
                return NULL;
        text = json_object_get_string(output);
        size = (size_t) json_object_get_string_len(output);
        if (output == result) {
                tail = skip_mark(text, &gone);
                /* A log that begins with such a line itself is told from ours by the sum. */
                if (tail != text && size - (size_t) (tail - text) + gone == output_bytes) {
                        size -= (size_t) (tail - text);
                        text = tail;
                }
        }
        if (size > output_bytes)
                return NULL;
        *ret_size = size;
        return text;
}
