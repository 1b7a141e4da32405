/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The newest bytes of an endless output: a ring that doubles until it has reached its maximum. */
#include "outbuf.h"

#include <string.h>

#define CAPACITY_MIN 256u

struct OutBuf {
        char *ring;
        size_t max, capacity;
        size_t head, used; /* head: index of the oldest byte */
        uint64_t end;      /* offset behind the newest byte */
};

OutBuf *outbuf_new(size_t max) {
        OutBuf *b = g_new0(OutBuf, 1);

        b->max = max;
        return b;
}

OutBuf *outbuf_free(OutBuf *b) {
        if (!b)
                return NULL;
        g_free(b->ring);
        g_free(b);
        return NULL;
}

/* Copies size bytes that start i bytes behind the oldest one. */
static void copy_out(const OutBuf *b, size_t i, char *to, size_t size) {
        size_t from, first;

        if (size == 0)
                return;
        from = (b->head + i) % b->capacity;
        first = MIN(size, b->capacity - from);
        memcpy(to, b->ring + from, first);
        memcpy(to + first, b->ring, size - first);
}

static void reserve(OutBuf *b, size_t size) {
        size_t capacity = MAX(b->capacity, MIN(b->max, CAPACITY_MIN));
        char *ring;

        while (capacity < size)
                capacity = capacity > b->max / 2 ? b->max : capacity * 2;
        if (capacity == b->capacity)
                return;

        ring = g_malloc(capacity);
        copy_out(b, 0, ring, b->used);
        g_free(b->ring);
        b->ring = ring;
        b->capacity = capacity;
        b->head = 0;
}

static void drop_oldest(OutBuf *b, size_t size) {
        if (size == 0)
                return;
        b->head = (b->head + size) % b->capacity;
        b->used -= size;
}

void outbuf_append(OutBuf *b, const void *data, size_t size) {
        const char *from = data;
        size_t keep = MIN(size, b->max), tail, first;

        b->end += size;
        if (keep == 0)
                return;
        from += size - keep;

        reserve(b, MIN(b->max, b->used + keep));
        drop_oldest(b, b->used + keep > b->max ? b->used + keep - b->max : 0);

        tail = (b->head + b->used) % b->capacity;
        first = MIN(keep, b->capacity - tail);
        memcpy(b->ring + tail, from, first);
        memcpy(b->ring, from + first, keep - first);
        b->used += keep;
}

size_t outbuf_put(OutBuf *b, uint64_t offset, const void *data, size_t size, uint64_t *ret_offset,
                  const void **ret_data) {
        size_t known;

        /* All of it known, or so far out that offsets would wrap: nothing new. */
        if (size == 0 || offset > UINT64_MAX - size || offset + size <= b->end)
                return 0;

        if (offset > b->end) {
                b->used = b->head = 0;
                b->end = offset;
        }
        known = b->end - offset;
        *ret_offset = b->end;
        *ret_data = (const char *) data + known;
        outbuf_append(b, *ret_data, size - known);
        return size - known;
}

uint64_t outbuf_start(const OutBuf *b) {
        return b->end - b->used;
}

uint64_t outbuf_end(const OutBuf *b) {
        return b->end;
}

GBytes *outbuf_read(const OutBuf *b, uint64_t offset, size_t max, uint64_t *ret_offset) {
        uint64_t from = CLAMP(offset, outbuf_start(b), b->end);
        size_t size = MIN(max, b->end - from);
        char *data = g_malloc(size);

        copy_out(b, from - outbuf_start(b), data, size);
        *ret_offset = from;
        return g_bytes_new_take(data, size);
}
