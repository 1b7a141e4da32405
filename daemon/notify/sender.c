/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Delivers what the server asks for.
 *
 *  - A request names a target and has the notice; where that is, and what it looks like there, is read here, from files that are
 *    root's. So a server that was taken over can tell the operators' own targets of alerts, and reach nothing else.
 *  - The server keeps the queue and asks again until it has an answer. Notices that were delivered are remembered for a while:
 *    a server that was killed before it heard so asks again, and they are not told twice.
 *  - It lives as long as a server is connected and a little longer; the next connection starts it anew, with the configuration and
 *    the credentials of then. */
#include "sender.h"

#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "http-post.h"
#include "limits.h"
#include "names.h"
#include "notice-outcome.h"
#include "notify-stream.h"
#include "notify-target.h"

#define JOBS_MAX \
        (2 *     \
         NOTIFY_TARGETS_MAX) /* the server has one under way for each target; those of a last one may go on */

struct Sender {
        Loop *loop;
        uv_pipe_t listener;
        bool listening;
        HttpPosts *posts;
        GPtrArray *targets; /* NULL: problem says why */
        char *problem;
        char *instance;
        NotifyStream *server; /* the latest that connected */
        GHashTable *jobs;     /* key → Job */
        GHashTable *told;     /* keys of what was delivered */
        GQueue told_order;    /* of the same, oldest first */
        LoopTimer *linger;
        bool ending;
};

typedef struct Job {
        Sender *sender;
        char *key;   /* of target and notice: the same again is no second one */
        bool lasts;  /* it is remembered when it is done */
        uint64_t id; /* the server's request; 0: of one that has gone */
        char *url;
        HttpPost *post;
} Job;

static void wipe(char *secret) {
        explicit_bzero(secret, strlen(secret));
        g_free(secret);
}

static void job_free(void *p) {
        Job *j = p;

        (void) http_post_free(j->post);
        wipe(j->url);
        g_free(j->key);
        g_free(j);
}

static void quit_when_idle(Sender *s) {
        if (s->ending && g_hash_table_size(s->jobs) == 0)
                loop_quit(s->loop, EXIT_SUCCESS);
}

static void end(void *userdata) {
        Sender *s = userdata;

        s->linger = loop_timer_free(s->linger);
        s->ending = true;
        quit_when_idle(s);
}

/* Answers */

static void report(Sender *s, uint64_t id, NoticeOutcome outcome, uint64_t retry_after_sec,
                   const char *error) {
        const NoticeReport r = { id, outcome, retry_after_sec, (char *) error };
        g_autofree char *line = notice_report_format(&r);

        if (s->server && id != 0)
                notify_stream_send(s->server, line);
}

static void remember(Sender *s, const char *key) {
        char *copy = g_strdup(key);

        if (!g_hash_table_add(s->told, copy))
                return;
        g_queue_push_tail(&s->told_order, copy);
        if (s->told_order.length > NOTIFY_TOLD_KEEP)
                (void) g_hash_table_remove(s->told, g_queue_pop_head(&s->told_order));
}

static void posted(const HttpAnswer *answer, const GError *error, void *userdata) {
        Job *j = userdata;
        Sender *s = j->sender;
        g_autofree char *shown = NULL;
        NoticeOutcome outcome = NOTICE_LATER;

        j->post = NULL;
        if (answer) {
                outcome = notice_outcome_of_status(answer->status);
                shown = notice_answer_shown(j->url, answer->status, answer->text, answer->size);
        }
        if (outcome == NOTICE_SENT && j->lasts)
                remember(s, j->key);
        report(s, j->id, outcome, answer ? answer->retry_after_sec : 0,
               outcome == NOTICE_SENT ? NULL
               : answer               ? shown
                                      : error->message);
        (void) g_hash_table_remove(s->jobs, j->key);
        quit_when_idle(s);
}

/* Requests */

static void post(Sender *s, const NoticeRequest *r, const NotifyTarget *t, const char *key, char *url) {
        g_autofree char *idempotency = NULL, *body = NULL, *host = http_host(url),
                        *notice = notice_key(r->notices->pdata[0]);
        const char *headers[] = { "User-Agent: mserver/" PROJECT_VERSION, NULL, NULL };
        const NoticeFrame frame = { s->instance, t->chat };
        Job *j = g_new0(Job, 1);
        HttpRequest request;

        *j = (Job){ .sender = s,
                    .key = g_strdup(key),
                    .lasts = t->shape != NOTICE_ALERTMANAGER,
                    .id = r->id,
                    .url = url };
        if (t->shape == NOTICE_WEBHOOK)
                headers[1] = idempotency = g_strconcat("Idempotency-Key: ", notice, NULL);
        body = notice_format(t->shape, (const Notice *const *) r->notices->pdata, r->notices->len, &frame);
        request = (HttpRequest){
                .name = host ?: "the target",
                .url = url,
                .body = body,
                .headers = headers,
                .ca_file = t->ca_file,
                .connect_timeout_ms = NOTIFY_CONNECT_SEC * 1000,
                .timeout_ms = NOTIFY_HTTP_SEC * 1000,
                .answer_max = NOTIFY_RESPONSE_BYTES_MAX,
                .cut = true, /* its status says whether it has the notice, however much it says besides */
        };
        j->post = http_post_new(s->posts, &request, posted, j);
        (void) g_hash_table_replace(s->jobs, j->key, j);
}

/* What is told once has a key of its own; what is told again and again, one of this request. */
static char *key_of(const NoticeRequest *r, const NotifyTarget *t) {
        g_autofree char *notice = notice_key(r->notices->pdata[0]);

        if (t->shape == NOTICE_ALERTMANAGER)
                return g_strdup_printf("%s\n%" G_GUINT64_FORMAT, r->target, r->id);
        return g_strdup_printf("%s\n%s", r->target, notice);
}

static void serve(Sender *s, const NoticeRequest *r) {
        NotifyTarget *t = s->targets ? notify_targets_find(s->targets, r->target) : NULL;
        g_autofree char *key = t ? key_of(r, t) : NULL;
        g_autoptr(GError) error = NULL;
        char *url;
        Job *j;

        if (!t) {
                report(s, r->id, NOTICE_LATER, 0, s->problem ?: "mserver-notify finds no such section");
                return;
        }
        if (r->notices->len > 1 && t->shape != NOTICE_ALERTMANAGER) {
                report(s, r->id, NOTICE_REFUSED, 0, "several notices at once are for an Alertmanager");
                return;
        }
        if (g_hash_table_contains(s->told, key)) {
                report(s, r->id, NOTICE_SENT, 0, NULL);
                return;
        }
        j = g_hash_table_lookup(s->jobs, key);
        if (j) {
                j->id = r->id;
                return;
        }
        if (g_hash_table_size(s->jobs) >= JOBS_MAX) {
                report(s, r->id, NOTICE_LATER, 0, "too many requests are under way");
                return;
        }
        url = notify_target_url(t, &error);
        if (url)
                post(s, r, t, key, url);
        else
                report(s, r->id, NOTICE_LATER, 0, error->message);
}

/* The server */

static void server_gone(Sender *s) {
        GHashTableIter i;
        Job *j;

        s->server = notify_stream_free(s->server);
        g_hash_table_iter_init(&i, s->jobs);
        while (g_hash_table_iter_next(&i, NULL, (void **) &j))
                j->id = 0;
}

static void on_line(const char *line, void *userdata) {
        Sender *s = userdata;
        g_auto(NoticeRequest) r = {};
        g_autoptr(GError) error = NULL;

        if (g_str_equal(line, NOTICE_END_LINE))
                end(s);
        else if (notice_request_parse(line, &r, &error))
                serve(s, &r);
        else /* the server sees that by its requests having no answers */
                server_gone(s);
}

static void on_ended(const char *problem, void *userdata) {
        Sender *s = userdata;

        server_gone(s);
        s->linger = loop_timer_free(s->linger);
        s->linger = loop_timer_new(s->loop, NOTIFY_LINGER_SEC * 1000, 0, end, s);
}

static const NotifyStreamHandler server_handler = { on_line, on_ended };

static void on_connection(uv_stream_t *listener, int status) {
        Sender *s = listener->data;
        NotifyStream *server = notify_stream_accept(s->loop, listener, &server_handler, s);

        if (!server)
                return;
        s->linger = loop_timer_free(s->linger);
        server_gone(s);
        s->server = server;
}

static void read_targets(Sender *s, const char *path) {
        static const ConfigKey known[] = { NOTIFY_CONFIG_KEYS, {} };
        g_autoptr(GError) error = NULL;
        /* What is unknown here is the server's, which warns of what is unknown to both. */
        g_autoptr(Config) c = config_read(path, known, NULL, NULL, &error);

        s->targets = c ? notify_targets_read(c, &error) : NULL;
        if (error)
                s->problem = g_strdup(error->message);
}

Sender *sender_new(Loop *l, int listen_fd, const char *config, const char *instance, GError **error) {
        g_autoptr(Sender) s = g_new0(Sender, 1);
        int r;

        s->loop = l;
        s->instance = g_strdup(instance);
        s->jobs = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, job_free);
        s->told = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        g_queue_init(&s->told_order);
        read_targets(s, config);
        s->posts = http_posts_new(l, error);
        if (!s->posts)
                return NULL;
        (void) uv_pipe_init(loop_uv(l), &s->listener, 0);
        s->listener.data = s;
        s->listening = true;
        r = uv_pipe_open(&s->listener, listen_fd);
        if (r == 0)
                r = uv_listen((uv_stream_t *) &s->listener, 8, on_connection);
        if (r < 0) {
                (void) fleet_fail(error, FLEET_ERROR_FAILED,
                                  "The socket that was passed cannot be listened on: %s", uv_strerror(r));
                return NULL;
        }
        s->linger = loop_timer_new(l, NOTIFY_LINGER_SEC * 1000, 0, end, s);
        return g_steal_pointer(&s);
}

static void listener_closed(uv_handle_t *handle) {
        g_free(handle->data);
}

Sender *sender_free(Sender *s) {
        if (!s)
                return NULL;
        loop_timer_free(s->linger);
        (void) notify_stream_free(s->server);
        g_hash_table_unref(s->jobs);
        (void) http_posts_free(s->posts);
        g_queue_clear(&s->told_order);
        g_hash_table_unref(s->told);
        if (s->targets)
                g_ptr_array_unref(s->targets);
        g_free(s->problem);
        g_free(s->instance);
        if (s->listening)
                uv_close((uv_handle_t *) &s->listener, listener_closed);
        else
                g_free(s);
        return NULL;
}
