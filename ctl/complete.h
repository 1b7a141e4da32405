/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What may come next on a command line: pure, for shells and the prompt alike. */
#pragma once

#include <stdbool.h>

/* Where names come from that only the service knows. Each returns new NULL-terminated strings, or NULL. */
typedef struct CompleteSource {
        char **(*clients)(void *userdata);
        char **(*commands)(const char *client, void *userdata); /* client NULL: of any */
        char **(*containers)(const char *client, void *userdata);
        char **(*command_ids)(void *userdata);
        char **(*alert_ids)(const char *action, void *userdata); /* action: of the verb alerts */
        char **(*schedules)(void *userdata);
        void *userdata;
} CompleteSource;

/* words: those before the one that is being typed, without the program's name, NULL-terminated; prefix: what is typed of
 * that one. Returns the words that it can become, sorted, NULL-terminated, g_strfreev(). */
char **complete_words(const char *const *words, const char *prefix, bool in_session,
                      const CompleteSource *source);
