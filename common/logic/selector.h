/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which clients a broadcast means: "all", a glob on the client id, key=value labels; commas join conditions
 * (and). */
#pragma once

#include <glib.h>
#include <stdbool.h>

typedef struct Selector Selector;

/* White space around a condition is ignored. FLEET_ERROR_INVALID_PARAMETER for an empty condition, more than
 * SELECTOR_BYTES_MAX, or characters no client id, label or glob can have. */
Selector *selector_parse(const char *text, GError **error);
Selector *selector_free(Selector *s);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Selector, selector_free)

/* labels: char* to char*, or NULL. Label values may be globs as well. */
bool selector_matches(const Selector *s, const char *client_id, GHashTable *labels);
