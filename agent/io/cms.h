/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Content for the eyes of certain certificates' owners alone: Cryptographic Message Syntax (RFC 5652), AES-256-GCM (RFC
 * 5083, RFC 5084). DER, as "openssl cms -decrypt -inform DER -inkey KEY.pem" reads it. */
#pragma once

#include <glib.h>
#include <stdbool.h>

typedef struct CmsRecipients CmsRecipients;

/* One or more PEM certificates, with RSA or EC keys; any of them will do to decrypt. That one has expired is no error:
 * the key for it is still there. FLEET_ERROR_CONFIG names the file and what is wrong with it. */
CmsRecipients *cms_recipients_read(const char *path, GError **error);
CmsRecipients *cms_recipients_free(CmsRecipients *r);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CmsRecipients, cms_recipients_free)

/* Blocks for some 2 ms a MiB. New reference. */
GBytes *cms_encrypt(const CmsRecipients *r, GBytes *content, GError **error);

/* key_path: the private key, PEM; where it is locked its passphrase is asked for on the terminal. cert_path: the
 * certificate that belongs to it, or NULL: then it is tried on each of the recipients. FLEET_ERROR_FAILED also where
 * the envelope was changed by others. The content is wiped when it goes. New reference. */
GBytes *cms_decrypt(GBytes *envelope, const char *key_path, const char *cert_path, GError **error);
