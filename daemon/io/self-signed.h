/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Certificates of the server's own making: a CA and a P-256 server certificate, and the fingerprint to pin.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct TlsFiles {
        char *cert, *key;  /* PEM paths; cert holds the chain, the CA last */
        char *fingerprint; /* "SHA256:" + lower-case hex of the DER of the CA (self-made) or of the
                              certificate (configured) */
        char *leaf;        /* the same of the certificate, in either case */
        uint64_t expires;  /* its end, realtime µs */
} TlsFiles;

void tls_files_clear(TlsFiles *f);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(TlsFiles, tls_files_clear)

/* Uses dir/{ca.pem,ca-key.pem,cert.pem,key.pem}, making what is missing (directory 0700, keys 0600, written
 * whole or not at all) and renewing the server certificate when it has less than 30 days left or does not
 * carry the host's present names. The CA lives 20 years, certificates 397 days. */
bool tls_self_made(const char *dir, const char *host_name, uint64_t now_usec, TlsFiles *ret, GError **error);

/* Checks that configured files can be read and belong together. */
bool tls_configured(const char *cert, const char *key, TlsFiles *ret, GError **error);
