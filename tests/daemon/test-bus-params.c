/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Parameters and options, from a{sv} to what the domain takes: every type, and everything that is refused. */
#include <math.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

#include "bus-options.h"
#include "error.h"
#include "limits.h"
#include "params.h"

G_DEFINE_AUTOPTR_CLEANUP_FUNC(sd_bus_message, sd_bus_message_unref)

static sd_bus *bus; /* messages need one, though it leads nowhere */

static void start_bus(void) {
        int fds[2];

        g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds), ==, 0);
        g_assert_cmpint(sd_bus_new(&bus), >=, 0);
        g_assert_cmpint(sd_bus_set_fd(bus, fds[0], fds[0]), >=, 0);
        g_assert_cmpint(sd_bus_start(bus), >=, 0);
}

static sd_bus_message *message_new(void) {
        sd_bus_message *m;

        g_assert_cmpint(sd_bus_message_new_method_call(bus, &m, "a.b", "/", "a.b", "C"), >=, 0);
        return m;
}

static void seal(sd_bus_message *m) {
        g_assert_cmpint(sd_bus_message_seal(m, 1, 0), >=, 0);
        g_assert_cmpint(sd_bus_message_rewind(m, true), >=, 0);
}

static sd_bus_message *message_with(const char *types, ...) {
        sd_bus_message *m = message_new();
        va_list ap;

        va_start(ap, types);
        g_assert_cmpint(sd_bus_message_appendv(m, types, ap), >=, 0);
        va_end(ap);
        seal(m);
        return m;
}

static void assert_params(sd_bus_message *message, const char *expected) {
        g_autoptr(sd_bus_message) m = message;
        g_autoptr(GError) error = NULL;
        json_object *o = NULL;

        g_assert_true(params_read(m, &o, &error));
        g_assert_no_error(error);
        g_assert_cmpstr(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN |
                                                                          JSON_C_TO_STRING_NOSLASHESCAPE),
                        ==, expected);
        json_object_put(o);
        g_assert_cmpint(sd_bus_message_at_end(m, true), >, 0);
}

static void assert_params_refused(sd_bus_message *message, const char *text) {
        g_autoptr(sd_bus_message) m = message;
        g_autoptr(GError) error = NULL;
        json_object *untouched = NULL;

        g_assert_false(params_read(m, &untouched, &error));
        g_assert_error(error, FLEET_ERROR, FLEET_ERROR_INVALID_PARAMETER);
        g_assert_nonnull(strstr(error->message, text));
        g_assert_null(untouched);
}

static void test_basic(void) {
        assert_params(message_with("a{sv}", 0), "{}");
        assert_params(message_with("a{sv}", 4, "s", "s", "서울", "o", "o", "/a/b", "g", "g", "a{sv}", "b",
                                   "b", 1),
                      "{\"s\":\"서울\",\"o\":\"/a/b\",\"g\":\"a{sv}\",\"b\":true}");
        assert_params(message_with("a{sv}", 4, "y", "y", 255, "n", "n", -2, "q", "q", 65535, "i", "i", -4),
                      "{\"y\":255,\"n\":-2,\"q\":65535,\"i\":-4}");
        assert_params(message_with("a{sv}", 4, "u", "u", UINT32_MAX, "x", "x", INT64_MIN, "t", "t",
                                   UINT64_MAX, "d", "d", 0.5),
                      "{\"u\":4294967295,\"x\":-9223372036854775808,\"t\":18446744073709551615,\"d\":0.5}");
}

static void test_containers(void) {
        assert_params(message_with("a{sv}", 2, "words", "as", 2, "ls", "-l", "none", "as", 0),
                      "{\"words\":[\"ls\",\"-l\"],\"none\":[]}");
        assert_params(message_with("a{sv}", 1, "mixed", "av", 3, "s", "a", "u", 1u, "as", 1, "b"),
                      "{\"mixed\":[\"a\",1,[\"b\"]]}");
        assert_params(message_with("a{sv}", 1, "nested", "a{sv}", 1, "in", "a{sv}", 1, "deep", "b", 0),
                      "{\"nested\":{\"in\":{\"deep\":false}}}");
        assert_params(message_with("a{sv}", 1, "map", "a{su}", 1, "k", 7u), "{\"map\":{\"k\":7}}");
        assert_params(message_with("a{sv}", 1, "boxed", "v", "v", "s", "x"), "{\"boxed\":\"x\"}");
}

static void test_refused(void) {
        assert_params_refused(message_with("a{sv}", 1, "fd", "h", 0), "\"fd\" is of D-Bus type h");
        assert_params_refused(message_with("a{sv}", 1, "pair", "(ss)", "a", "b"),
                              "\"pair\" is of D-Bus type r");
        assert_params_refused(message_with("a{sv}", 1, "map", "a{us}", 1, 7u, "x"),
                              "expected strings as keys");
        assert_params_refused(message_with("a{sv}", 1, "half", "d", NAN), "expected a finite number");
        assert_params_refused(message_with("a{sv}", 1, "all", "d", INFINITY), "expected a finite number");
        assert_params_refused(message_with("a{sv}", 2, "same", "b", 1, "same", "b", 1),
                              "\"same\" is given twice");
        assert_params_refused(message_with("a{sv}", 1, "in", "a{sv}", 2, "x", "b", 1, "x", "b", 1),
                              "given twice");
}

static void test_too_large(void) {
        g_autofree char *fits = g_strnfill(PARAMS_BYTES_MAX - 4, 'x'),
                        *too_long = g_strnfill(PARAMS_BYTES_MAX, 'x');
        g_autoptr(sd_bus_message) good = message_with("a{sv}", 1, "s", "s", fits), many = message_new();
        json_object *o = NULL;

        g_assert_true(params_read(good, &o, NULL));
        json_object_put(o);
        assert_params_refused(message_with("a{sv}", 1, "s", "s", too_long), "too large at \"s\"");
        assert_params_refused(message_with("a{sv}", 1, too_long, "b", 1), "too large");

        /* Nothing is free: not even what has no bytes. */
        g_assert_cmpint(sd_bus_message_open_container(many, 'a', "{sv}"), >=, 0);
        g_assert_cmpint(sd_bus_message_open_container(many, 'e', "sv"), >=, 0);
        g_assert_cmpint(sd_bus_message_append(many, "s", "bits"), >=, 0);
        g_assert_cmpint(sd_bus_message_open_container(many, 'v', "ab"), >=, 0);
        g_assert_cmpint(sd_bus_message_open_container(many, 'a', "b"), >=, 0);
        for (unsigned i = 0; i <= PARAMS_BYTES_MAX; i++)
                g_assert_cmpint(sd_bus_message_append(many, "b", 1), >=, 0);
        for (unsigned i = 0; i < 4; i++)
                g_assert_cmpint(sd_bus_message_close_container(many), >=, 0);
        seal(many);
        assert_params_refused(g_steal_pointer(&many), "too large at \"bits\"");
}

static void open_levels(sd_bus_message *m, unsigned n) {
        for (unsigned i = 0; i < n; i++) {
                g_assert_cmpint(sd_bus_message_open_container(m, 'v', "av"), >=, 0);
                g_assert_cmpint(sd_bus_message_open_container(m, 'a', "v"), >=, 0);
        }
        for (unsigned i = 0; i < 2 * n; i++)
                g_assert_cmpint(sd_bus_message_close_container(m), >=, 0);
}

static void test_too_deep(void) {
        g_autoptr(sd_bus_message) m = message_new();

        g_assert_cmpint(sd_bus_message_open_container(m, 'a', "{sv}"), >=, 0);
        g_assert_cmpint(sd_bus_message_open_container(m, 'e', "sv"), >=, 0);
        g_assert_cmpint(sd_bus_message_append(m, "s", "deep"), >=, 0);
        open_levels(m, MESSAGE_DEPTH_MAX / 2 + 1);
        g_assert_cmpint(sd_bus_message_close_container(m), >=, 0);
        g_assert_cmpint(sd_bus_message_close_container(m), >=, 0);
        seal(m);
        assert_params_refused(g_steal_pointer(&m), "\"deep\" is nested too deep");
}

typedef struct Options {
        bool flag;
        unsigned number;
        uint64_t large;
        const char *text;
} Options;

static const BusOption table[] = {
        { "flag", 'b', offsetof(Options, flag) },
        { "number", 'u', offsetof(Options, number) },
        { "large", 't', offsetof(Options, large) },
        { "text", 's', offsetof(Options, text) },
        {},
};

static void assert_options_refused(sd_bus_message *message, const char *text) {
        g_autoptr(sd_bus_message) m = message;
        g_autoptr(GError) error = NULL;
        Options o = {};

        g_assert_false(bus_options_read(m, table, &o, &error));
        g_assert_error(error, FLEET_ERROR, FLEET_ERROR_INVALID_PARAMETER);
        g_assert_nonnull(strstr(error->message, text));
}

static void test_options(void) {
        g_autoptr(sd_bus_message)
                        all = message_with("a{sv}", 4, "flag", "b", 1, "number", "u", 5u, "large", "t",
                                           UINT64_MAX, "text", "s", "x"),
                        none = message_with("a{sv}", 0),
                        other_types = message_with("a{sv}", 2, "number", "y", 255, "large", "i", 7);
        g_autoptr(GError) error = NULL;
        Options o = {}, defaults = { true, 1, 2, "d" };

        g_assert_true(bus_options_read(all, table, &o, &error));
        g_assert_true(o.flag);
        g_assert_cmpuint(o.number, ==, 5);
        g_assert_cmpuint(o.large, ==, UINT64_MAX);
        g_assert_cmpstr(o.text, ==, "x");
        g_assert_true(bus_options_read(none, table, &defaults, &error));
        g_assert_cmpuint(defaults.large, ==, 2);
        g_assert_true(bus_options_read(other_types, table, &o, &error));
        g_assert_cmpuint(o.number, ==, 255);
        g_assert_cmpuint(o.large, ==, 7);
}

static void test_options_refused(void) {
        assert_options_refused(message_with("a{sv}", 1, "flog", "b", 1),
                               "Unknown option \"flog\": expected flag, number, large, text");
        assert_options_refused(message_with("a{sv}", 1, "flag", "u", 1u),
                               "\"flag\" is of type u: expected b");
        assert_options_refused(message_with("a{sv}", 1, "number", "s", "1"),
                               "\"number\" is of type s: expected u");
        assert_options_refused(message_with("a{sv}", 1, "number", "as", 0),
                               "\"number\" is of type as: expected u");
        assert_options_refused(message_with("a{sv}", 1, "number", "i", -1),
                               "\"number\" is -1: expected 0 to 4294967295");
        assert_options_refused(message_with("a{sv}", 1, "number", "t", UINT64_C(4294967296)),
                               "is 4294967296");
        assert_options_refused(message_with("a{sv}", 1, "large", "x", INT64_MIN), "is -9223372036854775808");
        assert_options_refused(message_with("a{sv}", 2, "flag", "b", 1, "flag", "b", 0), "given twice");
}

int main(int argc, char *argv[]) {
        int r;

        g_test_init(&argc, &argv, NULL);
        start_bus();
        g_test_add_func("/bus/params/basic", test_basic);
        g_test_add_func("/bus/params/containers", test_containers);
        g_test_add_func("/bus/params/refused", test_refused);
        g_test_add_func("/bus/params/too-large", test_too_large);
        g_test_add_func("/bus/params/too-deep", test_too_deep);
        g_test_add_func("/bus/options/read", test_options);
        g_test_add_func("/bus/options/refused", test_options_refused);
        r = g_test_run();
        sd_bus_close_unref(bus);
        return r;
}
