/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A command's result as callers on the bus get it. */
#pragma once

/* result: JSON text or NULL. Without an error it is that, or "null". With one it is an object that has it as "error":
 * the result's members beside it, or, where the result is no object, "result". New string. */
char *result_with_error(const char *result, const char *error);
