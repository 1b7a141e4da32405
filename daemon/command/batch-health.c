/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Waits until the nodes of some clients are healthy: asks each that is not, waits for all answers, pauses, and asks again. */
#include "batch-health.h"

#include "clock.h"
#include "container-health.h"
#include "error.h"
#include "limits.h"

/* A client. While its command is on the way nobody but that can free it. */
typedef struct Member {
        HealthWatch *watch; /* NULL: given up */
        char *client;
        char *problem; /* what is not well; "" before the first answer, NULL: all is */
        char *command; /* that is waited for; NULL: none */
        bool asking;
} Member;

struct HealthWatch {
        Loop *loop;
        Dispatcher *dispatcher;
        CommandRequest request;
        GPtrArray *members;
        LoopTimer *deadline;
        LoopTimer *timer;      /* the next question; NULL while answers are waited for */
        unsigned asking, next; /* of the present round: those before next have been asked */
        uint64_t pause_msec;
        char *told;
        const HealthReport *report;
        void *userdata;
};

static void member_free(Member *m) {
        g_free(m->client);
        g_free(m->problem);
        g_free(m->command);
        g_free(m);
}

/* Leaves the watch; true: whoever calls has it alone. */
static bool member_let_go(Member *m) {
        Dispatcher *d = m->watch->dispatcher;

        m->watch = NULL;
        return !m->asking || (m->command && dispatcher_unwait(d, m->command, m));
}

HealthWatch *health_watch_free(HealthWatch *w) {
        if (!w)
                return NULL;
        for (unsigned i = 0; i < w->members->len; i++) {
                Member *m = g_ptr_array_index(w->members, i);

                if (member_let_go(m))
                        member_free(m);
        }
        g_ptr_array_unref(w->members);
        loop_timer_free(w->deadline);
        loop_timer_free(w->timer);
        json_object_put(w->request.params);
        g_free(w->told);
        g_free(w);
        return NULL;
}

/* The first of those that are not well stands for all. */
static unsigned count_unwell(const HealthWatch *w, const Member **ret_first) {
        unsigned n = 0;

        for (unsigned i = w->members->len; i > 0; i--) {
                const Member *m = g_ptr_array_index(w->members, i - 1);

                if (m->problem) {
                        *ret_first = m;
                        n++;
                }
        }
        return n;
}

static void tell(HealthWatch *w, unsigned unwell, const Member *first) {
        g_autoptr(GString) what = g_string_new(NULL);

        g_string_append_printf(what, "%s waiting for %s", first->client, first->problem);
        if (unwell > 1)
                g_string_append_printf(what, ", and %u more client%s", unwell - 1, unwell > 2 ? "s" : "");
        if (g_strcmp0(what->str, w->told) == 0)
                return;
        g_free(w->told);
        w->told = g_string_free(g_steal_pointer(&what), false);
        w->report->waiting(w->told, w->userdata);
}

static void ask_some(void *userdata);

static void ask_in(HealthWatch *w, uint64_t msec) {
        w->timer = loop_timer_new(w->loop, msec, 0, ask_some, w);
}

/* Once all have been asked and have answered. May be the end of the watch. */
static void conclude_round(HealthWatch *w) {
        const Member *first;
        unsigned unwell;

        if (w->asking > 0 || w->next < w->members->len)
                return;
        unwell = count_unwell(w, &first);
        if (unwell == 0) {
                w->report->done(true, w->userdata);
                return;
        }
        w->next = 0;
        ask_in(w, w->pause_msec);
        w->pause_msec = MIN(w->pause_msec * 2, HEALTH_POLL_MAX_MSEC);
        tell(w, unwell, first);
}

static void take(Member *m, char *problem) {
        g_free(m->problem);
        m->problem = problem;
        m->asking = false;
        g_clear_pointer(&m->command, g_free);
        m->watch->asking--;
        conclude_round(m->watch);
}

static char *problem_of(const CommandRecord *r) {
        json_object *result;
        char *problem;

        if (r->state != COMMAND_SUCCEEDED)
                return g_strdup_printf("its status: %s", r->error ?: command_state_to_string(r->state));
        result = r->result ? json_tokener_parse(r->result) : NULL;
        problem = container_health_problem(result);
        json_object_put(result);
        return problem;
}

static void on_status(const CommandRecord *r, const GError *error, void *userdata) {
        Member *m = userdata;

        if (!m->watch)
                member_free(m);
        else
                take(m, r ? problem_of(r) : g_strdup(error->message));
}

static void on_asked(const CommandRecord *r, const GError *error, void *userdata) {
        Member *m = userdata;

        if (!m->watch)
                member_free(m);
        else if (r) {
                m->command = g_strdup(r->id);
                dispatcher_wait(m->watch->dispatcher, r->id, on_status, m);
        } else if (g_error_matches(error, FLEET_ERROR, FLEET_ERROR_NOT_CONNECTED))
                take(m, g_strdup("its agent to return"));
        else
                take(m, g_strdup(error->message));
}

static void ask(Member *m) {
        HealthWatch *w = m->watch;

        m->asking = true;
        w->asking++;
        w->request.client = m->client;
        dispatcher_submit(w->dispatcher, &w->request, on_asked, m);
}

/* One turn of the loop's share. */
static void ask_some(void *userdata) {
        HealthWatch *w = userdata;

        w->timer = loop_timer_free(w->timer);
        for (unsigned n = 0; n < FAN_OUT_CHUNK && w->next < w->members->len; w->next++) {
                Member *m = g_ptr_array_index(w->members, w->next);

                if (!m->problem)
                        continue;
                ask(m);
                n++;
        }
        if (w->next < w->members->len)
                ask_in(w, 0);
        conclude_round(w); /* the last of them may all have been well before */
}

static void on_deadline(void *userdata) {
        HealthWatch *w = userdata;

        w->deadline = loop_timer_free(w->deadline);
        w->report->done(false, w->userdata);
}

/* What the batch was about. */
static json_object *status_params(const CommandRequest *request) {
        json_object *params = json_object_new_object(), *container;

        if (request->params && json_object_object_get_ex(request->params, "container", &container))
                json_object_object_add(params, "container", json_object_get(container));
        return params;
}

HealthWatch *health_watch_new(Loop *l, Dispatcher *d, const CommandRequest *request, GPtrArray *clients,
                              uint64_t timeout, const HealthReport *report, void *userdata) {
        HealthWatch *w = g_new0(HealthWatch, 1);

        w->loop = l;
        w->dispatcher = d;
        w->request = (CommandRequest){
                .command = HEALTH_COMMAND,
                .params = status_params(request),
                .batch = request->batch,
                .schedule = request->schedule,
                .timeout = HEALTH_STATUS_TIMEOUT_USEC,
                .caller = request->caller,
        };
        w->members = g_ptr_array_new();
        for (unsigned i = 0; i < clients->len; i++) {
                Member *m = g_new0(Member, 1);

                m->watch = w;
                m->client = g_strdup(g_ptr_array_index(clients, i));
                m->problem = g_strdup("");
                g_ptr_array_add(w->members, m);
        }
        w->pause_msec = HEALTH_POLL_MIN_MSEC;
        w->report = report;
        w->userdata = userdata;
        w->deadline = loop_timer_new(l, timeout / USEC_PER_MSEC, 0, on_deadline, w);
        ask_in(w, 0);
        return w;
}
