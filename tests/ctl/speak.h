/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Texts in another language, from the catalogs that were built. */
#pragma once

#include <libintl.h>
#include <locale.h>
#include <stdlib.h>

/* Korean without a Korean locale: $LANGUAGE is heard in any but "C". As gettext(3) keeps what it found for a text until the
 * locale itself changes, a program speaks its own language first. */
static inline void speak(const char *language) {
        (void) bindtextdomain("mserver", getenv("TEST_LOCALEDIR"));
        (void) bind_textdomain_codeset("mserver", "UTF-8");
        (void) textdomain("mserver");
        (void) setenv("LANGUAGE", language, 1);
        (void) setlocale(LC_ALL, "C.UTF-8");
}
