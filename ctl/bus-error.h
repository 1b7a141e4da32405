/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What went wrong on the bus, in a sentence for people that says what to do next. */
#pragma once

#include <glib.h>
#include <stdbool.h>

/* Sets error from a D-Bus error's name and message: what the service itself says keeps its code and words, the
 * bus's own errors are put plainly. Returns false. */
bool bus_fail(GError **error, const char *name, const char *message);

/* The same for what the library returns (negative errno). Returns false. */
bool bus_fail_errno(GError **error, int r);

/* Why the bus of host, of machine, or (both NULL) of this machine could not be opened. Returns false. */
bool bus_fail_open(GError **error, int r, const char *host, const char *machine);
