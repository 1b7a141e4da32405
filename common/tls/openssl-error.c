/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Why OpenSSL could not: see openssl-error.h. */
#include "openssl-error.h"

#include <openssl/err.h>

const char *openssl_reason(void) {
        unsigned long code = ERR_peek_last_error();
        const char *reason = code ? ERR_reason_error_string(code) : NULL;

        ERR_clear_error();
        return reason ?: "no reason given";
}
