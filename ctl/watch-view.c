/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What of the fleet is seen in the live view. */
#include "watch-view.h"

#include <glib/gi18n.h>
#include <string.h>

#include "client-containers.h"
#include "display.h"
#include "json.h"
#include "node-text.h"
#include "table.h"
#include "when.h"

#define LINES_AROUND 3 /* title, headings, the last line */
#define SEARCH_MAX 64

static const ColumnInfo columns[] = {
        [WATCH_CLIENT] = { "client", N_("CLIENT") },
        [WATCH_STATE] = { "state", N_("STATE") },
        [WATCH_CPU] = { "cpu_percent", N_("CPU"), COLUMN_RIGHT },
        [WATCH_MEMORY] = { "memory_used_percent", N_("MEMORY"), COLUMN_RIGHT },
        [WATCH_DISK] = { "disk_used_percent", N_("DISK"), COLUMN_RIGHT },
        [WATCH_LOAD] = { "load", N_("LOAD"), COLUMN_RIGHT },
        [WATCH_CONTAINERS] = { "containers", N_("CONTAINERS"), COLUMN_SHRINK },
        [WATCH_SINCE] = { "since", N_("SINCE") },
        [_WATCH_COLUMN_MAX] = {},
};

void watch_row_free(void *p) {
        WatchRow *r = p;

        json_object_put(r->stats);
        g_free(r->id);
        g_free(r->host);
        g_free(r);
}

void watch_view_init(WatchView *v) {
        *v = (WatchView){ .search = g_string_new(NULL) };
}

void watch_view_clear(WatchView *v) {
        g_string_free(v->search, true);
        *v = (WatchView){};
}

unsigned watch_view_page(unsigned height) {
        return height > LINES_AROUND ? height - LINES_AROUND : 1;
}

/* Keys */

static void erase_character(GString *s) {
        const char *last = s->len > 0 ? g_utf8_find_prev_char(s->str, s->str + s->len) : NULL;

        if (last)
                g_string_truncate(s, (gsize) (last - s->str));
}

static void type(WatchView *v, WatchKey key, const char *text) {
        switch (key) {
        case WATCH_KEY_TEXT:
                if (v->search->len + strlen(text) <= SEARCH_MAX)
                        g_string_append(v->search, text);
                break;
        case WATCH_KEY_BACKSPACE:
                erase_character(v->search);
                break;
        case WATCH_KEY_ESCAPE:
                g_string_truncate(v->search, 0);
                v->typing = false;
                break;
        case WATCH_KEY_ENTER:
                v->typing = false;
                break;
        default:
                break;
        }
        v->first = 0;
}

static void sort_by_next(WatchView *v, unsigned by) {
        v->column = (v->column + by) % _WATCH_COLUMN_MAX;
        v->first = 0;
}

static void take_letter(WatchView *v, char letter, unsigned page) {
        switch (letter) {
        case 'q':
                v->quit = true;
                break;
        case '/':
                v->typing = true;
                break;
        case 's':
        case '>':
                sort_by_next(v, 1);
                break;
        case '<':
                sort_by_next(v, _WATCH_COLUMN_MAX - 1);
                break;
        case 'r':
                v->reverse = !v->reverse;
                break;
        case 'j':
                v->first++;
                break;
        case 'k':
                v->first -= v->first > 0;
                break;
        case ' ':
                v->first += page;
                break;
        default:
                break;
        }
}

static void move(WatchView *v, WatchKey key, unsigned page, unsigned found) {
        switch (key) {
        case WATCH_KEY_UP:
                v->first -= v->first > 0;
                break;
        case WATCH_KEY_DOWN:
                v->first++;
                break;
        case WATCH_KEY_PAGE_UP:
                v->first -= MIN(v->first, page);
                break;
        case WATCH_KEY_PAGE_DOWN:
                v->first += page;
                break;
        case WATCH_KEY_HOME:
                v->first = 0;
                break;
        case WATCH_KEY_END:
                v->first = found;
                break;
        case WATCH_KEY_LEFT:
                sort_by_next(v, _WATCH_COLUMN_MAX - 1);
                break;
        case WATCH_KEY_RIGHT:
                sort_by_next(v, 1);
                break;
        default:
                break;
        }
}

void watch_view_key(WatchView *v, WatchKey key, const char *text, unsigned page, unsigned found) {
        if (key == WATCH_KEY_INTERRUPT)
                v->quit = true;
        else if (v->typing)
                type(v, key, text);
        else if (key == WATCH_KEY_ESCAPE && v->search->len > 0)
                g_string_truncate(v->search, 0);
        else if (key == WATCH_KEY_TEXT)
                take_letter(v, text[0], page);
        else
                move(v, key, page, found);
        v->first = MIN(v->first, found > page ? found - page : 0);
}

/* What is known of a client */

/* Below 0: it is not known. */
static double number(const WatchRow *r, const char *key) {
        json_object *v = json_member(json_member(r->stats, "system"), key);

        if (json_object_is_type(v, json_type_array))
                v = json_object_array_get_idx(v, 0);
        return json_object_is_type(v, json_type_int) || json_object_is_type(v, json_type_double)
                               ? json_object_get_double(v)
                               : -1;
}

static double fullest_disk(const WatchRow *r) {
        json_object *disks = json_member(json_member(r->stats, "system"), "disks");
        double fullest = -1;

        if (!json_object_is_type(disks, json_type_array))
                return -1;
        for (size_t i = 0; i < json_object_array_length(disks); i++) {
                json_object *v = json_member(json_object_array_get_idx(disks, i), "used_percent");

                fullest = MAX(fullest, v ? json_object_get_double(v) : -1);
        }
        return fullest;
}

static json_object *containers_of(const WatchRow *r) {
        json_object *all = json_member(r->stats, "containers");

        return json_object_is_type(all, json_type_array) ? all : NULL;
}

static double troubles(const WatchRow *r) {
        json_object *all = containers_of(r);
        unsigned n = 0;

        for (size_t i = 0; all && i < json_object_array_length(all); i++) {
                json_object *c = json_object_array_get_idx(all, i);

                n += strcmp(json_text(c, "state"), "running") != 0 || node_trouble(json_member(c, "node"));
        }
        return n;
}

static double value_of(const WatchRow *r, WatchColumn column) {
        switch (column) {
        case WATCH_STATE:
                return r->online;
        case WATCH_CPU:
                return number(r, "cpu_percent");
        case WATCH_MEMORY:
                return number(r, "memory_used_percent");
        case WATCH_DISK:
                return fullest_disk(r);
        case WATCH_LOAD:
                return number(r, "load");
        case WATCH_CONTAINERS:
                return troubles(r);
        case WATCH_SINCE:
                return (double) r->since;
        default:
                return 0;
        }
}

static bool contains(const char *text, const char *folded) {
        g_autofree char *own = g_utf8_casefold(text, -1);

        return strstr(own, folded) != NULL;
}

static bool is_found(const WatchRow *r, const char *folded) {
        json_object *all = containers_of(r);

        if (!folded[0] || contains(r->id, folded) || contains(r->host, folded) ||
            contains(r->online ? "online" : "offline", folded))
                return true;
        for (size_t i = 0; all && i < json_object_array_length(all); i++)
                if (contains(json_text(json_object_array_get_idx(all, i), "name"), folded))
                        return true;
        return false;
}

/* Names from A, numbers from the largest: what needs a look comes first. */
static int compare(const void *a, const void *b, void *userdata) {
        const WatchRow *x = *(WatchRow *const *) a, *y = *(WatchRow *const *) b;
        const WatchView *v = userdata;
        double left = value_of(x, v->column), right = value_of(y, v->column);
        int order = left > right ? -1 : left < right ? 1 : 0;

        if (v->column == WATCH_STATE)
                order = -order; /* who is away */
        order = order ?: strverscmp(x->id, y->id);
        return v->reverse ? -order : order;
}

GPtrArray *watch_view_rows(const WatchView *v, GPtrArray *rows) {
        g_autofree char *folded = g_utf8_casefold(v->search->str, -1);
        GPtrArray *found = g_ptr_array_new();

        for (unsigned i = 0; i < rows->len; i++)
                if (is_found(rows->pdata[i], folded))
                        g_ptr_array_add(found, rows->pdata[i]);
        g_ptr_array_sort_with_data(found, compare, (void *) v);
        return found;
}

/* The frame */

static void add_number(Table *t, const WatchRow *r, double value, const char *format, double warn,
                       double bad) {
        g_autofree char *text = value >= 0 && r->online ? g_strdup_printf("%.*f%s", format[0] - '0', value,
                                                                          format + 1)
                                                        : NULL;
        Color color = !text           ? COLOR_NONE
                      : value >= bad  ? COLOR_BAD
                      : value >= warn ? COLOR_WARN
                                      : COLOR_NONE;

        table_add_value(t, color, text, NULL);
}

#define NEVER 1e9

static void add_row(Table *t, const WatchRow *r, uint64_t now, const Terminal *terminal) {
        g_autofree char *since = r->since > 0 ? when_ago(r->since, now) : NULL;

        table_add_colored(t, COLOR_STRONG, r->id);
        table_add_colored(t, r->online ? COLOR_GOOD : COLOR_DIM, r->online ? "online" : "offline");
        add_number(t, r, number(r, "cpu_percent"), "1 %", 70, 90);
        add_number(t, r, number(r, "memory_used_percent"), "0 %", 80, 95);
        add_number(t, r, fullest_disk(r), "0 %", 80, 90);
        add_number(t, r, number(r, "load"), "2", NEVER, NEVER);
        client_containers_add(t, containers_of(r), r->online, false, terminal);
        table_add_colored(t, COLOR_DIM, since);
}

static char *title(const WatchView *v, GPtrArray *rows, unsigned found) {
        const char *by = _(columns[v->column].heading);
        g_autoptr(GString) out = g_string_new(NULL);
        unsigned online = 0;

        for (unsigned i = 0; i < rows->len; i++)
                online += ((WatchRow *) rows->pdata[i])->online;
        g_string_append_printf(out, ngettext("%u client, %u online", "%u clients, %u online", rows->len),
                               rows->len, online);
        if (v->search->len > 0 || v->typing)
                g_string_append_printf(out, _("; %u with \"%s\""), found, v->search->str);
        g_string_append(out, "; ");
        g_string_append_printf(out, v->reverse ? _("by %s, reversed") : _("by %s"), by);
        return g_string_free(g_steal_pointer(&out), false);
}

/* A line of the frame, cut to the width. */
static void add_line(GString *out, const char *text, Color color, const Terminal *terminal) {
        g_autofree char *clean = display_clean(text),
                        *cut = display_ellipsize(clean, terminal->width,
                                                 terminal_glyph(terminal, GLYPH_ELLIPSIS));

        g_string_append_printf(out, "%s%s%s\n", terminal_color(terminal, color), cut,
                               terminal_reset(terminal, color));
}

static void add_rows(GString *out, const WatchView *v, GPtrArray *found, unsigned page, uint64_t now,
                     const Terminal *terminal) {
        g_autoptr(Table) table = table_new(columns);
        TableStyle style = { *terminal, true, false };
        g_autofree char *text = NULL;

        for (unsigned i = v->first; i < found->len && i < v->first + page; i++)
                add_row(table, found->pdata[i], now, terminal);
        text = table_format(table, &style);
        g_string_append(out, text);
        for (unsigned i = table_rows(table); i < page; i++)
                g_string_append_c(out, '\n');
}

char *watch_view_frame(WatchView *v, GPtrArray *rows, uint64_t now_usec, const Terminal *terminal,
                       unsigned height, const char *problem) {
        g_autoptr(GPtrArray) found = watch_view_rows(v, rows);
        unsigned page = watch_view_page(height);
        g_autofree char *head = title(v, rows, found->len);
        GString *out = g_string_new(NULL);

        v->first = MIN(v->first, found->len > page ? found->len - page : 0);
        add_line(out, head, COLOR_STRONG, terminal);
        add_rows(out, v, found, page, now_usec, terminal);
        if (problem)
                add_line(out, problem, COLOR_WARN, terminal);
        else if (v->typing)
                add_line(out, _("type what to look for; Enter keeps it, Esc drops it"), COLOR_DIM, terminal);
        else
                add_line(out, _("q quit  s sort  r reverse  / search  arrows, Page Up, Page Down scroll"),
                         COLOR_DIM, terminal);
        g_string_truncate(out, out->len - 1);
        return g_string_free(out, false);
}
