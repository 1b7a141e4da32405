/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How far ahead of a reader its writer is. The reader is asked, in between, whether it is there yet; since it reads in
 * order, an answer says that it has had all that was sent before the question. One question is open at a time. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct ReaderCredit {
        uint64_t sent, read; /* bytes, ever; read: as far as is known */
        uint64_t asked_at;   /* what was sent before the open question */
        bool asking;
} ReaderCredit; /* zeros at the start */

void reader_credit_sent(ReaderCredit *c, size_t bytes);
/* Less than max bytes are sent and not known to be read. */
bool reader_credit_has_room(const ReaderCredit *c, size_t max);

/* Time for a question: none is open, and at least this many bytes are not known to be read. */
bool reader_credit_is_due(const ReaderCredit *c, size_t bytes);
void reader_credit_asked(ReaderCredit *c);
void reader_credit_answered(ReaderCredit *c);
