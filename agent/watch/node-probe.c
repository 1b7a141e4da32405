/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One look at how a node does.
 *
 *   1. The questions of node-picture.h go to the address that answered last, else to the others, one after the other on
 *      one connection. That costs next to nothing.
 *   2. Where none of these leads to the node, all go in one process beside it (node.h): a hundred times the work.
 *   3. What the answers lead to (the finalized block, of which the node told only the hash) is asked in the same way. */
#include "node-probe.h"

#include "error.h"
#include "json-path.h"
#include "json-rpc.h"
#include "limits.h"
#include "node-picture.h"
#include "node.h"

struct NodeProbe {
        const NodeAsking *what;
        char *container;
        char *session_keys; /* that it should have registered; NULL: not known */
        NodeWay *way;
        bool slow;
        json_object *before;
        NodeProbed done;
        void *userdata;

        LoopTimer *timer; /* until all of it must be done */
        unsigned refused; /* addresses that lead nowhere */
        char **questions;
        unsigned next; /* of these, on the way of step 1 */
        JsonRpcAnswer answers[NODE_QUESTIONS_MAX];
        json_object *picture; /* step 3 */
        NodeFollowUp about[_NODE_FOLLOW_UP_MAX];
        HttpPost *post;
        Node *node;
};

static void finish(NodeProbe *p, json_object *picture) {
        NodeProbed done = p->done;
        void *userdata = p->userdata;

        (void) node_probe_free(p);
        done(picture, userdata);
}

static void fail(NodeProbe *p, const char *problem) {
        finish(p, p->picture ? json_object_get(p->picture) : node_picture_problem(problem));
}

static void clear_answers(NodeProbe *p) {
        for (unsigned i = 0; i < NODE_QUESTIONS_MAX; i++) {
                json_rpc_answer_clear(&p->answers[i]);
                p->answers[i] = (JsonRpcAnswer){};
        }
}

static void ask(NodeProbe *p);

static void told_all(NodeProbe *p) {
        g_auto(GStrv) more = NULL;

        if (p->picture) {
                for (unsigned i = 0; p->questions[i]; i++)
                        node_picture_add(p->picture, p->about[i], &p->answers[i], p->session_keys);
                finish(p, json_object_get(p->picture));
                return;
        }
        p->picture = node_picture_read(p->answers, p->slow, p->session_keys, p->before);
        more = json_at(p->picture, "error") ? NULL : node_picture_follow_up(p->answers, p->about);
        if (!more) {
                finish(p, json_object_get(p->picture));
                return;
        }
        clear_answers(p);
        g_strfreev(p->questions);
        p->questions = g_steal_pointer(&more);
        ask(p);
}

/* Steps 2 and 3 */

static void told_inside(const JsonRpcAnswer *answers, unsigned n, const char *problem, void *userdata) {
        NodeProbe *p = userdata;
        bool any = false;

        for (unsigned i = 0; i < n; i++) {
                const JsonRpcAnswer *a = &answers[i];

                any |= a->given;
                p->answers[i] = *a;
                p->answers[i].result = json_object_get(a->result);
                p->answers[i].message = g_strdup(a->message);
        }
        if (any)
                told_all(p);
        else
                fail(p, problem);
}

static void ask_inside(NodeProbe *p) {
        node_ask_all(p->node, (const char *const *) p->questions, NODE_ANSWER_SEC, told_inside, p);
}

static void opened(const GError *error, void *userdata) {
        NodeProbe *p = userdata;

        if (error)
                fail(p, error->message);
        else
                ask_inside(p);
}

/* Steps 1 and 3 */

static void try_next_way(NodeProbe *p, const char *problem) {
        NodeWay *w = p->way;

        if (p->picture || w->shared) {
                fail(p, problem);
                return;
        }
        w->next = (w->next + 1) % g_strv_length(w->addresses);
        w->inside = ++p->refused == g_strv_length(w->addresses);
        ask(p);
}

static bool read_answer(NodeProbe *p, const HttpAnswer *a, GError **error) {
        if (a->status != 200)
                return fleet_fail(error, FLEET_ERROR_PROTOCOL, "%s answered with HTTP status %ld",
                                  p->way->addresses[p->way->next], a->status);
        return json_rpc_parse(a->text, a->size, &p->answers[p->next], error);
}

static void told(const HttpAnswer *answer, const GError *error, void *userdata) {
        NodeProbe *p = userdata;
        g_autoptr(GError) problem = NULL;

        p->post = NULL;
        if (answer && !read_answer(p, answer, &problem))
                error = problem;
        if (error && p->next == 0 && !g_error_matches(error, FLEET_ERROR, FLEET_ERROR_FAILED))
                try_next_way(p, error->message);
        else if (error)
                fail(p, error->message);
        else {
                p->next++;
                ask(p);
        }
}

/* address: "127.0.0.1:33980" */
static void post(NodeProbe *p, const char *address, const char *question) {
        g_autofree char *url = g_strdup_printf("http://%s/", address);
        const HttpRequest request = {
                .name = address,
                .url = url,
                .body = question,
                .connect_timeout_ms = NODE_CONNECT_TIMEOUT_MSEC,
                .timeout_ms = NODE_ANSWER_SEC * 1000,
                .answer_max = RPC_ANSWER_BYTES_MAX,
                .direct = true,
        };

        p->post = http_post_new(p->what->http, &request, told, p);
}

static void ask(NodeProbe *p) {
        const NodeWay *w = p->way;

        if (!w->inside && w->addresses[0]) {
                if (!p->questions[p->next]) {
                        p->next = 0;
                        told_all(p);
                        return;
                }
                post(p, w->addresses[w->next], p->questions[p->next]);
        } else if (!p->node)
                p->node = node_open(p->what->loop, p->what->docker, p->what->config, p->container, opened,
                                    p);
        else
                ask_inside(p);
}

static void too_late(void *userdata) {
        NodeProbe *p = userdata;
        g_autofree char *text = g_strdup_printf("no answer within %d s", NODE_LOOK_SEC);

        fail(p, text);
}

NodeProbe *node_probe_new(const NodeAsking *what, const char *container, NodeWay *way, bool slow,
                          json_object *before, NodeProbed done, void *userdata) {
        NodeProbe *p = g_new0(NodeProbe, 1);

        p->what = what;
        p->container = g_strdup(container);
        p->way = way;
        p->slow = slow;
        p->before = json_object_get(before);
        p->done = done;
        p->userdata = userdata;
        if (slow && what->session_keys)
                p->session_keys = g_strdup(what->session_keys(container, what->session_keys_userdata));
        p->questions = node_picture_questions(slow, p->session_keys);
        p->timer = loop_timer_new(what->loop, NODE_LOOK_SEC * 1000, 0, too_late, p);
        ask(p);
        return p;
}

NodeProbe *node_probe_free(NodeProbe *p) {
        if (!p)
                return NULL;
        (void) http_post_free(p->post);
        (void) node_free(p->node);
        (void) loop_timer_free(p->timer);
        clear_answers(p);
        g_strfreev(p->questions);
        json_object_put(p->picture);
        json_object_put(p->before);
        g_free(p->session_keys);
        g_free(p->container);
        g_free(p);
        return NULL;
}
