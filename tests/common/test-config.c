/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Configuration: systemd's syntax, drop-ins, and messages that lead to the line. */
#include "config.h"

#include <glib/gstdio.h>
#include <string.h>

#include "error.h"

static const ConfigKey known_keys[] = {
        { "Agent", "Id" },
        { "Agent", "Labels" },
        { "Limits", "MaxClients" },
        { "Rpc", "Port.*" },
        { "Command *", "Parameter.*" },
        { "Command *", "Exec" },
        { "TLS", "Enable" },
        {},
};

typedef struct Fixture {
        char *dir, *path, *drop_in_dir;
        GString *warnings;
} Fixture;

static void setup(Fixture *f, gconstpointer data) {
        f->dir = g_dir_make_tmp("test-config-XXXXXX", NULL);
        g_assert_nonnull(f->dir);
        f->path = g_build_filename(f->dir, "a.conf", NULL);
        f->drop_in_dir = g_build_filename(f->dir, "a.conf.d", NULL);
        g_assert_cmpint(g_mkdir(f->drop_in_dir, 0700), ==, 0);
        f->warnings = g_string_new(NULL);
}

static void remove_all(const char *path) {
        g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
        const char *name;

        while (dir && (name = g_dir_read_name(dir))) {
                g_autofree char *child = g_build_filename(path, name, NULL);

                remove_all(child);
        }
        g_assert_cmpint(g_remove(path), ==, 0);
}

static void teardown(Fixture *f, gconstpointer data) {
        remove_all(f->dir);
        g_free(f->dir);
        g_free(f->path);
        g_free(f->drop_in_dir);
        g_string_free(f->warnings, true);
}

static void write_main(Fixture *f, const char *text) {
        g_assert_true(g_file_set_contents(f->path, text, -1, NULL));
}

static void write_drop_in(Fixture *f, const char *name, const char *text) {
        g_autofree char *path = g_build_filename(f->drop_in_dir, name, NULL);

        g_assert_true(g_file_set_contents(path, text, -1, NULL));
}

/* Messages without the directory, which is another in each run. */
static char *shorten(Fixture *f, const char *message) {
        g_autofree char *prefix = g_strconcat(f->dir, "/", NULL);
        g_auto(GStrv) parts = g_strsplit(message, prefix, -1);

        return g_strjoinv("", parts);
}

static void on_warning(const char *message, void *userdata) {
        Fixture *f = userdata;
        g_autofree char *text = shorten(f, message);

        g_string_append_printf(f->warnings, "%s\n", text);
}

static Config *read_good(Fixture *f) {
        g_autoptr(GError) error = NULL;
        Config *c = config_read(f->path, known_keys, on_warning, f, &error);

        g_assert_no_error(error);
        g_assert_nonnull(c);
        return c;
}

static Config *parse(Fixture *f, const char *text) {
        write_main(f, text);
        return read_good(f);
}

static void assert_bad(Fixture *f, const char *text, const char *expected) {
        g_autoptr(GError) error = NULL;
        g_autofree char *message = NULL;

        write_main(f, text);
        g_assert_null(config_read(f->path, known_keys, on_warning, f, &error));
        g_assert_error(error, FLEET_ERROR, FLEET_ERROR_CONFIG);
        message = shorten(f, error->message);
        g_assert_cmpstr(message, ==, expected);
}

static void assert_words(char **words, const char *expected) {
        g_autofree char *joined = g_strjoinv("|", words);

        g_assert_cmpstr(joined, ==, expected);
        g_strfreev(words);
}

static void test_missing(Fixture *f, gconstpointer data) {
        g_autoptr(Config) c = read_good(f);

        g_assert_null(config_get(c, "Agent", "Id"));
        assert_words(config_sections(c), "");
        assert_words(config_get_words(c, "Agent", "Labels"), "");
}

static void test_syntax(Fixture *f, gconstpointer data) {
        g_autoptr(Config) c = parse(f, "\xef\xbb\xbf# comment\r\n"
                                       "; another\n"
                                       "\n"
                                       "[Agent]\r\n"
                                       "  Id = \"seoul-1\" # kept  \n"
                                       "Labels=a=b, \\\n"
                                       "   # a comment in between\n"
                                       "   c=d \\\n"
                                       "\te=f\n"
                                       "[Rpc]\n"
                                       "Port.3node0=1\\\\\n"
                                       "Port.3node1=2 \\");

        g_assert_cmpstr(config_get(c, "Agent", "Id"), ==, "\"seoul-1\" # kept");
        g_assert_cmpstr(config_get(c, "Agent", "Labels"), ==, "a=b,  c=d  e=f");
        assert_words(config_get_words(c, "Agent", "Labels"), "a=b|c=d|e=f");
        g_assert_cmpstr(config_get(c, "Rpc", "Port.3node0"), ==, "1\\\\");
        g_assert_cmpstr(config_get(c, "Rpc", "Port.3node1"), ==, "2");
        g_assert_null(config_get(c, "agent", "Id"));
        g_assert_cmpstr(f->warnings->str, ==, "");
}

static void test_later_wins_and_reset(Fixture *f, gconstpointer data) {
        g_autoptr(Config) c = parse(f, "[Agent]\nId=a\nLabels=x\n[TLS]\n[Agent]\nId=b\nLabels=\n");

        g_assert_cmpstr(config_get(c, "Agent", "Id"), ==, "b");
        g_assert_null(config_get(c, "Agent", "Labels"));
        assert_words(config_keys(c, "Agent"), "Id");
        assert_words(config_sections(c), "Agent|TLS");
}

static void test_drop_ins(Fixture *f, gconstpointer data) {
        g_autoptr(Config) c = NULL;

        write_drop_in(f, "20-b.conf", "[Agent]\nId=from b\n");
        write_drop_in(f, "10-a.conf", "[Agent]\nId=from a\nLabels=only a\n[Rpc]\nPort.x=\n");
        write_drop_in(f, "30-c.conf~", "[Agent]\nId=a backup\n");
        write_drop_in(f, ".#40-d.conf", "[Agent]\nId=hidden\n");
        c = parse(f, "[Agent]\nId=main\n[Rpc]\nPort.x=1\n");
        g_assert_cmpstr(config_get(c, "Agent", "Id"), ==, "from b");
        g_assert_cmpstr(config_get(c, "Agent", "Labels"), ==, "only a");
        g_assert_null(config_get(c, "Rpc", "Port.x"));
}

/* A drop-in alone works too: the main file need not be there. */
static void test_drop_in_alone(Fixture *f, gconstpointer data) {
        g_autoptr(Config) c = NULL;

        write_drop_in(f, "a.conf", "[Agent]\nId=x\n");
        c = read_good(f);
        g_assert_cmpstr(config_get(c, "Agent", "Id"), ==, "x");
}

static void test_unknown(Fixture *f, gconstpointer data) {
        g_autoptr(Config) c = NULL;

        write_drop_in(f, "a.conf", "\n[Agent]\nid=x\n");
        c = parse(f,
                  "[Agent]\nId=x\nFrobnicate=1\n[Agnet]\nId=y\n[X-Other]\nId=z\n[Command pay]\nExec=/bin/p\n"
                  "Parameter.a=.*\nParameter.=x\n");
        g_assert_cmpstr(f->warnings->str, ==,
                        "a.conf:3: unknown key Frobnicate= in section [Agent], ignored\n"
                        "a.conf:4: unknown section [Agnet], ignored; did you mean [Agent]?\n"
                        "a.conf:11: unknown key Parameter.= in section [Command pay], ignored\n"
                        "a.conf.d/a.conf:3: unknown key id= in section [Agent], ignored; did you mean Id=?\n");
        g_assert_cmpstr(config_get(c, "Agent", "Id"), ==, "x");
        assert_words(config_sections(c), "Agent|Command pay");
        assert_words(config_keys(c, "Command pay"), "Exec|Parameter.a");
}

static void test_bad_syntax(Fixture *f, gconstpointer data) {
        assert_bad(f, "[Agent]\nId\n", "a.conf:2: \"Id\": expected Key=value");
        assert_bad(f, "[Agent]\n\n = x\n", "a.conf:3: \"= x\": expected Key=value");
        assert_bad(f, "Id=x\n", "a.conf:1: \"Id=x\" stands before any [Section]");
        assert_bad(f, "[Agent\nId=x\n", "a.conf:1: \"[Agent\": expected [Section]");
        assert_bad(f, "[]\n", "a.conf:1: \"[]\": expected [Section]");
        assert_bad(f, "[Agent]\nId=\xff\n", "a.conf:2: not valid UTF-8");
        assert_bad(f, "[Agent]\nId=a\\\nb\n\nLabels\n", "a.conf:5: \"Labels\": expected Key=value");

        write_main(f, "");
        write_drop_in(f, "x.conf", "Id\n");
        assert_bad(f, "", "a.conf.d/x.conf:1: \"Id\": expected Key=value");
}

static void test_nul_byte(Fixture *f, gconstpointer data) {
        g_autoptr(GError) error = NULL;

        g_assert_true(g_file_set_contents(f->path, "[Agent]\nId=a\0b\n", 15, NULL));
        g_assert_null(config_read(f->path, known_keys, on_warning, f, &error));
        g_assert_error(error, FLEET_ERROR, FLEET_ERROR_CONFIG);
}

static void test_uint(Fixture *f, gconstpointer data) {
        g_autoptr(Config) c = parse(f, "[Limits]\nMaxClients=42\n"), bad = NULL;
        g_autoptr(GError) error = NULL;
        g_autofree char *message = NULL;
        uint64_t value = 7;

        g_assert_true(config_get_uint(c, "Agent", "Id", 0, 1, &value, &error));
        g_assert_cmpuint(value, ==, 7);
        g_assert_true(config_get_uint(c, "Limits", "MaxClients", 1, 42, &value, &error));
        g_assert_cmpuint(value, ==, 42);
        g_assert_false(config_get_uint(c, "Limits", "MaxClients", 1, 41, &value, &error));
        g_assert_error(error, FLEET_ERROR, FLEET_ERROR_CONFIG);
        message = shorten(f, error->message);
        g_assert_cmpstr(message, ==,
                        "a.conf:2: [Limits] MaxClients=42: expected a whole number from 1 to 41");
        g_clear_error(&error);

        bad = parse(f, "[Limits]\nMaxClients=-1\n");
        g_assert_false(config_get_uint(bad, "Limits", "MaxClients", 0, UINT64_MAX, &value, &error));
        g_assert_cmpuint(value, ==, 42);
}

static void test_bool(Fixture *f, gconstpointer data) {
        static const char *const on[] = { "1", "yes", "Y", "TRUE", "t", "on" };
        static const char *const off[] = { "0", "no", "N", "False", "f", "off" };
        g_autoptr(GError) error = NULL;
        g_autoptr(Config) bad = NULL;
        bool value = true;

        for (unsigned i = 0; i < G_N_ELEMENTS(on); i++) {
                g_autofree char *text_on = g_strdup_printf("[TLS]\nEnable=%s\n", on[i]);
                g_autofree char *text_off = g_strdup_printf("[TLS]\nEnable=%s\n", off[i]);
                g_autoptr(Config) a = parse(f, text_on), b = parse(f, text_off);

                value = false;
                g_assert_true(config_get_bool(a, "TLS", "Enable", &value, &error));
                g_assert_true(value);
                g_assert_true(config_get_bool(b, "TLS", "Enable", &value, &error));
                g_assert_false(value);
        }

        bad = parse(f, "[TLS]\nEnable=maybe\n");
        g_assert_false(config_get_bool(bad, "TLS", "Enable", &value, &error));
        g_assert_error(error, FLEET_ERROR, FLEET_ERROR_CONFIG);
        g_assert_true(g_str_has_suffix(error->message, "a.conf:2: [TLS] Enable=maybe: expected yes or no"));
        g_assert_false(value);
}

static void test_usec(Fixture *f, gconstpointer data) {
        static const struct {
                const char *text;
                uint64_t usec; /* 0: it is refused */
        } cases[] = { { "90", 90000000 }, { "5min", 300000000 }, { "1h", 3600000000 },
                      { "61min", 0 },     { "soon", 0 },         { "-1", 0 } };

        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                g_autofree char *text = g_strdup_printf("[Agent]\nId=%s\n", cases[i].text);
                g_autoptr(Config) c = parse(f, text);
                g_autoptr(GError) error = NULL;
                uint64_t usec = 7;
                bool good = config_get_usec(c, "Agent", "Id", 3600000000, &usec, &error);

                g_assert_cmpint(good, ==, cases[i].usec > 0);
                g_assert_cmpuint(usec, ==, good ? cases[i].usec : 7);
                if (!good)
                        g_assert_nonnull(strstr(error->message, "[Agent] Id="));
                g_assert_true(config_get_usec(c, "Agent", "Labels", 1, &usec, NULL));
        }
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
#define ADD(path, function) g_test_add("/config/" path, Fixture, NULL, setup, function, teardown)
        ADD("missing", test_missing);
        ADD("syntax", test_syntax);
        ADD("later-wins-and-reset", test_later_wins_and_reset);
        ADD("drop-ins", test_drop_ins);
        ADD("drop-in-alone", test_drop_in_alone);
        ADD("unknown", test_unknown);
        ADD("bad-syntax", test_bad_syntax);
        ADD("nul-byte", test_nul_byte);
        ADD("uint", test_uint);
        ADD("bool", test_bool);
        ADD("usec", test_usec);
        return g_test_run();
}
