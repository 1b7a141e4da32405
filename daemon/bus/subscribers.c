/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who gets CommandOutput. */
#include "subscribers.h"

#include "error.h"
#include "hash.h"
#include "limits.h"
#include "names.h"
#include "subscriber.h"

typedef struct Grant {
        PolkitCheck *check; /* while polkit is asked */
        bool allowed;
} Grant;

static void grant_free(void *p) {
        Grant *g = p;

        polkit_cancel(&g->check);
        g_free(g);
}

static Subscriber *subscriber_new(Subscribers *all, const char *sender, uint32_t uid) {
        Subscriber *s = g_new0(Subscriber, 1);

        s->all = all;
        s->sender = g_strdup(sender);
        s->uid = uid;
        s->grants = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, grant_free);
        s->streams = subscriber_streams_new();
        g_queue_init(&s->behind);
        return s;
}

static void subscriber_free(void *p) {
        Subscriber *s = p;

        subscriber_stop_asking(s);
        subscriber_drop_streams(s);
        g_hash_table_unref(s->streams);
        g_hash_table_unref(s->grants);
        g_free(s->sender);
        g_free(s);
}

Subscribers *subscribers_new(Loop *l, sd_bus *bus, Polkit *polkit, Dispatcher *dispatcher) {
        Subscribers *s = g_new0(Subscribers, 1);

        s->loop = l;
        s->bus = sd_bus_ref(bus);
        s->polkit = polkit;
        s->dispatcher = dispatcher;
        s->by_sender = g_hash_table_new(g_str_hash, g_str_equal);
        s->pings_of_uid = uid_count_new();
        return s;
}

Subscribers *subscribers_free(Subscribers *s) {
        g_autoptr(GPtrArray) left = NULL;

        if (!s)
                return NULL;
        left = hash_values(s->by_sender);
        g_ptr_array_set_free_func(left, subscriber_free);
        g_hash_table_remove_all(s->by_sender);
        g_ptr_array_set_size(left, 0); /* while the table is there, for agents are told that nobody waits */
        g_assert(s->pings == 0);
        g_hash_table_unref(s->by_sender);
        g_hash_table_unref(s->pings_of_uid);
        sd_bus_unref(s->bus);
        g_free(s);
        return NULL;
}

static unsigned count_of(const Subscribers *s, uint32_t uid) {
        GHashTableIter i;
        unsigned n = 0;
        void *p;

        g_hash_table_iter_init(&i, s->by_sender);
        while (g_hash_table_iter_next(&i, NULL, &p))
                n += ((Subscriber *) p)->uid == uid;
        return n;
}

static Subscriber *find(const Subscribers *s, const char *sender) {
        return g_hash_table_lookup(s->by_sender, sender);
}

bool subscribers_add(Subscribers *s, const char *sender, uint32_t uid, GError **error) {
        Subscriber *n = find(s, sender);

        if (n) {
                n->left = false;
                subscriber_is_alive(n);
                return true;
        }
        if (g_hash_table_size(s->by_sender) >= SUBSCRIBERS_MAX)
                return fleet_fail(error, FLEET_ERROR_LIMIT_EXCEEDED,
                                  "%u subscribers are there: expected fewer",
                                  g_hash_table_size(s->by_sender));
        if (uid != 0 && count_of(s, uid) >= SUBSCRIBERS_PER_UID_MAX)
                return fleet_fail(error, FLEET_ERROR_LIMIT_EXCEEDED,
                                  "User %u has %u subscribers: expected fewer", uid, count_of(s, uid));
        n = subscriber_new(s, sender, uid);
        g_hash_table_insert(s->by_sender, n->sender, n);
        return true;
}

void subscribers_gone(Subscribers *s, const char *sender) {
        Subscriber *one = find(s, sender);

        if (!one)
                return;
        g_hash_table_remove(s->by_sender, sender);
        subscriber_free(one);
}

void subscribers_remove(Subscribers *s, const char *sender) {
        Subscriber *one = find(s, sender);

        if (!one || !one->credit.asking) {
                subscribers_gone(s, sender);
                return;
        }
        /* The bus counts our question until it is answered, and so must we. */
        one->left = true;
        one->patience = loop_timer_free(one->patience);
        subscriber_drop_streams(one);
}

void subscribers_forget_answers(Subscribers *s) {
        GHashTableIter i;
        void *p;

        g_hash_table_iter_init(&i, s->by_sender);
        while (g_hash_table_iter_next(&i, NULL, &p))
                g_hash_table_remove_all(((Subscriber *) p)->grants);
}

static void on_answer(PolkitAnswer answer, const char *reason, void *userdata) {
        Grant *g = userdata;

        g->allowed = answer == POLKIT_YES;
}

bool subscriber_may_read(Subscriber *s, const CommandRecord *r) {
        g_autofree char *key = NULL;
        Grant *g;

        if (s->uid == 0 || s->uid == r->caller_uid)
                return true;
        key = g_strdup_printf("%s/%s/%s", r->client, r->command, r->container);
        g = g_hash_table_lookup(s->grants, key);
        if (!g) {
                PolkitQuestion q = {
                        .action = ACTION_READ_OUTPUT,
                        .sender = s->sender,
                        .uid = s->uid,
                        .client = r->client,
                        .command = r->command,
                        .container = r->container,
                };

                if (g_hash_table_size(s->grants) >= SUBSCRIBER_ANSWERS_MAX)
                        g_hash_table_remove_all(s->grants);
                g = g_new0(Grant, 1);
                g_hash_table_insert(s->grants, g_steal_pointer(&key), g);
                polkit_check(s->all->polkit, &q, &g->check, on_answer, g);
        }
        return g->allowed;
}

void subscribers_follow(Subscribers *s, const char *sender, const char *id, uint64_t offset) {
        const CommandRecord *r = dispatcher_peek(s->dispatcher, id);
        Subscriber *one = find(s, sender);

        if (!r || !one || one->left)
                return;
        subscriber_is_alive(one);
        subscriber_follow(one, r, offset);
}

void subscribers_output(Subscribers *s, const CommandRecord *r, uint64_t offset) {
        GHashTableIter i;
        void *one;

        g_hash_table_iter_init(&i, s->by_sender);
        while (g_hash_table_iter_next(&i, NULL, &one))
                if (!((Subscriber *) one)->left)
                        subscriber_output(one, r, offset);
}

void subscribers_ended(Subscribers *s, const CommandRecord *r) {
        GHashTableIter i;
        void *one;

        g_hash_table_iter_init(&i, s->by_sender);
        while (g_hash_table_iter_next(&i, NULL, &one))
                subscriber_ended(one, r);
}

uint64_t subscribers_output_passed(Subscribers *s, const CommandRecord *r, uint64_t end) {
        uint64_t passed = end;
        GHashTableIter i;
        void *one;

        g_hash_table_iter_init(&i, s->by_sender);
        while (g_hash_table_iter_next(&i, NULL, &one))
                passed = MIN(passed, subscriber_output_passed(one, r, end));
        return passed;
}
