/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Masks secrets inside one string: a value, a command line, or one argument of a program. */
#pragma once

#include <glib.h>
#include <stdbool.h>

#define REDACT_MASK "***"

/* Does a value under this name have to be masked? password, passphrase, secret, token, mnemonic, seed, private,
 * credential anywhere in it, pass, pwd, suri, auth as one of its words, or …key that is neither public nor a
 * session's; case aside. */
bool redact_name_is_secret(const char *name, size_t size);

typedef enum RedactFlags {
        REDACT_PUBLIC = 1 << 0, /* a public value: a lone 0x… of 64 digits is no seed */
        REDACT_ARGUMENT =
                        1
                        << 1, /* a whole argument: what --password= begins ends with it, white space or not */
} RedactFlags;

/* Appends text, secrets masked. Returns true where it ends in a name whose value must come next ("--password"):
 * then the next argument is a secret. */
bool redact_text(GString *out, const char *text, RedactFlags flags);

/* Could this be a word of a mnemonic (BIP 39: 3 to 8 small letters)? Returns its length, else 0. */
size_t redact_mnemonic_word(const char *text);

#define REDACT_MNEMONIC_WORDS 12 /* so many in a row are one */
