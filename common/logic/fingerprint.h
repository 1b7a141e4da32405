/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The fingerprint of a certificate: "SHA256:" and the lower-case hex of its DER's hash. */
#pragma once

#include <glib.h>

/* Length of the canonical text, without the terminating NUL. */
#define FINGERPRINT_LENGTH (sizeof("SHA256:") - 1 + 64)

/* The canonical spelling of what a person wrote: either case, with colons between the bytes or without, as
 * openssl and browsers show it. New string; FLEET_ERROR_CONFIG names the text and what was expected. */
char *fingerprint_parse(const char *text, GError **error);
