/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What was typed, from the bytes that terminals send for it. */
#include "watch-keys.h"

#include <glib.h>
#include <string.h>

static WatchKey control_key(char c) {
        switch (c) {
        case 3:
        case 4:
                return WATCH_KEY_INTERRUPT;
        case '\r':
        case '\n':
                return WATCH_KEY_ENTER;
        case 8:
        case 127:
                return WATCH_KEY_BACKSPACE;
        case 6: /* as in less(1) */
                return WATCH_KEY_PAGE_DOWN;
        case 2:
                return WATCH_KEY_PAGE_UP;
        default:
                return WATCH_KEY_OTHER;
        }
}

static WatchKey letter_key(char c) {
        static const char letters[] = "ABCDHF";
        static const WatchKey keys[] = { WATCH_KEY_UP,   WATCH_KEY_DOWN, WATCH_KEY_RIGHT,
                                         WATCH_KEY_LEFT, WATCH_KEY_HOME, WATCH_KEY_END };
        const char *at = strchr(letters, c);

        return c && at ? keys[at - letters] : WATCH_KEY_OTHER;
}

static WatchKey number_key(const char *digits) {
        switch (g_ascii_strtoull(digits, NULL, 10)) {
        case 1:
        case 7:
                return WATCH_KEY_HOME;
        case 4:
        case 8:
                return WATCH_KEY_END;
        case 5:
                return WATCH_KEY_PAGE_UP;
        case 6:
                return WATCH_KEY_PAGE_DOWN;
        default:
                return WATCH_KEY_OTHER;
        }
}

/* ESC [ parameters, a letter or ~; ESC O and a letter. */
static size_t read_sequence(const char *bytes, size_t size, WatchKey *ret) {
        size_t n = 2;

        if (size == 1 || (bytes[1] != '[' && bytes[1] != 'O')) {
                *ret = WATCH_KEY_ESCAPE;
                return 1;
        }
        while (n < size && (bytes[n] < '@' || bytes[n] > '~'))
                n++;
        if (n == size) {
                *ret = WATCH_KEY_OTHER; /* cut short: nothing to wait for */
                return size;
        }
        *ret = bytes[n] == '~' ? number_key(bytes + 2) : letter_key(bytes[n]);
        return n + 1;
}

size_t watch_key_read(const char *bytes, size_t size, WatchKey *ret, char text[static WATCH_TEXT_MAX]) {
        gunichar c;
        size_t n;

        text[0] = '\0';
        if (bytes[0] == '\033')
                return read_sequence(bytes, size, ret);
        if ((unsigned char) bytes[0] < ' ' || bytes[0] == 127) {
                *ret = control_key(bytes[0]);
                return 1;
        }
        c = g_utf8_get_char_validated(bytes, (gssize) size);
        if (c == (gunichar) -1 || c == (gunichar) -2 || !g_unichar_isprint(c)) {
                *ret = WATCH_KEY_OTHER;
                return 1;
        }
        n = (size_t) g_unichar_to_utf8(c, text);
        text[n] = '\0';
        *ret = WATCH_KEY_TEXT;
        return n;
}
