/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The line that lets a new host in: "wss://HOST:PORT/ws/monitoring/ SHA256:… TOKEN", one-time token last. */
#pragma once

#include <glib.h>

typedef struct EnrollLine {
        char *server;      /* wss://…, as endpoint_parse() takes it */
        char *fingerprint; /* canonical */
        char *token;       /* secret; wiped when freed */
} EnrollLine;

/* New string, to be wiped. */
char *enroll_line_format(const char *server, const char *fingerprint, const char *token);

/* Takes what a person may have pasted: white space around and between the three words, any spelling of the
 * fingerprint. FLEET_ERROR_INVALID_PARAMETER names what is wrong, but never quotes the token. Returns a new object. */
EnrollLine *enroll_line_parse(const char *text, GError **error);
EnrollLine *enroll_line_free(EnrollLine *l);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(EnrollLine, enroll_line_free)
