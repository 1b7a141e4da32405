/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The live view without a terminal: keys from bytes, what they do, and what is then seen. */
#include <locale.h>
#include <string.h>

#include "display.h"
#include "watch-view.h"

static void test_keys(void) {
        static const struct {
                const char *bytes;
                size_t size;
                WatchKey key;
                const char *text;
        } table[] = {
                { "a", 1, WATCH_KEY_TEXT, "a" },         { "가b", 3, WATCH_KEY_TEXT, "가" },
                { "\033[A", 3, WATCH_KEY_UP, "" },       { "\033OBq", 3, WATCH_KEY_DOWN, "" },
                { "\033[C", 3, WATCH_KEY_RIGHT, "" },    { "\033[1;5D", 6, WATCH_KEY_LEFT, "" },
                { "\033[5~", 4, WATCH_KEY_PAGE_UP, "" }, { "\033[6~x", 4, WATCH_KEY_PAGE_DOWN, "" },
                { "\033[H", 3, WATCH_KEY_HOME, "" },     { "\033[1~", 4, WATCH_KEY_HOME, "" },
                { "\033[F", 3, WATCH_KEY_END, "" },      { "\033[4~", 4, WATCH_KEY_END, "" },
                { "\033[99~", 5, WATCH_KEY_OTHER, "" },  { "\033[Z", 3, WATCH_KEY_OTHER, "" },
                { "\033", 1, WATCH_KEY_ESCAPE, "" },     { "\033q", 1, WATCH_KEY_ESCAPE, "" },
                { "\033[", 2, WATCH_KEY_OTHER, "" },     { "\033[12", 4, WATCH_KEY_OTHER, "" },
                { "\r", 1, WATCH_KEY_ENTER, "" },        { "\177", 1, WATCH_KEY_BACKSPACE, "" },
                { "\b", 1, WATCH_KEY_BACKSPACE, "" },    { "\003", 1, WATCH_KEY_INTERRUPT, "" },
                { "\004", 1, WATCH_KEY_INTERRUPT, "" },  { "\001", 1, WATCH_KEY_OTHER, "" },
                { "\xff", 1, WATCH_KEY_OTHER, "" },      { "\xea", 1, WATCH_KEY_OTHER, "" },
                { "\xc2\x85", 1, WATCH_KEY_OTHER, "" }, /* a control character of two bytes */
        };

        for (unsigned i = 0; i < G_N_ELEMENTS(table); i++) {
                char text[WATCH_TEXT_MAX] = "?";
                WatchKey key;
                size_t n = watch_key_read(table[i].bytes, strlen(table[i].bytes), &key, text);

                g_assert_cmpuint(n, ==, table[i].size);
                g_assert_cmpint(key, ==, table[i].key);
                g_assert_cmpstr(text, ==, table[i].text);
        }
        /* whatever comes, each step takes something, and no more than there is */
        for (unsigned a = 0; a < 256; a++)
                for (unsigned b = 0; b < 256; b++) {
                        char bytes[] = { 27, (char) a, (char) b }, text[WATCH_TEXT_MAX];
                        WatchKey key;

                        for (unsigned from = 0; from < 2; from++) {
                                size_t n = watch_key_read(bytes + from, 3 - from, &key, text);

                                g_assert_cmpuint(n, >=, 1);
                                g_assert_cmpuint(n, <=, 3 - from);
                        }
                }
}

static const Terminal terminal = { .width = 100, .utf8 = true };
#define NOW UINT64_C(1795406712000000)

static void add(GPtrArray *rows, const char *id, bool online, const char *stats) {
        WatchRow *r = g_new0(WatchRow, 1);

        *r = (WatchRow){ g_strdup(id), g_strconcat(id, ".example.kr", NULL), online,
                         NOW - 5000000 * (rows->len + 1), stats ? json_tokener_parse(stats) : NULL };
        g_ptr_array_add(rows, r);
}

static GPtrArray *fleet(void) {
        GPtrArray *rows = g_ptr_array_new_with_free_func(watch_row_free);

        add(rows, "seoul-10", true,
            "{\"system\":{\"cpu_percent\":12.34,\"memory_used_percent\":41.5,\"load\":[0.5,1,1],"
            "\"disks\":[{\"used_percent\":20},{\"used_percent\":93}]},"
            "\"containers\":[{\"name\":\"3node0\",\"state\":\"running\",\"node\":{\"peers\":0,\"should_have_peers\":true}}]}");
        add(rows, "seoul-2", false, NULL);
        add(rows, "busan-1", true,
            "{\"system\":{\"cpu_percent\":95,\"memory_used_percent\":10},\"containers\":[{\"name\":\"db\",\"state\":\"running\"}]}");
        return rows;
}

static void assert_order(const WatchView *v, GPtrArray *rows, const char *expected) {
        g_autoptr(GPtrArray) found = watch_view_rows(v, rows);
        g_autoptr(GString) got = g_string_new(NULL);

        for (unsigned i = 0; i < found->len; i++)
                g_string_append_printf(got, "%s%s", i > 0 ? " " : "", ((WatchRow *) found->pdata[i])->id);
        g_assert_cmpstr(got->str, ==, expected);
}

static void type(WatchView *v, const char *text, unsigned page, unsigned found) {
        for (; *text; text++)
                watch_view_key(v, WATCH_KEY_TEXT, (const char[]){ *text, '\0' }, page, found);
}

static void test_order(void) {
        g_autoptr(GPtrArray) rows = fleet();
        WatchView v;

        watch_view_init(&v);
        assert_order(&v, rows, "busan-1 seoul-2 seoul-10");
        type(&v, "r", 10, 3);
        assert_order(&v, rows, "seoul-10 seoul-2 busan-1");
        type(&v, "rs", 10, 3);
        assert_order(&v, rows, "seoul-2 busan-1 seoul-10"); /* by state: who is away */
        type(&v, "s", 10, 3);
        assert_order(&v, rows, "busan-1 seoul-10 seoul-2"); /* by cpu: the busiest */
        type(&v, ">", 10, 3);
        assert_order(&v, rows, "seoul-10 busan-1 seoul-2"); /* memory */
        watch_view_key(&v, WATCH_KEY_RIGHT, "", 10, 3);
        assert_order(&v, rows, "seoul-10 busan-1 seoul-2"); /* disk */
        type(&v, "ss", 10, 3);
        g_assert_cmpint(v.column, ==, WATCH_CONTAINERS);
        assert_order(&v, rows, "seoul-10 busan-1 seoul-2"); /* troubles */
        type(&v, "s", 10, 3);
        assert_order(&v, rows, "seoul-10 seoul-2 busan-1"); /* since: the latest */
        type(&v, "s", 10, 3);
        g_assert_cmpint(v.column, ==, WATCH_CLIENT);
        type(&v, "<", 10, 3);
        g_assert_cmpint(v.column, ==, WATCH_SINCE);
        watch_view_clear(&v);
}

static void test_search(void) {
        g_autoptr(GPtrArray) rows = fleet();
        WatchView v;

        watch_view_init(&v);
        type(&v, "/SEOULq", 10, 3);
        g_assert_false(v.quit);
        assert_order(&v, rows, "");
        watch_view_key(&v, WATCH_KEY_BACKSPACE, "", 10, 0);
        assert_order(&v, rows, "seoul-2 seoul-10");
        watch_view_key(&v, WATCH_KEY_ENTER, "", 10, 2);
        g_assert_false(v.typing);
        type(&v, "r", 10, 2);
        assert_order(&v, rows, "seoul-10 seoul-2");
        watch_view_key(&v, WATCH_KEY_ESCAPE, "", 10, 2);
        assert_order(&v, rows, "seoul-10 seoul-2 busan-1");
        for (const char *const *w = (const char *const[]){ "db", "busan-1.example", "offline", NULL }; *w;
             w++) {
                g_string_assign(v.search, *w);
                g_autoptr(GPtrArray) found = watch_view_rows(&v, rows);

                g_assert_cmpint(found->len, ==, 1);
        }
        g_string_assign(v.search, "");
        type(&v, "/", 10, 3);
        for (unsigned i = 0; i < 200; i++)
                watch_view_key(&v, WATCH_KEY_TEXT, "가", 10, 0);
        g_assert_cmpuint(v.search->len, <=, 64);
        g_assert_true(g_utf8_validate(v.search->str, -1, NULL));
        while (v.search->len > 0)
                watch_view_key(&v, WATCH_KEY_BACKSPACE, "", 10, 0);
        watch_view_key(&v, WATCH_KEY_BACKSPACE, "", 10, 3);
        watch_view_key(&v, WATCH_KEY_ESCAPE, "", 10, 3);
        g_assert_false(v.typing);
        watch_view_key(&v, WATCH_KEY_INTERRUPT, "", 10, 3);
        g_assert_true(v.quit);
        watch_view_clear(&v);
}

static void test_scroll(void) {
        WatchView v;

        watch_view_init(&v);
        watch_view_key(&v, WATCH_KEY_UP, "", 10, 100);
        g_assert_cmpuint(v.first, ==, 0);
        watch_view_key(&v, WATCH_KEY_DOWN, "", 10, 100);
        watch_view_key(&v, WATCH_KEY_PAGE_DOWN, "", 10, 100);
        type(&v, "j", 10, 100);
        g_assert_cmpuint(v.first, ==, 12);
        watch_view_key(&v, WATCH_KEY_END, "", 10, 100);
        g_assert_cmpuint(v.first, ==, 90);
        type(&v, " ", 10, 100);
        g_assert_cmpuint(v.first, ==, 90);
        watch_view_key(&v, WATCH_KEY_PAGE_UP, "", 10, 100);
        type(&v, "k", 10, 100);
        g_assert_cmpuint(v.first, ==, 79);
        watch_view_key(&v, WATCH_KEY_PAGE_UP, "", 10, 40); /* there are fewer now */
        g_assert_cmpuint(v.first, ==, 30);
        watch_view_key(&v, WATCH_KEY_HOME, "", 10, 40);
        watch_view_key(&v, WATCH_KEY_PAGE_DOWN, "", 10, 3); /* all fit */
        g_assert_cmpuint(v.first, ==, 0);
        watch_view_clear(&v);
}

static void test_frame(void) {
        g_autoptr(GPtrArray) rows = fleet();
        g_autofree char *frame = NULL, *old = NULL, *searching = NULL;
        WatchView v;

        watch_view_init(&v);
        frame = watch_view_frame(&v, rows, NOW, &terminal, 8, NULL);
        g_assert_cmpstr(frame, ==,
                        "3 clients, 2 online; by CLIENT\n"
                        "CLIENT    STATE       CPU  MEMORY  DISK  LOAD  CONTAINERS         SINCE\n"
                        "busan-1   online   95.0 %    10 %     -     -  db ●               15 s ago\n"
                        "seoul-2   offline       -       -     -     -  -                  10 s ago\n"
                        "seoul-10  online   12.3 %    42 %  93 %  0.50  3node0 ● no peers  5 s ago\n"
                        "\n"
                        "\n"
                        "q quit  s sort  r reverse  / search  arrows, Page Up, Page Down scroll");
        old = watch_view_frame(&v, rows, NOW, &terminal, 4, "the service is away\033[31m");
        g_assert_nonnull(strstr(old, "\nthe service is away\\x1b[31m"));
        type(&v, "/bus", 5, 3);
        searching = watch_view_frame(&v, rows, NOW, &terminal, 8, NULL);
        g_assert_nonnull(strstr(searching, "; 1 with \"bus\"; by CLIENT\n"));
        g_assert_nonnull(strstr(searching, "Enter keeps it"));
        watch_view_clear(&v);
}

/* On every size of screen: so many lines, none too wide, and the first row that is shown is one that is there. */
static void test_sizes(void) {
        g_autoptr(GPtrArray) rows = fleet();
        WatchView v;

        watch_view_init(&v);
        for (unsigned width = 20; width < 130; width += 7)
                for (unsigned height = 4; height < 12; height++) {
                        Terminal t = { .width = width, .utf8 = true };
                        g_autofree char *frame = NULL;
                        g_auto(GStrv) lines = NULL;

                        v.first = 100;
                        frame = watch_view_frame(&v, rows, NOW, &t, height, NULL);
                        lines = g_strsplit(frame, "\n", -1);
                        g_assert_cmpuint(g_strv_length(lines), ==, height);
                        g_assert_cmpuint(v.first, <, 3);
                        g_assert_cmpuint(display_width(lines[0]), <=, width);
                        g_assert_cmpuint(display_width(lines[height - 1]), <=, width);
                        if (width >= 80)
                                for (unsigned i = 0; i < height; i++)
                                        g_assert_cmpuint(display_width(lines[i]), <=, width);
                }
        watch_view_clear(&v);
}

int main(int argc, char *argv[]) {
        (void) setlocale(LC_CTYPE, "C.UTF-8");
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/watch/keys", test_keys);
        g_test_add_func("/watch/order", test_order);
        g_test_add_func("/watch/search", test_search);
        g_test_add_func("/watch/scroll", test_scroll);
        g_test_add_func("/watch/frame", test_frame);
        g_test_add_func("/watch/sizes", test_sizes);
        return g_test_run();
}
