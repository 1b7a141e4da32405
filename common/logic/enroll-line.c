/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The line that lets a new host in. Three words, so that it survives being pasted with or without quotes; nothing in
 * it means anything to a shell. */
#include "enroll-line.h"

#include <string.h>

#include "endpoint.h"
#include "error.h"
#include "fingerprint.h"
#include "limits.h"

#define EXPECTED "expected the line that \"mserverctl enroll\" printed: wss://HOST:PORT/… SHA256:… TOKEN"

EnrollLine *enroll_line_free(EnrollLine *l) {
        if (!l)
                return NULL;
        if (l->token)
                explicit_bzero(l->token, strlen(l->token));
        g_free(l->server);
        g_free(l->fingerprint);
        g_free(l->token);
        g_free(l);
        return NULL;
}

char *enroll_line_format(const char *server, const char *fingerprint, const char *token) {
        return g_strdup_printf("%s %s %s", server, fingerprint, token);
}

static bool token_is_valid(const char *s) {
        size_t n = strlen(s);

        if (n < ENROLLMENT_TOKEN_LENGTH_MIN || n > TOKEN_LENGTH_MAX)
                return false;
        for (; *s; s++)
                if (!g_ascii_isalnum(*s) && !strchr("-_", *s))
                        return false;
        return true;
}

/* The words of the text; empty ones, of repeated white space, are left out. */
static char **split(const char *text) {
        g_autoptr(GStrvBuilder) words = g_strv_builder_new();
        g_auto(GStrv) pieces = g_strsplit_set(text, " \t\r\n", -1);

        for (char **p = pieces; *p; p++) {
                if (**p)
                        g_strv_builder_add(words, *p);
                explicit_bzero(*p, strlen(*p));
        }
        return g_strv_builder_end(words);
}

static bool parse_words(char *const *words, EnrollLine *l, GError **error) {
        g_autoptr(Endpoint) endpoint = NULL;
        unsigned n = g_strv_length((char **) words);

        if (n != 3)
                return fleet_fail(error, FLEET_ERROR_INVALID_PARAMETER,
                                  "This line has %u words, and should have 3: " EXPECTED, n);
        endpoint = endpoint_parse(words[0], error);
        if (!endpoint)
                return false;
        if (!endpoint->tls)
                return fleet_fail(error, FLEET_ERROR_INVALID_PARAMETER,
                                  "\"%s\" is not wss://: hosts are enrolled over TLS alone", words[0]);
        l->fingerprint = fingerprint_parse(words[1], error);
        if (!l->fingerprint)
                return false;
        if (!token_is_valid(words[2]))
                return fleet_fail(
                                error, FLEET_ERROR_INVALID_PARAMETER,
                                "The last word of the line is no one-time token: expected %d to %d letters "
                                "and digits, it has %zu bytes. Was it cut?",
                                ENROLLMENT_TOKEN_LENGTH_MIN, TOKEN_LENGTH_MAX, strlen(words[2]));
        l->server = g_strdup(words[0]);
        l->token = g_strdup(words[2]);
        return true;
}

EnrollLine *enroll_line_parse(const char *text, GError **error) {
        g_autoptr(EnrollLine) l = g_new0(EnrollLine, 1);
        g_auto(GStrv) words = NULL;
        bool good;

        if (strlen(text) > ENROLLMENT_LINE_MAX) {
                fleet_fail(error, FLEET_ERROR_INVALID_PARAMETER,
                           "This line has %zu bytes, more than %d: " EXPECTED, strlen(text),
                           ENROLLMENT_LINE_MAX);
                return NULL;
        }
        words = split(text);
        good = parse_words(words, l, error);
        for (char **w = words; *w; w++)
                explicit_bzero(*w, strlen(*w));
        if (good)
                return g_steal_pointer(&l);
        if (error && *error)
                (*error)->code = FLEET_ERROR_INVALID_PARAMETER;
        return NULL;
}
