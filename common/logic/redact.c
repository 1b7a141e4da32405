/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Walks parameters and writes them as JSON with their secrets masked. */
#include "redact.h"

#include <string.h>

#include "json-text.h"
#include "limits.h"
#include "redact-text.h"
#include "text.h"

static void append_value(GString *out, json_object *value, const char *name);

static void append_mask(GString *out) {
        json_append_string(out, REDACT_MASK, strlen(REDACT_MASK));
}

static RedactFlags flags_of(const char *name) {
        g_autofree char *lower = g_ascii_strdown(name, -1);

        return strstr(lower, "public") || strstr(lower, "session") ? REDACT_PUBLIC : 0;
}

static bool append_text(GString *out, const char *text, RedactFlags flags) {
        g_autoptr(GString) masked = g_string_new(NULL);
        bool pending = redact_text(masked, text, flags);

        json_append_string(out, masked->str, masked->len);
        return pending;
}

/* How many elements from i on are the words of a mnemonic; 0 where they are too few to be one. */
static size_t mnemonic_elements(json_object *array, size_t i) {
        size_t first = i;

        for (; i < json_object_array_length(array); i++) {
                json_object *element = json_object_array_get_idx(array, i);
                const char *word = json_object_is_type(element, json_type_string)
                                                   ? json_object_get_string(element)
                                                   : "";
                size_t size = redact_mnemonic_word(word);

                if (size == 0 || word[size] != '\0')
                        break;
        }
        return i - first >= REDACT_MNEMONIC_WORDS ? i - first : 0;
}

/* "Authorization:", "Bearer", "abc": the secret comes only behind the scheme's name. */
static bool is_auth_scheme(const char *text) {
        return g_ascii_strcasecmp(text, "bearer") == 0 || g_ascii_strcasecmp(text, "basic") == 0 ||
               g_ascii_strcasecmp(text, "token") == 0;
}

/* One element; returns whether the next one is a secret. */
static bool append_element(GString *out, json_object *element, const char *name, bool secret) {
        const char *text;

        if (!json_object_is_type(element, json_type_string)) {
                append_value(out, element, secret ? "secret" : name);
                return false;
        }
        text = json_object_get_string(element);
        if (secret && is_auth_scheme(text)) {
                json_append_string(out, text, strlen(text));
                return true;
        }
        if (secret && !g_str_has_prefix(text, "--")) {
                append_mask(out);
                return false;
        }
        return append_text(out, text, flags_of(name) | REDACT_ARGUMENT);
}

static void append_array(GString *out, json_object *array, const char *name) {
        bool secret = false;

        g_string_append_c(out, '[');
        for (size_t i = 0; i < json_object_array_length(array);) {
                size_t words = mnemonic_elements(array, i);

                if (i > 0)
                        g_string_append_c(out, ',');
                if (words > 0)
                        append_mask(out);
                else
                        secret = append_element(out, json_object_array_get_idx(array, i), name, secret);
                i += MAX(words, 1);
        }
        g_string_append_c(out, ']');
}

static void append_object(GString *out, json_object *object) {
        char separator = '{';

        if (json_object_object_length(object) == 0)
                g_string_append_c(out, '{');
        json_object_object_foreach (object, name, value) {
                g_string_append_c(out, separator);
                json_append_string(out, name, strlen(name));
                g_string_append_c(out, ':');
                append_value(out, value, name);
                separator = ',';
        }
        g_string_append_c(out, '}');
}

static bool is_plain_word(const char *word) {
        return word[0] && !word[strcspn(word, " \t\r\n'\"\\`$&|;<>()#")];
}

/* An array of strings as one command line. */
static char *join_words(json_object *array) {
        GString *line = g_string_new(NULL);

        for (size_t i = 0; i < json_object_array_length(array); i++) {
                const char *word = json_object_get_string(json_object_array_get_idx(array, i));
                g_autofree char *quoted = is_plain_word(word) ? g_strdup(word) : g_shell_quote(word);

                g_string_append_printf(line, "%s%s", i > 0 ? " " : "", quoted);
        }
        return g_string_free(line, FALSE);
}

/* A command line whose quotes hide from plain text where its words end: masked word by word, as they will be run. */
static bool append_quoted_command(GString *out, const char *text) {
        g_autoptr(GString) masked = g_string_new(NULL);
        g_autofree char *line = NULL;
        g_auto(GStrv) words = NULL;
        json_object *array;

        if (!strpbrk(text, "'\"\\") || !g_shell_parse_argv(text, NULL, &words, NULL))
                return false;
        array = json_object_new_array();
        for (char **w = words; *w; w++)
                json_object_array_add(array, json_object_new_string(*w));
        append_array(masked, array, "command");
        json_object_put(array);
        array = json_tokener_parse(masked->str);
        line = join_words(array);
        json_object_put(array);
        json_append_string(out, line, strlen(line));
        return true;
}

static void append_string(GString *out, const char *text, const char *name) {
        if (strcmp(name, "command") != 0 || !append_quoted_command(out, text))
                (void) append_text(out, text, flags_of(name));
}

static void append_value(GString *out, json_object *value, const char *name) {
        enum json_type type = json_object_get_type(value);
        bool tells = type != json_type_null && type != json_type_boolean;

        if (tells && redact_name_is_secret(name, strlen(name)))
                append_mask(out);
        else if (type == json_type_string)
                append_string(out, json_object_get_string(value), name);
        else if (type == json_type_array)
                append_array(out, value, name);
        else if (type == json_type_object)
                append_object(out, value);
        else
                json_append_object(out, value);
}

/* The beginning of text, as much as fits, in an object that says so. */
static char *truncated(const char *text) {
        size_t size = AUDIT_PARAMS_BYTES_MAX;

        for (;;) {
                g_autofree char *beginning = text_cut(text, size);
                GString *out = g_string_new("{\"truncated\":");

                json_append_string(out, beginning, strlen(beginning));
                g_string_append_c(out, '}');
                if (out->len <= AUDIT_PARAMS_BYTES_MAX)
                        return g_string_free(out, FALSE);
                /* Escaping makes at most two bytes of one, so this never goes too far. */
                size -= (out->len - AUDIT_PARAMS_BYTES_MAX + 1) / 2;
                g_string_free(out, TRUE);
        }
}

char *redact_params(json_object *params) {
        g_autoptr(GString) out = g_string_new(NULL);

        append_value(out, params, "");
        if (out->len > AUDIT_PARAMS_BYTES_MAX)
                return truncated(out->str);
        return g_strdup(out->str);
}

char *redact_error(const char *text) {
        GString *out;

        if (!text)
                return NULL;
        out = g_string_new(NULL);
        (void) redact_text(out, text, 0);
        return g_string_free(out, FALSE);
}
