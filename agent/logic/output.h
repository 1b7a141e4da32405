/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What one command prints: text made valid, its newest part kept for the result and read in chunks to send on.
 * Memory is bounded whatever happens; so that nothing is skipped, the source pauses while output_full(). */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct Output Output;

#define OUTPUT_SOURCES 4 /* standard output, standard error, …: each may stop in the middle of a character */

Output *output_new(void);
Output *output_free(Output *o);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Output, output_free)

void output_append(Output *o, unsigned source, const void *data, size_t size);

/* No more is coming: a character that stopped in the middle is replaced. */
void output_end(Output *o);

/* Something, or a whole chunk, waits to be sent. */
bool output_waits(const Output *o);
bool output_full(const Output *o);

/* The next piece to send: at most OUTPUT_CHUNK_BYTES, whole characters. *ret_offset counts from the start of
 * the output; it jumps where the source did not pause and the oldest bytes had to go. Returns a new string,
 * or NULL when nothing waits. */
char *output_take(Output *o, size_t *ret_size, uint64_t *ret_offset);

/* How much there was in all. */
uint64_t output_bytes(const Output *o);

/* The newest AGENT_OUTPUT_BYTES_MAX bytes, beginning at a character (at a line where earlier ones are gone),
 * and how many bytes before them are gone. New string. */
char *output_tail(const Output *o, uint64_t *ret_gone);
