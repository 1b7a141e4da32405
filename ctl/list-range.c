/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which part of a list is wanted. */
#include "list-range.h"

#include <glib/gi18n.h>

#include "clock.h"
#include "error.h"
#include "limits.h"
#include "text.h"
#include "when.h"

static bool read_time(const Args *args, const char *name, uint64_t *ret, GError **error) {
        return !args_has(args, name) ||
               when_parse(args_get(args, name), WHEN_PAST, now_realtime(), ret, error);
}

static bool read_lines(const char *text, unsigned *ret, GError **error) {
        uint64_t n = 0;

        if (text && !text_to_uint(text, 1, LIST_COMMANDS_MAX, &n))
                return fleet_fail(error, FLEET_ERROR_INVALID_PARAMETER, _("--lines=%s: expected 1 to %d"),
                                  text, LIST_COMMANDS_MAX);
        *ret = (unsigned) n;
        return true;
}

bool list_range_read(const Args *args, ListRange *ret, GError **error) {
        *ret = (ListRange){};
        return read_time(args, "since", &ret->since, error) &&
               read_time(args, "until", &ret->until, error) &&
               read_lines(args_get(args, "lines"), &ret->lines, error);
}
