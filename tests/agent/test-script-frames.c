/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Frames between the agent and mclient-script, in every way of cutting them, and what is none. */
#include <glib.h>
#include <string.h>

#include "error.h"
#include "limits.h"
#include "script-frames.h"

/* "R:text " for each frame in what has come. */
static void take(GByteArray *in, GString *seen) {
        g_autoptr(GError) error = NULL;
        ScriptFrame type;
        const void *data;
        size_t size;

        while (script_frame_next(in, &type, &data, &size, &error)) {
                g_string_append_printf(seen, "%c:%.*s ", (char) type, (int) size, (const char *) data);
                script_frame_drop(in);
        }
        g_assert_no_error(error);
}

static void test_cuts(void) {
        g_autoptr(GByteArray) all = g_byte_array_new();

        script_frame_append(all, SCRIPT_RUN, "{}", 2);
        script_frame_append(all, SCRIPT_CANCEL, NULL, 0);
        script_frame_append(all, SCRIPT_OUTPUT, "one\ntwo", 7);
        for (guint cut = 0; cut <= all->len; cut++) {
                g_autoptr(GByteArray) in = g_byte_array_new();
                g_autoptr(GString) seen = g_string_new(NULL);

                g_byte_array_append(in, all->data, cut);
                take(in, seen);
                g_byte_array_append(in, all->data + cut, all->len - cut);
                take(in, seen);
                g_assert_cmpstr(seen->str, ==, "R:{} C: O:one\ntwo ");
                g_assert_cmpuint(in->len, ==, 0);
        }
}

static void test_bad_frames(void) {
        static const struct {
                const char bytes[5];
                size_t size;
        } cases[] = { { "\0\0\0\0\0", 5 }, { "Z", 1 }, { "\xff\0\0\0\1", 5 }, { "O\xff\xff\xff\xff", 5 } };

        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                g_autoptr(GByteArray) in = g_byte_array_new();
                g_autoptr(GError) error = NULL;
                ScriptFrame type;
                const void *data;
                size_t size;

                g_byte_array_append(in, (const guint8 *) cases[i].bytes, (guint) cases[i].size);
                g_assert_false(script_frame_next(in, &type, &data, &size, &error));
                g_assert_error(error, FLEET_ERROR, FLEET_ERROR_PROTOCOL);
        }
}

static void test_request(void) {
        g_auto(ScriptRequest) r = { .id = g_strdup("cmd_1_2"),
                                    .command = g_strdup("payout"),
                                    .container = g_strdup("3node0"),
                                    .params = json_tokener_parse("{\"era\":1}"),
                                    .timeout_usec = 5 };
        g_auto(ScriptRequest) copy = {}, query = {};
        g_autofree char *text = script_request_format(&r);
        g_autoptr(GError) error = NULL;

        g_assert_true(script_request_parse(text, strlen(text), false, &copy, &error));
        g_assert_no_error(error);
        g_assert_cmpstr(copy.id, ==, "cmd_1_2");
        g_assert_cmpstr(copy.command, ==, "payout");
        g_assert_cmpstr(copy.container, ==, "3node0");
        g_assert_true(json_object_equal(copy.params, r.params));
        g_assert_cmpuint(copy.timeout_usec, ==, 5);
        g_assert_true(script_request_parse(text, strlen(text), true, &query, &error));
        g_assert_null(query.command);
}

static void test_bad_requests(void) {
        static const char *const texts[] = {
                "",
                "x",
                "[]",
                "{}",
                "{\"id\":1}",
                "{\"id\":\"../a\",\"command\":\"a\",\"timeout_usec\":1}",
                "{\"id\":\"a\",\"command\":\"A b\",\"timeout_usec\":1}",
                "{\"id\":\"a\",\"command\":\"a\",\"container\":\"/x\",\"timeout_usec\":1}",
                "{\"id\":\"a\",\"command\":\"a\",\"container\":7,\"timeout_usec\":1}",
                "{\"id\":\"a\",\"command\":\"a\",\"params\":[],\"timeout_usec\":1}",
                "{\"id\":\"a\",\"command\":\"a\"}",
                "{\"id\":\"a\",\"command\":\"a\",\"timeout_usec\":1}{}",
                "{\"id\":\"a\",\"command\":\"a\",\"timeout_usec\":999999999999999}",
        };

        for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
                g_auto(ScriptRequest) r = {};
                g_autoptr(GError) error = NULL;

                g_assert_false(script_request_parse(texts[i], strlen(texts[i]), false, &r, &error));
                g_assert_error(error, FLEET_ERROR, FLEET_ERROR_PROTOCOL);
        }
}

static void test_end(void) {
        const ScriptEnd ends[] = {
                { COMMAND_SUCCEEDED, 0, NULL, false },
                { COMMAND_FAILED, 3, (char *) "exited with code 3", true },
                { COMMAND_REJECTED, -1, (char *) "it runs already", false },
        };
        static const char *const bad[] = {
                "{}",
                "{\"state\":\"running\"}",
                "{\"state\":\"succeeded\",\"error\":\"a\"}",
                "{\"state\":\"failed\"}",
                "{\"state\":\"failed\",\"error\":\"a\",\"exit_code\":256}",
                "7",
        };

        for (size_t i = 0; i < G_N_ELEMENTS(ends); i++) {
                g_autofree char *text = script_end_format(&ends[i]);
                g_auto(ScriptEnd) e = {};

                g_assert_true(script_end_parse(text, strlen(text), &e, NULL));
                g_assert_cmpint(e.state, ==, ends[i].state);
                g_assert_cmpint(e.exit_code, ==, ends[i].exit_code);
                g_assert_cmpstr(e.error, ==, ends[i].error);
                g_assert_cmpint(e.cut, ==, ends[i].cut);
        }
        for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
                g_auto(ScriptEnd) e = {};
                g_autoptr(GError) error = NULL;

                g_assert_false(script_end_parse(bad[i], strlen(bad[i]), &e, &error));
                g_assert_error(error, FLEET_ERROR, FLEET_ERROR_PROTOCOL);
        }
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/script-frames/cuts", test_cuts);
        g_test_add_func("/script-frames/bad-frames", test_bad_frames);
        g_test_add_func("/script-frames/request", test_request);
        g_test_add_func("/script-frames/bad-requests", test_bad_requests);
        g_test_add_func("/script-frames/end", test_end);
        return g_test_run();
}
