/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A program of ours in the network of somebody else's container. Four requests: create the container, attach to it, and
 * when the engine listens start it; the end of what it prints is its end, and then the engine removes it. */
#include "docker-guest.h"

#include "docker-api.h"
#include "docker-frames.h"
#include "error.h"
#include "json-path.h"
#include "names.h"

#define PROGRAM "/mclient-guest" /* in the container */
#define NOBODY "65534:65534"
#define PROCESSES_MAX 8
#define MEMORY_MAX (32 * 1024 * 1024) /* bytes; docker asks for 6 MiB at least */

struct DockerGuest {
        Docker *docker;
        char *id;
        DockerCall *call;   /* create, or start */
        DockerCall *attach; /* from before start to the end */
        LoopTimer *deadline;
        DockerFrames frames;
        GString *out, *err;
        uint64_t timeout_sec;
        size_t max;
        bool started, too_much;
        bool gone;              /* it has ended, and the engine removes it */
        DockerCaptureDone done; /* NULL once it was called */
        void *userdata;
};

static void finish(DockerGuest *g, const GError *error) {
        const Captured captured = { g->started, -1, g->out->str, g->out->len, g->err->str };
        DockerCaptureDone done = g->done;

        g->done = NULL;
        g->deadline = loop_timer_free(g->deadline);
        if (done)
                done(&captured, error, g->userdata);
}

static void output(DockerStreamId stream, const void *data, size_t size, void *userdata) {
        DockerGuest *g = userdata;

        if (g->out->len + g->err->len + size > g->max)
                g->too_much = true;
        if (!g->too_much)
                g_string_append_len(stream == DOCKER_STDERR ? g->err : g->out, data, (gssize) size);
}

static void attach_data(const void *data, size_t size, void *userdata) {
        DockerGuest *g = userdata;
        g_autoptr(GError) error = NULL;

        if (docker_frames_feed(&g->frames, data, size, output, g, &error))
                return;
        g->attach = docker_call_free(g->attach);
        finish(g, error);
}

static void attach_ended(const GError *error, void *userdata) {
        DockerGuest *g = userdata;
        g_autoptr(GError) large = NULL;

        g->attach = NULL;
        g->gone = !error;
        if (!error && g->too_much) {
                (void) fleet_fail(&large, FLEET_ERROR_LIMIT_EXCEEDED, "more than %zu bytes of output",
                                  g->max);
                error = large;
        }
        finish(g, error);
}

static void start_reply(unsigned status, json_object *body, const GError *error, void *userdata) {
        DockerGuest *g = userdata;

        g->call = NULL;
        if (!error)
                return;
        /* The engine said no: what is not started is not known only where it said nothing. */
        g->started = status == 0;
        g->attach = docker_call_free(g->attach);
        finish(g, error);
}

static void attach_opened(void *userdata) {
        DockerGuest *g = userdata;

        g->started = true;
        g->call = docker_start(g->docker, g->id, start_reply, g);
}

static void create_reply(unsigned status, json_object *body, const GError *error, void *userdata) {
        static const DockerStreamHandler handler = { attach_data, attach_ended, attach_opened };
        DockerGuest *g = userdata;
        g_autoptr(GError) none = NULL;

        g->call = NULL;
        g->id = g_strdup(json_string_at(body, "Id"));
        if (!error && !g->id) {
                (void) fleet_fail(&none, FLEET_ERROR_PROTOCOL,
                                  "docker created a container without an \"Id\"");
                error = none;
        }
        if (error)
                finish(g, error);
        else
                g->attach = docker_attach(g->docker, g->id, &handler, g);
}

static void too_late(void *userdata) {
        DockerGuest *g = userdata;
        g_autoptr(GError) error = NULL;

        (void) fleet_fail(&error, FLEET_ERROR_UNAVAILABLE, "no end within %" G_GUINT64_FORMAT " s",
                          g->timeout_sec);
        finish(g, error);
}

static json_object *string_array(const char *const *strings) {
        json_object *array = json_object_new_array();

        for (; *strings; strings++)
                (void) json_object_array_add(array, json_object_new_string(*strings));
        return array;
}

static void add_flag(json_object *o, const char *key) {
        (void) json_object_object_add(o, key, json_object_new_boolean(true));
}

static json_object *mounts_of(const char *program) {
        json_object *array = json_object_new_array(), *mount = json_object_new_object();

        json_add_string(mount, "Type", "bind");
        json_add_string(mount, "Source", program);
        json_add_string(mount, "Target", PROGRAM);
        add_flag(mount, "ReadOnly");
        (void) json_object_array_add(array, mount);
        return array;
}

static json_object *host_config(const DockerHost *host, const char *program) {
        static const char *const all[] = { "ALL", NULL }, *const security[] = { "no-new-privileges", NULL };
        json_object *o = json_object_new_object(), *log = json_object_new_object();
        g_autofree char *network = g_strconcat("container:", host->id, NULL);

        add_flag(o, "AutoRemove");
        add_flag(o, "ReadonlyRootfs");
        json_add_string(o, "NetworkMode", network);
        (void) json_object_object_add(o, "CapDrop", string_array(all));
        (void) json_object_object_add(o, "SecurityOpt", string_array(security));
        (void) json_object_object_add(o, "Mounts", mounts_of(program));
        json_add_uint(o, "PidsLimit", PROCESSES_MAX);
        json_add_uint(o, "Memory", MEMORY_MAX);
        json_add_string(log, "Type", "none");
        (void) json_object_object_add(o, "LogConfig", log);
        return o;
}

static json_object *container_config(const DockerHost *host, const char *program, const char *const *argv) {
        static const char *const entrypoint[] = { PROGRAM, NULL }, *const none[] = { "NONE", NULL };
        json_object *o = json_object_new_object(), *labels = json_object_new_object(),
                    *health = json_object_new_object();

        json_add_string(o, "Image", host->image_id);
        json_add_string(o, "User", NOBODY);
        json_add_string(o, "WorkingDir", "/");
        (void) json_object_object_add(o, "Entrypoint", string_array(entrypoint));
        (void) json_object_object_add(o, "Cmd", string_array(argv));
        add_flag(o, "AttachStdout");
        add_flag(o, "AttachStderr");
        json_add_string(labels, MCLIENT_GUEST_LABEL, host->name);
        (void) json_object_object_add(o, "Labels", labels);
        (void) json_object_object_add(health, "Test", string_array(none));
        (void) json_object_object_add(o, "Healthcheck", health);
        (void) json_object_object_add(o, "HostConfig", host_config(host, program));
        return o;
}

DockerGuest *docker_guest_new(Loop *l, Docker *d, const DockerHost *host, const char *program,
                              const char *const *argv, uint64_t timeout_sec, size_t max,
                              DockerCaptureDone done, void *userdata) {
        DockerGuest *g = g_new0(DockerGuest, 1);
        json_object *body = container_config(host, program, argv);

        g->docker = d;
        g->timeout_sec = timeout_sec;
        g->max = max;
        g->done = done;
        g->userdata = userdata;
        g->out = g_string_new(NULL);
        g->err = g_string_new(NULL);
        g->call = docker_create(d, body, create_reply, g);
        json_object_put(body);
        g->deadline = loop_timer_new(l, timeout_sec * 1000, 0, too_late, g);
        return g;
}

static void ignore_reply(unsigned status, json_object *body, const GError *error, void *userdata) {
}

DockerGuest *docker_guest_free(DockerGuest *g) {
        if (!g)
                return NULL;
        (void) docker_call_free(g->call);
        (void) docker_call_free(g->attach);
        (void) loop_timer_free(g->deadline);
        if (g->id && !g->gone)
                (void) docker_call_detach(docker_remove(g->docker, g->id, ignore_reply, NULL));
        g_string_free(g->out, true);
        g_string_free(g->err, true);
        g_free(g->id);
        g_free(g);
        return NULL;
}

/* Left behind */

struct DockerGuestSweep {
        Docker *docker;
        uint64_t before_sec;
        DockerCall *call;
};

static void list_reply(unsigned status, json_object *body, const GError *error, void *userdata) {
        DockerGuestSweep *s = userdata;
        size_t n = json_object_is_type(body, json_type_array) ? json_object_array_length(body) : 0;

        s->call = NULL;
        for (size_t i = 0; i < n; i++) {
                json_object *guest = json_object_array_get_idx(body, i);
                const char *id = json_string_at(guest, "Id");
                uint64_t created;

                if (id && json_uint_at(guest, "Created", &created) && created < s->before_sec)
                        (void) docker_call_detach(docker_remove(s->docker, id, ignore_reply, NULL));
        }
}

DockerGuestSweep *docker_guest_sweep_new(Docker *d, uint64_t before_sec) {
        DockerGuestSweep *s = g_new0(DockerGuestSweep, 1);

        s->docker = d;
        s->before_sec = before_sec;
        s->call = docker_list_stopped(d, MCLIENT_GUEST_LABEL, list_reply, s);
        return s;
}

DockerGuestSweep *docker_guest_sweep_free(DockerGuestSweep *s) {
        if (!s)
                return NULL;
        (void) docker_call_free(s->call);
        g_free(s);
        return NULL;
}
