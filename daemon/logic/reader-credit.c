/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How far ahead of a reader its writer is. */
#include "reader-credit.h"

void reader_credit_sent(ReaderCredit *c, size_t bytes) {
        c->sent += bytes;
}

bool reader_credit_has_room(const ReaderCredit *c, size_t max) {
        return c->sent - c->read < max;
}

bool reader_credit_is_due(const ReaderCredit *c, size_t bytes) {
        return !c->asking && c->sent - c->read >= bytes;
}

void reader_credit_asked(ReaderCredit *c) {
        c->asking = true;
        c->asked_at = c->sent;
}

void reader_credit_answered(ReaderCredit *c) {
        c->asking = false;
        c->read = c->asked_at;
}
