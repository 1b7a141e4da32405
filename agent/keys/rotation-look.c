/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What became of a rotation.  1. The keystore is listed: what is there and was not before is new. 2. What the node
 * answered, or where there is no answer the one key of each type that is new, is what may be the session keys.
 * 3. The node is asked whether it has them. Without a yes all of it is done again until the call must be over. */
#include "rotation-look.h"

#include "clock.h"
#include "keystore-list.h"
#include "limits.h"
#include "node.h"

struct RotationLook {
        Loop *loop;
        Docker *docker;
        const NodeConfig *config;
        RotationIntent *intent;
        char *answer;
        uint64_t until_usec; /* monotonic */
        LookDone done;
        void *userdata;

        /* One look. */
        Node *node;
        KeystoreList *list;
        KeyNames *before, *added;
        char *candidate;
        LoopTimer *again;
};

static void look(void *userdata);

static void end_look(RotationLook *k) {
        k->node = node_free(k->node);
        k->list = keystore_list_free(k->list);
        k->added = key_names_free(k->added);
        g_clear_pointer(&k->candidate, g_free);
}

static void finish(RotationLook *k, LookVerdict verdict, const char *problem) {
        const LookResult r = { .verdict = verdict, .problem = problem };

        k->done(&r, k->userdata);
}

/* It may be too early to say this. */
static void not_yet(RotationLook *k, LookVerdict verdict, const char *problem) {
        if (now_monotonic() >= k->until_usec) {
                finish(k, verdict, problem);
                return;
        }
        end_look(k);
        k->again = loop_timer_new(k->loop, ROTATION_LOOK_MSEC, 0, look, k);
}

static void found(RotationLook *k, bool confirmed) {
        const LookResult r = { LOOK_KEY, k->candidate, confirmed, NULL };

        k->done(&r, k->userdata);
}

static void unclear(RotationLook *k) {
        json_object *names = key_names_to_json(k->added);
        g_autofree char *text = g_strdup_printf(
                        "new keys are in %s, but which of them are its session keys cannot be told: %s",
                        k->intent->keystore, json_object_to_json_string_ext(names, JSON_C_TO_STRING_PLAIN));

        json_object_put(names);
        not_yet(k, LOOK_UNCLEAR, text);
}

/* The node answered with keys, and now it says that it has none such. */
static void contradiction(RotationLook *k, const char *what) {
        g_autofree char *text = g_strdup_printf("the node answered with %s, %s", k->answer, what);

        finish(k, LOOK_UNCLEAR, text);
}

/* Where the node does not say whether it has them, its answer and its files together will do. */
static bool files_agree(const RotationLook *k) {
        return k->answer && key_names_are(k->added, k->answer);
}

static void confirmed(const NodeAnswer *a, void *userdata) {
        RotationLook *k = userdata;
        bool last = now_monotonic() >= k->until_usec,
             yes = json_object_is_type(a->result, json_type_boolean) && json_object_get_boolean(a->result);

        if (a->outcome == NODE_ANSWERED && yes)
                found(k, true);
        else if (a->outcome == NODE_ANSWERED && k->answer)
                contradiction(k, "and then that it does not have these keys");
        else if (files_agree(k) && (a->outcome == NODE_REFUSED || last))
                found(k, false);
        else if (a->outcome == NODE_ANSWERED || a->outcome == NODE_REFUSED)
                unclear(k);
        else
                not_yet(k, LOOK_UNREACHABLE, a->problem);
}

static void confirm(RotationLook *k) {
        json_object *params = json_object_new_array();

        (void) json_object_array_add(params, json_object_new_string(k->candidate));
        node_ask(k->node, "author_hasSessionKeys", params, confirmed, k);
}

static void judge(RotationLook *k) {
        unsigned count = 0;

        if (k->answer) {
                (void) session_keys_check(k->answer, &count, NULL);
                k->candidate = g_strdup(k->answer);
                if (key_names_count(k->added) > 0 && key_names_types(k->added) != count) {
                        g_autofree char *what =
                                        g_strdup_printf("which are %u keys, but %u are new in %s", count,
                                                        key_names_count(k->added), k->intent->keystore);

                        contradiction(k, what);
                        return;
                }
        } else
                k->candidate = key_names_to_session_keys(k->added);
        if (k->candidate)
                confirm(k);
        else if (key_names_count(k->added) == 0)
                not_yet(k, LOOK_NOTHING, "there are no new keys");
        else
                unclear(k);
}

static void listed(const char *path, const KeyNames *names, const GError *error, void *userdata) {
        RotationLook *k = userdata;

        if (error) {
                not_yet(k, LOOK_UNREACHABLE, error->message);
                return;
        }
        k->added = key_names_added(k->before, names);
        judge(k);
}

static void opened(const GError *error, void *userdata) {
        RotationLook *k = userdata;

        if (error)
                not_yet(k, LOOK_UNREACHABLE, error->message);
        else
                k->list = keystore_list_new(k->loop, k->docker, k->intent->container, k->intent->keystore,
                                            node_inspect(k->node), listed, k);
}

static void look(void *userdata) {
        RotationLook *k = userdata;

        k->again = loop_timer_free(k->again);
        k->node = node_open(k->loop, k->docker, k->config, k->intent->container, opened, k);
}

RotationLook *rotation_look_new(Loop *l, Docker *d, const NodeConfig *config, const RotationIntent *intent,
                                const char *answer, uint64_t wait_usec, LookDone done, void *userdata) {
        RotationLook *k = g_new0(RotationLook, 1);

        k->loop = l;
        k->docker = d;
        k->config = config;
        k->intent = rotation_intent_copy(intent);
        k->answer = g_strdup(answer);
        k->until_usec = now_monotonic() + wait_usec;
        k->done = done;
        k->userdata = userdata;
        k->before = key_names_parse(intent->before);
        look(k);
        return k;
}

RotationLook *rotation_look_free(RotationLook *k) {
        if (!k)
                return NULL;
        end_look(k);
        (void) loop_timer_free(k->again);
        (void) key_names_free(k->before);
        (void) rotation_intent_free(k->intent);
        g_free(k->answer);
        g_free(k);
        return NULL;
}
