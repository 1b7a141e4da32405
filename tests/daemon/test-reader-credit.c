/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is known of a reader, from its answers alone. */
#include <glib.h>

#include "reader-credit.h"

static void test_ahead(void) {
        ReaderCredit c = {};

        g_assert_true(reader_credit_has_room(&c, 1));
        g_assert_false(reader_credit_is_due(&c, 100));
        reader_credit_sent(&c, 60);
        g_assert_false(reader_credit_is_due(&c, 100));
        reader_credit_sent(&c, 60);
        g_assert_true(reader_credit_is_due(&c, 100));
        reader_credit_asked(&c);
        g_assert_false(reader_credit_is_due(&c, 100)); /* one question at a time */
        reader_credit_sent(&c, 180);
        g_assert_false(reader_credit_is_due(&c, 100));
        g_assert_true(reader_credit_has_room(&c, 301));
        g_assert_false(reader_credit_has_room(&c, 300));

        /* What was sent after the question is not known to be read. */
        reader_credit_answered(&c);
        g_assert_false(reader_credit_has_room(&c, 180));
        g_assert_true(reader_credit_has_room(&c, 181));
        g_assert_true(reader_credit_is_due(&c, 100));
        reader_credit_asked(&c);
        reader_credit_answered(&c);
        g_assert_true(reader_credit_has_room(&c, 1));
        g_assert_false(reader_credit_is_due(&c, 1));
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/reader-credit/ahead", test_ahead);
        return g_test_run();
}
