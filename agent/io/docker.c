/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Requests to the Docker Engine on its unix socket.
 *
 * libcurl forbids most of itself inside its callbacks. So its write callback only fills a buffer and pauses
 * the transfer when that is full; handlers are called from a timer, where they may do anything. The same
 * pause is the back-pressure.
 *
 * Each request has a connection of its own. A unix socket costs nothing to connect, and libcurl silently
 * repeats a request whose kept connection turns out dead: a restart could happen twice. */
#include "docker.h"

#include <errno.h>
#include <string.h>
#include <sys/un.h>

#include "curl-loop.h"
#include "error.h"
#include "json-path.h"
#include "limits.h"

struct Docker {
        Loop *loop;
        CurlLoop *curl;
        char *socket_path;
        GQueue ready;        /* DockerCall*: something to hand over */
        LoopTimer *kick;     /* runs while there are any */
        DockerCall *active;  /* whose handler is being called; NULL when it freed the call */
        GPtrArray *detached; /* DockerCall*, whom nobody else knows */
        unsigned calls;
};

struct DockerCall {
        Docker *docker;
        CURL *easy;
        struct curl_slist *headers;
        GBytes *upload;
        char *what; /* "GET /containers/3node0/logs", for errors */
        uint64_t timeout_sec;
        DockerReply reply;           /* this, */
        DockerStreamHandler handler; /* or these */
        void *userdata;

        GByteArray *in;  /* the answer so far; of a stream, what has not been handed over */
        bool closed;     /* flow */
        bool paused;     /* by us, in libcurl */
        bool head_ended; /* of a stream, and its handler was not told yet */
        bool too_large, ended, queued, detached;
        CURLcode result;
};

static void dispatch(void *userdata);

static void make_ready(DockerCall *c) {
        Docker *d = c->docker;

        if (c->queued)
                return;
        c->queued = true;
        g_queue_push_tail(&d->ready, c);
        if (!d->kick)
                d->kick = loop_timer_new(d->loop, 0, 0, dispatch, d);
}

static unsigned call_status(const DockerCall *c) {
        long status = 0;

        (void) curl_easy_getinfo(c->easy, CURLINFO_RESPONSE_CODE, &status);
        return (unsigned) status;
}

/* An error's explanation is JSON also where a stream was asked for. */
static bool is_streaming(const DockerCall *c) {
        return c->handler.data && call_status(c) < 300;
}

static size_t write_callback(char *data, size_t one, size_t size, void *userdata) {
        DockerCall *c = userdata;

        if (is_streaming(c)) {
                if (c->in->len > 0 && c->in->len + size > DOCKER_STREAM_BUFFER_BYTES) {
                        c->paused = true;
                        return CURL_WRITEFUNC_PAUSE; /* libcurl keeps these bytes and brings them again */
                }
                make_ready(c);
        } else if (c->in->len + size > DOCKER_RESPONSE_MAX) {
                c->too_large = true;
                return CURL_WRITEFUNC_ERROR;
        }
        g_byte_array_append(c->in, (const guint8 *) data, (guint) size);
        return size;
}

/* Line by line; an empty one is the end. */
static size_t header_callback(char *data, size_t one, size_t size, void *userdata) {
        DockerCall *c = userdata;

        if (c->handler.opened && size == 2 && is_streaming(c)) {
                c->head_ended = true;
                make_ready(c);
        }
        return size;
}

static void done_handler(CURL *easy, CURLcode result, void *userdata) {
        DockerCall *c;

        (void) curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **) &c);
        c->ended = true;
        c->result = result;
        make_ready(c);
}

/* Why there is no answer. */
static bool fail_transport(const DockerCall *c, GError **error) {
        const char *path = c->docker->socket_path;
        long e = 0;

        if (c->too_large)
                return fleet_fail(error, FLEET_ERROR_PROTOCOL, "docker answered %s with more than %u MiB",
                                  c->what, DOCKER_RESPONSE_MAX / (1024 * 1024));
        switch (c->result) {
        case CURLE_COULDNT_CONNECT:
                (void) curl_easy_getinfo(c->easy, CURLINFO_OS_ERRNO, &e);
                return fleet_fail(error, FLEET_ERROR_UNAVAILABLE, "docker does not answer at %s: %s%s", path,
                                  e ? g_strerror((int) e) : "cannot connect",
                                  e == EACCES ? " (is this user in group docker?)" : "");
        case CURLE_OPERATION_TIMEDOUT:
                return fleet_fail(error, FLEET_ERROR_UNAVAILABLE,
                                  "docker at %s did not answer %s within %" G_GUINT64_FORMAT " s", path,
                                  c->what, c->timeout_sec);
        default:
                return fleet_fail(error, FLEET_ERROR_UNAVAILABLE,
                                  "docker at %s hung up in the middle of %s: %s", path, c->what,
                                  curl_easy_strerror(c->result));
        }
}

static bool parse_body(const DockerCall *c, json_object **ret, GError **error) {
        json_tokener *t = json_tokener_new();
        json_object *o = json_tokener_parse_ex(t, (const char *) c->in->data, (int) c->in->len);
        enum json_tokener_error e = json_tokener_get_error(t);

        json_tokener_free(t);
        if (e != json_tokener_success)
                return fleet_fail(error, FLEET_ERROR_PROTOCOL,
                                  "docker answered %s with what is not JSON: %s", c->what,
                                  e == json_tokener_continue ? "it stops in the middle"
                                                             : json_tokener_error_desc(e));
        *ret = o;
        return true;
}

/* The outcome of a call that has ended, with a reference to what it brought, NULL for nothing. */
static bool evaluate(const DockerCall *c, json_object **ret_body, GError **error) {
        unsigned status = call_status(c);
        const char *message;
        json_object *body = NULL;

        if (c->result != CURLE_OK)
                return fail_transport(c, error);
        if (c->in->len > 0 && !parse_body(c, &body, status < 400 ? error : NULL) && status < 400)
                return false;
        if (status < 400) {
                *ret_body = body;
                return true;
        }
        message = json_string_at(body, "message");
        if (message)
                (void) fleet_fail(error, FLEET_ERROR_FAILED, "docker: %s", message);
        else
                (void) fleet_fail(error, FLEET_ERROR_FAILED, "docker answered %s with status %u", c->what,
                                  status);
        json_object_put(body);
        return false;
}

static void finish(DockerCall *c) {
        g_autoptr(GError) error = NULL;
        json_object *body = NULL;
        unsigned status = call_status(c);
        DockerReply reply = c->reply;
        DockerStreamHandler handler = c->handler;
        void *userdata = c->userdata;

        (void) evaluate(c, &body, &error);
        (void) docker_call_free(c);
        if (reply)
                reply(status, body, error, userdata);
        else if (handler.ended)
                handler.ended(error, userdata);
        json_object_put(body);
}

/* False: the handler freed the call. */
static bool say_opened(DockerCall *c) {
        Docker *d = c->docker;

        c->head_ended = false;
        d->active = c;
        c->handler.opened(c->userdata);
        if (!d->active)
                return false;
        d->active = NULL;
        return true;
}

/* Hands over what a stream has. False: the handler freed the call. */
static bool hand_over(DockerCall *c) {
        Docker *d = c->docker;
        g_autoptr(GByteArray) data = g_steal_pointer(&c->in);

        c->in = g_byte_array_new();
        d->active = c;
        c->handler.data(data->data, data->len, c->userdata);
        if (!d->active)
                return false;
        d->active = NULL;
        return true;
}

static void deliver(DockerCall *c) {
        if (is_streaming(c)) {
                if (c->head_ended && !say_opened(c))
                        return;
                if (c->closed || (c->in->len > 0 && !hand_over(c)))
                        return;
                if (c->paused && !c->closed) {
                        c->paused = false;
                        (void) curl_easy_pause(c->easy, CURLPAUSE_CONT); /* may fill the buffer at once */
                }
                if (c->in->len > 0)
                        return;
        }
        if (c->ended)
                finish(c);
}

static void dispatch(void *userdata) {
        Docker *d = userdata;

        /* What becomes ready meanwhile waits for the next turn, so that no stream keeps the loop to itself. */
        d->kick = loop_timer_free(d->kick);
        for (guint n = d->ready.length; n > 0 && d->ready.length > 0; n--) {
                DockerCall *c = g_queue_pop_head(&d->ready);

                c->queued = false;
                deliver(c);
        }
        if (d->ready.length > 0 && !d->kick)
                d->kick = loop_timer_new(d->loop, 0, 0, dispatch, d);
}

Docker *docker_new(Loop *l, const char *socket_path, GError **error) {
        Docker *d;

        if (strlen(socket_path) >= sizeof(((struct sockaddr_un *) NULL)->sun_path)) {
                (void) fleet_fail(error, FLEET_ERROR_CONFIG,
                                  "Socket=%s is too long for a unix socket's path", socket_path);
                return NULL;
        }
        d = g_new0(Docker, 1);
        d->loop = l;
        g_queue_init(&d->ready);
        d->detached = g_ptr_array_new();
        d->socket_path = g_strdup(socket_path);
        d->curl = curl_loop_new(l, done_handler, d, error);
        if (!d->curl)
                return docker_free(d);
        return d;
}

Docker *docker_free(Docker *d) {
        if (!d)
                return NULL;
        while (d->detached->len > 0)
                (void) docker_call_free(g_ptr_array_index(d->detached, d->detached->len - 1));
        g_ptr_array_unref(d->detached);
        g_assert(d->calls == 0);
        (void) curl_loop_free(d->curl);
        (void) loop_timer_free(d->kick);
        g_free(d->socket_path);
        g_free(d);
        return NULL;
}

static void set_body(DockerCall *c, const char *method, json_object *body) {
        if (body) {
                c->headers = curl_slist_append(c->headers, "Content-Type: application/json");
                (void) curl_easy_setopt(c->easy, CURLOPT_COPYPOSTFIELDS,
                                        json_object_to_json_string_ext(body, JSON_C_TO_STRING_PLAIN));
        } else if (c->upload) {
                c->headers = curl_slist_append(c->headers, "Content-Type: application/x-tar");
                (void) curl_easy_setopt(c->easy, CURLOPT_POSTFIELDSIZE_LARGE,
                                        (curl_off_t) g_bytes_get_size(c->upload));
                (void) curl_easy_setopt(c->easy, CURLOPT_POSTFIELDS, g_bytes_get_data(c->upload, NULL));
        } else if (g_str_equal(method, "HEAD")) {
                (void) curl_easy_setopt(c->easy, CURLOPT_NOBODY, 1L);
        } else if (!g_str_equal(method, "GET")) {
                /* libcurl would call nothing a form. */
                c->headers = curl_slist_append(c->headers, "Content-Type:");
                (void) curl_easy_setopt(c->easy, CURLOPT_POSTFIELDS, "");
        }
        c->headers = curl_slist_append(c->headers, "Expect:");
        (void) curl_easy_setopt(c->easy, CURLOPT_HTTPHEADER, c->headers);
        (void) curl_easy_setopt(c->easy, CURLOPT_CUSTOMREQUEST, method);
}

/* Paths go without a version, which means the engine's own newest: engines of today refuse the versions that
 * those of Debian 12 (1.41) know, and what we use has kept its shape since 1.24. */
static DockerCall *call_new(Docker *d, const char *method, const char *path, json_object *body,
                            GBytes *upload, uint64_t timeout_sec) {
        DockerCall *c = g_new0(DockerCall, 1);
        g_autofree char *url = g_strconcat("http://docker", path, NULL);

        c->docker = d;
        c->what = g_strdup_printf("%s %.*s", method, (int) strcspn(path, "?"), path);
        c->timeout_sec = timeout_sec;
        c->in = g_byte_array_new();
        c->upload = upload ? g_bytes_ref(upload) : NULL;
        c->easy = curl_easy_init();
        g_assert(c->easy);
        (void) curl_easy_setopt(c->easy, CURLOPT_PRIVATE, c);
        (void) curl_easy_setopt(c->easy, CURLOPT_URL, url);
        (void) curl_easy_setopt(c->easy, CURLOPT_UNIX_SOCKET_PATH, d->socket_path);
        (void) curl_easy_setopt(c->easy, CURLOPT_PROXY, ""); /* whatever the environment says */
        (void) curl_easy_setopt(c->easy, CURLOPT_PROTOCOLS_STR, "http");
        (void) curl_easy_setopt(c->easy, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
        (void) curl_easy_setopt(c->easy, CURLOPT_USERAGENT, "mclient/" PROJECT_VERSION);
        (void) curl_easy_setopt(c->easy, CURLOPT_NOSIGNAL, 1L);
        (void) curl_easy_setopt(c->easy, CURLOPT_FRESH_CONNECT, 1L);
        (void) curl_easy_setopt(c->easy, CURLOPT_FORBID_REUSE, 1L);
        (void) curl_easy_setopt(c->easy, CURLOPT_TIMEOUT, (long) timeout_sec);
        (void) curl_easy_setopt(c->easy, CURLOPT_WRITEFUNCTION, write_callback);
        (void) curl_easy_setopt(c->easy, CURLOPT_WRITEDATA, c);
        (void) curl_easy_setopt(c->easy, CURLOPT_HEADERFUNCTION, header_callback);
        (void) curl_easy_setopt(c->easy, CURLOPT_HEADERDATA, c);
        set_body(c, method, body);
        return c;
}

static DockerCall *call_for_reply(Docker *d, DockerCall *c, DockerReply reply, void *userdata) {
        c->reply = reply;
        c->userdata = userdata;
        d->calls++;
        curl_loop_add(d->curl, c->easy);
        return c;
}

DockerCall *docker_call(Docker *d, const char *method, const char *path, json_object *body,
                        uint64_t timeout_sec, DockerReply reply, void *userdata) {
        return call_for_reply(d, call_new(d, method, path, body, NULL, timeout_sec), reply, userdata);
}

DockerCall *docker_upload(Docker *d, const char *method, const char *path, GBytes *archive,
                          uint64_t timeout_sec, DockerReply reply, void *userdata) {
        return call_for_reply(d, call_new(d, method, path, NULL, archive, timeout_sec), reply, userdata);
}

DockerCall *docker_stream(Docker *d, const char *method, const char *path, json_object *body,
                          const DockerStreamHandler *handler, void *userdata) {
        DockerCall *c = call_new(d, method, path, body, NULL, 0);

        c->handler = *handler;
        c->userdata = userdata;
        d->calls++;
        curl_loop_add(d->curl, c->easy);
        return c;
}

void docker_call_set_flow(DockerCall *c, bool open) {
        if (!c || c->closed == !open)
                return;
        c->closed = !open;
        if (open)
                make_ready(c);
}

DockerCall *docker_call_detach(DockerCall *c) {
        if (!c)
                return NULL;
        g_assert(c->reply && !c->detached);
        c->reply = NULL;
        c->detached = true;
        g_ptr_array_add(c->docker->detached, c);
        return NULL;
}

DockerCall *docker_call_free(DockerCall *c) {
        Docker *d;

        if (!c)
                return NULL;
        d = c->docker;
        if (d->active == c)
                d->active = NULL;
        if (c->queued)
                (void) g_queue_remove(&d->ready, c);
        if (c->detached)
                (void) g_ptr_array_remove_fast(d->detached, c);
        curl_loop_remove(d->curl, c->easy);
        curl_easy_cleanup(c->easy);
        curl_slist_free_all(c->headers);
        g_byte_array_unref(c->in);
        g_clear_pointer(&c->upload, g_bytes_unref);
        g_free(c->what);
        g_free(c);
        d->calls--;
        return NULL;
}
