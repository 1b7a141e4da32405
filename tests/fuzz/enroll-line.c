/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Fuzzes the line that lets a host in, as a person pastes it: what is taken for one is the same when it is written again. */
#include <string.h>

#include "enroll-line.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        g_autofree char *text = g_strndup((const char *) data, size), *again = NULL;
        g_autoptr(EnrollLine) line = NULL, same = NULL;
        g_autoptr(GError) error = NULL;

        line = enroll_line_parse(text, &error);
        g_assert_true((line == NULL) == (error != NULL));
        if (!line)
                return 0;
        again = enroll_line_format(line->server, line->fingerprint, line->token);
        same = enroll_line_parse(again, &error);
        g_assert_no_error(error);
        g_assert_cmpstr(same->server, ==, line->server);
        g_assert_cmpstr(same->fingerprint, ==, line->fingerprint);
        g_assert_cmpstr(same->token, ==, line->token);
        return 0;
}
