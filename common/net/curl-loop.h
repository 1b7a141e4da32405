/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* libcurl's transfers on the daemon's loop (libcurl-multi(3), curl_multi_socket_action(3)). */
#pragma once

#include <curl/curl.h>
#include <glib.h>

#include "loop.h"

typedef struct CurlLoop CurlLoop;

/* A transfer has ended; easy is still added. May add and remove transfers. */
typedef void (*CurlLoopDone)(CURL *easy, CURLcode result, void *userdata);

CurlLoop *curl_loop_new(Loop *l, CurlLoopDone done, void *userdata, GError **error);
/* Every transfer must have been removed. Not from within done. */
CurlLoop *curl_loop_free(CurlLoop *c);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CurlLoop, curl_loop_free)

/* Neither may be called from within a callback of libcurl's own (a write callback, say). */
void curl_loop_add(CurlLoop *c, CURL *easy);
void curl_loop_remove(CurlLoop *c, CURL *easy);
