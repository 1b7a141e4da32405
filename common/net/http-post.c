/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* JSON posted to an HTTP server nearby, over connections that are kept. */
#include "http-post.h"

#include "curl-loop.h"
#include "error.h"
#include "limits.h"

struct HttpPosts {
        CurlLoop *curl;
};

struct HttpPost {
        HttpPosts *owner;
        CURL *easy;
        struct curl_slist *headers;
        char *address;
        GByteArray *in;
        size_t max;
        uint64_t timeout;
        HttpPostDone done;
        void *userdata;
};

static size_t write_callback(char *data, size_t one, size_t size, void *userdata) {
        HttpPost *p = userdata;

        if (p->in->len + size > p->max)
                return CURL_WRITEFUNC_ERROR;
        g_byte_array_append(p->in, (const guint8 *) data, (guint) size);
        return size;
}

static bool evaluate(const HttpPost *p, CURLcode result, GError **error) {
        long status = 0;

        switch (result) {
        case CURLE_OK:
                (void) curl_easy_getinfo(p->easy, CURLINFO_RESPONSE_CODE, &status);
                return status == 200 || fleet_fail(error, FLEET_ERROR_PROTOCOL,
                                                   "%s answered with HTTP status %ld", p->address, status);
        case CURLE_WRITE_ERROR:
                return fleet_fail(error, FLEET_ERROR_PROTOCOL, "%s answered with more than %zu bytes",
                                  p->address, p->max);
        case CURLE_OPERATION_TIMEDOUT:
                return fleet_fail(error, FLEET_ERROR_FAILED,
                                  "%s did not answer within %" G_GUINT64_FORMAT " ms", p->address,
                                  p->timeout);
        default:
                return fleet_fail(error, FLEET_ERROR_UNAVAILABLE, "%s does not answer: %s", p->address,
                                  curl_easy_strerror(result));
        }
}

static void ended(CURL *easy, CURLcode result, void *userdata) {
        g_autoptr(GError) error = NULL;
        g_autoptr(GByteArray) in = NULL;
        HttpPostDone done;
        HttpPost *p;

        (void) curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **) &p);
        (void) evaluate(p, result, &error);
        in = g_byte_array_ref(p->in);
        done = p->done;
        userdata = p->userdata;
        (void) http_post_free(p);
        done((const char *) in->data, in->len, error, userdata);
}

HttpPosts *http_posts_new(Loop *l, GError **error) {
        HttpPosts *h = g_new0(HttpPosts, 1);

        h->curl = curl_loop_new(l, ended, h, error);
        return h->curl ? h : http_posts_free(h);
}

HttpPosts *http_posts_free(HttpPosts *h) {
        if (!h)
                return NULL;
        (void) curl_loop_free(h->curl);
        g_free(h);
        return NULL;
}

HttpPost *http_post_new(HttpPosts *h, const char *address, const char *body, uint64_t timeout, size_t max,
                        HttpPostDone done, void *userdata) {
        HttpPost *p = g_new0(HttpPost, 1);
        g_autofree char *url = g_strdup_printf("http://%s/", address);

        *p = (HttpPost){ .owner = h, .max = max, .timeout = timeout, .done = done, .userdata = userdata };
        p->address = g_strdup(address);
        p->in = g_byte_array_new();
        p->headers = curl_slist_append(NULL, "Content-Type: application/json");
        p->headers = curl_slist_append(p->headers, "Expect:");
        p->easy = curl_easy_init();
        g_assert(p->easy);
        (void) curl_easy_setopt(p->easy, CURLOPT_PRIVATE, p);
        (void) curl_easy_setopt(p->easy, CURLOPT_URL, url);
        (void) curl_easy_setopt(p->easy, CURLOPT_PROXY, ""); /* whatever the environment says */
        (void) curl_easy_setopt(p->easy, CURLOPT_PROTOCOLS_STR, "http");
        (void) curl_easy_setopt(p->easy, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
        (void) curl_easy_setopt(p->easy, CURLOPT_NOSIGNAL, 1L);
        (void) curl_easy_setopt(p->easy, CURLOPT_CONNECTTIMEOUT_MS, (long) HTTP_CONNECT_TIMEOUT_MSEC);
        (void) curl_easy_setopt(p->easy, CURLOPT_TIMEOUT_MS, (long) timeout);
        (void) curl_easy_setopt(p->easy, CURLOPT_HTTPHEADER, p->headers);
        (void) curl_easy_setopt(p->easy, CURLOPT_COPYPOSTFIELDS, body);
        (void) curl_easy_setopt(p->easy, CURLOPT_WRITEFUNCTION, write_callback);
        (void) curl_easy_setopt(p->easy, CURLOPT_WRITEDATA, p);
        curl_loop_add(h->curl, p->easy);
        return p;
}

HttpPost *http_post_free(HttpPost *p) {
        if (!p)
                return NULL;
        curl_loop_remove(p->owner->curl, p->easy);
        curl_easy_cleanup(p->easy);
        curl_slist_free_all(p->headers);
        g_byte_array_unref(p->in);
        g_free(p->address);
        g_free(p);
        return NULL;
}
