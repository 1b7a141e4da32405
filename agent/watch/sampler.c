/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The periodic picture of the host and its containers. A sample is taken in steps, none of which blocks the loop:
 *
 *   1. the host, on one of libuv's threads, as asking a file system for its size may block;
 *   2. the engine's list of containers;
 *   3. the state of one container after the other;
 *   4. what those that run use (usages.h).
 *
 * The first sample has no rates in any case: it leaves step 4 to the next, which follows at once, so that a server
 * soon knows the containers. An engine that has not answered when the next sample is due does not hold up the host's
 * part of it. */
#include "sampler.h"

#include "clock.h"
#include "container-info.h"
#include "containers.h"
#include "docker-api.h"
#include "host-read.h"
#include "ident.h"
#include "json-path.h"
#include "limits.h"
#include "usages.h"

typedef struct HostWork {
        uv_work_t uv;
        Sampler *owner; /* NULL when that was freed meanwhile */
        HostSample *sample;
} HostWork;

struct Sampler {
        Loop *loop;
        const AgentConfig *config;
        Docker *docker;
        NodeWatch *nodes;
        SampleReady ready;
        void *userdata;
        LoopTimer *timer;

        HostSample *before; /* the last sample's */

        HostWork *work;          /* step 1 */
        json_object *data;       /* from step 2 on */
        json_object *containers; /* in data */
        DockerCall *call;        /* of steps 2 and 3 */
        char **names;
        unsigned next;
        Usages *usages; /* step 4 */
        bool complete;  /* not the first */
};

static void begin(Sampler *s);

/* The sample is as complete as it will be. */
static void publish(Sampler *s, const char *problem) {
        json_object *data = g_steal_pointer(&s->data);

        if (problem)
                json_add_string(data, "containers_error", problem);
        s->containers = NULL;
        g_clear_pointer(&s->names, g_strfreev);
        s->ready(data, s->userdata);
        json_object_put(data);
        if (!s->complete) {
                s->complete = true;
                begin(s);
        }
}

static void measured(void *userdata) {
        publish(userdata, NULL);
}

/* It has not come to its end. */
static void cut_short(Sampler *s, const char *problem) {
        usages_abandon(s->usages);
        publish(s, problem);
}

static void ask_state(Sampler *s);

static void inspect_reply(unsigned status, json_object *body, const GError *error, void *userdata) {
        Sampler *s = userdata;
        json_object *container, *node;

        s->call = NULL;
        if (error && status != 404) { /* 404: it has gone since the list was made */
                cut_short(s, error->message);
                return;
        }
        if (!error) {
                container = container_status(body);
                node = node_watch_look(s->nodes, s->names[s->next - 1], body);
                if (node)
                        (void) json_object_object_add(container, "node", node);
                (void) json_object_array_add(s->containers, container);
                if (s->complete && json_bool_at(body, "State.Running"))
                        usages_add(s->usages, s->names[s->next - 1], body, container);
        }
        ask_state(s);
}

/* What the configuration names without a wildcard, and the engine does not have. */
static void add_absent(Sampler *s) {
        for (char *const *glob = s->config->containers; *glob; glob++) {
                json_object *o;

                if (!container_name_is_valid(*glob) ||
                    g_strv_contains((const char *const *) s->names, *glob))
                        continue;
                o = json_object_new_object();
                json_add_string(o, "name", *glob);
                json_add_string(o, "state", "absent");
                (void) json_object_array_add(s->containers, o);
        }
}

static void ask_state(Sampler *s) {
        const char *name = s->next < SAMPLED_CONTAINERS_MAX ? s->names[s->next] : NULL;

        if (name) {
                s->next++;
                s->call = docker_inspect(s->docker, name, inspect_reply, s);
        } else {
                add_absent(s);
                node_watch_end(s->nodes);
                usages_ask(s->usages);
        }
}

static void list_reply(unsigned status, json_object *body, const GError *error, void *userdata) {
        Sampler *s = userdata;

        s->call = NULL;
        if (error) {
                publish(s, error->message);
                return;
        }
        s->containers = json_object_new_array();
        (void) json_object_object_add(s->data, "containers", s->containers);
        s->names = containers_managed(body, s->config->containers);
        s->next = 0;
        node_watch_begin(s->nodes);
        ask_state(s);
}

static void host_done(Sampler *s, HostSample *sample) {
        s->data = json_object_new_object();
        (void) json_object_object_add(s->data, "system", host_sample_to_json(sample, s->before));
        (void) host_sample_free(s->before);
        s->before = sample;
        s->call = docker_list(s->docker, list_reply, s);
}

static void work(uv_work_t *uv) {
        HostWork *w = uv->data;

        w->sample = host_read();
}

static void work_done(uv_work_t *uv, int status) {
        HostWork *w = uv->data;
        Sampler *s = w->owner;

        if (s) {
                s->work = NULL;
                host_done(s, w->sample);
        } else
                (void) host_sample_free(w->sample);
        g_free(w);
}

/* Step 1; nothing where it has been begun already. */
static void begin(Sampler *s) {
        int r;

        if (s->work)
                return;
        s->work = g_new0(HostWork, 1);
        s->work->owner = s;
        s->work->uv.data = s->work;
        r = uv_queue_work(loop_uv(s->loop), &s->work->uv, work, work_done);
        g_assert(r == 0);
}

static void tick(void *userdata) {
        Sampler *s = userdata;

        if (s->data) {
                s->call = docker_call_free(s->call);
                cut_short(s, "docker did not answer in time");
        }
        begin(s);
}

Sampler *sampler_new(Loop *l, const AgentConfig *config, NodeWatch *nodes, SampleReady ready, void *userdata,
                     GError **error) {
        Docker *d = docker_new(l, config->docker_socket, error);
        Sampler *s;

        if (!d)
                return NULL;
        s = g_new0(Sampler, 1);
        s->loop = l;
        s->config = config;
        s->nodes = nodes;
        s->docker = d;
        s->ready = ready;
        s->userdata = userdata;
        s->usages = usages_new(l, d, measured, s);
        s->timer = loop_timer_new(l, 0, config->stats_interval * 1000, tick, s);
        return s;
}

Sampler *sampler_free(Sampler *s) {
        if (!s)
                return NULL;
        if (s->work) {
                s->work->owner = NULL;
                (void) uv_cancel((uv_req_t *) &s->work->uv);
        }
        (void) loop_timer_free(s->timer);
        (void) docker_call_free(s->call);
        (void) usages_free(s->usages);
        (void) docker_free(s->docker);
        (void) host_sample_free(s->before);
        json_object_put(s->data);
        g_strfreev(s->names);
        g_free(s);
        return NULL;
}
