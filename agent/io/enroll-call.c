/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* POST /enroll by libcurl, whose TLS is decided by server-trust.c as that of the WebSocket is. */
#include "enroll-call.h"

#include <curl/curl.h>
#include <string.h>
#include <unistd.h>

#include "error.h"
#include "limits.h"
#include "names.h"
#include "text.h"

typedef struct Call {
        const Endpoint *server;
        ServerTrust *trust;
        CURL *easy;
        struct curl_slist *headers;
        char *url, *body;
        GString *answer;
        char error_text[CURL_ERROR_SIZE];
} Call;

static size_t on_body(char *data, size_t one, size_t size, void *userdata) {
        GString *answer = userdata;

        if (answer->len + size > ENROLLMENT_BODY_MAX)
                return 0;
        g_string_append_len(answer, data, (gssize) size);
        return size;
}

static CURLcode on_tls(CURL *easy, void *context, void *userdata) {
        server_trust_apply(userdata, context);
        return CURLE_OK;
}

#define SET(c, option, value)                                                                        \
        do {                                                                                         \
                CURLcode _r = curl_easy_setopt((c)->easy, option, value);                            \
                                                                                                     \
                if (_r != CURLE_OK)                                                                  \
                        return fleet_fail(error, FLEET_ERROR_FAILED, "libcurl does not take %s: %s", \
                                          #option, curl_easy_strerror(_r));                          \
        } while (0)

static bool prepare(Call *c, const char *token, GError **error) {
        g_autofree char *authorization = g_strconcat("Authorization: Token ", token, NULL);

        c->headers = curl_slist_append(NULL, "Content-Type: application/json");
        c->headers = curl_slist_append(c->headers, authorization);
        explicit_bzero(authorization, strlen(authorization));
        SET(c, CURLOPT_URL, c->url);
        SET(c, CURLOPT_PROTOCOLS_STR, "https");
        SET(c, CURLOPT_PROXY, ""); /* a proxy of the environment has no business with the token */
        SET(c, CURLOPT_HTTP_VERSION, (long) CURL_HTTP_VERSION_1_1);
        SET(c, CURLOPT_HTTPHEADER, c->headers);
        SET(c, CURLOPT_POSTFIELDS, c->body);
        SET(c, CURLOPT_WRITEFUNCTION, on_body);
        SET(c, CURLOPT_WRITEDATA, c->answer);
        SET(c, CURLOPT_ERRORBUFFER, c->error_text);
        SET(c, CURLOPT_CONNECTTIMEOUT, (long) CONNECT_TIMEOUT_SEC);
        SET(c, CURLOPT_TIMEOUT, (long) ENROLL_TIMEOUT_SEC);
        SET(c, CURLOPT_NOSIGNAL, 1L);
        /* Ours is the only verification: libcurl's own would need CA files that a host may not have. */
        SET(c, CURLOPT_CAINFO, NULL);
        SET(c, CURLOPT_CAPATH, NULL);
        SET(c, CURLOPT_SSL_VERIFYPEER, 1L);
        SET(c, CURLOPT_SSL_VERIFYHOST, 0L);
        SET(c, CURLOPT_SSL_CTX_FUNCTION, on_tls);
        SET(c, CURLOPT_SSL_CTX_DATA, c->trust);
        return true;
}

/* Of an answer that was not what we asked for, what a person can make use of. */
static bool fail_status(const Call *c, long status, GError **error) {
        g_autofree char *text = text_shown(g_strchomp(c->answer->str), 200);

        switch (status) {
        case 401:
                return fleet_fail(
                                error, FLEET_ERROR_ACCESS_DENIED,
                                "%s does not accept the one-time token: it has expired, was used by another "
                                "host, or was withdrawn. \"mserverctl enroll\" makes a new line",
                                c->server->authority);
        case 404:
        case 405:
                return fleet_fail(error, FLEET_ERROR_NOT_SUPPORTED,
                                  "%s does not enrol hosts (HTTP %ld): is it an mserver, and not too old?",
                                  c->server->authority, status);
        case 429:
                return fleet_fail(
                                error, FLEET_ERROR_UNAVAILABLE,
                                "%s has had too many wrong tokens from this address: try again in a minute",
                                c->server->authority);
        default:
                return fleet_fail(error, FLEET_ERROR_UNAVAILABLE, "%s answered HTTP %ld: %s",
                                  c->server->authority, status, text);
        }
}

/* One try. *ret_again: the answer may be lost, or the server not be ready. */
static bool try_once(Call *c, EnrollAnswer *ret, bool *ret_again, GError **error) {
        CURLcode r;
        long status = 0;

        g_string_truncate(c->answer, 0);
        c->error_text[0] = '\0';
        r = curl_easy_perform(c->easy);
        if (r != CURLE_OK) {
                g_autofree char *refusal = server_trust_take_refusal(c->trust);

                if (refusal)
                        return fleet_fail(error, FLEET_ERROR_ACCESS_DENIED, "%s: %s", c->server->authority,
                                          refusal);
                *ret_again = r != CURLE_COULDNT_RESOLVE_HOST && r != CURLE_WRITE_ERROR;
                return fleet_fail(error, FLEET_ERROR_UNAVAILABLE, "%s cannot be reached: %s",
                                  c->server->authority,
                                  *c->error_text ? c->error_text : curl_easy_strerror(r));
        }
        (void) curl_easy_getinfo(c->easy, CURLINFO_RESPONSE_CODE, &status);
        *ret_again = status == 503;
        if (status != 200)
                return fail_status(c, status, error);
        if (!enroll_answer_parse(c->answer->str, c->answer->len, ret, error)) {
                g_prefix_error(error, "%s answered something else than expected: ", c->server->authority);
                return false;
        }
        return true;
}

static bool try_all(Call *c, EnrollAnswer *ret, GError **error) {
        for (unsigned i = 1;; i++) {
                g_autoptr(GError) e = NULL;
                bool again = false;

                if (try_once(c, ret, &again, &e))
                        return true;
                if (!again || i == ENROLL_TRIES) {
                        g_propagate_error(error, g_steal_pointer(&e));
                        return false;
                }
                (void) sleep(1);
        }
}

static void call_clear(Call *c) {
        for (struct curl_slist *h = c->headers; h; h = h->next)
                explicit_bzero(h->data, strlen(h->data));
        curl_slist_free_all(c->headers);
        curl_easy_cleanup(c->easy);
        g_free(c->url);
        g_free(c->body);
        g_string_free(c->answer, true);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Call, call_clear)

bool enroll_call(const Endpoint *server, ServerTrust *trust, const char *token, const EnrollRequest *request,
                 EnrollAnswer *ret, GError **error) {
        g_auto(Call) c = {
                .server = server,
                .trust = trust,
                .easy = curl_easy_init(),
                .url = g_strdup_printf("https://%s" ENROLL_PATH, server->authority),
                .body = enroll_request_format(request),
                .answer = g_string_new(NULL),
        };

        if (!c.easy)
                return fleet_fail(error, FLEET_ERROR_FAILED, "libcurl does not start");
        return prepare(&c, token, error) && try_all(&c, ret, error);
}
