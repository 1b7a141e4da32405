/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What was typed, from the bytes that terminals send for it (ECMA-48, as xterm and its kin do). Pure. */
#pragma once

#include <stddef.h>

typedef enum WatchKey {
        WATCH_KEY_OTHER, /* one of no use here */
        WATCH_KEY_TEXT,
        WATCH_KEY_UP,
        WATCH_KEY_DOWN,
        WATCH_KEY_LEFT,
        WATCH_KEY_RIGHT,
        WATCH_KEY_PAGE_UP,
        WATCH_KEY_PAGE_DOWN,
        WATCH_KEY_HOME,
        WATCH_KEY_END,
        WATCH_KEY_ENTER,
        WATCH_KEY_BACKSPACE,
        WATCH_KEY_ESCAPE,
        WATCH_KEY_INTERRUPT, /* Ctrl-C, Ctrl-D */
} WatchKey;

#define WATCH_TEXT_MAX 5 /* one character of UTF-8 and a NUL */

/* The first key in size bytes, more than none: how many of them it is. An escape at the very end is the key Escape: terminals
 * write their sequences at once. text: of WATCH_KEY_TEXT, else "". */
size_t watch_key_read(const char *bytes, size_t size, WatchKey *ret, char text[static WATCH_TEXT_MAX]);
