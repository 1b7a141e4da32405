/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* rotate_keys: new session keys. The rotation itself is rotations.h's and outlives the command. */
#include "command.h"
#include "json-path.h"

typedef struct Rotate {
        CommandContext *context;
        RotationWait *wait; /* NULL: it has ended */
} Rotate;

static void done(CommandState state, json_object *result, const char *error, void *userdata) {
        Rotate *c = userdata;

        c->wait = NULL;
        command_finished(c->context, state, json_object_get(result), error);
}

static void *rotate_start(CommandContext *x) {
        Rotate *c = g_new0(Rotate, 1);

        c->context = x;
        c->wait = rotations_rotate(x->tools->rotations, x->id, x->containers[0],
                                   json_bool_at(x->params, "force"), done, c);
        return c;
}

static void rotate_stop(void *command) {
        Rotate *c = command;
        bool asked = rotation_wait_leave(g_steal_pointer(&c->wait));

        command_finished(c->context, COMMAND_CANCELLED, NULL,
                         asked ? "the node was asked already; its new keys are reported when they are known"
                               : NULL);
}

static void rotate_free(void *command) {
        Rotate *c = command;

        if (c->wait)
                (void) rotation_wait_leave(c->wait);
        g_free(c);
}

const CommandType command_type_rotate_keys = {
        .name = "rotate_keys",
        .start = rotate_start,
        .stop = rotate_stop,
        .free = rotate_free,
};
