/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Small text helpers: near misses, hex, and times for people. */
#include "text.h"

#include <inttypes.h>
#include <string.h>

#include "clock.h"

#define MINUTE (60 * USEC_PER_SEC)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

static unsigned min3(unsigned a, unsigned b, unsigned c) {
        return MIN(a, MIN(b, c));
}

/* Edits (insert, delete, replace, swap of neighbours) between two words, case aside: optimal string alignment,
 * three rows of the matrix at a time. */
static unsigned distance(const char *a, const char *b) {
        size_t columns = strlen(b) + 1;
        g_autofree unsigned *rows = g_new(unsigned, 3 * columns);
        unsigned *before = rows, *above = rows + columns, *row = rows + 2 * columns;

        for (size_t j = 0; j < columns; j++)
                row[j] = j;

        for (size_t i = 1; a[i - 1]; i++) {
                unsigned *oldest = before;

                before = above;
                above = row;
                row = oldest;
                row[0] = i;
                for (size_t j = 1; j < columns; j++) {
                        char x = g_ascii_tolower(a[i - 1]), y = g_ascii_tolower(b[j - 1]);

                        row[j] = min3(above[j] + 1, row[j - 1] + 1, above[j - 1] + (x != y));
                        if (i > 1 && j > 1 && x == g_ascii_tolower(b[j - 2]) &&
                            y == g_ascii_tolower(a[i - 2]))
                                row[j] = MIN(row[j], before[j - 2] + 1);
                }
        }
        return row[columns - 1];
}

const char *text_nearest(const char *word, const char *const *candidates) {
        size_t length = strlen(word);
        /* One slip in a short word, two in a longer one; more is another word. */
        unsigned best = length <= 4 ? 2 : 3;
        const char *nearest = NULL;

        for (; *candidates; candidates++) {
                size_t other = strlen(*candidates);

                /* Keeps the work small whatever was typed: the difference in length is a lower bound. */
                if (MAX(length, other) - MIN(length, other) < best) {
                        unsigned d = distance(word, *candidates);

                        if (d < best && d < MAX(length, other)) {
                                best = d;
                                nearest = *candidates;
                        }
                }
        }
        return nearest;
}

char *text_hex(const void *data, size_t size) {
        static const char digits[] = "0123456789abcdef";
        const unsigned char *p = data;
        char *hex = g_malloc(2 * size + 1);

        for (size_t i = 0; i < size; i++) {
                hex[2 * i] = digits[p[i] >> 4];
                hex[2 * i + 1] = digits[p[i] & 15];
        }
        hex[2 * size] = '\0';
        return hex;
}

/* The nearest multiple of step. */
static uint64_t round_to(uint64_t value, uint64_t step) {
        return (value / step + (value % step * 2 >= step)) * step;
}

char *text_duration(uint64_t usec) {
        static const struct {
                uint64_t usec;
                const char *name;
        } units[] = {
                { 1, "µs" },       { USEC_PER_MSEC, "ms" }, { USEC_PER_SEC, "s" },
                { MINUTE, "min" }, { HOUR, "h" },           { DAY, "d" },
        };
        unsigned last = G_N_ELEMENTS(units) - 1;
        uint64_t unit, step, rounded;

        usec = MIN(usec, INT64_MAX); /* leaves room to round up */
        for (unsigned i = 0;; i++) {
                unit = units[i].usec;
                if (usec < 10 * unit)
                        step = MAX(unit / 10, 1);
                else
                        step = usec < 100 * unit || i == last ? unit : 10 * unit;
                rounded = round_to(usec, step);

                /* What rounds up to the next unit is told in that one: "1 s", not "1000 ms". */
                if (i < last && rounded >= units[i + 1].usec)
                        continue;
                if (rounded % unit != 0)
                        return g_strdup_printf("%" PRIu64 ".%" PRIu64 " %s", rounded / unit,
                                               rounded % unit * 10 / unit, units[i].name);
                return g_strdup_printf("%" PRIu64 " %s", rounded / unit, units[i].name);
        }
}

char *text_size(uint64_t bytes) {
        static const char *const units[] = { "B", "kB", "MB", "GB", "TB", "PB", "EB" };
        uint64_t unit = 1, rounded;
        unsigned i = 0;

        bytes = MIN(bytes, INT64_MAX); /* leaves room to round up */
        for (;; i++, unit *= 1000) {
                /* Tenths below ten of a unit, and whole ones from there. */
                uint64_t step = unit == 1 || bytes / unit >= 10 ? unit : unit / 10;

                rounded = round_to(bytes, step);
                if (rounded / unit < 1000 || i + 1 == G_N_ELEMENTS(units))
                        break;
        }
        if (unit > 1 && rounded < 10 * unit)
                return g_strdup_printf("%" G_GUINT64_FORMAT ".%" G_GUINT64_FORMAT " %s", rounded / unit,
                                       rounded % unit / (unit / 10), units[i]);
        return g_strdup_printf("%" G_GUINT64_FORMAT " %s", rounded / unit, units[i]);
}

char *text_cut(const char *text, size_t max) {
        size_t size = strnlen(text, max);

        /* The byte after the cut belongs to a character that began before it: leave that out whole. */
        while (size > 0 && text[size] != '\0' && ((unsigned char) text[size] & 0xc0) == 0x80)
                size--;
        return g_strndup(text, size);
}

char *text_shown(const char *text, size_t max) {
        g_autofree char *cut = text_cut(text, max);
        bool whole = text[strlen(cut)] == '\0';
        char *shown = g_strconcat(cut, whole ? "" : "…", NULL);

        for (char *p = shown; *p; p++) {
                gunichar c = g_utf8_get_char_validated(p, -1);

                if (c == (gunichar) -1 || c == (gunichar) -2 || g_unichar_iscntrl(c))
                        *p = '?';
                else
                        p += g_unichar_to_utf8(c, NULL) - 1;
        }
        return shown;
}

/* Reads the digits at *s and moves *s behind them. False where there are none or too many. */
static bool read_number(const char **s, uint64_t *ret) {
        const char *p = *s;
        uint64_t n = 0;

        for (; g_ascii_isdigit(*p); p++)
                if (!g_uint64_checked_mul(&n, n, 10) || !g_uint64_checked_add(&n, n, *p - '0'))
                        return false;
        if (p == *s)
                return false;
        *s = p;
        *ret = n;
        return true;
}

bool text_to_uint(const char *s, uint64_t min, uint64_t max, uint64_t *ret) {
        uint64_t n;

        if (!s || !read_number(&s, &n) || *s != '\0' || n < min || n > max)
                return false;
        *ret = n;
        return true;
}

/* Reads the unit at *s (none: seconds) and moves *s behind it. Returns 0 for what is no unit. */
static uint64_t read_unit(const char **s) {
        static const struct {
                const char *name;
                uint64_t usec;
        } units[] = {
                { "", USEC_PER_SEC },
                { "us", 1 },
                { "usec", 1 },
                { "µs", 1 },
                { "ms", USEC_PER_MSEC },
                { "msec", USEC_PER_MSEC },
                { "s", USEC_PER_SEC },
                { "sec", USEC_PER_SEC },
                { "second", USEC_PER_SEC },
                { "seconds", USEC_PER_SEC },
                { "m", MINUTE },
                { "min", MINUTE },
                { "minute", MINUTE },
                { "minutes", MINUTE },
                { "h", HOUR },
                { "hr", HOUR },
                { "hour", HOUR },
                { "hours", HOUR },
                { "d", DAY },
                { "day", DAY },
                { "days", DAY },
                { "w", 7 * DAY },
                { "week", 7 * DAY },
                { "weeks", 7 * DAY },
        };
        size_t size = strcspn(*s, " 0123456789");

        for (unsigned i = 0; i < G_N_ELEMENTS(units); i++)
                if (strlen(units[i].name) == size && strncmp(*s, units[i].name, size) == 0) {
                        *s += size;
                        return units[i].usec;
                }
        return 0;
}

bool text_to_usec(const char *s, uint64_t *ret) {
        uint64_t sum = 0;

        if (!s)
                return false;
        do {
                uint64_t n, unit;

                if (!read_number(&s, &n))
                        return false;
                s += strspn(s, " ");
                unit = read_unit(&s);
                if (unit == 0 || !g_uint64_checked_mul(&n, n, unit) || !g_uint64_checked_add(&sum, sum, n))
                        return false;
                s += strspn(s, " ");
        } while (*s != '\0');
        *ret = sum;
        return true;
}
