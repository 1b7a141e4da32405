/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The newest bytes of an endless output, with their offsets from its start. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct OutBuf OutBuf;

/* Keeps at most max bytes; memory grows with what is really there. */
OutBuf *outbuf_new(size_t max);
OutBuf *outbuf_free(OutBuf *b);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OutBuf, outbuf_free)

/* Appends at the end. */
void outbuf_append(OutBuf *b, const void *data, size_t size);

/* Places a chunk that says it starts at offset: what is already there is skipped, a gap is marked by jumping
 * (start moves up, the bytes before are gone). Returns how many bytes were new; *ret_offset is where these
 * start and *ret_data points to them inside data. */
size_t outbuf_put(OutBuf *b, uint64_t offset, const void *data, size_t size, uint64_t *ret_offset,
                  const void **ret_data);

uint64_t outbuf_start(const OutBuf *b); /* offset of the oldest byte kept */
uint64_t outbuf_end(const OutBuf *b);   /* total ever */

/* Copies up to max bytes from offset (clamped to what is kept) and says where they really start. */
GBytes *outbuf_read(const OutBuf *b, uint64_t offset, size_t max, uint64_t *ret_offset);
