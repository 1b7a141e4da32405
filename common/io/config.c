/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Configuration files in systemd's manner. An own small parser because GKeyFile keeps no line numbers, knows
 * no drop-ins and no continuation lines, and unquotes values. The rules are systemd.syntax(7)'s. */
#include "config.h"

#include <string.h>

#include "error.h"
#include "file.h"
#include "limits.h"
#include "text.h"

typedef struct Entry {
        char *section, *key, *value;
        char *file; /* where it was set last, for messages */
        unsigned line;
} Entry;

struct Config {
        GPtrArray *entries;  /* of Entry: those set, in order of first appearance */
        GPtrArray *sections; /* of char*, in order of first appearance */
};

typedef struct Parser {
        Config *config;
        const ConfigKey *known;
        ConfigWarn warn;
        void *userdata;
        const char *file;
        unsigned line;
        char *section; /* NULL before the first, and in one that is not ours */
        bool skip;     /* in a section that is not ours: it has been warned about */
} Parser;

static void entry_free(void *p) {
        Entry *e = p;

        g_free(e->section);
        g_free(e->key);
        g_free(e->value);
        g_free(e->file);
        g_free(e);
}

static Entry *find_entry(const Config *c, const char *section, const char *key, unsigned *ret_index) {
        for (unsigned i = 0; i < c->entries->len; i++) {
                Entry *e = g_ptr_array_index(c->entries, i);

                if (g_str_equal(e->key, key) && g_str_equal(e->section, section)) {
                        if (ret_index)
                                *ret_index = i;
                        return e;
                }
        }
        return NULL;
}

static bool name_matches(const char *pattern, const char *name) {
        size_t n = strlen(pattern);

        if (n > 0 && pattern[n - 1] == '*')
                return strlen(name) >= n && strncmp(pattern, name, n - 1) == 0;
        return g_str_equal(pattern, name);
}

static bool is_known(const ConfigKey *known, const char *section, const char *key) {
        for (; known->section; known++)
                if (name_matches(known->section, section) && (!key || name_matches(known->key, key)))
                        return true;
        return false;
}

static void G_GNUC_PRINTF(2, 3) warn_about(const Parser *p, const char *format, ...) {
        g_autofree char *text = NULL, *message = NULL;
        va_list ap;

        if (!p->warn)
                return;
        va_start(ap, format);
        text = g_strdup_vprintf(format, ap);
        va_end(ap);
        message = g_strdup_printf("%s:%u: %s", p->file, p->line, text);
        p->warn(message, p->userdata);
}

/* The name that may have been meant; a pattern is none. NULL: no idea. */
static const char *nearest_name(const Parser *p, const char *name, bool is_key) {
        g_autoptr(GPtrArray) names = g_ptr_array_new();

        for (const ConfigKey *k = p->known; k->section; k++) {
                const char *other = is_key ? k->key : k->section;

                if (!g_str_has_suffix(other, "*") && (!is_key || name_matches(k->section, p->section)))
                        g_ptr_array_add(names, (char *) other);
        }
        g_ptr_array_add(names, NULL);
        return text_nearest(name, (const char *const *) names->pdata);
}

static void warn_unknown_section(const Parser *p, const char *name) {
        const char *nearest = nearest_name(p, name, false);

        if (nearest)
                warn_about(p, "unknown section [%s], ignored; did you mean [%s]?", name, nearest);
        else
                warn_about(p, "unknown section [%s], ignored", name);
}

static void warn_unknown_key(const Parser *p, const char *name) {
        const char *nearest = nearest_name(p, name, true);

        if (nearest)
                warn_about(p, "unknown key %s= in section [%s], ignored; did you mean %s=?", name,
                           p->section, nearest);
        else
                warn_about(p, "unknown key %s= in section [%s], ignored", name, p->section);
}

static void assign(Parser *p, const char *key, const char *value) {
        unsigned i;
        Entry *e = find_entry(p->config, p->section, key, &i);

        if (*value == '\0') { /* resets */
                if (e)
                        g_ptr_array_remove_index(p->config->entries, i);
                return;
        }

        if (!e) {
                e = g_new0(Entry, 1);
                e->section = g_strdup(p->section);
                e->key = g_strdup(key);
                g_ptr_array_add(p->config->entries, e);
        }
        g_free(e->value);
        g_free(e->file);
        e->value = g_strdup(value);
        e->file = g_strdup(p->file);
        e->line = p->line;
}

static void enter_section(Parser *p, const char *name) {
        g_clear_pointer(&p->section, g_free);
        p->skip = !is_known(p->known, name, NULL);
        if (p->skip) {
                if (!g_str_has_prefix(name, "X-")) /* systemd leaves these to others, silently */
                        warn_unknown_section(p, name);
                return;
        }
        p->section = g_strdup(name);
        if (!g_ptr_array_find_with_equal_func(p->config->sections, name, g_str_equal, NULL))
                g_ptr_array_add(p->config->sections, g_strdup(name));
}

/* One logical line, stripped, not empty and not a comment. */
static bool parse_line(Parser *p, char *text, GError **error) {
        size_t n = strlen(text);
        char *equals;

        if (!g_utf8_validate(text, -1, NULL))
                return fleet_fail(error, FLEET_ERROR_CONFIG, "%s:%u: not valid UTF-8", p->file, p->line);

        if (text[0] == '[') {
                if (n < 3 || text[n - 1] != ']')
                        return fleet_fail(error, FLEET_ERROR_CONFIG, "%s:%u: \"%s\": expected [Section]",
                                          p->file, p->line, text);
                text[n - 1] = '\0';
                enter_section(p, text + 1);
                return true;
        }

        equals = strchr(text, '=');
        if (!equals || equals == text)
                return fleet_fail(error, FLEET_ERROR_CONFIG, "%s:%u: \"%s\": expected Key=value", p->file,
                                  p->line, text);
        if (!p->section && !p->skip)
                return fleet_fail(error, FLEET_ERROR_CONFIG, "%s:%u: \"%s\" stands before any [Section]",
                                  p->file, p->line, text);
        if (p->skip)
                return true;

        *equals = '\0';
        g_strchomp(text);
        if (!is_known(p->known, p->section, text))
                warn_unknown_key(p, text);
        else
                assign(p, text, g_strchug(equals + 1));
        return true;
}

/* An odd number of backslashes at the end: the next line belongs to this one. */
static bool is_continued(const char *line) {
        size_t n = strlen(line), backslashes = 0;

        while (backslashes < n && line[n - 1 - backslashes] == '\\')
                backslashes++;
        return backslashes % 2 == 1;
}

static bool finish_line(Parser *p, GString *logical, GError **error) {
        bool good = true;

        g_strchomp(logical->str);
        if (*logical->str)
                good = parse_line(p, logical->str, error);
        g_string_truncate(logical, 0);
        return good;
}

static bool parse_text(Parser *p, char *text, GError **error) {
        g_autoptr(GString) logical = g_string_new(NULL);
        char *next = g_str_has_prefix(text, "\xef\xbb\xbf") ? text + 3 : text;

        for (unsigned number = 1; next; number++) {
                char *line = next;

                next = strchr(line, '\n');
                if (next)
                        *next++ = '\0';
                if (g_str_has_suffix(line, "\r"))
                        line[strlen(line) - 1] = '\0';
                g_strchug(line);
                if (*line == '#' || *line == ';') /* also between continued lines */
                        continue;

                if (logical->len == 0)
                        p->line = number; /* messages name the first of continued lines */
                g_string_append(logical, line);
                if (is_continued(line))
                        logical->str[logical->len - 1] = ' ';
                else if (!finish_line(p, logical, error))
                        return false;
        }
        return finish_line(p, logical, error);
}

/* Adds what a file says. text ends with a NUL at size, and is written over. */
static bool add_text(Parser *p, char *text, size_t size, GError **error) {
        bool good;

        if (memchr(text, '\0', size))
                return fleet_fail(error, FLEET_ERROR_CONFIG, "%s: has a NUL byte in it: not text", p->file);

        good = parse_text(p, text, error);
        g_clear_pointer(&p->section, g_free); /* the next one begins outside of any section */
        p->skip = false;
        return good;
}

static bool add_file(Parser *p, const char *path, GError **error) {
        g_autoptr(GError) e = NULL;
        g_autofree char *text = NULL;
        size_t size;

        if (!file_read(path, CONFIG_FILE_BYTES_MAX, &text, &size, &e)) {
                if (g_error_matches(e, FLEET_ERROR, FLEET_ERROR_UNAVAILABLE))
                        return true;
                return fleet_fail(error, FLEET_ERROR_CONFIG, "%s", e->message);
        }
        p->file = path;
        return add_text(p, text, size, error);
}

static int compare_names(const void *a, const void *b) {
        return strcmp(*(char *const *) a, *(char *const *) b);
}

/* Names of path.d/?*.conf, hidden ones left out, in the order of strcmp(). Empty where there is no such
 * directory. */
static GPtrArray *list_drop_ins(const char *dir_path, GError **error) {
        g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
        g_autoptr(GError) e = NULL;
        g_autoptr(GDir) dir = g_dir_open(dir_path, 0, &e);
        const char *name;

        if (!dir && !g_error_matches(e, G_FILE_ERROR, G_FILE_ERROR_NOENT)) {
                fleet_fail(error, FLEET_ERROR_CONFIG, "%s", e->message);
                return NULL;
        }
        while (dir && (name = g_dir_read_name(dir)))
                if (*name != '.' && g_str_has_suffix(name, ".conf"))
                        g_ptr_array_add(names, g_strdup(name));
        g_ptr_array_sort(names, compare_names);
        return g_steal_pointer(&names);
}

static Config *config_new(void) {
        Config *c = g_new0(Config, 1);

        c->entries = g_ptr_array_new_with_free_func(entry_free);
        c->sections = g_ptr_array_new_with_free_func(g_free);
        return c;
}

Config *config_read(const char *path, const ConfigKey *known, ConfigWarn warn, void *userdata,
                    GError **error) {
        g_autoptr(Config) c = config_new();
        Parser p = { .config = c, .known = known, .warn = warn, .userdata = userdata };
        g_autofree char *dir = g_strconcat(path, ".d", NULL);
        g_autoptr(GPtrArray) drop_ins = NULL;

        if (!add_file(&p, path, error))
                return NULL;

        drop_ins = list_drop_ins(dir, error);
        if (!drop_ins)
                return NULL;
        for (unsigned i = 0; i < drop_ins->len; i++) {
                g_autofree char *file = g_build_filename(dir, g_ptr_array_index(drop_ins, i), NULL);

                if (!add_file(&p, file, error))
                        return NULL;
        }
        return g_steal_pointer(&c);
}

Config *config_parse(const char *name, const char *text, size_t size, const ConfigKey *known,
                     ConfigWarn warn, void *userdata, GError **error) {
        g_autoptr(Config) c = config_new();
        Parser p = { .config = c, .known = known, .warn = warn, .userdata = userdata, .file = name };
        g_autoptr(GString) copy = g_string_new_len(text, (gssize) size);

        return add_text(&p, copy->str, size, error) ? g_steal_pointer(&c) : NULL;
}

Config *config_free(Config *c) {
        if (!c)
                return NULL;
        g_ptr_array_unref(c->entries);
        g_ptr_array_unref(c->sections);
        g_free(c);
        return NULL;
}

const char *config_get(const Config *c, const char *section, const char *key) {
        const Entry *e = find_entry(c, section, key, NULL);

        return e ? e->value : NULL;
}

static bool bad_value(const Entry *e, GError **error, const char *expected) {
        return fleet_fail(error, FLEET_ERROR_CONFIG, "%s:%u: [%s] %s=%s: expected %s", e->file, e->line,
                          e->section, e->key, e->value, expected);
}

bool config_get_uint(const Config *c, const char *section, const char *key, uint64_t min, uint64_t max,
                     uint64_t *ret, GError **error) {
        const Entry *e = find_entry(c, section, key, NULL);
        guint64 value;

        if (!e)
                return true;
        if (!g_ascii_string_to_unsigned(e->value, 10, min, max, &value, NULL)) {
                g_autofree char *expected = g_strdup_printf("a whole number from %" G_GUINT64_FORMAT
                                                            " to %" G_GUINT64_FORMAT,
                                                            (guint64) min, (guint64) max);

                return bad_value(e, error, expected);
        }
        *ret = value;
        return true;
}

bool config_get_usec(const Config *c, const char *section, const char *key, uint64_t max, uint64_t *ret,
                     GError **error) {
        const Entry *e = find_entry(c, section, key, NULL);
        uint64_t usec;

        if (!e)
                return true;
        if (!text_to_usec(e->value, &usec) || usec > max) {
                g_autofree char *longest = text_duration(max);
                g_autofree char *expected =
                                g_strdup_printf("a time such as 90s, 5min, 2h or 1d, at most %s", longest);

                return bad_value(e, error, expected);
        }
        *ret = usec;
        return true;
}

static bool is_one_of(const char *s, const char *const *words) {
        for (; *words; words++)
                if (g_ascii_strcasecmp(s, *words) == 0)
                        return true;
        return false;
}

bool config_get_bool(const Config *c, const char *section, const char *key, bool *ret, GError **error) {
        static const char *const yes[] = { "1", "yes", "y", "true", "t", "on", NULL };
        static const char *const no[] = { "0", "no", "n", "false", "f", "off", NULL };
        const Entry *e = find_entry(c, section, key, NULL);

        if (!e)
                return true;
        if (!is_one_of(e->value, yes) && !is_one_of(e->value, no))
                return bad_value(e, error, "yes or no");
        *ret = is_one_of(e->value, yes);
        return true;
}

char **config_get_words(const Config *c, const char *section, const char *key) {
        g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
        const char *value = config_get(c, section, key);
        g_auto(GStrv) parts = g_strsplit_set(value ? value : "", " \t\n\r,", -1);

        for (char **part = parts; *part; part++)
                if (**part)
                        g_strv_builder_add(builder, *part);
        return g_strv_builder_end(builder);
}

char **config_keys(const Config *c, const char *section) {
        g_autoptr(GStrvBuilder) builder = g_strv_builder_new();

        for (unsigned i = 0; i < c->entries->len; i++) {
                const Entry *e = g_ptr_array_index(c->entries, i);

                if (g_str_equal(e->section, section))
                        g_strv_builder_add(builder, e->key);
        }
        return g_strv_builder_end(builder);
}

char **config_sections(const Config *c) {
        g_autoptr(GStrvBuilder) builder = g_strv_builder_new();

        for (unsigned i = 0; i < c->sections->len; i++)
                g_strv_builder_add(builder, g_ptr_array_index(c->sections, i));
        return g_strv_builder_end(builder);
}
