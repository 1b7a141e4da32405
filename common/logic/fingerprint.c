/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The fingerprint of a certificate, however it was written. */
#include "fingerprint.h"

#include "error.h"

char *fingerprint_parse(const char *text, GError **error) {
        g_autoptr(GString) s = g_string_new("SHA256:");

        if (g_ascii_strncasecmp(text, s->str, s->len) == 0)
                for (const char *p = text + s->len; *p; p++)
                        if (*p != ':')
                                g_string_append_c(s, g_ascii_tolower(*p));
        for (size_t i = sizeof("SHA256:") - 1; i < s->len; i++)
                if (!g_ascii_isxdigit(s->str[i]))
                        g_string_truncate(s, 0);
        if (s->len != FINGERPRINT_LENGTH) {
                fleet_fail(error, FLEET_ERROR_CONFIG,
                           "\"%s\" is no fingerprint: expected SHA256: and 64 hexadecimal digits", text);
                return NULL;
        }
        return g_string_free(g_steal_pointer(&s), false);
}
