/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How the nodes on this host do. At most NODE_LOOKS_MAX are looked at side by side; the others wait their turn. Looks that
 * nobody asked for are spaced where they take a process in docker: the one whose picture is oldest comes first. */
#include "node-watch.h"

#include "clock.h"
#include "docker.h"
#include "error.h"
#include "http-post.h"
#include "json-path.h"
#include "limits.h"
#include "node-address.h"
#include "node-picture.h"
#include "node-probe.h"
#include "rpc-port.h"

typedef struct Watched {
        NodeWatch *owner;
        char *container;
        char *identity; /* what it is called, and since when it runs */
        uint16_t port;
        char *unusable; /* why there is no port */
        NodeWay way;
        unsigned sample; /* that it was last seen in */

        json_object *picture; /* the latest; NULL: none yet */
        uint64_t taken_usec;  /* monotonic, when that was; 0: never */
        uint64_t slow_usec;   /* and when all was asked */
        NodeProbe *probe;
        uint64_t begun_usec; /* when it was */
        bool slow;           /* it asks all */
        bool queued;
        GPtrArray *questions; /* of NodeQuestion, borrowed */
} Watched;

struct NodeQuestion {
        NodeWatch *owner;
        Watched *watched;
        uint64_t asked_usec;
        LoopTimer *timer;
        NodeTold told;
        void *userdata;
};

struct NodeWatch {
        Loop *loop;
        const AgentConfig *config;
        Docker *docker;
        HttpPosts *http;
        NodeAsking asking;
        GHashTable *nodes; /* name → Watched */
        GQueue queue;      /* of Watched */
        unsigned looks;    /* under way */
        unsigned sample;
        uint64_t inside_usec; /* when the next may begin that nobody asks for */
};

/* Questions */

NodeQuestion *node_question_free(NodeQuestion *q) {
        if (!q)
                return NULL;
        (void) g_ptr_array_remove(q->watched->questions, q);
        (void) loop_timer_free(q->timer);
        g_free(q);
        return NULL;
}

static void answer(NodeQuestion *q, json_object *picture) {
        NodeTold told = q->told;
        void *userdata = q->userdata;
        json_object *kept = json_object_get(picture); /* whatever becomes of the node meanwhile */

        (void) node_question_free(q);
        told(kept, userdata);
        json_object_put(kept);
}

static void answer_problem(NodeQuestion *q, const char *problem) {
        json_object *picture = node_picture_problem(problem);

        answer(q, picture);
        json_object_put(picture);
}

static void too_late(void *userdata) {
        g_autofree char *text = g_strdup_printf("no answer within %d s", NODE_LOOK_SEC);

        answer_problem(userdata, text);
}

/* Looks */

static void start_some(NodeWatch *w);

static void enqueue(Watched *n) {
        if (n->queued || n->probe)
                return;
        n->queued = true;
        g_queue_push_tail(&n->owner->queue, n);
}

static void answer_questions(Watched *n) {
        g_autoptr(GPtrArray) due = g_ptr_array_new();

        for (unsigned i = 0; i < n->questions->len; i++) {
                NodeQuestion *q = g_ptr_array_index(n->questions, i);

                if (q->asked_usec <= n->begun_usec)
                        g_ptr_array_add(due, q);
        }
        if (n->questions->len > due->len)
                enqueue(n);
        for (unsigned i = 0; i < due->len; i++)
                if (g_ptr_array_find(n->questions, due->pdata[i], NULL)) /* not freed by one before */
                        answer(due->pdata[i], n->picture);
}

static void probed(json_object *picture, void *userdata) {
        Watched *n = userdata;
        NodeWatch *w = n->owner;

        n->probe = NULL;
        w->looks--;
        json_object_put(n->picture);
        n->picture = picture;
        n->taken_usec = now_monotonic();
        if (n->slow && !json_at(picture, "error"))
                n->slow_usec = n->begun_usec;
        answer_questions(n);
        start_some(w);
}

static void start(Watched *n) {
        NodeWatch *w = n->owner;

        n->begun_usec = now_monotonic();
        n->slow = n->slow_usec == 0 || n->begun_usec - n->slow_usec >= NODE_SLOW_SEC * USEC_PER_SEC;
        n->probe = node_probe_new(&w->asking, n->container, &n->way, n->slow, n->picture, probed, n);
        w->looks++;
}

static void start_some(NodeWatch *w) {
        while (w->looks < NODE_LOOKS_MAX && w->queue.length > 0) {
                Watched *n = g_queue_pop_head(&w->queue);

                n->queued = false;
                start(n);
        }
}

/* Nodes */

static void drop_look(Watched *n) {
        if (n->queued)
                (void) g_queue_remove(&n->owner->queue, n);
        n->owner->looks -= n->probe != NULL;
        n->queued = false;
        n->probe = node_probe_free(n->probe);
}

static void watched_free(void *p) {
        Watched *n = p;

        drop_look(n);
        while (n->questions->len > 0)
                answer_problem(g_ptr_array_index(n->questions, 0), "the container is gone");
        g_ptr_array_unref(n->questions);
        json_object_put(n->picture);
        g_strfreev(n->way.addresses);
        g_free(n->unusable);
        g_free(n->identity);
        g_free(n->container);
        g_free(n);
}

static char *identity_of(json_object *inspect) {
        return g_strdup_printf("%s %s", json_string_at(inspect, "Id") ?: "",
                               json_string_at(inspect, "State.StartedAt") ?: "");
}

/* A new one, or one that was started anew: nothing that was known of it counts any more. */
static void meet(Watched *n, json_object *inspect, uint16_t port, const char *unusable) {
        drop_look(n);
        g_free(n->identity);
        n->identity = identity_of(inspect);
        n->port = port;
        g_free(n->unusable);
        n->unusable = g_strdup(unusable);
        g_strfreev(n->way.addresses);
        n->way = (NodeWay){};
        n->way.addresses = node_addresses(inspect, port, &n->way.shared);
        json_object_put(n->picture);
        n->picture = unusable ? node_picture_problem(unusable) : NULL;
        n->taken_usec = n->slow_usec = 0;
        if (n->questions->len > 0 && !unusable)
                enqueue(n);
}

static Watched *watched_new(NodeWatch *w, const char *container) {
        Watched *n = g_new0(Watched, 1);

        n->owner = w;
        n->container = g_strdup(container);
        n->questions = g_ptr_array_new();
        g_hash_table_insert(w->nodes, n->container, n);
        return n;
}

/* NULL: no node, or none that runs. */
static Watched *find(NodeWatch *w, const char *container, json_object *inspect) {
        Watched *n = g_hash_table_lookup(w->nodes, container);
        g_autofree char *identity = identity_of(inspect);
        g_autoptr(GError) error = NULL;
        uint16_t port = 0;

        if (!json_bool_at(inspect, "State.Running") || json_bool_at(inspect, "State.Paused"))
                return NULL;
        if (n && g_str_equal(n->identity, identity))
                return n;
        if (!rpc_port(container, inspect, node_config_port(w->config->nodes, container), &port, &error) &&
            g_error_matches(error, FLEET_ERROR, FLEET_ERROR_CONFIG))
                return NULL;
        n = n ?: watched_new(w, container);
        meet(n, inspect, port, error ? error->message : NULL);
        n->sample = w->sample;
        return n;
}

void node_watch_begin(NodeWatch *w) {
        w->sample++;
}

json_object *node_watch_look(NodeWatch *w, const char *container, json_object *inspect) {
        Watched *n = find(w, container, inspect);
        json_object *picture = NULL;

        if (!n)
                return NULL;
        n->sample = w->sample;
        if (!n->picture || json_object_deep_copy(n->picture, &picture, NULL) < 0)
                return NULL;
        if (n->taken_usec > 0)
                json_add_uint(picture, "age_sec", (now_monotonic() - n->taken_usec) / USEC_PER_SEC);
        return picture;
}

static bool is_old(const Watched *n) {
        return !n->unusable &&
               (n->taken_usec == 0 || now_monotonic() - n->taken_usec >= NODE_REFRESH_SEC * USEC_PER_SEC);
}

static bool takes_process(const NodeWay *way) {
        return way->inside || !way->addresses[0];
}

void node_watch_end(NodeWatch *w) {
        Watched *n, *oldest = NULL;
        GHashTableIter iter;

        g_hash_table_iter_init(&iter, w->nodes);
        while (g_hash_table_iter_next(&iter, NULL, (void **) &n))
                if (n->sample != w->sample)
                        g_hash_table_iter_remove(&iter);
                else if (is_old(n) && !takes_process(&n->way))
                        enqueue(n);
                else if (is_old(n) && (!oldest || n->taken_usec < oldest->taken_usec))
                        oldest = n;
        if (oldest && now_monotonic() >= w->inside_usec) {
                w->inside_usec = now_monotonic() + NODE_INSIDE_SPACING_SEC * USEC_PER_SEC;
                enqueue(oldest);
        }
        start_some(w);
}

static void tell_unusable(void *userdata) {
        NodeQuestion *q = userdata;

        answer(q, q->watched->picture);
}

NodeQuestion *node_watch_ask(NodeWatch *w, const char *container, json_object *inspect, NodeTold told,
                             void *userdata) {
        Watched *n = find(w, container, inspect);
        NodeQuestion *q;

        if (!n)
                return NULL;
        q = g_new0(NodeQuestion, 1);
        q->owner = w;
        q->watched = n;
        q->asked_usec = now_monotonic();
        q->told = told;
        q->userdata = userdata;
        g_ptr_array_add(n->questions, q);
        if (n->unusable)
                q->timer = loop_timer_new(w->loop, 0, 0, tell_unusable, q);
        else {
                q->timer = loop_timer_new(w->loop, NODE_LOOK_SEC * 1000, 0, too_late, q);
                enqueue(n);
                start_some(w);
        }
        return q;
}

NodeWatch *node_watch_new(Loop *l, const AgentConfig *config, GError **error) {
        g_autoptr(NodeWatch) w = g_new0(NodeWatch, 1);

        w->loop = l;
        w->config = config;
        w->nodes = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, watched_free);
        g_queue_init(&w->queue);
        w->docker = docker_new(l, config->docker_socket, error);
        if (!w->docker)
                return NULL;
        w->http = http_posts_new(l, error);
        if (!w->http)
                return NULL;
        w->asking = (NodeAsking){ .loop = l, .docker = w->docker, .http = w->http, .config = config->nodes };
        return g_steal_pointer(&w);
}

void node_watch_set_session_keys(NodeWatch *w, NodeSessionKeys session_keys, void *userdata) {
        w->asking.session_keys = session_keys;
        w->asking.session_keys_userdata = userdata;
}

NodeWatch *node_watch_free(NodeWatch *w) {
        if (!w)
                return NULL;
        g_hash_table_unref(w->nodes);
        (void) http_posts_free(w->http);
        (void) docker_free(w->docker);
        g_free(w);
        return NULL;
}
