/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* docs/PROTOCOL.md against the parser: each example is a message, each message has an example. */
#include <glib.h>
#include <string.h>

#include "message-names.h"
#include "message.h"

#define FENCE "```json\n"

static char *page;

static unsigned read_examples(unsigned counts[MESSAGE_UNKNOWN]) {
        unsigned n = 0;

        for (const char *p = page; (p = strstr(p, FENCE)); n++) {
                const char *end;
                g_autoptr(GError) error = NULL;
                g_autoptr(Message) m = NULL;

                p += strlen(FENCE);
                end = strstr(p, "```");
                g_assert_nonnull(end);
                m = message_parse(p, (size_t) (end - p), &error);
                if (!m)
                        g_error("%s:\n%.*s", error->message, (int) (end - p), p);
                if (m->type == MESSAGE_UNKNOWN)
                        g_error("no message type \"%s\"", m->type_name);
                counts[m->type]++;
                p = end;
        }
        return n;
}

static void test_examples(void) {
        unsigned counts[MESSAGE_UNKNOWN] = {};

        g_assert_cmpuint(read_examples(counts), >=, MESSAGE_UNKNOWN);
        for (unsigned i = 0; i < MESSAGE_UNKNOWN; i++)
                if (counts[i] == 0)
                        g_error("no example of %s", message_type_names[i]);
}

/* Every feature has its row. */
static void test_features(void) {
        for (const FeatureName *f = message_feature_names; f->name; f++) {
                g_autofree char *row = g_strdup_printf("\n| `%s` | ", f->name);

                if (!strstr(page, row))
                        g_error("the feature %s has no row", f->name);
        }
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_assert_cmpint(argc, ==, 2); /* the page */
        g_assert_true(g_file_get_contents(argv[1], &page, NULL, NULL));
        g_test_add_func("/protocol-doc/examples", test_examples);
        g_test_add_func("/protocol-doc/features", test_features);
        return g_test_run();
}
