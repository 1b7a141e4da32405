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

/* sent: in chunks, as it comes; else only what is kept of it counts, and it is never ready or full. */
Output *output_new(bool sent);
Output *output_free(Output *o);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Output, output_free)

void output_append(Output *o, unsigned source, const void *data, size_t size);

/* No more is coming: a character that stopped in the middle is replaced. */
void output_end(Output *o);

/* A connection begins: all that is kept is sent on it. windowed: of this, and of what follows, no more than
 * OUTPUT_WINDOW_BYTES (and the rest of a chunk) beyond what output_passed() said, until the end. */
void output_begin(Output *o, bool windowed);
void output_passed(Output *o, uint64_t offset);

/* Something may be sent now; a whole chunk waits, whether it may or not. */
bool output_ready(const Output *o);
bool output_full(const Output *o);

/* The next piece to send: at most OUTPUT_CHUNK_BYTES, whole characters. *ret_offset counts from the start of
 * the output; it jumps where the source did not pause and the oldest bytes had to go. Returns a new string,
 * or NULL when output_ready() is false. */
char *output_take(Output *o, size_t *ret_size, uint64_t *ret_offset);

/* How much there was in all. */
uint64_t output_bytes(const Output *o);

/* The newest AGENT_OUTPUT_BYTES_MAX bytes, beginning at a character (at a line where earlier ones are gone),
 * and how many bytes before them are gone. New string. */
char *output_tail(const Output *o, uint64_t *ret_gone);
