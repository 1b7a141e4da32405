/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What each kind of target gets of a notice. */
#include "notice-format.h"

#include <string.h>

#include "error.h"

#define SINCE 1764316408123456ull /* 2025-11-28 07:53:28.123456 UTC */

static AlertRecord alert = {
        .id = (char *) "alert_1764316408123_0001",
        .severity = ALERT_CRITICAL,
        .kind = (char *) "container-down",
        .client = (char *) "seoul-1",
        .container = (char *) "3node0",
        .message = (char *) "3node0 does not run",
        .since = SINCE,
};

static const NoticeFrame frame = { "fleet.example.kr", "-100123" };

static char *format(NoticeShape shape, bool cleared) {
        Notice n = { cleared, &alert };
        const Notice *all[] = { &n };

        return notice_format(shape, all, 1, &frame);
}

/* The text of one member of a body. */
static char *text_of(NoticeShape shape, const char *member, bool cleared) {
        g_autofree char *body = format(shape, cleared);
        json_object *o = json_tokener_parse(body);
        char *text = g_strdup(json_object_get_string(json_object_object_get(o, member)));

        (void) json_object_put(o);
        return text;
}

static void expect(NoticeShape shape, const char *member, bool cleared, const char *expected) {
        g_autofree char *text = text_of(shape, member, cleared);

        g_assert_cmpstr(text, ==, expected);
}

static void test_shapes(void) {
        for (NoticeShape s = 0; s < _NOTICE_SHAPE_MAX; s++) {
                NoticeShape found;

                g_assert_true(notice_shape_from_string(notice_shape_to_string(s), &found));
                g_assert_cmpint(found, ==, s);
        }
        {
                NoticeShape untouched = NOTICE_WEBHOOK;

                g_assert_false(notice_shape_from_string("Slack", &untouched));
                g_assert_false(notice_shape_from_string("", &untouched));
                g_assert_cmpint(untouched, ==, NOTICE_WEBHOOK);
        }
}

static void test_whole_bodies(void) {
        const struct {
                NoticeShape shape;
                bool cleared;
                const char *body;
        } cases[] = {
                { NOTICE_SLACK, false,
                  "{\"text\":\"🔴 critical: container-down, seoul-1, 3node0\\n3node0 does not run\\n"
                  "since 2025-11-28 07:53:28 UTC; mserver on fleet.example.kr\",\"mrkdwn\":false}" },
                { NOTICE_SLACK, true,
                  "{\"text\":\"✅ cleared after 5 min: container-down, seoul-1, 3node0\\n3node0 does not run\\n"
                  "since 2025-11-28 07:53:28 UTC; mserver on fleet.example.kr\",\"mrkdwn\":false}" },
                { NOTICE_DISCORD, false,
                  "{\"content\":\"🔴 critical\\\\: container\\\\-down, seoul\\\\-1, 3node0\\n3node0 does not run\\n"
                  "since 2025\\\\-11\\\\-28 07\\\\:53\\\\:28 UTC; mserver on fleet.example.kr\","
                  "\"allowed_mentions\":{\"parse\":[]}}" },
                { NOTICE_TELEGRAM, false,
                  "{\"chat_id\":\"-100123\",\"text\":\"🔴 critical: container-down, seoul-1, 3node0\\n"
                  "3node0 does not run\\nsince 2025-11-28 07:53:28 UTC; mserver on fleet.example.kr\","
                  "\"disable_web_page_preview\":true}" },
                { NOTICE_WEBHOOK, false,
                  "{\"event\":\"alert-raised\",\"key\":\"alert_1764316408123_0001-raised\","
                  "\"id\":\"alert_1764316408123_0001\",\"severity\":\"critical\",\"kind\":\"container-down\","
                  "\"client\":\"seoul-1\",\"container\":\"3node0\",\"subject\":\"\",\"message\":\"3node0 does not run\","
                  "\"since\":\"2025-11-28T07:53:28.123Z\",\"since_usec\":1764316408123456,"
                  "\"cleared\":null,\"cleared_usec\":0,\"instance\":\"fleet.example.kr\"}" },
                { NOTICE_WEBHOOK, true,
                  "{\"event\":\"alert-cleared\",\"key\":\"alert_1764316408123_0001-cleared\","
                  "\"id\":\"alert_1764316408123_0001\",\"severity\":\"critical\",\"kind\":\"container-down\","
                  "\"client\":\"seoul-1\",\"container\":\"3node0\",\"subject\":\"\",\"message\":\"3node0 does not run\","
                  "\"since\":\"2025-11-28T07:53:28.123Z\",\"since_usec\":1764316408123456,"
                  "\"cleared\":\"2025-11-28T07:58:28.123Z\",\"cleared_usec\":1764316708123456,"
                  "\"instance\":\"fleet.example.kr\"}" },
                { NOTICE_ALERTMANAGER, false,
                  "[{\"labels\":{\"alertname\":\"container-down\",\"severity\":\"critical\",\"client\":\"seoul-1\","
                  "\"container\":\"3node0\",\"instance\":\"fleet.example.kr\"},"
                  "\"annotations\":{\"summary\":\"3node0 does not run\",\"id\":\"alert_1764316408123_0001\"},"
                  "\"startsAt\":\"2025-11-28T07:53:28.123Z\"}]" },
                { NOTICE_ALERTMANAGER, true,
                  "[{\"labels\":{\"alertname\":\"container-down\",\"severity\":\"critical\",\"client\":\"seoul-1\","
                  "\"container\":\"3node0\",\"instance\":\"fleet.example.kr\"},"
                  "\"annotations\":{\"summary\":\"3node0 does not run\",\"id\":\"alert_1764316408123_0001\"},"
                  "\"startsAt\":\"2025-11-28T07:53:28.123Z\",\"endsAt\":\"2025-11-28T07:58:28.123Z\"}]" },
        };

        alert.cleared = SINCE + 300 * G_USEC_PER_SEC;
        for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
                g_autofree char *body = format(cases[i].shape, cases[i].cleared);

                g_assert_cmpstr(body, ==, cases[i].body);
        }
        alert.cleared = 0;
}

static void test_severities(void) {
        static const char *const begins[] = { "🔵 info: ", "🟠 warning: ", "🔴 critical: " };

        for (AlertSeverity s = 0; s < _ALERT_SEVERITY_MAX; s++) {
                g_autofree char *text = NULL;

                alert.severity = s;
                text = text_of(NOTICE_TELEGRAM, "text", false);
                g_assert_true(g_str_has_prefix(text, begins[s]));
        }
        alert.severity = ALERT_CRITICAL;
}

/* Of a host, and of the server itself. */
static void test_subjects(void) {
        alert.container = (char *) "";
        expect(NOTICE_TELEGRAM, "text", false,
               "🔴 critical: container-down, seoul-1\n3node0 does not run\n"
               "since 2025-11-28 07:53:28 UTC; mserver on fleet.example.kr");
        alert.client = (char *) "";
        expect(NOTICE_TELEGRAM, "text", false,
               "🔴 critical: container-down, fleet.example.kr\n3node0 does not run\n"
               "since 2025-11-28 07:53:28 UTC; mserver on fleet.example.kr");
        {
                g_autofree char *body = format(NOTICE_ALERTMANAGER, false);

                g_assert_null(strstr(body, "\"client\""));
                g_assert_null(strstr(body, "\"container\""));
        }
        alert.client = (char *) "seoul-1";
        alert.container = (char *) "3node0";
}

/* Of two commands that failed for the same container each is an alert of its own, also to an Alertmanager, which knows them by
 * their labels. */
static void test_commands(void) {
        static const char *const commands[] = { "restart", "backup_keys" };

        for (unsigned i = 0; i < G_N_ELEMENTS(commands); i++) {
                Notice n = { false, &alert };
                g_autoptr(Notice) back = NULL;
                const Notice *all[] = { NULL };
                g_autofree char *body = NULL,
                                *label = g_strdup_printf("\"container\":\"3node0\",\"command\":\"%s\"",
                                                         commands[i]);
                json_object *o;

                alert.subject = (char *) commands[i];
                o = notice_to_json(&n);
                back = notice_from_json(o, NULL);
                (void) json_object_put(o);
                g_assert_nonnull(back);
                all[0] = back;
                body = notice_format(NOTICE_ALERTMANAGER, all, 1, &frame);
                g_assert_nonnull(strstr(body, label));
        }
        alert.subject = NULL;
}

/* What an earlier version has queued says nothing of a command; what is there is text. */
static void test_subject_json(void) {
        Notice n = { false, &alert };
        json_object *o = notice_to_json(&n);
        g_autoptr(GError) error = NULL;
        g_autoptr(Notice) back = NULL;

        json_object_object_del(o, "subject");
        back = notice_from_json(o, NULL);
        g_assert_nonnull(back);
        (void) json_object_object_add(o, "subject", json_object_new_boolean(true));
        g_assert_null(notice_from_json(o, &error));
        g_assert_error(error, FLEET_ERROR, FLEET_ERROR_PROTOCOL);
        (void) json_object_put(o);
}

/* Nothing that comes from a host is markup, a mention or a second line of ours. */
static void test_escaping(void) {
        const struct {
                NoticeShape shape;
                const char *member, *message, *line;
        } cases[] = {
                { NOTICE_SLACK, "text", "<!channel> a & b *c* _d_ `e`",
                  "\n&lt;!channel&gt; a &amp; b *c* _d_ `e`\n" },
                { NOTICE_SLACK, "text", "&lt;", "\n&amp;lt;\n" },
                { NOTICE_DISCORD, "content", "@everyone *a* _b_ `c` ~d~ |e| > # - [f](g) \\",
                  "\n\\@everyone \\*a\\* \\_b\\_ \\`c\\` \\~d\\~ \\|e\\| \\> \\# \\- \\[f\\]\\(g\\) \\\\\n" },
                { NOTICE_DISCORD, "content", "https://x.example/ <@123>",
                  "\nhttps\\://x.example/ \\<\\@123\\>\n" },
                { NOTICE_TELEGRAM, "text", "*a* _b_ <b>c</b> [d](e)", "\n*a* _b_ <b>c</b> [d](e)\n" },
                { NOTICE_TELEGRAM, "text", "tab\there\x01\x7f end", "\ntab here   end\n" },
                { NOTICE_TELEGRAM, "text", "a \"quote\" and \\", "\na \"quote\" and \\\n" },
                { NOTICE_TELEGRAM, "text", "노드가 멈췄습니다 🚨", "\n노드가 멈췄습니다 🚨\n" },
                { NOTICE_SLACK, "text", "노드가 <멈췄습니다>", "\n노드가 &lt;멈췄습니다&gt;\n" },
                { NOTICE_TELEGRAM, "text", "bad \xff utf-8", "\nbad \xef\xbf\xbd utf-8\n" },
        };

        for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
                g_autofree char *text = NULL;

                alert.message = (char *) cases[i].message;
                text = text_of(cases[i].shape, cases[i].member, false);
                g_assert_nonnull(strstr(text, cases[i].line));
        }
        alert.message = (char *) "3node0 does not run";
}

static unsigned utf16_units(const char *text) {
        glong n;
        g_autofree gunichar2 *utf16 = g_utf8_to_utf16(text, -1, NULL, &n, NULL);

        g_assert_nonnull(utf16);
        return (unsigned) n;
}

/* The message is cut, so that the services take it, and the last line is whole. */
static void test_lengths(void) {
        const struct {
                NoticeShape shape;
                const char *member, *unit;
                unsigned max;
        } cases[] = {
                { NOTICE_SLACK, "text", "x", 4000 },       { NOTICE_SLACK, "text", "&", 4000 },
                { NOTICE_DISCORD, "content", "x", 2000 },  { NOTICE_DISCORD, "content", "*", 2000 },
                { NOTICE_DISCORD, "content", "한", 2000 }, { NOTICE_TELEGRAM, "text", "한", 4096 },
                { NOTICE_TELEGRAM, "text", "🚨", 4096 },
        };

        for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++)
                for (unsigned n = cases[i].max / 3; n <= cases[i].max + 1; n += 37) {
                        g_autoptr(GString) message = g_string_new(NULL);
                        g_autofree char *text = NULL;

                        for (unsigned k = 0; k < n; k++)
                                g_string_append(message, cases[i].unit);
                        alert.message = message->str;
                        text = text_of(cases[i].shape, cases[i].member, false);
                        g_assert_true(g_utf8_validate(text, -1, NULL));
                        g_assert_cmpuint(utf16_units(text), <=, cases[i].max);
                        g_assert_true(g_str_has_suffix(text, "mserver on fleet.example.kr"));
                        if (n > cases[i].max) {
                                g_assert_nonnull(strstr(text, "…\nsince "));
                                g_assert_cmpuint(utf16_units(text), >=, cases[i].max - 10);
                        }
                }
        alert.message = (char *) "3node0 does not run";
}

/* Of a clock that was set back; Alertmanager refuses an end that is not after the beginning. */
static void test_clocks(void) {
        alert.cleared = SINCE - 1;
        {
                g_autofree char *body = format(NOTICE_ALERTMANAGER, true),
                                *text = format(NOTICE_SLACK, true);

                g_assert_nonnull(strstr(body, "\"endsAt\":\"2025-11-28T07:53:28.124Z\""));
                g_assert_nonnull(strstr(text, "cleared after 0 "));
        }
        alert.cleared = 0;
}

static void test_many_for_alertmanager(void) {
        Notice raised = { false, &alert }, cleared = { true, &alert };
        const Notice *all[] = { &raised, &cleared, &raised };
        g_autofree char *body = notice_format(NOTICE_ALERTMANAGER, all, 3, &frame);
        json_object *o = json_tokener_parse(body);

        g_assert_cmpuint(json_object_array_length(o), ==, 3);
        (void) json_object_put(o);
}

/* JSON and back; and what is none. */
static void test_notice_json(void) {
        Notice n = { true, &alert };
        json_object *o;
        g_autoptr(Notice) back = NULL;
        static const char *const members[] = { "event",     "id",      "severity",   "kind",        "client",
                                               "container", "message", "since_usec", "cleared_usec" };

        alert.cleared = SINCE + 1;
        o = notice_to_json(&n);
        back = notice_from_json(o, NULL);
        g_assert_nonnull(back);
        g_assert_true(back->cleared);
        g_assert_cmpstr(back->alert->id, ==, alert.id);
        g_assert_cmpint(back->alert->severity, ==, alert.severity);
        g_assert_cmpstr(back->alert->kind, ==, alert.kind);
        g_assert_cmpstr(back->alert->client, ==, alert.client);
        g_assert_cmpstr(back->alert->container, ==, alert.container);
        g_assert_cmpstr(back->alert->message, ==, alert.message);
        g_assert_cmpuint(back->alert->since, ==, alert.since);
        g_assert_cmpuint(back->alert->cleared, ==, alert.cleared);
        (void) json_object_put(o);
        for (unsigned i = 0; i < G_N_ELEMENTS(members); i++) {
                g_autoptr(GError) error = NULL;

                o = notice_to_json(&n);
                json_object_object_del(o, members[i]);
                g_assert_null(notice_from_json(o, &error));
                g_assert_nonnull(error);
                (void) json_object_object_add(o, members[i], json_object_new_boolean(true));
                g_assert_null(notice_from_json(o, NULL));
                (void) json_object_put(o);
        }
        g_assert_null(notice_from_json(NULL, NULL));
        alert.cleared = 0;
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/notice-format/shapes", test_shapes);
        g_test_add_func("/notice-format/whole-bodies", test_whole_bodies);
        g_test_add_func("/notice-format/severities", test_severities);
        g_test_add_func("/notice-format/subjects", test_subjects);
        g_test_add_func("/notice-format/commands", test_commands);
        g_test_add_func("/notice-format/subject-json", test_subject_json);
        g_test_add_func("/notice-format/escaping", test_escaping);
        g_test_add_func("/notice-format/lengths", test_lengths);
        g_test_add_func("/notice-format/clocks", test_clocks);
        g_test_add_func("/notice-format/many-for-alertmanager", test_many_for_alertmanager);
        g_test_add_func("/notice-format/notice-json", test_notice_json);
        return g_test_run();
}
