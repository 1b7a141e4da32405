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

/* Takes note of the last one's value; true: it is there, with a value or without. */
static bool scan(char *const *words, const char *option, char **value) {
        size_t n = strlen(option);
        bool there = false;

        for (; *words; words++) {
                const char *found = NULL;

                if (g_str_equal(*words, option)) {
                        there = true;
                        found = words[1];
                } else if (strncmp(*words, option, n) == 0 && (*words)[n] == '=')
                        found = *words + n + 1;
                if (found) {
                        there = true;
                        g_free(*value);
                        *value = g_strdup(found);
                }
        }
        return there;
}

static bool scan_all(json_object *inspect, const char *option, char **value) {
        json_object *args = json_at(inspect, "Args");
        g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
        g_auto(GStrv) words = NULL;
        bool there;

        if (!json_object_is_type(args, json_type_array))
                return false;
        for (size_t i = 0; i < json_object_array_length(args); i++) {
                json_object *o = json_object_array_get_idx(args, i);

                g_strv_builder_add(builder, json_object_is_type(o, json_type_string)
                                                            ? json_object_get_string(o)
                                                            : "");
        }
        words = g_strv_builder_end(builder);
        there = scan(words, option, value);
        for (char **w = words; *w && w[1]; w++)
                if (is_line_next(*w)) {
                        g_auto(GStrv) line = NULL;

                        if (g_shell_parse_argv(w[1], NULL, &line, NULL))
                                there |= scan(line, option, value);
                }
        return there;
}

char *node_argument(json_object *inspect, const char *option) {
        char *value = NULL;

        (void) scan_all(inspect, option, &value);
        return value;
}

bool node_has_argument(json_object *inspect, const char *option) {
        g_autofree char *value = NULL;

        return scan_all(inspect, option, &value);
}
