/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* JSON posted to an HTTP server, over connections that are kept. */
#include "http-post.h"

#include "curl-loop.h"
#include "error.h"

struct HttpPosts {
        CurlLoop *curl;
};

struct HttpPost {
        HttpPosts *owner;
        CURL *easy;
        struct curl_slist *headers;
        char *name;
        GByteArray *in;
        size_t max;
        bool cut;
        uint64_t timeout_ms;
        HttpPostDone done;
        void *userdata;
};

static size_t write_callback(char *data, size_t one, size_t size, void *userdata) {
        HttpPost *p = userdata;

        if (p->in->len + size > p->max) {
                if (p->cut)
                        g_byte_array_append(p->in, (const guint8 *) data, (guint) (p->max - p->in->len));
                return CURL_WRITEFUNC_ERROR; /* the end of it */
        }
        g_byte_array_append(p->in, (const guint8 *) data, (guint) size);
        return size;
}

/* libcurl's own words for an error know nothing of this request. */
static bool evaluate(const HttpPost *p, CURLcode result, GError **error) {
        switch (result) {
        case CURLE_OK:
                return true;
        case CURLE_WRITE_ERROR:
                return p->cut || fleet_fail(error, FLEET_ERROR_PROTOCOL,
                                            "%s answered with more than %zu bytes", p->name, p->max);
        case CURLE_UNSUPPORTED_PROTOCOL: /* HTTP/0.9, which is what anything is that is no HTTP */
        case CURLE_WEIRD_SERVER_REPLY:
                return fleet_fail(error, FLEET_ERROR_PROTOCOL, "%s does not speak HTTP: %s", p->name,
                                  curl_easy_strerror(result));
        case CURLE_OPERATION_TIMEDOUT:
                return fleet_fail(error, FLEET_ERROR_FAILED,
                                  "%s did not answer within %" G_GUINT64_FORMAT " ms", p->name,
                                  p->timeout_ms);
        default:
                return fleet_fail(error, FLEET_ERROR_UNAVAILABLE, "%s does not answer: %s", p->name,
                                  curl_easy_strerror(result));
        }
}

static uint64_t retry_after(CURL *easy) {
        curl_off_t seconds = 0;

        (void) curl_easy_getinfo(easy, CURLINFO_RETRY_AFTER, &seconds);
        return seconds > 0 ? (uint64_t) seconds : 0;
}

static void ended(CURL *easy, CURLcode result, void *userdata) {
        g_autoptr(GError) error = NULL;
        g_autoptr(GByteArray) in = NULL;
        HttpAnswer answer = { .retry_after_sec = retry_after(easy) };
        HttpPostDone done;
        HttpPost *p;

        (void) curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **) &p);
        (void) curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &answer.status);
        (void) evaluate(p, result, &error);
        in = g_byte_array_ref(p->in);
        answer.text = in->len > 0 ? (const char *) in->data : "";
        answer.size = in->len;
        done = p->done;
        userdata = p->userdata;
        (void) http_post_free(p);
        done(error ? NULL : &answer, error, userdata);
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

char *http_host(const char *url) {
        CURLU *parts = curl_url();
        char *host = NULL, *copy = NULL;

        if (parts && curl_url_set(parts, CURLUPART_URL, url, 0) == CURLUE_OK &&
            curl_url_get(parts, CURLUPART_HOST, &host, 0) == CURLUE_OK)
                copy = g_strdup(host);
        curl_free(host);
        curl_url_cleanup(parts);
        return copy;
}

static struct curl_slist *make_headers(const char *const *more) {
        struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/json");

        headers = curl_slist_append(headers, "Expect:");
        for (; more && *more; more++)
                headers = curl_slist_append(headers, *more);
        return headers;
}

HttpPost *http_post_new(HttpPosts *h, const HttpRequest *r, HttpPostDone done, void *userdata) {
        HttpPost *p = g_new0(HttpPost, 1);

        *p = (HttpPost){ .owner = h,
                         .max = r->answer_max,
                         .cut = r->cut,
                         .timeout_ms = r->timeout_ms,
                         .done = done,
                         .userdata = userdata };
        p->name = g_strdup(r->name);
        p->in = g_byte_array_new();
        p->headers = make_headers(r->headers);
        p->easy = curl_easy_init();
        g_assert(p->easy);
        (void) curl_easy_setopt(p->easy, CURLOPT_PRIVATE, p);
        (void) curl_easy_setopt(p->easy, CURLOPT_URL, r->url);
        if (r->direct)
                (void) curl_easy_setopt(p->easy, CURLOPT_PROXY, "");
        (void) curl_easy_setopt(p->easy, CURLOPT_PROTOCOLS_STR, "http,https");
        (void) curl_easy_setopt(p->easy, CURLOPT_FOLLOWLOCATION, 0L);
        (void) curl_easy_setopt(p->easy, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
        (void) curl_easy_setopt(p->easy, CURLOPT_HTTP09_ALLOWED, 0L);
        (void) curl_easy_setopt(p->easy, CURLOPT_SSLVERSION, (long) CURL_SSLVERSION_TLSv1_2);
        (void) curl_easy_setopt(p->easy, CURLOPT_SSL_VERIFYPEER, 1L);
        (void) curl_easy_setopt(p->easy, CURLOPT_SSL_VERIFYHOST, 2L);
        if (r->ca_file) {
                (void) curl_easy_setopt(p->easy, CURLOPT_CAINFO, r->ca_file);
                (void) curl_easy_setopt(p->easy, CURLOPT_CAPATH, NULL);
        }
        (void) curl_easy_setopt(p->easy, CURLOPT_NOSIGNAL, 1L);
        (void) curl_easy_setopt(p->easy, CURLOPT_CONNECTTIMEOUT_MS, (long) r->connect_timeout_ms);
        (void) curl_easy_setopt(p->easy, CURLOPT_TIMEOUT_MS, (long) r->timeout_ms);
        (void) curl_easy_setopt(p->easy, CURLOPT_HTTPHEADER, p->headers);
        (void) curl_easy_setopt(p->easy, CURLOPT_COPYPOSTFIELDS, r->body);
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
        g_free(p->name);
        g_free(p);
        return NULL;
}
