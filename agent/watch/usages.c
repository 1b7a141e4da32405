/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the containers of a sample use. A question is answered in two steps:
 *
 *   1. on one of libuv's threads, from the files in which the kernel counts (usage-read.h);
 *   2. of those whose files are not to be seen from here, by the engine, side by side, as it takes up to a second for each. */
#include "usages.h"

#include <unistd.h>

#include "clock.h"
#include "container-info.h"
#include "docker-api.h"
#include "limits.h"
#include "usage-read.h"

/* One container's place in the question. */
typedef struct Ask {
        Usages *owner;
        char *name;
        json_object *status;
        DockerCall *call; /* of step 2 */
} Ask;

/* What the thread gets and gives, the same place for the same container. */
typedef struct Reading {
        UsageSource *source;
        bool read;
        uint64_t at_usec; /* monotonic */
        ContainerUsage usage;
} Reading;

typedef struct Work {
        uv_work_t uv;
        Usages *owner; /* NULL when it was abandoned */
        uint64_t host_total;
        GArray *readings;
} Work;

/* What a container had used when it was last asked. */
typedef struct Used {
        ContainerUsage usage;
        uint64_t at_usec; /* monotonic */
} Used;

struct Usages {
        Loop *loop;
        Docker *docker;
        UsagesDone done;
        void *userdata;
        uint64_t host_total; /* bytes of memory */

        GHashTable *used;      /* name → Used*, of the last question */
        GHashTable *used_next; /* and of this one */
        GPtrArray *asks;       /* of Ask */
        GArray *readings;      /* until the thread has them */
        Work *work;
        GPtrArray *left; /* of Ask, borrowed: for the engine */
        unsigned asked, answered;
};

static void ask_free(void *p) {
        Ask *a = p;

        (void) docker_call_free(a->call);
        json_object_put(a->status);
        g_free(a->name);
        g_free(a);
}

static void reading_clear(void *p) {
        (void) usage_source_free(((Reading *) p)->source);
}

static GHashTable *used_new(void) {
        return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
}

static GArray *readings_new(void) {
        GArray *a = g_array_new(false, true, sizeof(Reading));

        g_array_set_clear_func(a, reading_clear);
        return a;
}

static void note(Ask *a, const ContainerUsage *usage, uint64_t at_usec) {
        const Used *before = g_hash_table_lookup(a->owner->used, a->name);
        Used *used = g_new(Used, 1);

        *used = (Used){ *usage, at_usec };
        container_usage_add(a->status, usage, before ? &before->usage : NULL,
                            before ? at_usec - before->at_usec : 0);
        g_hash_table_insert(a->owner->used_next, g_strdup(a->name), used);
}

static void clear(Usages *u) {
        g_ptr_array_set_size(u->left, 0);
        g_ptr_array_set_size(u->asks, 0);
        g_array_set_size(u->readings, 0);
        u->asked = u->answered = 0;
}

static void finish(Usages *u) {
        clear(u);
        g_hash_table_unref(u->used);
        u->used = u->used_next;
        u->used_next = used_new();
        u->done(u->userdata);
}

/* Step 2 */

static void ask_engine(Usages *u);

static void engine_reply(unsigned status, json_object *body, const GError *error, void *userdata) {
        Ask *a = userdata;
        Usages *u = a->owner;

        a->call = NULL;
        u->answered++;
        if (!error) {
                ContainerUsage usage;

                container_usage_parse(body, &usage);
                note(a, &usage, now_monotonic());
        }
        ask_engine(u);
}

static void ask_engine(Usages *u) {
        for (; u->asked < u->left->len && u->asked - u->answered < SAMPLER_CALLS_MAX; u->asked++) {
                Ask *a = g_ptr_array_index(u->left, u->asked);

                a->call = docker_stats(u->docker, a->name, engine_reply, a);
        }
        if (u->answered == u->left->len)
                finish(u);
}

/* Step 1 */

static void work(uv_work_t *uv) {
        Work *w = uv->data;

        for (unsigned i = 0; i < w->readings->len; i++) {
                Reading *r = &g_array_index(w->readings, Reading, i);

                r->read = usage_read(r->source, w->host_total, &r->usage);
                r->at_usec = now_monotonic();
        }
}

static void work_done(uv_work_t *uv, int status) {
        Work *w = uv->data;
        Usages *u = w->owner;

        if (u) {
                u->work = NULL;
                for (unsigned i = 0; i < w->readings->len; i++) {
                        const Reading *r = &g_array_index(w->readings, Reading, i);
                        Ask *a = g_ptr_array_index(u->asks, i);

                        if (r->read)
                                note(a, &r->usage, r->at_usec);
                        else
                                g_ptr_array_add(u->left, a);
                }
                ask_engine(u);
        }
        g_array_unref(w->readings);
        g_free(w);
}

void usages_add(Usages *u, const char *container, json_object *inspect, json_object *status) {
        Reading reading = { .source = usage_source_new(inspect) };
        Ask *a = g_new0(Ask, 1);

        *a = (Ask){ .owner = u, .name = g_strdup(container), .status = json_object_get(status) };
        g_ptr_array_add(u->asks, a);
        g_array_append_val(u->readings, reading);
}

void usages_ask(Usages *u) {
        Work *w = g_new0(Work, 1);
        int r;

        g_assert(!u->work);
        *w = (Work){ .owner = u, .host_total = u->host_total, .readings = u->readings };
        w->uv.data = w;
        u->readings = readings_new();
        u->work = w;
        r = uv_queue_work(loop_uv(u->loop), &w->uv, work, work_done);
        g_assert(r == 0);
}

void usages_abandon(Usages *u) {
        if (u->work) {
                u->work->owner = NULL;
                (void) uv_cancel((uv_req_t *) &u->work->uv);
                u->work = NULL;
        }
        g_hash_table_remove_all(u->used_next);
        clear(u);
}

Usages *usages_new(Loop *l, Docker *d, UsagesDone done, void *userdata) {
        Usages *u = g_new0(Usages, 1);

        *u = (Usages){ .loop = l, .docker = d, .done = done, .userdata = userdata };
        u->host_total = (uint64_t) sysconf(_SC_PHYS_PAGES) * (uint64_t) sysconf(_SC_PAGESIZE);
        u->used = used_new();
        u->used_next = used_new();
        u->asks = g_ptr_array_new_with_free_func(ask_free);
        u->left = g_ptr_array_new();
        u->readings = readings_new();
        return u;
}

Usages *usages_free(Usages *u) {
        if (!u)
                return NULL;
        usages_abandon(u);
        g_hash_table_unref(u->used);
        g_hash_table_unref(u->used_next);
        g_ptr_array_unref(u->left);
        g_ptr_array_unref(u->asks);
        g_array_unref(u->readings);
        g_free(u);
        return NULL;
}
