/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Valid UTF-8 out of whatever a program prints, though its characters arrive in pieces. */
#pragma once

#include <glib.h>
#include <stddef.h>

typedef struct Utf8Stream {
        char tail[4]; /* the start of a character whose rest has not come */
        size_t tail_size;
} Utf8Stream;

/* Appends to out; what cannot be part of UTF-8 text (and NUL, which no C string holds) becomes U+FFFD. */
void utf8_stream_feed(Utf8Stream *u, const void *data, size_t size, GString *out);

/* At the end: the rest that never came becomes U+FFFD. */
void utf8_stream_end(Utf8Stream *u, GString *out);
