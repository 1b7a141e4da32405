/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A tar archive made in memory: ustar, with a pax header where a name needs one (POSIX.1-2017 pax(1)). */
#pragma once

#include "tar-read.h"

/* Appends an entry; name must not be empty, data and size are those of a file. */
void tar_append(GByteArray *out, const TarEntry *e);

/* The end mark. */
void tar_append_end(GByteArray *out);
