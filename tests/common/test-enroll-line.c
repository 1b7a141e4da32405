/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The line that lets a host in: what is taken for one, and what is said about what is not. */
#include <string.h>

#include "enroll-line.h"
#include "error.h"
#include "limits.h"

#define URL "wss://fleet.example.kr:8443/ws/monitoring/"
#define HEX32 "0123456789abcdef0123456789abcdef"
#define PIN "SHA256:" HEX32 HEX32
#define TOKEN "00112233445566778899aabbccddeeff"

typedef struct Case {
        const char *text;
        const char *wrong; /* in the message; NULL: it is good */
} Case;

static const Case cases[] = {
        { URL " " PIN " " TOKEN, NULL },
        { "  " URL "\t" PIN "\r\n " TOKEN "\n", NULL },
        { "wss://[2001:db8::1]:8443 " PIN " " TOKEN, NULL },
        { "wss://10.0.0.1 sha256:" HEX32 HEX32 " " TOKEN, NULL },
        { "", "0 words" },
        { "   ", "0 words" },
        { URL, "1 words" },
        { URL " " PIN, "2 words" },
        { URL " " PIN " " TOKEN " x", "4 words" },
        { "ws://fleet.example.kr:8080/ " PIN " " TOKEN, "not wss://" },
        { "https://fleet.example.kr " PIN " " TOKEN, "https://fleet.example.kr" },
        { "wss://fleet example.kr " PIN " " TOKEN, "4 words" },
        { "wss://a:0/ " PIN " " TOKEN, "\"0\"" },
        { URL " SHA256:00 " TOKEN, "SHA256:00" },
        { URL " SHA1:" HEX32 HEX32 " " TOKEN, "SHA1:" },
        { URL " " PIN " 0123456789abcde", "15 bytes" },
        { URL " " PIN " 0011223344556677\"899aabbccddeeff", "no one-time token" },
        { URL " " PIN " 00112233445566778899aabbccddee\xff\xff", "no one-time token" },
};

static void test_parse(void) {
        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                g_autoptr(GError) error = NULL;
                g_autoptr(EnrollLine) l = enroll_line_parse(cases[i].text, &error);

                g_test_message("case %zu", i);
                if (!cases[i].wrong) {
                        g_assert_no_error(error);
                        g_assert_true(g_str_has_prefix(l->server, "wss://"));
                        g_assert_cmpstr(l->fingerprint, ==, PIN);
                        g_assert_cmpstr(l->token, ==, TOKEN);
                        continue;
                }
                g_assert_null(l);
                g_assert_error(error, FLEET_ERROR, FLEET_ERROR_INVALID_PARAMETER);
                g_assert_nonnull(strstr(error->message, cases[i].wrong));
                g_assert_null(strstr(error->message, TOKEN)); /* it is a secret still */
        }
}

static void test_format(void) {
        g_autofree char *text = enroll_line_format(URL, PIN, TOKEN);
        g_autoptr(EnrollLine) l = enroll_line_parse(text, NULL);

        g_assert_cmpstr(text, ==, URL " " PIN " " TOKEN);
        g_assert_cmpstr(l->server, ==, URL);
}

static void test_long(void) {
        g_autofree char *text = g_strnfill(ENROLLMENT_LINE_MAX + 1, 'a');
        g_autoptr(GError) error = NULL;

        g_assert_null(enroll_line_parse(text, &error));
        g_assert_error(error, FLEET_ERROR, FLEET_ERROR_INVALID_PARAMETER);
}

static void test_noise(void) {
        g_autoptr(GRand) rand = g_rand_new_with_seed(4);

        for (unsigned round = 0; round < 20000; round++) {
                const Case *c = &cases[g_rand_int_range(rand, 0, G_N_ELEMENTS(cases))];
                g_autofree char *text = g_strdup(c->text);
                size_t size = strlen(text);

                for (unsigned i = 0; i < 3 && size > 0; i++)
                        text[g_rand_int_range(rand, 0, (gint32) size)] =
                                        (char) g_rand_int_range(rand, 1, 256);
                enroll_line_free(enroll_line_parse(text, NULL));
        }
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/enroll-line/parse", test_parse);
        g_test_add_func("/enroll-line/format", test_format);
        g_test_add_func("/enroll-line/long", test_long);
        g_test_add_func("/enroll-line/noise", test_noise);
        return g_test_run();
}
