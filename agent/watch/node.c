/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The node in a container. It is asked by curl in the container; where the image has none, by mclient-rpc beside it
 * (docker-guest.h), from then on at once. */
#include "node.h"

#include <string.h>

#include "docker-api.h"
#include "docker-capture.h"
#include "docker-guest.h"
#include "error.h"
#include "json-path.h"
#include "json-rpc.h"
#include "limits.h"
#include "rpc-port.h"
#include "text.h"

#define SHOWN_MAX 300

/* What curl(1) returns before anything was sent. */
enum { CURL_NO_HOST = 6, CURL_NO_CONNECTION = 7 };

struct Node {
        Loop *loop;
        Docker *docker;
        const NodeConfig *config;
        char *container;
        json_object *inspect;
        uint16_t port;
        bool without_curl;

        NodeOpened opened;
        NodeAnswered answered; /* of the question under way, or */
        NodeAnsweredAll answered_all;
        char **requests;
        unsigned patience_sec;
        void *userdata;

        DockerCall *call;
        DockerCapture *capture;
        DockerGuest *guest;
};

/* Opening */

static void inspect_reply(unsigned status, json_object *body, const GError *error, void *userdata) {
        Node *n = userdata;
        g_autoptr(GError) problem = NULL;

        n->call = NULL;
        if (!error) {
                n->inspect = json_object_get(body);
                if (!json_bool_at(body, "State.Running"))
                        (void) fleet_fail(&problem, FLEET_ERROR_FAILED, "%s is not running: it is %s",
                                          n->container, json_string_at(body, "State.Status") ?: "unknown");
                else
                        (void) rpc_port(n->container, body, node_config_port(n->config, n->container),
                                        &n->port, &problem);
                error = problem;
        }
        n->opened(error, n->userdata);
}

Node *node_open(Loop *l, Docker *d, const NodeConfig *config, const char *container, NodeOpened opened,
                void *userdata) {
        Node *n = g_new0(Node, 1);

        n->loop = l;
        n->docker = d;
        n->config = config;
        n->container = g_strdup(container);
        n->opened = opened;
        n->userdata = userdata;
        n->call = docker_inspect(d, container, inspect_reply, n);
        return n;
}

static void drop_work(Node *n) {
        n->capture = docker_capture_free(n->capture);
        n->guest = docker_guest_free(n->guest);
}

Node *node_free(Node *n) {
        if (!n)
                return NULL;
        (void) docker_call_free(n->call);
        drop_work(n);
        json_object_put(n->inspect);
        g_strfreev(n->requests);
        g_free(n->container);
        g_free(n);
        return NULL;
}

/* Asking */

static void answer(Node *n, const NodeAnswer *a) {
        NodeAnswered done = n->answered;

        n->answered = NULL;
        g_clear_pointer(&n->requests, g_strfreev);
        done(a, n->userdata);
}

/* problem: borrowed, may be NULL. */
static void answer_all(Node *n, const char *text, size_t size, const char *problem) {
        NodeAnsweredAll done = n->answered_all;
        unsigned count = g_strv_length(n->requests);
        g_autofree JsonRpcAnswer *answers = g_new0(JsonRpcAnswer, count);
        bool whole = json_rpc_parse_all(text, size, count, answers) == count;

        n->answered_all = NULL;
        g_clear_pointer(&n->requests, g_strfreev);
        done(answers, count, whole ? NULL : problem ?: "the node does not answer in JSON-RPC", n->userdata);
        for (unsigned i = 0; i < count; i++)
                json_rpc_answer_clear(&answers[i]);
}

static void answer_problem(Node *n, NodeOutcome outcome, const char *problem) {
        g_autofree char *shown = text_shown(problem, SHOWN_MAX);
        const NodeAnswer a = { .outcome = outcome, .problem = shown };

        if (n->answered_all)
                answer_all(n, "", 0, shown);
        else
                answer(n, &a);
}

static void answer_text(Node *n, const char *text, size_t size) {
        g_auto(JsonRpcAnswer) parsed = {};
        g_autoptr(GError) error = NULL;
        NodeAnswer a = {};

        if (n->answered_all) {
                answer_all(n, text, size, NULL);
                return;
        }
        if (!json_rpc_parse(text, size, &parsed, &error)) {
                answer_problem(n, NODE_LOST, error->message);
                return;
        }
        a.outcome = parsed.refused ? NODE_REFUSED : NODE_ANSWERED;
        a.result = parsed.result;
        a.code = parsed.code;
        a.problem = parsed.message;
        answer(n, &a);
}

static void guest_done(const Captured *c, const GError *error, void *userdata) {
        Node *n = userdata;
        g_autoptr(GString) out = g_string_new_len(c->out, (gssize) c->out_size);
        g_autofree char *problem = g_strdup(error ? error->message : c->err);
        bool unasked = !c->started || g_str_has_prefix(c->err, "not sent: ");

        drop_work(n);
        if (error || out->len == 0)
                answer_problem(n, unasked ? NODE_UNASKED : NODE_LOST, *problem ? problem : "no answer");
        else
                answer_text(n, out->str, out->len);
}

static void ask_by_guest(Node *n) {
        const DockerHost host = { n->container, json_string_at(n->inspect, "Id"),
                                  json_string_at(n->inspect, "Image") };
        g_autofree char *port = g_strdup_printf("%u", n->port),
                        *sec = g_strdup_printf("%u", n->patience_sec);
        g_autoptr(GPtrArray) argv = g_ptr_array_new();

        g_ptr_array_add(argv, port);
        g_ptr_array_add(argv, sec);
        for (char **r = n->requests; *r; r++)
                g_ptr_array_add(argv, *r);
        g_ptr_array_add(argv, NULL);
        n->guest = docker_guest_new(n->loop, n->docker, &host, n->config->rpc_helper,
                                    (const char *const *) argv->pdata, n->patience_sec + ROTATION_LATE_SEC,
                                    RPC_ANSWER_BYTES_MAX + 1, guest_done, n);
}

/* Engines say it in what would be the program's output, newer ones instead of starting it. */
static bool is_missing(const Captured *c, const GError *error) {
        static const char text[] = "OCI runtime exec failed: ";

        return error ? strstr(error->message, text) != NULL
                     : c->exit_code >= 126 && (strstr(c->out, text) || strstr(c->err, text));
}

static void curl_done(const Captured *c, const GError *error, void *userdata) {
        Node *n = userdata;
        g_autoptr(GString) out = g_string_new_len(c->out, (gssize) c->out_size);
        g_autofree char *problem = g_strdup(error ? error->message : c->err);
        bool missing = is_missing(c, error),
             unasked = !c->started || c->exit_code == CURL_NO_CONNECTION || c->exit_code == CURL_NO_HOST;
        int exit_code = c->exit_code;

        drop_work(n);
        if (missing) {
                n->without_curl = true;
                ask_by_guest(n);
        } else if (error || (exit_code != 0 && (!n->answered_all || out->len == 0)))
                answer_problem(n, unasked ? NODE_UNASKED : NODE_LOST, *problem ? problem : "curl failed");
        else
                answer_text(n, out->str, out->len);
}

/* What stands before "--next" counts for one transfer alone. */
static void add_transfer(GPtrArray *argv, const char *request, const char *sec, const char *url) {
        const char *const words[] = { "--silent",
                                      "--show-error",
                                      "--max-time",
                                      sec,
                                      "--noproxy",
                                      "*",
                                      "--header",
                                      "Content-Type: application/json",
                                      "--data-binary",
                                      request,
                                      url };

        for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
                g_ptr_array_add(argv, (gpointer) words[i]);
}

static void ask_by_curl(Node *n) {
        g_autofree char *url = g_strdup_printf("http://127.0.0.1:%u/", n->port),
                        *sec = g_strdup_printf("%u", n->patience_sec);
        g_autoptr(GPtrArray) argv = g_ptr_array_new();

        g_ptr_array_add(argv, (gpointer) "curl");
        for (char **r = n->requests; *r; r++) {
                if (r > n->requests)
                        g_ptr_array_add(argv, (gpointer) "--next");
                add_transfer(argv, *r, sec, url);
        }
        g_ptr_array_add(argv, NULL);
        n->capture = docker_capture_new(n->loop, n->docker, n->container, (const char *const *) argv->pdata,
                                        n->patience_sec + ROTATION_LATE_SEC, RPC_ANSWER_BYTES_MAX + 1,
                                        curl_done, n);
}

static void send_requests(Node *n) {
        if (n->without_curl)
                ask_by_guest(n);
        else
                ask_by_curl(n);
}

void node_ask(Node *n, const char *method, json_object *params, NodeAnswered done, void *userdata) {
        g_assert(n->inspect && !n->requests);
        n->answered = done;
        n->userdata = userdata;
        n->requests = g_new0(char *, 2);
        n->requests[0] = json_rpc_request(1, method, params);
        n->patience_sec = RPC_TIMEOUT_SEC;
        json_object_put(params);
        send_requests(n);
}

void node_ask_all(Node *n, const char *const *requests, unsigned patience, NodeAnsweredAll done,
                  void *userdata) {
        g_assert(n->inspect && !n->requests);
        n->answered_all = done;
        n->userdata = userdata;
        n->requests = g_strdupv((char **) requests);
        n->patience_sec = patience;
        send_requests(n);
}

json_object *node_inspect(const Node *n) {
        return n->inspect;
}
