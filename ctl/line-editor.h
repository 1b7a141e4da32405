/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One line typed on the terminal, by libedit (editline(3)): with history kept in a file, and completion. */
#pragma once

#include <glib.h>

#include "complete.h"

typedef struct LineEditor LineEditor;

/* prompt, source: borrowed. */
LineEditor *line_editor_new(const char *prompt, const CompleteSource *source);
/* Saves the history. */
LineEditor *line_editor_free(LineEditor *e);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LineEditor, line_editor_free)

/* The next line, without its end; "" after Ctrl-C, NULL at the end of input (Ctrl-D). New string. */
char *line_editor_read(LineEditor *e);
