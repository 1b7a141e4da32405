/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rotations of session keys: who may begin one, and who waits for it. */
#include "rotations.h"

#include "clock.h"
#include "docker-guest.h"
#include "log.h"
#include "rotation.h"

struct Rotations {
        RotationHost host;
        const AgentConfig *config;
        RotationsSettled settled;
        void *userdata;
        GHashTable *active; /* container to Rotation */
        GHashTable *keys;   /* container to the session keys that it was last rotated to */
        GHashTable *waits;  /* container to RotationWait, for those for which somebody waits */
        DockerGuestSweep *sweep;
};

struct RotationWait {
        Rotations *owner;
        char *id, *container;
        bool force;
        RotationDone done;
        void *userdata;
        char *refusal; /* what is about to be said; then it waits for nothing */
        LoopTimer *timer;
};

static void wait_free(RotationWait *w) {
        if (!w->refusal)
                g_hash_table_remove(w->owner->waits, w->container);
        loop_timer_free(w->timer);
        g_free(w->id);
        g_free(w->container);
        g_free(w->refusal);
        g_free(w);
}

static void wait_end(RotationWait *w, const LedgerOutcome *outcome) {
        json_object *result = outcome->result ? json_tokener_parse(outcome->result) : NULL;
        RotationDone done = w->done;
        void *userdata = w->userdata;

        wait_free(w);
        done(outcome->state, result, outcome->error, userdata);
        json_object_put(result);
}

static void say_refusal(void *userdata) {
        RotationWait *w = userdata;
        g_autofree char *text = g_strdup_printf("%s refused to rotate: %s", w->container, w->refusal);
        const LedgerOutcome outcome = { .state = COMMAND_REJECTED, .error = text };

        wait_end(w, &outcome);
}

/* Not from inside the call. */
static void refuse(RotationWait *w, const char *why) {
        w->refusal = g_strdup(why);
        w->timer = loop_timer_new(w->owner->host.loop, 0, 0, say_refusal, w);
}

static void begin(Rotations *r, RotationWait *w) {
        Rotation *o = rotation_begin(&r->host, w->id, w->container, w->force);

        g_hash_table_insert(r->active, (char *) rotation_container(o), o);
        g_hash_table_insert(r->waits, w->container, w);
}

/* What becomes of them */

static void ended(Rotation *o, RotationEnd end, const LedgerOutcome *outcome, void *userdata) {
        Rotations *r = userdata;
        RotationWait *w = g_hash_table_lookup(r->waits, rotation_container(o));
        g_autoptr(Rotation) gone = o;

        if (end == ROTATION_ROTATED)
                g_hash_table_insert(r->keys, g_strdup(rotation_container(o)),
                                    g_strdup(rotation_session_keys(o)));
        (void) g_hash_table_steal(r->active, rotation_container(o));
        if (!w)
                return;
        /* Who came while it was looked into wants keys, and there are none: now it is their turn. */
        if (end == ROTATION_NOTHING && !g_str_equal(w->id, rotation_id(o)))
                begin(r, w);
        else
                wait_end(w, outcome);
}

static void unseen(Rotation *o, const LedgerOutcome *outcome, void *userdata) {
        Rotations *r = userdata;
        RotationWait *w = g_hash_table_lookup(r->waits, rotation_container(o));

        if (w)
                wait_end(w, outcome);
}

static void settled(Rotation *o, void *userdata) {
        Rotations *r = userdata;

        r->settled(rotation_id(o), r->userdata);
}

/* Asking for them */

RotationWait *rotations_rotate(Rotations *r, const char *id, const char *container, bool force,
                               RotationDone done, void *userdata) {
        Rotation *o = g_hash_table_lookup(r->active, container);
        RotationWait *w = g_new0(RotationWait, 1);
        g_autoptr(GError) error = NULL;

        *w = (RotationWait){ .owner = r,
                             .id = g_strdup(id),
                             .container = g_strdup(container),
                             .force = force,
                             .done = done,
                             .userdata = userdata };
        if (!outbox_has_room(r->host.outbox, &error))
                refuse(w, error->message);
        else if (!o)
                begin(r, w);
        else if (g_hash_table_contains(r->waits, container) || !rotation_is_asked(o))
                refuse(w, "it is rotating already");
        else {
                g_hash_table_insert(r->waits, w->container, w);
                rotation_hurry(o);
        }
        return w;
}

bool rotation_wait_leave(RotationWait *w) {
        Rotations *r = w->owner;
        Rotation *o = w->refusal ? NULL : g_hash_table_lookup(r->active, w->container);
        bool withdrawn = !o || rotation_withdraw(o);

        wait_free(w);
        if (o && withdrawn)
                g_hash_table_remove(r->active, rotation_container(o));
        return !withdrawn;
}

static void inherit(GPtrArray *intents, const char *problem, void *userdata) {
        Rotations *r = userdata;

        if (problem)
                log_error("The rotations that were cut cannot be read: %s", problem);
        for (guint i = 0; i < intents->len; i++) {
                const RotationIntent *intent = g_ptr_array_index(intents, i);
                Rotation *o;

                if (g_hash_table_contains(r->active, intent->container))
                        continue;
                o = rotation_inherit(&r->host, intent);
                g_hash_table_insert(r->active, (char *) rotation_container(o), o);
        }
}

static void remember(GHashTable *keys, const char *problem, void *userdata) {
        Rotations *r = userdata;
        GHashTableIter i;
        void *container, *session_keys;

        if (problem)
                log_error("The keys of earlier rotations cannot be read: %s", problem);
        g_hash_table_iter_init(&i, keys);
        while (g_hash_table_iter_next(&i, &container, &session_keys))
                g_hash_table_insert(r->keys, g_strdup(container), g_strdup(session_keys));
}

const char *rotations_session_keys(const char *container, void *rotations) {
        return g_hash_table_lookup(((Rotations *) rotations)->keys, container);
}

static void free_rotation(void *p) {
        (void) rotation_free(p);
}

Rotations *rotations_new(Loop *l, const AgentConfig *config, AgentDb *db, Outbox *outbox,
                         RotationsSettled on_settled, void *userdata, GError **error) {
        Docker *docker = docker_new(l, config->docker_socket, error);
        Rotations *r;

        if (!docker)
                return NULL;
        r = g_new0(Rotations, 1);
        r->host = (RotationHost){ l, docker, db, outbox, config->nodes, ended, unseen, settled, r };
        r->config = config;
        r->settled = on_settled;
        r->userdata = userdata;
        r->active = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, free_rotation);
        r->keys = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
        r->waits = g_hash_table_new(g_str_hash, g_str_equal);
        r->sweep = docker_guest_sweep_new(docker, now_realtime() / USEC_PER_SEC);
        rotation_table_keys(db, remember, r);
        rotation_table_list(db, inherit, r);
        return r;
}

Rotations *rotations_free(Rotations *r) {
        if (!r)
                return NULL;
        g_assert(g_hash_table_size(r->waits) == 0);
        g_hash_table_unref(r->active);
        g_hash_table_unref(r->waits);
        g_hash_table_unref(r->keys);
        (void) docker_guest_sweep_free(r->sweep);
        (void) docker_free(r->host.docker);
        g_free(r);
        return NULL;
}
