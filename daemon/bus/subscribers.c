/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who gets CommandOutput. */
#include "subscribers.h"

#include "bus-internal.h"
#include "error.h"
#include "limits.h"
#include "names.h"

typedef struct Grant {
        PolkitCheck *check; /* while polkit is asked */
        bool allowed;
} Grant;

typedef struct Subscriber {
        Subscribers *all;
        char *sender;
        uint32_t uid;
        GHashTable *grants; /* client, command and container to Grant */
} Subscriber;

struct Subscribers {
        sd_bus *bus;
        Polkit *polkit;
        GHashTable *by_sender;
};

static void grant_free(void *p) {
        Grant *g = p;

        polkit_cancel(&g->check);
        g_free(g);
}

static void subscriber_free(void *p) {
        Subscriber *s = p;

        g_hash_table_unref(s->grants);
        g_free(s->sender);
        g_free(s);
}

Subscribers *subscribers_new(sd_bus *bus, Polkit *polkit) {
        Subscribers *s = g_new0(Subscribers, 1);

        s->bus = sd_bus_ref(bus);
        s->polkit = polkit;
        s->by_sender = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, subscriber_free);
        return s;
}

Subscribers *subscribers_free(Subscribers *s) {
        if (!s)
                return NULL;
        g_hash_table_unref(s->by_sender);
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

bool subscribers_add(Subscribers *s, const char *sender, uint32_t uid, GError **error) {
        Subscriber *n;

        if (g_hash_table_contains(s->by_sender, sender))
                return true;
        if (g_hash_table_size(s->by_sender) >= SUBSCRIBERS_MAX)
                return fleet_fail(error, FLEET_ERROR_LIMIT_EXCEEDED,
                                  "%u subscribers are there: expected fewer",
                                  g_hash_table_size(s->by_sender));
        if (uid != 0 && count_of(s, uid) >= SUBSCRIBERS_PER_UID_MAX)
                return fleet_fail(error, FLEET_ERROR_LIMIT_EXCEEDED,
                                  "User %u has %u subscribers: expected fewer", uid, count_of(s, uid));
        n = g_new0(Subscriber, 1);
        n->all = s;
        n->sender = g_strdup(sender);
        n->uid = uid;
        n->grants = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, grant_free);
        g_hash_table_insert(s->by_sender, n->sender, n);
        return true;
}

void subscribers_remove(Subscribers *s, const char *sender) {
        g_hash_table_remove(s->by_sender, sender);
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

static bool may_read(Subscriber *s, const CommandRecord *r) {
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

static int send_chunk(sd_bus *bus, const char *destination, const char *id, uint64_t offset,
                      const void *chunk, size_t size) {
        g_autoptr(sd_bus_message) m = NULL;
        int r;

        r = sd_bus_message_new_signal(bus, &m, MSERVER_ROOT, MSERVER_IFACE_MANAGER, "CommandOutput");
        if (r >= 0)
                r = sd_bus_message_set_destination(m, destination);
        if (r >= 0)
                r = sd_bus_message_append(m, "st", id, offset);
        if (r >= 0)
                r = sd_bus_message_append_array(m, 'y', chunk, size);
        return r < 0 ? r : sd_bus_send(bus, m, NULL);
}

void subscribers_output(Subscribers *s, const CommandRecord *r, uint64_t offset, const void *chunk,
                        size_t size) {
        GHashTableIter i;
        void *p;

        g_hash_table_iter_init(&i, s->by_sender);
        while (g_hash_table_iter_next(&i, NULL, &p)) {
                Subscriber *one = p;

                /* What cannot be sent shows as a gap in the offsets. */
                if (may_read(one, r))
                        (void) send_chunk(s->bus, one->sender, r->id, offset, chunk, size);
        }
}
