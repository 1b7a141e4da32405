/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Text as a terminal shows it: how many columns it takes, cut to fit, and free of what could drive the
 * terminal. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Columns of printable UTF-8 text; Korean and other wide characters take two, combining ones none. */
size_t display_width(const char *text);

/* Valid UTF-8 on one line: white space becomes a blank, other control characters \xNN. What agents and
 * containers say goes through this before it is shown. New string. */
char *display_clean(const char *text);

/* The beginning of printable text that takes at most width columns; new string. */
char *display_cut(const char *text, size_t width);

/* Cuts printable text to at most width columns, the last of them the ellipsis; new string. */
char *display_ellipsize(const char *text, size_t width, const char *ellipsis);
