/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a schedule's definition says of its timer. */
#include "timer-definition.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "schedule-rule.h"

#define SECTION "[Schedule]"

/* A line, or a part of one: not terminated. */
typedef struct Part {
        const char *text;
        size_t size;
} Part;

static bool is(Part p, const char *text) {
        return p.size == strlen(text) && memcmp(p.text, text, p.size) == 0;
}

static bool is_space(char c) {
        return c == ' ' || c == '\t';
}

static Part strip(Part p) {
        while (p.size > 0 && is_space(p.text[0]))
                p.text++, p.size--;
        while (p.size > 0 && is_space(p.text[p.size - 1]))
                p.size--;
        return p;
}

/* Up to the end of the line, which is skipped. */
static Part next_line(Part *rest) {
        const char *end = memchr(rest->text, '\n', rest->size);
        Part line = { rest->text, end ? (size_t) (end - rest->text) : rest->size };
        size_t used = line.size + (end ? 1 : 0);

        rest->text += used;
        rest->size -= used;
        return line;
}

static bool split(Part line, Part *ret_key, Part *ret_value) {
        const char *equals = memchr(line.text, '=', line.size);
        size_t before;

        if (!equals)
                return false;
        before = (size_t) (equals - line.text);
        *ret_key = strip((Part){ line.text, before });
        *ret_value = strip((Part){ equals + 1, line.size - before - 1 });
        return true;
}

static bool read_calendar(Part value, TimerDefinition *d) {
        if (value.size >= sizeof(d->calendar))
                return false;
        memcpy(d->calendar, value.text, value.size);
        d->calendar[value.size] = '\0';
        return schedule_calendar_is_plain(d->calendar);
}

static bool read_flag(Part value, bool *ret) {
        *ret = is(value, "yes");
        return *ret || is(value, "no");
}

static bool read_span(Part value, uint64_t *ret) {
        uint64_t n = 0;

        /* With so few digits nothing overflows. */
        if (value.size == 0 || value.size > 15)
                return false;
        for (size_t i = 0; i < value.size; i++) {
                if (value.text[i] < '0' || value.text[i] > '9')
                        return false;
                n = n * 10 + (uint64_t) (value.text[i] - '0');
        }
        *ret = n;
        return n <= SCHEDULE_DELAY_MAX_USEC;
}

enum { SEEN_CALENDAR = 1, SEEN_PERSISTENT = 2, SEEN_ENABLED = 4, SEEN_DELAY = 8 };

static const char *take(Part key, Part value, unsigned *seen, TimerDefinition *d) {
        unsigned now = 0;
        bool ok = true;

        if (is(key, "Calendar"))
                now = SEEN_CALENDAR, ok = read_calendar(value, d);
        else if (is(key, "Persistent"))
                now = SEEN_PERSISTENT, ok = read_flag(value, &d->persistent);
        else if (is(key, "Enabled"))
                now = SEEN_ENABLED, ok = read_flag(value, &d->enabled);
        else if (is(key, "RandomizedDelayUSec"))
                now = SEEN_DELAY, ok = read_span(value, &d->randomized_delay);
        if (*seen & now)
                return "a key comes twice";
        *seen |= now;
        if (ok)
                return NULL;
        switch (now) {
        case SEEN_CALENDAR:
                return "Calendar= is none";
        case SEEN_DELAY:
                return "RandomizedDelayUSec= is no number in its range";
        default:
                return "a flag is neither yes nor no";
        }
}

const char *timer_definition_parse(const char *text, size_t size, TimerDefinition *ret) {
        TimerDefinition d = { .enabled = true };
        Part rest = { text, size };
        bool inside = false;
        unsigned seen = 0;

        if (memchr(text, '\0', size))
                return "it has a zero byte";
        while (rest.size > 0) {
                Part line = strip(next_line(&rest)), key, value;
                const char *wrong;

                if (line.size == 0 || line.text[0] == '#' || line.text[0] == ';')
                        continue;
                if (line.text[0] == '[') {
                        inside = is(line, SECTION);
                        continue;
                }
                if (!split(line, &key, &value))
                        return "a line is neither a section nor Key=value";
                wrong = inside ? take(key, value, &seen, &d) : NULL;
                if (wrong)
                        return wrong;
        }
        if (!(seen & SEEN_CALENDAR))
                return "it has no Calendar=";
        *ret = d;
        return NULL;
}

size_t timer_definition_drop_in(const TimerDefinition *d, char ret[TIMER_DROP_IN_MAX]) {
        int n = snprintf(ret, TIMER_DROP_IN_MAX,
                         "# Made by mserver-schedule-generator(8) from the schedule's definition.\n"
                         "[Timer]\n"
                         "OnCalendar=%s\n"
                         "Persistent=%s\n"
                         "RandomizedDelaySec=%" PRIu64 "us\n",
                         d->calendar, d->persistent ? "yes" : "no", d->randomized_delay);

        return n < 0 || n >= TIMER_DROP_IN_MAX ? 0 : (size_t) n;
}
