/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The bodies of POST /enroll, there and back, and what is refused. */
#include <string.h>

#include "enroll-message.h"
#include "error.h"
#include "limits.h"

#define HEX32 "0123456789abcdef0123456789ABCDEF"

static void test_request(void) {
        EnrollRequest r = { .host_name = (char *) "se1.\"example\"",
                            .version = (char *) "0.1.0",
                            .certificate_request = (char *) "-----BEGIN X-----\nAAAA\n-----END X-----\n" };
        g_auto(EnrollRequest) back = {};
        g_autoptr(GError) error = NULL;
        g_autofree char *text = NULL;

        for (unsigned i = 0; i < sizeof(r.credential); i++)
                r.credential[i] = (uint8_t) (i * 7);
        text = enroll_request_format(&r);
        g_assert_true(enroll_request_parse(text, strlen(text), &back, &error));
        g_assert_no_error(error);
        g_assert_cmpmem(back.credential, sizeof(back.credential), r.credential, sizeof(r.credential));
        g_assert_cmpstr(back.host_name, ==, r.host_name);
        g_assert_cmpstr(back.version, ==, "0.1.0");
        g_assert_cmpstr(back.certificate_request, ==, r.certificate_request);
}

typedef struct Case {
        const char *text, *wrong;
} Case;

static const Case cases[] = {
        { "{\"credential\":\"" HEX32 HEX32 "\"}", NULL },
        { " {\"later\":[{}],\"credential\":\"" HEX32 HEX32 "\",\"hostName\":\"\"}", NULL },
        { "", "JSON object" },
        { "{", "JSON object" },
        { "[]", "JSON object" },
        { "7", "JSON object" },
        { "{} {}", "JSON object" },
        { "{}", "\"credential\" is missing" },
        { "{\"credential\":null}", "\"credential\"" },
        { "{\"credential\":7}", "\"credential\"" },
        { "{\"credential\":\"\"}", "\"credential\"" },
        { "{\"credential\":\"" HEX32 "\"}", "64 hexadecimal" },
        { "{\"credential\":\"" HEX32 HEX32 "0\"}", "\"credential\"" },
        { "{\"credential\":\"g123456789abcdef0123456789abcdef" HEX32 "\"}", "64 hexadecimal" },
        { "{\"credential\":\"" HEX32 HEX32 "\",\"hostName\":7}", "\"hostName\"" },
        { "{\"credential\":\"" HEX32 HEX32 "\",\"certificateRequest\":[]}", "\"certificateRequest\"" },
        { "{\"credential\":\"" HEX32 HEX32 "\",\"hostName\":\"a\\u0000b\"}", "\"hostName\"" },
        { "{\"x\":[[[[[[[[1]]]]]]]],\"credential\":\"" HEX32 HEX32 "\"}", "JSON object" },
};

static void test_requests(void) {
        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                g_auto(EnrollRequest) r = {};
                g_autoptr(GError) error = NULL;
                g_autofree char *copy =
                                g_memdup2(cases[i].text, strlen(cases[i].text)); /* no NUL beyond it */

                g_test_message("case %zu", i);
                if (!cases[i].wrong) {
                        g_assert_true(enroll_request_parse(copy, strlen(cases[i].text), &r, &error));
                        g_assert_cmpuint(r.credential[1], ==, 0x23);
                        continue;
                }
                g_assert_false(enroll_request_parse(copy, strlen(cases[i].text), &r, &error));
                g_assert_error(error, FLEET_ERROR, FLEET_ERROR_PROTOCOL);
                g_assert_nonnull(strstr(error->message, cases[i].wrong));
        }
}

static void test_answer(void) {
        EnrollAnswer a = { .client = (char *) "seoul-1" };
        g_autofree char *text = enroll_answer_format(&a);
        g_auto(EnrollAnswer) back = {};
        g_autoptr(GError) error = NULL;

        g_assert_cmpstr(text, ==, "{\"serverId\":\"seoul-1\"}");
        g_assert_true(enroll_answer_parse(text, strlen(text), &back, &error));
        g_assert_cmpstr(back.client, ==, "seoul-1");
        g_assert_false(enroll_answer_parse("{\"serverId\":\"a/b\"}", 18, &back, &error));
        g_assert_error(error, FLEET_ERROR, FLEET_ERROR_PROTOCOL);
}

static void test_answer_with_certificate(void) {
        const EnrollAnswer a = { .client = (char *) "a", .certificate = (char *) "PEM\nof it\n" };
        g_autofree char *text = enroll_answer_format(&a);
        g_auto(EnrollAnswer) back = {};
        g_autoptr(GError) error = NULL;

        g_assert_cmpstr(text, ==, "{\"serverId\":\"a\",\"certificate\":\"PEM\\nof it\\n\"}");
        g_assert_true(enroll_answer_parse(text, strlen(text), &back, &error));
        g_assert_cmpstr(back.certificate, ==, a.certificate);
        g_assert_false(enroll_answer_parse("{\"serverId\":\"a\",\"certificate\":1}", 34, &back, &error));
        g_assert_error(error, FLEET_ERROR, FLEET_ERROR_PROTOCOL);
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/enroll-message/request", test_request);
        g_test_add_func("/enroll-message/requests", test_requests);
        g_test_add_func("/enroll-message/answer", test_answer);
        g_test_add_func("/enroll-message/answer-with-certificate", test_answer_with_certificate);
        return g_test_run();
}
