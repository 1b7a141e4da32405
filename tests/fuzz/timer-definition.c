/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Fuzzes definitions of schedules as root reads them: whatever stands there, what becomes of it is five lines of ours. */
#include <string.h>

#include "fuzz.h"
#include "schedule-rule.h"
#include "timer-definition.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        char text[TIMER_DROP_IN_MAX];
        TimerDefinition d;
        unsigned lines = 0;
        size_t n;

        if (timer_definition_parse((const char *) data, size, &d))
                return 0;
        g_assert_true(schedule_calendar_is_plain(d.calendar));
        n = timer_definition_drop_in(&d, text);
        g_assert_cmpuint(n, >, 0);
        g_assert_cmpuint(n, ==, strlen(text));
        for (size_t i = 0; i < n; i++)
                lines += text[i] == '\n';
        g_assert_cmpuint(lines, ==, 5);
        g_assert_null(strchr(text, '%'));
        g_assert_null(strchr(text, '\\'));
        g_assert_nonnull(strstr(text, "\n[Timer]\nOnCalendar="));
        return 0;
}
