/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a container's program was told on its command line. */
#include "node-args.h"

#include <glib.h>
#include <string.h>

#include "json-path.h"

/* "-c", "-ec", "-lc": what follows is a line for a shell. */
static bool is_line_next(const char *argument) {
        return argument[0] == '-' && argument[1] != '-' && g_str_has_suffix(argument, "c");
}

static void scan(char *const *words, const char *option, char **value) {
        size_t n = strlen(option);

        for (; *words; words++) {
                const char *found = NULL;

                if (g_str_equal(*words, option))
                        found = words[1];
                else if (strncmp(*words, option, n) == 0 && (*words)[n] == '=')
                        found = *words + n + 1;
                if (found) {
                        g_free(*value);
                        *value = g_strdup(found);
                }
        }
}

char *node_argument(json_object *inspect, const char *option) {
        json_object *args = json_at(inspect, "Args");
        g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
        g_auto(GStrv) words = NULL;
        char *value = NULL;

        if (!json_object_is_type(args, json_type_array))
                return NULL;
        for (size_t i = 0; i < json_object_array_length(args); i++) {
                json_object *o = json_object_array_get_idx(args, i);

                g_strv_builder_add(builder, json_object_is_type(o, json_type_string)
                                                            ? json_object_get_string(o)
                                                            : "");
        }
        words = g_strv_builder_end(builder);
        scan(words, option, &value);
        for (char **w = words; *w && w[1]; w++)
                if (is_line_next(*w)) {
                        g_auto(GStrv) line = NULL;

                        if (g_shell_parse_argv(w[1], NULL, &line, NULL))
                                scan(line, option, &value);
                }
        return value;
}
