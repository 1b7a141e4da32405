/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Globs as in glob(7), but always in time proportional to pattern times text, whoever wrote the pattern. */
#pragma once

#include <stdbool.h>

/* "*", "?", "[abc]", "[a-z]" and "[!a-z]"; nothing escapes. Both are UTF-8, and "?" is one character. An
 * invalid pattern matches nothing. */
bool glob_matches(const char *pattern, const char *text);

/* Is every "[" closed, with something in it? */
bool glob_is_valid(const char *pattern);
