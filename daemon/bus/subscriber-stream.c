/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What one subscriber has been sent of each command. One without a Stream is up to date. */
#include "limits.h"
#include "names.h"
#include "subscriber.h"

typedef struct Stream {
        char *id;
        uint64_t next; /* offset of what is to be sent next */
        bool followed; /* the agent waits for it */
        GList behind;  /* link in the queue, data NULL when not in it */
} Stream;

static void stream_free(void *p) {
        Stream *t = p;

        g_free(t->id);
        g_free(t);
}

GHashTable *subscriber_streams_new(void) {
        return g_hash_table_new_full(g_str_hash, g_str_equal, NULL, stream_free);
}

static Stream *stream_add(Subscriber *s, const char *id, uint64_t next) {
        Stream *t = g_new0(Stream, 1);

        t->id = g_strdup(id);
        t->next = next;
        g_hash_table_insert(s->streams, t->id, t);
        return t;
}

static void stream_is_behind(Subscriber *s, Stream *t) {
        if (t->behind.data)
                return;
        t->behind.data = t;
        g_queue_push_tail_link(&s->behind, &t->behind);
}

static void stream_is_up_to_date(Subscriber *s, Stream *t) {
        if (!t->behind.data)
                return;
        g_queue_unlink(&s->behind, &t->behind);
        t->behind.data = NULL;
}

static void stream_remove(Subscriber *s, Stream *t) {
        stream_is_up_to_date(s, t);
        g_hash_table_remove(s->streams, t->id);
}

static int send_signal(const Subscriber *s, const char *id, uint64_t offset, const void *chunk,
                       size_t size) {
        g_autoptr(sd_bus_message) m = NULL;
        int r;

        r = sd_bus_message_new_signal(s->all->bus, &m, MSERVER_ROOT, MSERVER_IFACE_MANAGER, "CommandOutput");
        if (r >= 0)
                r = sd_bus_message_set_destination(m, s->sender);
        if (r >= 0)
                r = sd_bus_message_append(m, "st", id, offset);
        if (r >= 0)
                r = sd_bus_message_append_array(m, 'y', chunk, size);
        return r < 0 ? r : sd_bus_send(s->all->bus, m, NULL);
}

/* False: there is no more. What cannot be sent shows as a gap in the offsets. */
static bool send_next(Subscriber *s, Stream *t) {
        const CommandRecord *r = dispatcher_peek(s->all->dispatcher, t->id);
        g_autoptr(GBytes) chunk = NULL;
        const void *data;
        uint64_t offset;
        size_t size;

        if (!r || !subscriber_may_read(s, r))
                return false;
        chunk = dispatcher_peek_output(s->all->dispatcher, t->id, t->next, OUTPUT_CHUNK_BYTES, &offset);
        if (!chunk)
                return false;
        data = g_bytes_get_data(chunk, &size);
        (void) send_signal(s, t->id, offset, data, size);
        t->next = offset + size;
        reader_credit_sent(&s->credit, size + SIGNAL_BYTES);
        return true;
}

/* Each command in turn. */
void subscriber_send(Subscriber *s) {
        Stream *t;

        while (reader_credit_has_room(&s->credit, SUBSCRIBER_UNREAD_BYTES) &&
               (t = g_queue_peek_head(&s->behind))) {
                stream_is_up_to_date(s, t);
                if (send_next(s, t)) {
                        stream_is_behind(s, t);
                        if (t->followed)
                                dispatcher_output_passed(s->all->dispatcher, t->id);
                } else if (!t->followed)
                        stream_remove(s, t);
        }
        subscriber_ask(s);
}

void subscriber_output(Subscriber *s, const CommandRecord *r, uint64_t offset) {
        Stream *t = g_hash_table_lookup(s->streams, r->id);

        if (!t && !subscriber_may_read(s, r))
                return;
        stream_is_behind(s, t ?: stream_add(s, r->id, offset));
        subscriber_send(s);
}

void subscriber_follow(Subscriber *s, const CommandRecord *r, uint64_t offset) {
        Stream *t = g_hash_table_lookup(s->streams, r->id);

        if (s->uid != r->caller_uid || command_state_is_final(r->state))
                return;
        if (!t)
                t = stream_add(s, r->id, offset);
        t->next = offset;
        t->followed = true;
        stream_is_behind(s, t);
        subscriber_send(s);
}

void subscriber_ended(Subscriber *s, const CommandRecord *r) {
        Stream *t = g_hash_table_lookup(s->streams, r->id);

        if (!t)
                return;
        while (reader_credit_has_room(&s->credit, SUBSCRIBER_UNREAD_BYTES + OUTPUT_TAIL_BYTES) &&
               send_next(s, t))
                ;
        stream_remove(s, t);
        subscriber_ask(s);
}

uint64_t subscriber_output_passed(Subscriber *s, const CommandRecord *r, uint64_t end) {
        const Stream *t = s->silent ? NULL : g_hash_table_lookup(s->streams, r->id);

        return t && t->followed ? MIN(t->next, end) : end;
}

/* New array of new strings. */
static GPtrArray *followed_ids(Subscriber *s) {
        GPtrArray *ids = g_ptr_array_new_with_free_func(g_free);
        GHashTableIter i;
        void *p;

        g_hash_table_iter_init(&i, s->streams);
        while (g_hash_table_iter_next(&i, NULL, &p))
                if (((Stream *) p)->followed)
                        g_ptr_array_add(ids, g_strdup(((Stream *) p)->id));
        return ids;
}

static void tell(Subscriber *s, const GPtrArray *ids) {
        for (unsigned i = 0; i < ids->len; i++)
                dispatcher_output_passed(s->all->dispatcher, g_ptr_array_index(ids, i));
}

bool subscriber_tell_followed(Subscriber *s) {
        g_autoptr(GPtrArray) ids = followed_ids(s);

        tell(s, ids);
        return ids->len > 0;
}

void subscriber_drop_streams(Subscriber *s) {
        g_autoptr(GPtrArray) ids = followed_ids(s);

        g_queue_init(&s->behind); /* the links are parts of the streams */
        g_hash_table_remove_all(s->streams);
        tell(s, ids);
}
