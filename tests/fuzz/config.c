/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Fuzzes what reads the text of configuration files. */
#include <string.h>

#include "config.h"
#include "fuzz.h"

static const ConfigKey known[] = {
        { "Agent", "Id" },   { "Agent", "Interval" }, { "Agent", "On" },
        { "Rpc", "Port.*" }, { "Command *", "Exec" }, {},
};

static void warn(const char *message, void *userdata) {
        g_assert_cmpuint(strlen(message), >, 0);
}

static void read_all(const Config *c) {
        g_auto(GStrv) sections = config_sections(c), words = config_get_words(c, "Agent", "Id");
        uint64_t number;
        bool on;

        (void) config_get_uint(c, "Agent", "Interval", 1, 3600, &number, NULL);
        (void) config_get_bool(c, "Agent", "On", &on, NULL);
        for (char **s = sections; *s; s++) {
                g_auto(GStrv) keys = config_keys(c, *s);

                for (char **k = keys; *k; k++)
                        (void) config_get(c, *s, *k);
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        g_autoptr(GError) error = NULL;
        g_autoptr(Config) c =
                        config_parse("fuzz.conf", (const char *) data, size, known, warn, NULL, &error);

        g_assert_true((c == NULL) == (error != NULL));
        if (c)
                read_all(c);
        return 0;
}
