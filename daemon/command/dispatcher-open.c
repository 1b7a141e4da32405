/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The open commands, by id and by client. */
#include "dispatcher-internal.h"

Open *open_add(Dispatcher *d, CommandRecord *record) {
        GQueue *q = g_hash_table_lookup(d->by_client, record->client);
        Open *o = g_new0(Open, 1);

        o->dispatcher = d;
        o->record = record;
        o->of_client.data = o;
        if (!q) {
                q = g_queue_new();
                g_hash_table_insert(d->by_client, g_strdup(record->client), q);
        }
        g_queue_push_tail_link(q, &o->of_client);
        g_hash_table_insert(d->open, (char *) record->id, o);
        return o;
}

Open *open_find(Dispatcher *d, const char *id) {
        return g_hash_table_lookup(d->open, id);
}

GQueue *open_of(Dispatcher *d, const char *client) {
        return g_hash_table_lookup(d->by_client, client);
}

unsigned open_count_of(Dispatcher *d, const char *client) {
        GQueue *q = open_of(d, client);

        return q ? q->length : 0;
}

static void unlink_from_client(Open *o) {
        Dispatcher *d = o->dispatcher;
        GQueue *q = open_of(d, o->record->client);

        g_queue_unlink(q, &o->of_client);
        if (g_queue_is_empty(q))
                g_hash_table_remove(d->by_client, o->record->client);
}

void open_remove(Open *o) {
        Dispatcher *d = o->dispatcher;

        unlink_from_client(o);
        g_hash_table_steal(d->open, o->record->id);
        cache_put(d, g_steal_pointer(&o->record));
        open_free(o);
}

void open_free(Open *o) {
        command_record_free(o->record);
        json_object_put(o->params);
        outbuf_free(o->output);
        late_answer_free(o->late);
        loop_timer_free(o->timer);
        g_clear_pointer(&o->waiters, g_array_unref);
        g_free(o->caller.exe);
        g_free(o);
}
