/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The same step for each container of a command, side by side. */
#include "per-container.h"

#include "container-info.h"
#include "json-path.h"
#include "limits.h"
#include "text.h"

struct PerContainer {
        CommandContext *context;
        bool list;
        const char *name_key;
        PerContainerJob *jobs;
        unsigned n_jobs, left;
};

static json_object *entry_of(const PerContainer *p, PerContainerJob *job) {
        json_object *o;

        if (job->result && !job->error)
                return json_object_get(job->result);
        o = json_object_new_object();
        json_add_string(o, p->name_key, job->container);
        json_add_string(o, "error", job->error);
        return o;
}

static json_object *gather_list(PerContainer *p) {
        json_object *list = json_object_new_array_ext((int) p->n_jobs);

        for (unsigned i = 0; i < p->n_jobs; i++)
                (void) json_object_array_add(list, entry_of(p, &p->jobs[i]));
        return list;
}

/* NULL when none failed. */
static char *gather_errors(const PerContainer *p) {
        g_autoptr(GString) s = g_string_new(NULL);
        unsigned failed = 0;

        if (!p->list)
                return g_strdup(p->jobs[0].error);
        for (unsigned i = 0; i < p->n_jobs; i++)
                if (p->jobs[i].error)
                        g_string_append_printf(s, "%s%s: %s", failed++ > 0 ? "; " : "", p->jobs[i].container,
                                               p->jobs[i].error);
        if (failed == 0)
                return NULL;
        if (p->n_jobs > 1) {
                g_autofree char *head = g_strdup_printf("%u of %u failed: ", failed, p->n_jobs);

                g_string_prepend(s, head);
        }
        return text_cut(s->str, ERROR_TEXT_MAX);
}

static void one_less(PerContainer *p) {
        g_autofree char *error = NULL;
        json_object *result;

        if (--p->left > 0)
                return;
        error = gather_errors(p);
        result = p->list ? gather_list(p) : json_object_get(p->jobs[0].result);
        command_finished(p->context, error ? COMMAND_FAILED : COMMAND_SUCCEEDED, result, error);
}

PerContainer *per_container_new(CommandContext *x, bool list, const char *name_key,
                                void (*begin)(PerContainerJob *job)) {
        PerContainer *p = g_new0(PerContainer, 1);

        p->context = x;
        p->list = list;
        p->name_key = name_key;
        p->n_jobs = p->left = g_strv_length(x->containers);
        p->jobs = g_new0(PerContainerJob, p->n_jobs);
        for (unsigned i = 0; i < p->n_jobs; i++) {
                p->jobs[i].owner = p;
                p->jobs[i].container = x->containers[i];
                begin(&p->jobs[i]);
        }
        return p;
}

void per_container_done(PerContainerJob *job, json_object *result) {
        job->result = result;
        job->over = true;
        one_less(job->owner);
}

void per_container_failed(PerContainerJob *job, const char *error) {
        job->error = container_name_in(error, job->container);
        job->over = true;
        one_less(job->owner);
}

void per_container_stop(PerContainer *p, const char *note) {
        if (p->left == 0)
                return;
        for (unsigned i = 0; i < p->n_jobs; i++) {
                PerContainerJob *job = &p->jobs[i];

                if (job->over)
                        continue;
                job->call = docker_call_free(job->call);
                job->question = node_question_free(job->question);
                per_container_failed(job, note);
        }
}

PerContainer *per_container_free(PerContainer *p) {
        if (!p)
                return NULL;
        for (unsigned i = 0; i < p->n_jobs; i++) {
                (void) docker_call_free(p->jobs[i].call);
                (void) node_question_free(p->jobs[i].question);
                json_object_put(p->jobs[i].result);
                g_free(p->jobs[i].error);
        }
        g_free(p->jobs);
        g_free(p);
        return NULL;
}

CommandContext *per_container_context(const PerContainer *p) {
        return p->context;
}
