/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Columns that line up, whatever is in them, and the same rows as JSON. */
#include <locale.h>

#include "display.h"
#include "json.h"
#include "table.h"

static const ColumnInfo columns[] = {
        { "client", "CLIENT" },
        { "count", "COUNT", COLUMN_RIGHT },
        { "path", NULL },
        { "host", "HOST", COLUMN_SHRINK },
        {},
};

static const TableStyle plain = { .terminal = { .utf8 = true }, .legend = true };

static void add_number(Table *t, unsigned n) {
        g_autofree char *text = g_strdup_printf("%u", n);

        table_add_value(t, COLOR_NONE, text, json_object_new_int64(n));
}

static void add(Table *t, const char *client, unsigned count, const char *host) {
        table_add(t, client);
        add_number(t, count);
        table_add(t, "/hidden");
        table_add(t, host);
}

static void test_width(void) {
        g_assert_cmpuint(display_width("seoul-1"), ==, 7);
        g_assert_cmpuint(display_width("서울-1"), ==, 6);
        g_assert_cmpuint(display_width("e\u0301"), ==, 1);
        g_assert_cmpuint(display_width(""), ==, 0);
}

static void test_clean(void) {
        g_autofree char *clean = display_clean("a\033[31mb\nc\td\xff"), *korean = display_clean("부산");

        g_assert_cmpstr(clean, ==, "a\\x1b[31mb c d\uFFFD");
        g_assert_cmpstr(korean, ==, "부산");
}

static void assert_ellipsized(const char *text, size_t width, const char *expected) {
        g_autofree char *cut = display_ellipsize(text, width, "…");

        g_assert_cmpstr(cut, ==, expected);
        g_assert_cmpuint(display_width(cut), <=, width);
}

static void test_ellipsize(void) {
        assert_ellipsized("short", 5, "short");
        assert_ellipsized("longer", 5, "long…");
        assert_ellipsized("서울서울", 8, "서울서울");
        assert_ellipsized("서울서울", 7, "서울서…");
        /* Half a character does not fit: better a column too few than one too many. */
        assert_ellipsized("서울서울", 6, "서울…");
        assert_ellipsized("x", 0, "");
}

static void test_aligned(void) {
        g_autoptr(Table) t = table_new(columns);
        g_autofree char *text = NULL;

        add(t, "seoul-1", 7, "se1.example.kr");
        add(t, "서울", 1204, "");
        text = table_format(t, &plain);
        g_assert_cmpstr(text, ==,
                        "CLIENT   COUNT  HOST\n"
                        "seoul-1      7  se1.example.kr\n"
                        "서울      1204  -\n");
        g_assert_cmpuint(table_rows(t), ==, 2);
}

static void test_no_legend(void) {
        g_autoptr(Table) t = table_new(columns);
        TableStyle style = plain;
        g_autofree char *text = NULL;

        style.legend = false;
        add(t, "a", 1, "b");
        text = table_format(t, &style);
        g_assert_cmpstr(text, ==, "a  1  b\n");
}

static void test_empty(void) {
        g_autoptr(Table) t = table_new(columns);
        g_autoptr(json_object) json = table_to_json(t);
        g_autofree char *text = table_format(t, &plain);

        g_assert_cmpstr(text, ==, "CLIENT  COUNT  HOST\n");
        g_assert_cmpstr(json_object_to_json_string(json), ==, "[ ]");
}

static void test_shrink(void) {
        g_autoptr(Table) t = table_new(columns);
        TableStyle narrow = plain, full;
        g_autofree char *cut = NULL, *whole = NULL;

        narrow.terminal.width = 30;
        full = narrow;
        full.full = true;
        add(t, "seoul-1", 7, "a-very-long-host-name.example.kr");
        cut = table_format(t, &narrow);
        whole = table_format(t, &full);
        g_assert_cmpstr(cut, ==,
                        "CLIENT   COUNT  HOST\n"
                        "seoul-1      7  a-very-long-h…\n");
        g_assert_cmpstr(whole, ==,
                        "CLIENT   COUNT  HOST\n"
                        "seoul-1      7  a-very-long-host-name.example.kr\n");
}

static void test_spans(void) {
        static const ColumnInfo one[] = { { "containers", "CONTAINERS", COLUMN_SHRINK }, {} };
        g_autoptr(Table) t = table_new(one);
        TableStyle colored = { { .tty = true, .color = true, .utf8 = true, .width = 11 }, .legend = false };
        g_autofree char *text = NULL;

        table_add_colored(t, COLOR_STRONG, "3node0 ");
        table_append(t, COLOR_GOOD, "●●●●●●");
        text = table_format(t, &colored);
        g_assert_cmpstr(text, ==, "\033[1m3node0 \033[0m\033[32m●●●…\033[0m\n");
}

static void test_lines(void) {
        static const ColumnInfo labels[] = {
                { "client", "Client" }, { "since", NULL }, { "labels", "Labels" }, {}
        };
        g_autoptr(Table) t = table_new(labels);
        g_autofree char *text = NULL;

        for (unsigned i = 0; i < 2; i++) {
                table_add(t, "seoul-1");
                add_number(t, 12);
                table_add(t, i == 0 ? "role=validator" : NULL);
        }
        text = table_format_lines(t, &plain);
        g_assert_cmpstr(text, ==,
                        "Client: seoul-1\nLabels: role=validator\n"
                        "\n"
                        "Client: seoul-1\nLabels: -\n");
}

static void test_json(void) {
        g_autoptr(Table) t = table_new(columns);
        g_autoptr(json_object) json = NULL;

        add(t, "서울\n", 3, NULL);
        json = table_to_json(t);
        /* The value as it is: only what is shown is made safe. */
        g_assert_cmpstr(json_object_to_json_string_ext(json, JSON_C_TO_STRING_NOSLASHESCAPE), ==,
                        "[{\"client\":\"서울\\n\",\"count\":3,\"path\":\"/hidden\",\"host\":\"\"}]");
}

int main(int argc, char **argv) {
        (void) setlocale(LC_ALL, "C.UTF-8");
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/display/width", test_width);
        g_test_add_func("/display/clean", test_clean);
        g_test_add_func("/display/ellipsize", test_ellipsize);
        g_test_add_func("/table/aligned", test_aligned);
        g_test_add_func("/table/no-legend", test_no_legend);
        g_test_add_func("/table/empty", test_empty);
        g_test_add_func("/table/shrink", test_shrink);
        g_test_add_func("/table/spans", test_spans);
        g_test_add_func("/table/lines", test_lines);
        g_test_add_func("/table/json", test_json);
        return g_test_run();
}
