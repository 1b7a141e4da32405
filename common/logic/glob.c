/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Globs, matched without recursion: a later "*" makes the choice of an earlier one final. */
#include "glob.h"

#include <glib.h>
#include <string.h>

/* The "]" that closes the set at p (a "[") is not its first character. Returns NULL where there is none. */
static const char *set_end(const char *p) {
        p++;
        if (*p == '!')
                p++;
        return *p ? strchr(p + 1, ']') : NULL;
}

static bool set_contains(const char *p, const char *end, gunichar c) {
        bool negated = p[1] == '!', found = false;

        p += negated ? 2 : 1;
        while (p < end) {
                gunichar from = g_utf8_get_char(p), to = from;

                p = g_utf8_next_char(p);
                if (*p == '-' && p + 1 < end) {
                        to = g_utf8_get_char(p + 1);
                        p = g_utf8_next_char(p + 1);
                }
                found = found || (from <= c && c <= to);
        }
        return found != negated;
}

/* Does the one-character pattern at *p match c? Moves *p behind it. */
static bool step_matches(const char **p, gunichar c) {
        const char *start = *p, *end;

        if (*start == '[') {
                end = set_end(start);
                if (!end)
                        return false;
                *p = end + 1;
                return set_contains(start, end, c);
        }
        *p = g_utf8_next_char(start);
        return *start == '?' || g_utf8_get_char(start) == c;
}

bool glob_matches(const char *pattern, const char *text) {
        const char *star = NULL, *retry = NULL; /* behind the last "*", and where it gave up the text */

        while (*text || *pattern) {
                const char *next = pattern;

                if (*pattern == '*') {
                        star = ++pattern;
                        retry = text;
                } else if (*text && *pattern && step_matches(&next, g_utf8_get_char(text))) {
                        pattern = next;
                        text = g_utf8_next_char(text);
                } else if (star && *retry) { /* let that "*" take one more */
                        retry = g_utf8_next_char(retry);
                        pattern = star;
                        text = retry;
                } else
                        return false;
        }
        return true;
}

bool glob_is_valid(const char *pattern) {
        while ((pattern = strchr(pattern, '['))) {
                pattern = set_end(pattern);
                if (!pattern)
                        return false;
        }
        return true;
}
