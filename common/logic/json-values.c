/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How many values a JSON text has. */
#include "json-values.h"

/* Every value but the first has a comma or an opening bracket before it ("[{}]" counts as three). Where there are several texts, the first of each is
 * not counted unless it has values of its own. */
bool json_has_more_values(const char *text, size_t size, size_t max) {
        char quote = 0; /* of the string that we are in */
        size_t n = 1;

        if (size <= max)
                return false;
        for (size_t i = 0; i < size; i++)
                if (quote) {
                        if (text[i] == '\\')
                                i++;
                        else if (text[i] == quote)
                                quote = 0;
                } else if (text[i] == '"' || text[i] == '\'')
                        quote = text[i];
                else
                        n += text[i] == ',' || text[i] == '[' || text[i] == '{';
        return n > max;
}
