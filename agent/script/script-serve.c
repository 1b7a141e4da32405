/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One request of the agent, from what it says to its end. */
#include "script-serve.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "config.h"
#include "containers.h"
#include "error.h"
#include "file.h"
#include "limits.h"
#include "log.h"
#include "names.h"
#include "policy.h"
#include "script-config.h"
#include "script-relay.h"
#include "text.h"

/* Configuration */

/* What others could write would be theirs to run as any user. */
static bool is_ours(const char *path, GError **error) {
        struct stat st;

        if (stat(path, &st) < 0 || (st.st_uid == geteuid() && !(st.st_mode & (S_IWGRP | S_IWOTH))))
                return true;
        return fleet_fail(error, FLEET_ERROR_CONFIG,
                          "%s may be written by others than %s (uid %u, mode %04o)", path,
                          geteuid() == 0 ? "root" : "us", st.st_uid, st.st_mode & 07777);
}

typedef struct Declared {
        GPtrArray *scripts;
        char **containers; /* globs */
        Policy *policy;    /* who asked on the server is the agent's to know */
} Declared;

static void declared_clear(Declared *d) {
        g_clear_pointer(&d->scripts, g_ptr_array_unref);
        g_strfreev(d->containers);
        (void) policy_free(d->policy);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Declared, declared_clear)

/* NULL where the key is not set. New strv. */
static char **words_if_set(const Config *f, const char *key) {
        return config_get(f, "Policy", key) ? config_get_words(f, "Policy", key) : NULL;
}

static Policy *read_policy(const Config *f, GError **error) {
        g_auto(GStrv) commands = words_if_set(f, "AllowCommands"),
                      containers = words_if_set(f, "AllowContainers");

        return policy_new(commands, containers, NULL, NULL, error);
}

static bool read_declared(const Helper *h, Declared *ret, GError **error) {
        static const ConfigKey keys[] = { SCRIPT_CONFIG_KEYS,
                                          { "Docker", "Containers" },
                                          { "Policy", "AllowCommands" },
                                          { "Policy", "AllowContainers" },
                                          {} };
        g_autofree char *drop_ins = g_strconcat(h->config, ".d", NULL),
                        *parent = g_path_get_dirname(h->config);
        g_autoptr(Config) f = NULL;

        if (geteuid() == 0 &&
            (!is_ours(parent, error) || !is_ours(h->config, error) || !is_ours(drop_ins, error)))
                return false;
        f = config_read(h->config, keys, NULL, NULL, error);
        if (!f)
                return false;
        ret->scripts = script_config_read(f, NULL, NULL);
        ret->containers = config_get_words(f, "Docker", "Containers");
        ret->policy = read_policy(f, error);
        return ret->policy;
}

/* Running */

static bool check_policy(const Declared *d, const ScriptRequest *q, GError **error) {
        g_autofree char *refusal = policy_refuses_command(d->policy, q->command, NULL);

        if (!refusal && q->container)
                refusal = policy_refuses_container(d->policy, q->container);
        return !refusal || fleet_fail(error, FLEET_ERROR_REJECTED, "%s", refusal);
}

static bool check_container(const Script *s, const Declared *d, const char *container, GError **error) {
        if (!s->container && container)
                return fleet_fail(error, FLEET_ERROR_INVALID_PARAMETER,
                                  "%s: container is \"%s\", expected none: it is about the host", s->name,
                                  container);
        if (s->container && !container)
                return fleet_fail(error, FLEET_ERROR_INVALID_PARAMETER, "%s: container is missing", s->name);
        if (container && d->containers[0] && !container_is_managed(d->containers, container))
                return fleet_fail(error, FLEET_ERROR_REJECTED, "container \"%s\" is not managed here",
                                  container);
        return true;
}

/* A new object of the parameters, or NULL. */
static json_object *check_request(const Declared *d, const ScriptRequest *q, const Script **ret_script,
                                  GError **error) {
        const Script *s = script_find(d->scripts, q->command);

        if (!s) {
                (void) fleet_fail(error, FLEET_ERROR_FAILED, "no command \"%s\" is declared in mclient.conf",
                                  q->command);
                return NULL;
        }
        *ret_script = s;
        return check_policy(d, q, error) && check_container(s, d, q->container, error)
                               ? script_check(s, q->params, error)
                               : NULL;
}

static char *title(const ScriptRecord *r) {
        return g_strjoin(r->container ? " " : "", r->command, r->container ?: "", NULL);
}

static void end(Helper *h, ScriptRecord *r, const char *output) {
        g_autofree char *what = title(r), *took = text_duration(now_realtime() - r->started_usec);
        g_autoptr(GError) error = NULL;

        r->ended = true;
        log_info("%s: %s %s after %s%s%s%s", r->id, what, command_state_to_string(r->end.state), took,
                 r->end.error ? ": " : "", r->end.error ?: "",
                 h->peer->fd < 0 ? "; the agent is away, and may ask for it" : "");
        if (!script_store_end(h->store, r, output, &error))
                log_error("The end of %s cannot be written down: %s", r->id, error->message);
}

static bool start_and_relay(Helper *h, const Script *s, const ScriptUser *u, const ScriptRequest *q,
                            json_object *params, int lock, ScriptRecord *r, GError **error) {
        g_auto(GStrv) argv = script_argv(s, params),
                      environment = script_environment(s, q->id, q->container, params);
        g_autofree char *what = title(r), *output = NULL;
        g_autoptr(Output) printed = output_new(false);
        ScriptChild child;
        uint64_t gone;

        if (!script_child_start(u, argv, environment, lock, &child, error))
                return false;
        log_info("%s: %s runs as %s", r->id, what, u->name);
        script_peer_send(h->peer, SCRIPT_STARTED, NULL, 0);
        script_relay(s, &child, h->peer, h->signals,
                     MIN(s->timeout_usec, q->timeout_usec + SCRIPT_LATE_SEC * USEC_PER_SEC), printed,
                     &r->end);
        output_end(printed);
        output = output_tail(printed, &gone);
        end(h, r, output);
        /* Not before: who finds the lock free takes what is written down for all there will be. */
        (void) close(lock);
        return true;
}

static bool run(Helper *h, const ScriptRequest *q, ScriptEnd *ret, GError **error) {
        g_auto(Declared) d = {};
        g_auto(ScriptUser) u = {};
        g_auto(ScriptRecord) r = {};
        const Script *s = NULL;
        json_object *params;
        int lock;
        bool good;

        if (!read_declared(h, &d, error))
                return false;
        params = check_request(&d, q, &s, error);
        if (!params)
                return false;
        if (!script_user_find(s, h->own_user ? NULL : MCLIENT_USER, &u, error) ||
            !script_child_check(s, &u, error)) {
                json_object_put(params);
                return false;
        }
        if (script_peer_cancels(h->peer)) { /* nothing has been written down: nothing is begun */
                json_object_put(params);
                log_info("%s: cancelled before it ran", q->id);
                *ret = (ScriptEnd){ COMMAND_CANCELLED, -1, g_strdup("cancelled before it ran"), false };
                return true;
        }
        r = (ScriptRecord){ .id = g_strdup(q->id),
                            .command = g_strdup(q->command),
                            .lock = g_strdup(s->lock),
                            .container = g_strdup(q->container),
                            .pid = getpid(),
                            .started_usec = now_realtime() };
        lock = script_store_lock(h->store, &r, r.started_usec, error);
        good = lock >= 0 && script_store_begin(h->store, &r, error);
        if (good && !start_and_relay(h, s, &u, q, params, lock, &r, error)) {
                r.end = (ScriptEnd){ COMMAND_FAILED, -1, g_strdup((*error)->message), false };
                end(h, &r, NULL);
                good = false;
        }
        json_object_put(params);
        if (!good)
                return false;
        *ret = r.end;
        r.end = (ScriptEnd){};
        return true;
}

/* Asking */

/* Who has never come must not come any more, now that we say that it did not run. */
static bool forbid(Helper *h, const char *id, ScriptRecord *ret) {
        *ret = (ScriptRecord){ .id = g_strdup(id),
                               .command = g_strdup(""),
                               .lock = g_strdup(""),
                               .started_usec = now_realtime(),
                               .ended = true,
                               .end = { COMMAND_FAILED, -1,
                                        g_strdup("the agent stopped before it began: it did not run"),
                                        false } };
        return script_store_begin(h->store, ret, NULL);
}

static void look(Helper *h) {
        struct pollfd polled[2] = { {}, { .fd = h->signals, .events = POLLIN } };

        script_peer_prepare(h->peer, &polled[0]);
        if (poll(polled, G_N_ELEMENTS(polled), SCRIPT_LOOK_MSEC) > 0) {
                script_peer_dispatch(h->peer, &polled[0]);
                if (polled[1].revents) /* stopped: the agent asks again */
                        exit(EXIT_SUCCESS);
        }
}

/* As it was written down, or as it now is: an id that never came. */
static bool find(Helper *h, const char *id, ScriptRecord *ret, GError **error) {
        g_autoptr(GError) e = NULL;

        if (script_store_read(h->store, id, ret, &e))
                return true;
        if (!g_error_matches(e, FLEET_ERROR, FLEET_ERROR_UNAVAILABLE)) {
                g_propagate_error(error, g_steal_pointer(&e));
                return false;
        }
        if (forbid(h, id, ret))
                return true;
        script_record_clear(ret); /* it came in this moment */
        return script_store_read(h->store, id, ret, error);
}

/* Nobody runs it any more. It may have ended since we looked; else it is cut. */
static bool settle(Helper *h, ScriptRecord *r, GError **error) {
        g_autofree char *id = g_strdup(r->id);

        script_record_clear(r);
        if (!script_store_read(h->store, id, r, error))
                return false;
        if (!r->ended) {
                r->end = (ScriptEnd){ COMMAND_INTERRUPTED, -1,
                                      g_strdup("it was killed in the middle; how far it got is unknown"),
                                      false };
                end(h, r, NULL);
        }
        return true;
}

/* The helper that runs it, and not another process that has got its number since. */
static void cancel(const ScriptRecord *r) {
        g_autofree char *path = g_strdup_printf("/proc/%d/comm", r->pid), *comm = NULL;

        if (file_read(path, 64, &comm, NULL, NULL) && g_str_equal(comm, "mclient-script\n"))
                (void) kill(r->pid, SIGUSR1);
}

/* Waits while another helper runs it. False: the agent has gone, or error. */
static bool query(Helper *h, const char *id, ScriptRecord *ret, GError **error) {
        for (;;) {
                bool running;

                if (!find(h, id, ret, error))
                        return false;
                if (ret->ended)
                        return true;
                if (!script_store_is_running(h->store, ret, &running, error))
                        return false;
                if (!running)
                        return settle(h, ret, error);
                if (script_peer_cancels(h->peer))
                        cancel(ret);
                script_record_clear(ret);
                look(h);
                if (h->peer->fd < 0)
                        return false;
        }
}

static bool answer_query(Helper *h, const char *id, ScriptEnd *ret, GError **error) {
        g_auto(ScriptRecord) r = {};
        g_autofree char *output = NULL;

        if (!query(h, id, &r, error))
                return false;
        output = script_store_output(h->store, id);
        if (output)
                script_peer_send(h->peer, SCRIPT_OUTPUT, output, strlen(output));
        *ret = r.end;
        r.end = (ScriptEnd){};
        return true;
}

/* The request */

/* False: there is none, and never will be. */
static bool wait_for_request(Helper *h, ScriptFrame *ret_type, const void **ret_data, size_t *ret_size) {
        uint64_t until = now_monotonic() + SCRIPT_REQUEST_SEC * USEC_PER_SEC;

        while (!script_peer_next(h->peer, ret_type, ret_data, ret_size)) {
                uint64_t now = now_monotonic();
                struct pollfd polled;

                if (h->peer->fd < 0) {
                        log_info("The agent went away without a request");
                        return false;
                }
                if (now >= until) {
                        log_info("No request within %d s", SCRIPT_REQUEST_SEC);
                        return false;
                }
                script_peer_prepare(h->peer, &polled);
                if (poll(&polled, 1, (int) ((until - now) / USEC_PER_MSEC) + 1) > 0)
                        script_peer_dispatch(h->peer, &polled);
        }
        return true;
}

/* What an end says of a query is the script's own: where we cannot know it, nothing is said, and the agent asks again. */
static bool serve_query(Helper *h, const char *id, ScriptEnd *ret) {
        g_autoptr(GError) error = NULL;

        h->store = script_store_open(h->state, &error);
        if (h->store && answer_query(h, id, ret, &error))
                return true;
        if (error)
                log_error("What became of %s cannot be told, the agent asks again: %s", id, error->message);
        return false;
}

static bool serve_run(Helper *h, const ScriptRequest *q, ScriptEnd *ret, GError **error) {
        h->store = script_store_open(h->state, error);
        return h->store && run(h, q, ret, error);
}

bool script_serve(Helper *h, ScriptEnd *ret, GError **error) {
        g_auto(ScriptRequest) q = {};
        ScriptFrame type;
        const void *data;
        size_t size;
        bool good;

        if (!wait_for_request(h, &type, &data, &size))
                return false;
        if (type != SCRIPT_RUN && type != SCRIPT_QUERY)
                return fleet_fail(error, FLEET_ERROR_PROTOCOL, "\"%c\" is no request, expected R or Q",
                                  (char) type);
        good = script_request_parse(data, size, type == SCRIPT_QUERY, &q, error);
        script_frame_drop(h->peer->in);
        if (!good)
                return false;
        return type == SCRIPT_QUERY ? serve_query(h, q.id, ret) : serve_run(h, &q, ret, error);
}
