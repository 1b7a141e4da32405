/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Fuzzes what a host and the server say to each other at an enrolment, each as the other hears it: what is taken is the same
 * when it is written again. */
#include <string.h>

#include "enroll-message.h"
#include "fuzz.h"
#include "limits.h"

static void request(const char *data, size_t size) {
        g_auto(EnrollRequest) r = {}, same = {};
        g_autoptr(GError) error = NULL;
        g_autofree char *text = NULL;

        if (!enroll_request_parse(data, size, &r, &error)) {
                g_assert_nonnull(error);
                return;
        }
        text = enroll_request_format(&r);
        if (strlen(text) > ENROLLMENT_BODY_MAX)
                return; /* of control characters, which take six times the bytes */
        g_assert_true(enroll_request_parse(text, strlen(text), &same, NULL));
        g_assert_cmpmem(r.credential, sizeof(r.credential), same.credential, sizeof(same.credential));
        g_assert_cmpstr(r.host_name, ==, same.host_name);
        g_assert_cmpstr(r.version, ==, same.version);
        g_assert_cmpstr(r.certificate_request, ==, same.certificate_request);
}

static void answer(const char *data, size_t size) {
        g_auto(EnrollAnswer) a = {}, same = {};
        g_autoptr(GError) error = NULL;
        g_autofree char *text = NULL;

        if (!enroll_answer_parse(data, size, &a, &error)) {
                g_assert_nonnull(error);
                return;
        }
        text = enroll_answer_format(&a);
        if (strlen(text) > ENROLLMENT_BODY_MAX)
                return;
        g_assert_true(enroll_answer_parse(text, strlen(text), &same, NULL));
        g_assert_cmpstr(a.client, ==, same.client);
        g_assert_cmpstr(a.certificate, ==, same.certificate);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        request((const char *) data, size);
        answer((const char *) data, size);
        return 0;
}
