/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Configuration files in systemd's manner: FILE, then FILE.d/NAME.conf in order of name; later wins; an
 * empty value resets. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct Config Config;

/* Which keys there are. A section or key that ends in "*" stands for all that begin so ("Port.*", section
 * "Command *"). */
typedef struct ConfigKey {
        const char *section, *key;
} ConfigKey;

/* Reads path and its drop-ins; missing files are an empty configuration. Unknown keys and sections are
 * warned about through warn (may be NULL) by file, line and name; sections that begin with "X-" are left
 * alone, as systemd does. A line that is neither [Section] nor Key=value is an error: errors
 * (FLEET_ERROR_CONFIG) name file and line. known ends with a NULL section. */
typedef void (*ConfigWarn)(const char *message, void *userdata);
Config *config_read(const char *path, const ConfigKey *known, ConfigWarn warn, void *userdata,
                    GError **error);
/* The same of one text of size bytes (any), which messages call name. */
Config *config_parse(const char *name, const char *text, size_t size, const ConfigKey *known,
                     ConfigWarn warn, void *userdata, GError **error);
Config *config_free(Config *c);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Config, config_free)

/* Returns NULL when unset. Borrowed. */
const char *config_get(const Config *c, const char *section, const char *key);

/* These leave *ret alone when the key is unset, and fail with FLEET_ERROR_CONFIG that names file, line, key,
 * value and what was expected. */
bool config_get_uint(const Config *c, const char *section, const char *key, uint64_t min, uint64_t max,
                     uint64_t *ret, GError **error);
/* A time as text_to_usec() reads it, in µs. */
bool config_get_usec(const Config *c, const char *section, const char *key, uint64_t max, uint64_t *ret,
                     GError **error);
bool config_get_bool(const Config *c, const char *section, const char *key, bool *ret, GError **error);

/* Words split by white space or commas; a new strv, empty when unset. */
char **config_get_words(const Config *c, const char *section, const char *key);

/* Keys set in one section, and the sections that appear, in order of appearance; new strvs. */
char **config_keys(const Config *c, const char *section);
char **config_sections(const Config *c);
