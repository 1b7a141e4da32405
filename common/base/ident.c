/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Identifiers: what a valid one looks like, and how new ones are made. */
#include "ident.h"

#include <glib.h>
#include <inttypes.h>
#include <string.h>
#include <sys/random.h>

#include "limits.h"

static bool all_in(const char *s, size_t max, const char *others) {
        size_t n = 0;

        if (!s)
                return false;
        for (; s[n]; n++)
                if (n >= max || (!g_ascii_isalnum(s[n]) && !strchr(others, s[n])))
                        return false;
        return n > 0;
}

bool client_id_is_valid(const char *s) {
        return all_in(s, CLIENT_ID_MAX, "._-") && strcmp(s, ".") != 0 && strcmp(s, "..") != 0;
}

bool container_name_is_valid(const char *s) {
        return all_in(s, CONTAINER_NAME_MAX, "_.-") && g_ascii_isalnum(s[0]);
}

bool command_name_is_valid(const char *s) {
        if (!all_in(s, COMMAND_NAME_MAX, "_-") || !g_ascii_islower(s[0]))
                return false;
        for (; *s; s++)
                if (g_ascii_isupper(*s))
                        return false;
        return true;
}

bool param_name_is_valid(const char *s) {
        return all_in(s, PARAM_NAME_MAX, "_-") && !g_ascii_isdigit(s[0]) && s[0] != '-';
}

bool label_key_is_valid(const char *s) {
        return all_in(s, LABEL_KEY_MAX, "._/-");
}

bool label_value_is_valid(const char *s) {
        size_t size = s ? strnlen(s, LABEL_VALUE_MAX + 1) : 0;

        if (!s || size > LABEL_VALUE_MAX || !g_utf8_validate(s, (gssize) size, NULL))
                return false;
        for (; *s; s++)
                if (g_ascii_iscntrl(*s) || *s == ',')
                        return false;
        return true;
}

bool command_id_is_valid(const char *s) {
        return all_in(s, COMMAND_ID_MAX, "_-");
}

static char *id_new(const char *prefix, uint64_t now_usec) {
        static uint64_t counter; /* the loop thread's alone */

        if (counter == 0) {
                uint32_t start = 0;

                (void) !getrandom(&start, sizeof(start), GRND_NONBLOCK);
                counter = 1000 + start % 9000;
        }
        return g_strdup_printf("%s_%" PRIu64 "_%04" PRIu64, prefix, now_usec / 1000, counter++);
}

char *command_id_new(uint64_t now_usec) {
        return id_new("cmd", now_usec);
}

char *batch_id_new(uint64_t now_usec) {
        return id_new("batch", now_usec);
}

char *alert_id_new(uint64_t now_usec) {
        return id_new("alert", now_usec);
}

char *silence_id_new(uint64_t now_usec) {
        return id_new("silence", now_usec);
}

char *local_id_new(uint64_t now_usec) {
        uint64_t digits;

        if (getrandom(&digits, sizeof(digits), 0) != sizeof(digits))
                g_error("getrandom() has nothing to give");
        return g_strdup_printf("local_%" PRIu64 "_%020" PRIu64, now_usec / 1000, digits);
}
