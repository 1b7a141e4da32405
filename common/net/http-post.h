/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* JSON posted to an HTTP server, over connections that are kept: for what may be posted twice, as libcurl repeats what went
 * out on a kept connection that turns out to be dead. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "loop.h"

typedef struct HttpPosts HttpPosts; /* the connections */
typedef struct HttpPost HttpPost;   /* one question */

HttpPosts *http_posts_new(Loop *l, GError **error);
HttpPosts *http_posts_free(HttpPosts *h); /* without a question left; not from within HttpPostDone */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HttpPosts, http_posts_free)

/* All borrowed for the call. Redirects are not followed. Over https the server's certificate must be valid for its name, under
 * TLS 1.2 or newer. */
typedef struct HttpRequest {
        const char *name; /* what errors call the server; the URL may hold a secret, and is never in them */
        const char *url;  /* http:// or https:// */
        const char *body; /* JSON */
        const char *const *headers;  /* further ones, "Name: value", up to a NULL; NULL: none */
        const char *ca_file;         /* PEM, in place of the system's CAs; NULL: these */
        uint64_t connect_timeout_ms; /* with name resolution and TLS */
        uint64_t timeout_ms;         /* for all of it */
        size_t answer_max;           /* bytes of the answer's body */
        bool cut;                    /* what is beyond these is left out, and not an error */
        bool direct;                 /* whatever proxy the environment names */
} HttpRequest;

typedef struct HttpAnswer {
        long status;
        const char *text; /* the body, not terminated; never NULL */
        size_t size;
        uint64_t retry_after_sec; /* of a Retry-After: header, in either form; 0: there was none */
} HttpAnswer;

/* The answer, whatever its status; or NULL and the error: FLEET_ERROR_UNAVAILABLE where none came from there, FLEET_ERROR_FAILED
 * where it was not there in time, FLEET_ERROR_PROTOCOL where it was too large or no HTTP. The post has been freed before; answer
 * is there until done returns. */
typedef void (*HttpPostDone)(const HttpAnswer *answer, const GError *error, void *userdata);

/* The host that a URL names, for people; it is all of it that is no secret. New string; NULL: none can be found. */
char *http_host(const char *url);

/* done is never called from inside this. */
HttpPost *http_post_new(HttpPosts *h, const HttpRequest *r, HttpPostDone done, void *userdata);
HttpPost *http_post_free(HttpPost *p);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HttpPost, http_post_free)
