/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* JSON posted to an HTTP server nearby, over connections that are kept: for questions that may be asked twice. */
#pragma once

#include <glib.h>
#include <stddef.h>
#include <stdint.h>

#include "loop.h"

typedef struct HttpPosts HttpPosts; /* the connections */
typedef struct HttpPost HttpPost;   /* one question */

HttpPosts *http_posts_new(Loop *l, GError **error);
HttpPosts *http_posts_free(HttpPosts *h); /* without a question left; not from within HttpPostDone */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HttpPosts, http_posts_free)

/* The body of an answer with status 200, or the error: FLEET_ERROR_UNAVAILABLE where none came from there,
 * FLEET_ERROR_FAILED where it was not there in time, FLEET_ERROR_PROTOCOL where it was another one or larger than max. The post
 * has been freed before; text is there until done returns. */
typedef void (*HttpPostDone)(const char *text, size_t size, const GError *error, void *userdata);

/* address: "127.0.0.1:33980". body: JSON, copied. timeout: ms. done is never called from inside this. */
HttpPost *http_post_new(HttpPosts *h, const char *address, const char *body, uint64_t timeout, size_t max,
                        HttpPostDone done, void *userdata);
HttpPost *http_post_free(HttpPost *p);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HttpPost, http_post_free)
