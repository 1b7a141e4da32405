/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Outcomes by HTTP status, what is shown of an answer, and the lines between the server and mserver-notify. */
#include "notice-outcome.h"

#include <string.h>

#include "error.h"

static void test_statuses(void) {
        for (long status = 100; status < 600; status++) {
                NoticeOutcome expected = status / 100 == 2 ? NOTICE_SENT : NOTICE_LATER;

                if (status == 400 || status == 413 || status == 422)
                        expected = NOTICE_REFUSED;
                g_assert_cmpint(notice_outcome_of_status(status), ==, expected);
        }
}

static void test_shown(void) {
        const struct {
                const char *url;
                long status;
                const char *text, *shown;
        } cases[] = {
                { "https://hooks.slack.com/services/T0000/B0000/s3cretXYZ", 404, "no_service",
                  "HTTP status 404: no_service" },
                { "https://hooks.slack.com/services/T0000/B0000/s3cretXYZ", 404,
                  "The requested URL /services/T0000/B0000/s3cretXYZ was not found", "HTTP status 404" },
                { "https://hooks.slack.com/services/T0000/B0000/s3cretXYZ", 403, "token s3cretXYZ",
                  "HTTP status 403" },
                { "https://api.telegram.org/bot1234567:AAbbCC/sendMessage", 401,
                  "{\"ok\":false,\"description\":\"Unauthorized\"}",
                  "HTTP status 401: {\"ok\":false,\"description\":\"Unauthorized\"}" },
                { "https://api.telegram.org/bot1234567:AAbbCC/sendMessage", 401, "AAbbCC is bad",
                  "HTTP status 401" },
                { "https://user:passw0rd@am.example/api/v2/alerts", 401, "passw0rd?", "HTTP status 401" },
                { "http://h/?key=abcd1234", 500, "key abcd1234", "HTTP status 500" },
                { "http://h/x", 500, "", "HTTP status 500" },
                { "http://h/x", 500, " \n ", "HTTP status 500" },
                { "http://h/x", 500, "two\nlines", "HTTP status 500: two?lines" },
        };

        for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
                g_autofree char *shown = notice_answer_shown(cases[i].url, cases[i].status, cases[i].text,
                                                             strlen(cases[i].text));

                g_assert_cmpstr(shown, ==, cases[i].shown);
        }
        {
                g_autofree char *long_text = g_strnfill(10000, 'x'),
                                *shown = notice_answer_shown("http://h/", 500, long_text, 10000);

                g_assert_cmpuint(strlen(shown), <, 200);
        }
}

static void test_request(void) {
        AlertRecord alert = { (char *) "alert_1_0001",
                              ALERT_WARNING,
                              (char *) "disk-full",
                              (char *) "seoul-1",
                              (char *) "",
                              (char *) "꽉 찼습니다",
                              1,
                              0,
                              false,
                              false };
        Notice n = { false, &alert };
        const Notice *all[] = { &n, &n };
        g_autofree char *line = notice_request_format(7, "ops", all, 2);
        g_auto(NoticeRequest) r = {};
        g_autoptr(GError) error = NULL;

        g_assert_cmpstr(strchr(line, '\n'), ==, "\n"); /* one line */
        g_assert_true(notice_request_parse(line, &r, &error));
        g_assert_no_error(error);
        g_assert_cmpuint(r.id, ==, 7);
        g_assert_cmpstr(r.target, ==, "ops");
        g_assert_cmpuint(r.notices->len, ==, 2);
        g_assert_cmpstr(((Notice *) r.notices->pdata[1])->alert->message, ==, "꽉 찼습니다");
}

static void test_no_requests(void) {
        static const char *const lines[] = {
                "",
                "x",
                "[]",
                "{}",
                "{\"id\":-1,\"target\":\"a\",\"notices\":[]}",
                "{\"id\":1,\"notices\":[]}",
                "{\"id\":1,\"target\":\"a\"}",
                "{\"id\":1,\"target\":\"a\",\"notices\":[]}",
                "{\"id\":1,\"target\":\"a\",\"notices\":[{}]}",
                "{\"id\":1,\"target\":\"a\",\"notices\":[7]}",
                NOTICE_END_LINE,
        };

        for (unsigned i = 0; i < G_N_ELEMENTS(lines); i++) {
                NoticeRequest r = {};
                g_autoptr(GError) error = NULL;

                g_assert_false(notice_request_parse(lines[i], &r, &error));
                g_assert_error(error, FLEET_ERROR, FLEET_ERROR_PROTOCOL);
                g_assert_null(r.target);
        }
}

static void test_reports(void) {
        const NoticeReport reports[] = {
                { 1, NOTICE_SENT, 0, NULL },
                { 2, NOTICE_LATER, 30, (char *) "HTTP status 429: \"slow\"" },
                { 3, NOTICE_LATER, 0, (char *) "no" },
                { UINT32_MAX + 1ull, NOTICE_REFUSED, 0, (char *) "HTTP status 400" },
        };

        for (unsigned i = 0; i < G_N_ELEMENTS(reports); i++) {
                g_autofree char *line = notice_report_format(&reports[i]);
                g_auto(NoticeReport) r = {};

                g_assert_cmpstr(strchr(line, '\n'), ==, "\n");
                g_assert_true(notice_report_parse(line, &r, NULL));
                g_assert_cmpuint(r.id, ==, reports[i].id);
                g_assert_cmpint(r.outcome, ==, reports[i].outcome);
                g_assert_cmpuint(r.retry_after_sec, ==, reports[i].retry_after_sec);
                g_assert_cmpstr(r.error, ==, reports[i].error);
        }
}

static void test_no_reports(void) {
        static const char *const lines[] = {
                "",
                "{}",
                "{\"id\":1}",
                "{\"id\":1,\"outcome\":\"lost\"}",
                "{\"id\":1,\"outcome\":\"later\"}", /* why? */
                "{\"id\":1,\"outcome\":\"sent\",\"retry_after\":-1}",
                "{\"outcome\":\"sent\"}",
        };

        for (unsigned i = 0; i < G_N_ELEMENTS(lines); i++) {
                NoticeReport r = {};
                g_autoptr(GError) error = NULL;

                g_assert_false(notice_report_parse(lines[i], &r, &error));
                g_assert_error(error, FLEET_ERROR, FLEET_ERROR_PROTOCOL);
        }
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/notice-outcome/statuses", test_statuses);
        g_test_add_func("/notice-outcome/shown", test_shown);
        g_test_add_func("/notice-outcome/request", test_request);
        g_test_add_func("/notice-outcome/no-requests", test_no_requests);
        g_test_add_func("/notice-outcome/reports", test_reports);
        g_test_add_func("/notice-outcome/no-reports", test_no_reports);
        return g_test_run();
}
