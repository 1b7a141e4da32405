/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Identifiers: what a valid one looks like, and how new ones are made. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* [A-Za-z0-9._-]{1,64}, and not "." or "..". */
bool client_id_is_valid(const char *s);

/* Docker's own rule: [a-zA-Z0-9][a-zA-Z0-9_.-]*, at most CONTAINER_NAME_MAX. */
bool container_name_is_valid(const char *s);

/* [a-z][a-z0-9_-]{0,63} */
bool command_name_is_valid(const char *s);

/* A parameter's: [A-Za-z_][A-Za-z0-9_-]{0,63} */
bool param_name_is_valid(const char *s);

/* A label's key: [A-Za-z0-9._/-]{1,64}. Its value: one line of UTF-8, at most LABEL_VALUE_MAX bytes, without the
 * comma that ends it in a selector; it may be empty. */
bool label_key_is_valid(const char *s);
bool label_value_is_valid(const char *s);

/* "cmd_<ms>_<4 or more digits>" / "batch_<ms>…", and so on; ids of other makers are accepted where they are
 * [A-Za-z0-9_-]{1,64}. */
bool command_id_is_valid(const char *s);

/* New ids from the time in µs since the epoch. Unique within a process whatever the clock does: the digits
 * count up from a random start. Returns a new string. */
char *command_id_new(uint64_t now_usec);
char *batch_id_new(uint64_t now_usec);
char *alert_id_new(uint64_t now_usec);
char *silence_id_new(uint64_t now_usec);

/* "local_<ms>_<digits>", of a command that no server knows of, and that none can guess. New string. */
char *local_id_new(uint64_t now_usec);
