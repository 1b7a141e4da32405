/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Masks secrets inside one string. A rule is tried wherever a word begins; each looks at bounded text ahead of what
 * it consumes, so that the whole takes linear time. */
#include "redact-text.h"

#include <string.h>

#define NAME_MAX_BYTES 64 /* longer ones are no names */
#define SEED_DIGITS 64

static bool is_name_char(char c) {
        return g_ascii_isalnum(c) || c == '_' || c == '-' || c == '.';
}

static bool has_word(const char *name, const char *word) {
        size_t size = strlen(word);

        for (const char *p = name; (p = strstr(p, word)); p++)
                if ((p == name || !g_ascii_isalnum(p[-1])) && !g_ascii_isalnum(p[size]))
                        return true;
        return false;
}

bool redact_name_is_secret(const char *name, size_t size) {
        static const char *const anywhere[] = { "password", "passwd", "passphrase", "secret",    "token",
                                                "mnemonic", "seed",   "private",    "credential" };
        static const char *const words[] = { "pass", "pwd", "suri", "auth", "authorization", "cookie" };
        g_autofree char *lower = g_ascii_strdown(name, (gssize) size);

        for (unsigned i = 0; i < G_N_ELEMENTS(anywhere); i++)
                if (strstr(lower, anywhere[i]))
                        return true;
        for (unsigned i = 0; i < G_N_ELEMENTS(words); i++)
                if (has_word(lower, words[i]))
                        return true;
        return (g_str_has_suffix(lower, "key") || g_str_has_suffix(lower, "keys")) &&
               !strstr(lower, "public") && !strstr(lower, "session");
}

/* What a rule found at a place: so many bytes to keep, then so many to mask. */
typedef struct Found {
        size_t keep, mask;
        bool pending; /* the text ends where the secret should begin */
} Found;

/* A quote, or one escaped by a backslash: its length, else 0. */
static size_t quote_size(const char *p) {
        size_t escape = *p == '\\';

        return p[escape] == '"' || p[escape] == '\'' ? escape + 1 : 0;
}

/* What stands between two words: blanks, or, where each has quotes of its own, those too. */
static size_t gap_size(const char *p) {
        size_t quote = quote_size(p), blanks = strspn(p + quote, " \t\r\n");

        return quote > 0 && blanks > 0 && quote_size(p + quote + blanks) > 0
                               ? quote + blanks + quote_size(p + quote + blanks)
                               : strspn(p, " \t\r\n");
}

/* The end of the string that the quote at p opens; without a closing quote, of the text. */
static const char *quoted_end(const char *p) {
        size_t quote = quote_size(p);
        char c = p[quote - 1];

        for (p += quote; *p; p++) {
                if (*p == c)
                        return p;
                if (*p == '\\' && p[1]) {
                        if (quote == 2 && p[1] == c)
                                return p;
                        p++;
                }
        }
        return p;
}

/* How far a value goes that has no quotes around it. */
typedef enum Extent {
        EXTENT_WORD,
        EXTENT_LINE,
        EXTENT_ALL,
} Extent;

/* Masks the value at p of a name that begins at start. */
static Found mask_value(const char *start, const char *p, Extent extent) {
        size_t quote = quote_size(p);
        const char *end;

        if (extent == EXTENT_ALL || *p == '[' || *p == '{')
                end = p + strlen(p);
        else if (quote > 0) {
                end = quoted_end(p);
                p += quote;
        } else
                end = p + strcspn(p, extent == EXTENT_LINE ? "\r\n\"'" : " \t\r\n\"'");
        return (Found){ .keep = p - start, .mask = end - p, .pending = *p == '\0' };
}

/* "Authorization: Basic …", "Cookie: a=b; c=d": the rest of the line belongs to these. */
static bool is_header(const char *name, size_t size) {
        g_autofree char *lower = g_ascii_strdown(name, (gssize) size);

        return has_word(lower, "authorization") || has_word(lower, "cookie");
}

/* --NAME VALUE, --NAME=VALUE, NAME=VALUE, NAME: VALUE, "NAME": VALUE */
static Found find_named(const char *start, RedactFlags flags, bool at_start) {
        size_t dashes = strspn(start, "-"), size = 0;
        const char *name = start + dashes, *p;
        Extent extent = EXTENT_WORD;

        while (size <= NAME_MAX_BYTES && is_name_char(name[size]))
                size++;
        if (size == 0 || size > NAME_MAX_BYTES || !redact_name_is_secret(name, size))
                return (Found){};
        if (at_start && flags & REDACT_ARGUMENT)
                extent = EXTENT_ALL;
        else if (is_header(name, size))
                extent = EXTENT_LINE;

        p = name + size;
        if (*p == '=')
                return p[1] ? mask_value(start, p + 1, extent) : (Found){};
        if (dashes > 0 && quote_size(p) > 0 && g_ascii_isspace(p[quote_size(p)]))
                p += quote_size(p); /* '--NAME' 'VALUE' */
        if (dashes > 0 && (g_ascii_isspace(*p) || *p == '\0')) {
                p += strspn(p, " \t\r\n");
                return g_str_has_prefix(p, "--") ? (Found){} : mask_value(start, p, EXTENT_WORD);
        }

        p += quote_size(p);
        p += strspn(p, " \t");
        if (*p != ':')
                return (Found){};
        p++;
        p += strspn(p, " \t");
        return mask_value(start, p, extent);
}

/* Bearer TOKEN */
static Found find_bearer(const char *start) {
        static const char bearer[] = "bearer";
        const char *p = start + strlen(bearer);

        if (g_ascii_strncasecmp(start, bearer, strlen(bearer)) != 0 || (*p && !g_ascii_isspace(*p)))
                return (Found){};
        p += strspn(p, " \t");
        return mask_value(start, p, EXTENT_WORD);
}

/* scheme://user:PASSWORD@host */
static Found find_url(const char *start) {
        const char *p = start, *colon, *end;

        while (p - start < NAME_MAX_BYTES && (g_ascii_isalnum(*p) || strchr("+-.", *p)) && *p)
                p++;
        if (!g_str_has_prefix(p, "://"))
                return (Found){};
        p += strlen("://");
        end = p + strcspn(p, "/@?# \t\r\n\"'");
        colon = memchr(p, ':', end - p);
        if (*end != '@' || !colon)
                return (Found){};
        return (Found){ .keep = colon + 1 - start, .mask = end - colon - 1 };
}

/* 0x and 64 hex digits, no more and no less */
static Found find_seed(const char *start) {
        const char *p = start + 2;
        size_t n = 0;

        if (start[0] != '0' || (start[1] != 'x' && start[1] != 'X'))
                return (Found){};
        while (n <= SEED_DIGITS && g_ascii_isxdigit(p[n]))
                n++;
        return n == SEED_DIGITS && !g_ascii_isalnum(p[n]) ? (Found){ .mask = n + 2 } : (Found){};
}

size_t redact_mnemonic_word(const char *text) {
        size_t n = 0;

        while (n <= 8 && g_ascii_islower(text[n]))
                n++;
        return n >= 3 && n <= 8 && !is_name_char(text[n]) && !(text[n] & 0x80) ? n : 0;
}

/* Twelve words, and what a derivation path ("//stash") adds to the last. */
static Found find_mnemonic(const char *start) {
        const char *p = start, *end = start;
        unsigned words = 0;
        size_t size;

        while ((size = redact_mnemonic_word(p)) > 0) {
                words++;
                end = p + size;
                p = end + gap_size(end);
                if (p == end)
                        break;
        }
        if (words < REDACT_MNEMONIC_WORDS)
                return (Found){};
        end += strcspn(end, " \t\r\n\"'");
        return (Found){ .mask = end - start };
}

static Found find(const char *p, RedactFlags flags, bool at_start) {
        Found f = find_mnemonic(p);

        if (f.mask == 0 && !(flags & REDACT_PUBLIC))
                f = find_seed(p);
        if (f.mask == 0)
                f = find_url(p);
        if (f.mask == 0)
                f = find_named(p, flags, at_start);
        if (f.mask == 0 && !f.pending)
                f = find_bearer(p);
        return f;
}

static bool word_begins(const char *text, const char *p) {
        if (p == text)
                return true;
        return !g_ascii_isalnum(p[-1]) && p[-1] != '_' && !(p[-1] == '-' && *p == '-');
}

bool redact_text(GString *out, const char *text, RedactFlags flags) {
        bool pending = false;

        for (const char *p = text; *p;) {
                Found f = word_begins(text, p) ? find(p, flags, p == text) : (Found){};

                pending = f.pending;
                if (f.mask == 0) {
                        /* Nothing here: on by what the rule saw, or by one byte. */
                        size_t keep = MAX(f.keep, 1);

                        g_string_append_len(out, p, (gssize) keep);
                        p += keep;
                        continue;
                }
                g_string_append_len(out, p, (gssize) f.keep);
                g_string_append(out, REDACT_MASK);
                p += f.keep + f.mask;
        }
        return pending;
}
