/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Small text helpers: near misses, hex, and times for people. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The candidate (NULL-terminated list) closest to word, or NULL when none is near enough to be a typing error:
 * one edit in words of up to 4 letters, two in longer ones, swapped neighbours being one, case aside. */
const char *text_nearest(const char *word, const char *const *candidates);

/* Lower-case hex; new string. */
char *text_hex(const void *data, size_t size);

/* "1.2 s", "340 ms", "14 min", "2 h", "6 d": a duration in µs with its unit, rounded to the two digits that
 * matter (days: to whole ones from 10 on); new string. */
char *text_duration(uint64_t usec);

/* "512 B", "1.2 kB", "48 MB": bytes, in thousands, rounded to the two digits that matter; new string. */
char *text_size(uint64_t bytes);

/* Cuts text to at most max bytes at a character boundary; new string. */
char *text_cut(const char *text, size_t max);

/* For a message that quotes what somebody else wrote: one line of at most max bytes, "…" where it was cut,
 * control characters and what is not UTF-8 as "?"; new string. */
char *text_shown(const char *text, size_t max);

/* A whole decimal number in [min, max]; nothing before or after it. */
bool text_to_uint(const char *s, uint64_t min, uint64_t max, uint64_t *ret);

/* "90" (seconds), "90s", "5min", "2h", "1d", "500ms", "1h 30min" to µs: systemd.time(7)'s units up to weeks,
 * whole numbers only. */
bool text_to_usec(const char *s, uint64_t *ret);
