/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Output on its way to whoever reads it: pieces come with their offsets, some of them twice, some late, and go out in
 * order. */
#include "inflow.h"

#include <stdbool.h>
#include <string.h>

typedef struct Piece {
        uint64_t offset;
        size_t size;
        char data[];
} Piece;

static uint64_t piece_end(const Piece *p) {
        return p->offset + p->size;
}

void inflow_init(Inflow *f) {
        *f = (Inflow){};
        g_queue_init(&f->pieces);
}

void inflow_clear(Inflow *f) {
        g_queue_clear_full(&f->pieces, g_free);
        f->held = 0;
}

static const Piece *first(const Inflow *f) {
        return f->pieces.head ? f->pieces.head->data : NULL;
}

static void drop_what_is_past(Inflow *f) {
        const Piece *p;

        while ((p = first(f)) && piece_end(p) <= f->next) {
                f->held -= p->size;
                g_free(g_queue_pop_head(&f->pieces));
        }
}

static gint compare(gconstpointer a, gconstpointer b, gpointer unused) {
        const Piece *one = a, *other = b;

        return (one->offset > other->offset) - (one->offset < other->offset);
}

static bool is_there(const Inflow *f, uint64_t offset) {
        const Piece *p = first(f);

        return p && p->offset <= offset;
}

void inflow_put(Inflow *f, uint64_t offset, const void *data, size_t size) {
        Piece *p;

        if (size == 0 || offset + size <= f->next)
                return;
        if (f->held + size > INFLOW_BYTES_MAX && (offset > f->next || is_there(f, f->next)))
                return;
        p = g_malloc(sizeof(*p) + size);
        p->offset = offset;
        p->size = size;
        memcpy(p->data, data, size);
        f->held += size;
        g_queue_insert_sorted(&f->pieces, p, compare, NULL);
}

const void *inflow_peek(const Inflow *f, size_t max, size_t *ret_size) {
        const Piece *p = first(f);

        if (!p || p->offset > f->next)
                return NULL;
        *ret_size = MIN(max, (size_t) (piece_end(p) - f->next));
        return p->data + (f->next - p->offset);
}

void inflow_taken(Inflow *f, size_t size) {
        f->next += size;
        drop_what_is_past(f);
}

uint64_t inflow_gap(const Inflow *f) {
        const Piece *p = first(f);

        return p && p->offset > f->next ? p->offset - f->next : 0;
}

uint64_t inflow_skip(Inflow *f, uint64_t offset) {
        const Piece *p = first(f);
        uint64_t to = p ? MIN(offset, p->offset) : offset, lost;

        if (to <= f->next)
                return 0;
        lost = to - f->next;
        f->next = to;
        drop_what_is_past(f);
        return lost;
}
