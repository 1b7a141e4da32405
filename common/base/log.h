/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a daemon says on stderr, with the level in front where the journal reads it (sd-daemon(3)). */
#pragma once

#include <glib.h>
#include <stdbool.h>

/* Call once at the start of main(), before there are threads. Without it debug lines are dropped and no line
 * has a level. */
void log_init(bool debug);

/* What this process says goes into the journal. */
bool log_is_journal(void);

/* One line each: control characters become spaces, so that no peer's text can forge a second one. Safe from
 * any thread. Library code stays at log_debug(); entry points say the rest, once. */
void log_error(const char *format, ...) G_GNUC_PRINTF(1, 2);
void log_warning(const char *format, ...) G_GNUC_PRINTF(1, 2);
void log_info(const char *format, ...) G_GNUC_PRINTF(1, 2);
void log_debug(const char *format, ...) G_GNUC_PRINTF(1, 2);
