/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An answer to what is not open: most often one whose acknowledgement got lost; or the outcome, at last, of what was
 * given up. Then it takes the place of what was known, in this order: audited, stored, told, acknowledged. */
#include <string.h>

#include "clock.h"
#include "dispatcher-internal.h"
#include "error.h"
#include "limits.h"
#include "log.h"

struct LateAnswer {
        Dispatcher *dispatcher;
        char *id, *client;
        CommandState state;
        char *result, *error;
        CommandRecord *settled; /* what it becomes */
        bool denial_audited;
        LoopTimer *timer; /* until it is tried again */
};

LateAnswer *late_answer_new(Dispatcher *d, const char *id, const char *client, CommandState state,
                            const char *result, const char *error) {
        LateAnswer *a = g_new0(LateAnswer, 1);

        a->dispatcher = d;
        a->id = g_strdup(id);
        a->client = g_strdup(client);
        a->state = state;
        a->result = g_strdup(result);
        a->error = g_strdup(error);
        return a;
}

LateAnswer *late_answer_free(LateAnswer *a) {
        if (!a)
                return NULL;
        g_free(a->id);
        g_free(a->client);
        g_free(a->result);
        g_free(a->error);
        loop_timer_free(a->timer);
        command_record_free(a->settled);
        g_free(a);
        return NULL;
}

static void free_late_answer(void *a) {
        (void) late_answer_free(a);
}

GHashTable *late_answers_new(void) {
        return g_hash_table_new_full(g_str_hash, g_str_equal, NULL, free_late_answer);
}

static void acknowledge(LateAnswer *a) {
        dispatcher_acknowledge(a->dispatcher, a->client, a->id);
}

static void audit(void *userdata);
static void store(void *userdata);

/* The agent does not say it again as long as it is connected. */
static void retry(LateAnswer *a, LoopTimerHandler again, const char *what) {
        log_warning("command %s: its outcome %s yet, trying again", a->id, what);
        a->timer = loop_timer_new(a->dispatcher->loop, STORE_RETRY_MSEC, 0, again, a);
}

static void stored(StoreStatus status, void *userdata) {
        LateAnswer *a = userdata;
        Dispatcher *d = a->dispatcher;
        Store *s = d->store;

        if (status == STORE_OK) {
                s->ops->settle_command(s->engine, a->id, a->settled->state);
                cache_put(d, command_record_copy(a->settled));
                fleet_tell_command(d->fleet, a->settled);
        } else if (status != STORE_CONFLICT) {
                retry(a, store, "is not stored");
                return;
        }
        acknowledge(a);
        g_hash_table_remove(d->late, a->id);
}

static void store(void *userdata) {
        LateAnswer *a = userdata;
        Store *s = a->dispatcher->store;

        a->timer = loop_timer_free(a->timer);
        s->ops->advance_command(s->engine, a->settled, stored, a);
}

static void audited(bool handed_over, void *userdata) {
        if (handed_over)
                store(userdata);
        else
                retry(userdata, audit, "is not in the journal");
}

/* Comes before the outcome's own, so the answer is held still. */
static void denial_audited(bool handed_over, void *userdata) {
        ((LateAnswer *) userdata)->denial_audited |= handed_over;
}

static void audit(void *userdata) {
        LateAnswer *a = userdata;

        a->timer = loop_timer_free(a->timer);
        if (!a->denial_audited)
                dispatcher_audit_late_denial(a->dispatcher, a->settled, denial_audited, a);
        dispatcher_audit_settled(a->dispatcher, a->settled, audited, a);
}

static void known(const CommandRecord *r, const GError *error, void *userdata) {
        g_autoptr(LateAnswer) a = userdata;
        Dispatcher *d = a->dispatcher;

        if (g_error_matches(error, FLEET_ERROR, FLEET_ERROR_NO_SUCH_COMMAND)) {
                log_warning("%s answers command %s, which nobody here knows", a->client, a->id);
                acknowledge(a);
                return;
        }
        if (!r || strcmp(r->client, a->client) != 0 || !command_state_is_final(r->state) ||
            g_hash_table_contains(d->late, a->id))
                return;
        a->settled = command_record_copy(r);
        if (command_record_advance(a->settled, a->state, a->result, a->error, now_realtime())) {
                g_hash_table_insert(d->late, a->id, a);
                audit(g_steal_pointer(&a));
        } else
                acknowledge(a);
}

void late_answer_judge(LateAnswer *a) {
        dispatcher_get(a->dispatcher, a->id, known, a);
}
