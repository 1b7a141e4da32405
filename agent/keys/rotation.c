/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One rotation of session keys.  It goes through
 *
 *   calling (rotation-call.h) ─► looking (rotation-look.h) ─► ending (rotation-table.h)
 *
 * or ends in calling, where something stands in the way. One of an earlier process begins with looking. Where nothing is to
 * be seen, because the container does not run, it goes on looking, now and then. */
#include "rotation.h"

#include "clock.h"
#include "json-path.h"
#include "limits.h"
#include "log.h"
#include "message.h"
#include "rotation-age.h"
#include "rotation-call.h"
#include "rotation-look.h"
#include "session-keys.h"

#define CALL_USEC_MAX ((RPC_TIMEOUT_SEC + ROTATION_LATE_SEC) * USEC_PER_SEC)

struct Rotation {
        const RotationHost *host;
        char *id, *container;

        RotationCall *call; /* calling */
        RotationLook *look; /* looking */
        LoopTimer *again;   /* a pause before it looks, or ends, again */

        RotationIntent *intent; /* from the end of the calling */
        bool inherited;         /* from an earlier process */
        bool reported;          /* and its command was said to be interrupted */
        uint64_t patient_until; /* monotonic; of an inherited one: its container may only just be starting */
        char *answer;           /* session keys that the node gave; or NULL, and */
        char *problem;          /* why it did not, for people */
        char *proof;

        /* ending */
        RotationEnd end;
        LedgerOutcome outcome;
        char *session_key;
};

/* Ending */

static void store(void *userdata);

static void stored(bool recorded, const char *problem, void *userdata) {
        Rotation *o = userdata;
        const RotationHost *h = o->host;

        if (problem) {
                log_error("How the rotation of %s (%s) ended cannot be written down, trying again in %d s: %s",
                          o->container, o->id, LEDGER_RETRY_SEC, problem);
                o->again = loop_timer_new(h->loop, LEDGER_RETRY_SEC * 1000, 0, store, o);
                return;
        }
        if (recorded)
                outbox_put_elsewhere(h->outbox, o->container);
        if (o->inherited && !o->reported)
                h->settled(o, h->userdata);
        h->ended(o, o->end, &o->outcome, h->userdata);
}

static void store(void *userdata) {
        Rotation *o = userdata;
        uint64_t now = now_realtime();
        g_autofree char *message = NULL;
        RotationEnding ending = { .end = o->end };

        o->again = loop_timer_free(o->again);
        if (o->end == ROTATION_ROTATED) {
                message = message_key_update(o->id, o->container, o->session_key, "rotate_keys",
                                             (int64_t) (now / USEC_PER_MSEC));
                ending.session_key = o->session_key;
                ending.message = message;
        }
        /* Also where the command ends by itself: we may be killed before it does. */
        if (!o->reported)
                ending.outcome = &o->outcome;
        rotation_table_end(o->host->db, o->intent, &ending, now, stored, o);
}

/* result: taken. */
static void conclude(Rotation *o, RotationEnd end, CommandState state, json_object *result,
                     const char *error) {
        o->end = end;
        o->outcome.state = state;
        if (result)
                o->outcome.result = g_strdup(json_object_to_json_string_ext(result, JSON_C_TO_STRING_PLAIN));
        o->outcome.error = g_strdup(error);
        json_object_put(result);
        if (o->inherited)
                log_info("%s: %s", o->id, error ?: "found the new keys of a rotation that was cut");
        store(o);
}

/* Looking */

static void look(void *userdata);

static void look_again(Rotation *o, unsigned sec) {
        o->again = loop_timer_new(o->host->loop, sec * 1000, 0, look, o);
}

static json_object *result_of(const Rotation *o, const LookResult *l) {
        json_object *result = json_object_new_object();
        g_autoptr(KeyNames) before = key_names_parse(o->intent->before);

        json_add_string(result, "container", o->container);
        json_add_string(result, "session_key", l->session_key);
        (void) json_object_object_add(result, "previous", key_names_to_json(before));
        json_add_string(result, "keystore", o->intent->keystore);
        (void) json_object_object_add(result, "confirmed", json_object_new_boolean(l->confirmed));
        if (o->proof)
                json_add_string(result, "proof", o->proof);
        if (!o->answer) {
                (void) json_object_object_add(result, "recovered", json_object_new_boolean(true));
                json_add_string(result, "command", o->id);
        }
        return result;
}

/* With why there was no answer, and what there is to be seen. */
static char *explain(const Rotation *o, const char *what, const char *seen) {
        return g_strdup_printf("%s%s %s: %s%s%s", o->inherited ? "The agent stopped in the middle: " : "",
                               o->container, what, o->problem ?: "", o->problem && seen ? ", and " : "",
                               seen ?: "");
}

static void outcome_reported(bool recorded, const char *problem, void *userdata) {
        Rotation *o = userdata;

        if (problem)
                log_warning("%s: that it was interrupted cannot be written down: %s", o->id, problem);
        else {
                o->reported = true;
                o->host->settled(o, o->host->userdata);
        }
        look_again(o, ROTATION_LOOK_SLOW_SEC);
}

/* The command ends here, the rotation stays open. */
static void give_up_for_now(Rotation *o, const char *problem) {
        g_autofree char *why = explain(o, "cannot be looked at now", problem),
                        *error = g_strconcat(why, "; new keys are reported when they are found", NULL);
        LedgerOutcome outcome = { .state = o->inherited ? COMMAND_INTERRUPTED : COMMAND_FAILED,
                                  .error = error };
        const RotationEnding ending = { .end = ROTATION_OPEN, .outcome = &outcome };

        o->host->unseen(o, &outcome, o->host->userdata);
        if (!o->inherited || o->reported) {
                look_again(o, ROTATION_LOOK_SLOW_SEC);
                return;
        }
        log_warning("%s: %s", o->id, error);
        rotation_table_end(o->host->db, o->intent, &ending, now_realtime(), outcome_reported, o);
}

static void looked(const LookResult *l, void *userdata) {
        Rotation *o = userdata;
        g_autoptr(RotationLook) ended = g_steal_pointer(&o->look);
        g_autofree char *error = NULL;

        switch (l->verdict) {
        case LOOK_KEY:
                o->session_key = g_strdup(l->session_key);
                conclude(o, ROTATION_ROTATED, COMMAND_SUCCEEDED, result_of(o, l), NULL);
                break;
        case LOOK_NOTHING:
                error = explain(o, "was not rotated", l->problem);
                conclude(o, ROTATION_NOTHING, COMMAND_FAILED, NULL, error);
                break;
        case LOOK_UNCLEAR:
                error = explain(o, "may have been rotated", l->problem);
                conclude(o, ROTATION_UNKNOWN, o->inherited ? COMMAND_INTERRUPTED : COMMAND_FAILED, NULL,
                         error);
                break;
        case LOOK_UNREACHABLE:
                if (now_monotonic() < o->patient_until)
                        look_again(o, ROTATION_LOOK_PATIENT_SEC);
                else
                        give_up_for_now(o, l->problem);
                break;
        }
}

static void look_for(Rotation *o, uint64_t wait_usec) {
        const RotationHost *h = o->host;

        o->look = rotation_look_new(h->loop, h->docker, h->config, o->intent, o->answer, wait_usec, looked,
                                    o);
}

static void look(void *userdata) {
        Rotation *o = userdata;

        o->again = loop_timer_free(o->again);
        look_for(o, 0);
}

/* How long the node may still be at it. */
static uint64_t time_left(const Rotation *o) {
        return rotation_age_left(o->intent, CALL_USEC_MAX);
}

/* Calling */

static void take_answer(Rotation *o, const CallResult *c) {
        g_autoptr(GError) error = NULL;
        unsigned count;

        o->proof = g_strdup(c->proof);
        if (session_keys_check(c->session_keys, &count, &error))
                o->answer = g_ascii_strdown(c->session_keys, -1);
        else
                o->problem = g_strdup_printf("the node answered: %s", error->message);
        look_for(o, o->answer ? time_left(o) : 0);
}

static void refused(Rotation *o, const CallResult *c) {
        const LedgerOutcome outcome = { .state = c->state, .error = (char *) c->problem };

        o->host->ended(o, ROTATION_OPEN, &outcome, o->host->userdata);
}

static void called(const CallResult *c, void *userdata) {
        Rotation *o = userdata;
        g_autoptr(RotationCall) ended = g_steal_pointer(&o->call);
        g_autofree char *error = NULL;

        if (c->end != CALL_REFUSED)
                o->intent = rotation_intent_copy(c->intent);
        switch (c->end) {
        case CALL_REFUSED:
                refused(o, c);
                break;
        case CALL_ANSWERED:
                take_answer(o, c);
                break;
        case CALL_UNASKED:
                error = explain(o, "was not rotated", c->problem);
                conclude(o, ROTATION_NOTHING, COMMAND_FAILED, NULL, error);
                break;
        case CALL_DECLINED:
                o->problem = g_strdup_printf("the node refused: %s", c->problem);
                look_for(o, 0);
                break;
        case CALL_LOST:
                o->problem = g_strdup_printf("the node did not answer: %s", c->problem);
                look_for(o, time_left(o));
                break;
        }
}

static Rotation *rotation_new(const RotationHost *host, const char *id, const char *container) {
        Rotation *o = g_new0(Rotation, 1);

        o->host = host;
        o->id = g_strdup(id);
        o->container = g_strdup(container);
        return o;
}

Rotation *rotation_begin(const RotationHost *h, const char *id, const char *container, bool force) {
        Rotation *o = rotation_new(h, id, container);

        o->call = rotation_call_new(h->loop, h->docker, h->db, h->config, id, container, force, called, o);
        return o;
}

Rotation *rotation_inherit(const RotationHost *h, const RotationIntent *intent) {
        Rotation *o = rotation_new(h, intent->id, intent->container);

        o->intent = rotation_intent_copy(intent);
        o->inherited = true;
        o->patient_until = now_monotonic() + ROTATION_PATIENCE_SEC * USEC_PER_SEC;
        look_for(o, time_left(o));
        return o;
}

Rotation *rotation_free(Rotation *o) {
        if (!o)
                return NULL;
        (void) rotation_call_free(o->call);
        (void) rotation_look_free(o->look);
        (void) loop_timer_free(o->again);
        (void) rotation_intent_free(o->intent);
        g_free(o->id);
        g_free(o->container);
        g_free(o->answer);
        g_free(o->problem);
        g_free(o->proof);
        ledger_outcome_clear(&o->outcome);
        g_free(o->session_key);
        g_free(o);
        return NULL;
}

const char *rotation_container(const Rotation *o) {
        return o->container;
}

const char *rotation_session_keys(const Rotation *o) {
        return o->end == ROTATION_ROTATED ? o->session_key : NULL;
}

const char *rotation_id(const Rotation *o) {
        return o->id;
}

bool rotation_is_asked(const Rotation *o) {
        return !o->call || rotation_call_is_committed(o->call);
}

bool rotation_withdraw(Rotation *o) {
        if (!rotation_is_asked(o))
                return true;
        if (o->call)
                rotation_call_withdraw(o->call);
        return false;
}

void rotation_hurry(Rotation *o) {
        o->patient_until = 0;
        if (o->again && o->end == ROTATION_OPEN)
                look(o);
}
