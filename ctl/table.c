/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rows of named values, once filled shown as aligned columns, as labelled lines, or as JSON. */
#include "table.h"

#include <glib/gi18n.h>

#include "display.h"

#define GAP 2          /* blanks between columns */
#define SHRINK_MIN 10u /* columns that a shrinking one keeps */

typedef struct Span {
        Color color;
        char *text;
} Span;

typedef struct Cell {
        GArray *spans; /* Span */
        json_object *value;
} Cell;

struct Table {
        const ColumnInfo *columns;
        unsigned n_columns;
        GArray *cells; /* Cell, row by row */
};

static void span_clear(gpointer data) {
        g_free(((Span *) data)->text);
}

static void cell_clear(gpointer data) {
        Cell *c = data;

        g_array_unref(c->spans);
        json_object_put(c->value);
}

Table *table_new(const ColumnInfo *columns) {
        Table *t = g_new0(Table, 1);

        t->columns = columns;
        while (columns[t->n_columns].key)
                t->n_columns++;
        t->cells = g_array_new(false, false, sizeof(Cell));
        g_array_set_clear_func(t->cells, cell_clear);
        return t;
}

Table *table_free(Table *t) {
        if (!t)
                return NULL;
        g_array_unref(t->cells);
        g_free(t);
        return NULL;
}

static Cell *cell_at(const Table *t, unsigned row, unsigned column) {
        return &g_array_index(t->cells, Cell, row * t->n_columns + column);
}

void table_append(Table *t, Color color, const char *text) {
        Cell *last = &g_array_index(t->cells, Cell, t->cells->len - 1);
        Span span = { color, display_clean(text) };

        g_array_append_val(last->spans, span);
}

void table_add_value(Table *t, Color color, const char *text, json_object *value) {
        Cell cell = { g_array_new(false, false, sizeof(Span)), value };

        g_array_set_clear_func(cell.spans, span_clear);
        g_array_append_val(t->cells, cell);
        if (text && text[0])
                table_append(t, color, text);
}

void table_add_colored(Table *t, Color color, const char *text) {
        g_autofree char *valid = g_utf8_make_valid(text ? text : "", -1);

        table_add_value(t, color, text, json_object_new_string(valid));
}

void table_add(Table *t, const char *text) {
        table_add_colored(t, COLOR_NONE, text);
}

unsigned table_rows(const Table *t) {
        g_assert(t->cells->len % t->n_columns == 0);
        return t->cells->len / t->n_columns;
}

static const Span empty_cell = { COLOR_DIM, (char *) "-" };

static const Span *cell_spans(const Cell *c, unsigned *ret_n) {
        *ret_n = MAX(c->spans->len, 1);
        return c->spans->len > 0 ? (const Span *) c->spans->data : &empty_cell;
}

static size_t cell_width(const Cell *c) {
        unsigned n;
        const Span *spans = cell_spans(c, &n);
        size_t width = 0;

        for (unsigned i = 0; i < n; i++)
                width += display_width(spans[i].text);
        return width;
}

static void append_colored(GString *out, const Terminal *terminal, Color color, const char *text) {
        g_string_append(out, terminal_color(terminal, color));
        g_string_append(out, text);
        g_string_append(out, terminal_reset(terminal, color));
}

/* Appends a cell, cut to width; returns the columns it took. */
static size_t append_cell(GString *out, const Cell *c, const Terminal *terminal, size_t width) {
        const char *ellipsis = terminal_glyph(terminal, GLYPH_ELLIPSIS);
        unsigned n;
        const Span *spans = cell_spans(c, &n);
        size_t used = 0, limit = width;

        if (cell_width(c) > width)
                limit -= display_width(ellipsis);
        for (unsigned i = 0; i < n; i++) {
                g_autofree char *part = display_cut(spans[i].text, limit - used);
                bool whole = strlen(part) == strlen(spans[i].text);
                g_autofree char *text = g_strconcat(part, whole ? "" : ellipsis, NULL);

                append_colored(out, terminal, spans[i].color, text);
                used += display_width(text);
                if (!whole)
                        break;
        }
        return used;
}

static void append_blanks(GString *out, size_t n) {
        for (size_t i = 0; i < n; i++)
                g_string_append_c(out, ' ');
}

/* Takes what is too much from the widest of the columns that may shrink, one column of the screen at a time. */
static void shrink(const Table *t, size_t *widths, size_t total, size_t limit) {
        for (; total > limit; total--) {
                size_t *widest = NULL;

                for (unsigned i = 0; i < t->n_columns; i++)
                        if ((t->columns[i].flags & COLUMN_SHRINK) && widths[i] > SHRINK_MIN &&
                            (!widest || widths[i] > *widest))
                                widest = &widths[i];
                if (!widest)
                        return;
                (*widest)--;
        }
}

static size_t *column_widths(const Table *t, const TableStyle *style) {
        size_t *widths = g_new0(size_t, t->n_columns), total = 0;
        unsigned rows = table_rows(t);

        for (unsigned i = 0; i < t->n_columns; i++) {
                if (!t->columns[i].heading)
                        continue;
                if (style->legend)
                        widths[i] = display_width(_(t->columns[i].heading));
                for (unsigned row = 0; row < rows; row++)
                        widths[i] = MAX(widths[i], cell_width(cell_at(t, row, i)));
                total += widths[i] + (total > 0 ? GAP : 0);
        }
        if (style->terminal.width > 0 && !style->full)
                shrink(t, widths, total, style->terminal.width);
        return widths;
}

static int last_column(const Table *t) {
        int last = (int) t->n_columns - 1;

        while (last >= 0 && !t->columns[last].heading)
                last--;
        return last;
}

static void format_row(const Table *t, const TableStyle *style, const size_t *widths, unsigned row,
                       GString *out) {
        int last = last_column(t);
        size_t pending = 0;

        for (int i = 0; i <= last; i++) {
                const Cell *c = cell_at(t, row, (unsigned) i);
                size_t width = MIN(cell_width(c), widths[i]), fill = widths[i] - width;
                bool right = t->columns[i].flags & COLUMN_RIGHT;

                if (!t->columns[i].heading)
                        continue;
                append_blanks(out, pending + (right ? fill : 0));
                width = append_cell(out, c, &style->terminal, width);
                pending = GAP + (right ? 0 : widths[i] - width);
        }
        g_string_append_c(out, '\n');
}

static void format_headings(const Table *t, const TableStyle *style, const size_t *widths, GString *out) {
        g_autoptr(GString) line = g_string_new(NULL);
        int last = last_column(t);

        for (int i = 0; i <= last; i++) {
                const char *heading = t->columns[i].heading ? _(t->columns[i].heading) : NULL;
                size_t fill;

                if (!heading)
                        continue;
                fill = widths[i] - MIN(display_width(heading), widths[i]);
                if (t->columns[i].flags & COLUMN_RIGHT)
                        append_blanks(line, fill);
                g_string_append(line, heading);
                if (i < last)
                        append_blanks(line, GAP + (t->columns[i].flags & COLUMN_RIGHT ? 0 : fill));
        }
        append_colored(out, &style->terminal, COLOR_HEADING, line->str);
        g_string_append_c(out, '\n');
}

char *table_format(const Table *t, const TableStyle *style) {
        g_autofree size_t *widths = column_widths(t, style);
        GString *out = g_string_new(NULL);
        unsigned rows = table_rows(t);

        if (style->legend)
                format_headings(t, style, widths, out);
        for (unsigned row = 0; row < rows; row++)
                format_row(t, style, widths, row, out);
        return g_string_free(out, false);
}

char *table_format_lines(const Table *t, const TableStyle *style) {
        GString *out = g_string_new(NULL);
        unsigned rows = table_rows(t);
        size_t label = 0;

        for (unsigned i = 0; i < t->n_columns; i++)
                if (t->columns[i].heading)
                        label = MAX(label, display_width(_(t->columns[i].heading)));

        for (unsigned row = 0; row < rows; row++) {
                if (row > 0)
                        g_string_append_c(out, '\n');
                for (unsigned i = 0; i < t->n_columns; i++) {
                        const char *heading = t->columns[i].heading;

                        if (!heading)
                                continue;
                        append_blanks(out, label - display_width(_(heading)));
                        append_colored(out, &style->terminal, COLOR_DIM, _(heading));
                        g_string_append(out, ": ");
                        (void) append_cell(out, cell_at(t, row, i), &style->terminal, SIZE_MAX);
                        g_string_append_c(out, '\n');
                }
        }
        return g_string_free(out, false);
}

json_object *table_to_json(const Table *t) {
        json_object *array = json_object_new_array();
        unsigned rows = table_rows(t);

        for (unsigned row = 0; row < rows; row++) {
                json_object *object = json_object_new_object();

                for (unsigned i = 0; i < t->n_columns; i++)
                        json_object_object_add(object, t->columns[i].key,
                                               json_object_get(cell_at(t, row, i)->value));
                json_object_array_add(array, object);
        }
        return array;
}
