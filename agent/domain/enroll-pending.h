/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The token that this host has made for itself, from before it is asked to be let in until all is in place. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

/* Has an earlier try with this one-time token left something in directory? */
bool enroll_pending_has(const char *directory, const char *one_time_token);

/* The token for the enrolment with this one-time token: the one that an earlier try has left, else a new one, which is
 * in the directory (0600) before this returns. New string, to be wiped. */
char *enroll_pending_token(const char *directory, const char *one_time_token, GError **error);

/* All is in place, or another line is tried. */
void enroll_pending_end(const char *directory);
