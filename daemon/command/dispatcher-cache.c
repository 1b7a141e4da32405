/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Looking at commands: open ones, the latest ended ones in memory, all others in the store. */
#include "dispatcher-internal.h"
#include "error.h"
#include "limits.h"

void cache_put(Dispatcher *d, CommandRecord *record) {
        GList *old = g_hash_table_lookup(d->cached, record->id);

        if (old) {
                g_hash_table_remove(d->cached, record->id);
                command_record_free(old->data);
                g_queue_delete_link(&d->cache, old);
        }
        g_queue_push_head(&d->cache, record);
        g_hash_table_insert(d->cached, (char *) record->id, d->cache.head);
        while (d->cache.length > COMMAND_CACHE_MAX) {
                CommandRecord *last = g_queue_pop_tail(&d->cache);

                g_hash_table_remove(d->cached, last->id);
                command_record_free(last);
        }
}

const CommandRecord *cache_get(Dispatcher *d, const char *id) {
        GList *link = g_hash_table_lookup(d->cached, id);

        if (!link)
                return NULL;
        g_queue_unlink(&d->cache, link);
        g_queue_push_head_link(&d->cache, link);
        return link->data;
}

void cache_clear(Dispatcher *d) {
        g_hash_table_remove_all(d->cached);
        g_queue_clear_full(&d->cache, (GDestroyNotify) command_record_free);
}

const CommandRecord *dispatcher_peek(Dispatcher *d, const char *id) {
        Open *o = open_find(d, id);

        return o ? o->record : cache_get(d, id);
}

typedef struct Lookup {
        Dispatcher *dispatcher;
        char *id;
        CommandDone done;
        void *userdata;
} Lookup;

static Lookup *lookup_new(Dispatcher *d, const char *id, CommandDone done, void *userdata) {
        Lookup *l = g_new0(Lookup, 1);

        *l = (Lookup){ d, g_strdup(id), done, userdata };
        return l;
}

static void lookup_end(Lookup *l, const CommandRecord *r, bool unavailable) {
        g_autoptr(GError) error = NULL;

        if (!r && unavailable)
                fleet_fail(&error, FLEET_ERROR_UNAVAILABLE,
                           "the store does not say anything of command \"%s\"", l->id);
        else if (!r)
                fleet_fail(&error, FLEET_ERROR_NO_SUCH_COMMAND, "no command \"%s\"; ListCommands names them",
                           l->id);
        l->done(r, error, l->userdata);
        g_free(l->id);
        g_free(l);
}

static void looked_up(StoreStatus status, GPtrArray *rows, void *userdata) {
        Lookup *l = userdata;
        /* It may have been opened or asked for by others meanwhile. */
        const CommandRecord *r = dispatcher_peek(l->dispatcher, l->id);

        if (!r && status == STORE_OK && rows->len > 0) {
                cache_put(l->dispatcher, g_ptr_array_steal_index(rows, 0));
                r = cache_get(l->dispatcher, l->id);
        }
        lookup_end(l, r, status != STORE_OK);
}

static void look_again(void *userdata) {
        Lookup *l = userdata;

        l->dispatcher->store->ops->get_command(l->dispatcher->store->engine, l->id, looked_up, l);
}

static void look_in_memory(void *userdata) {
        Lookup *l = userdata;
        const CommandRecord *r = dispatcher_peek(l->dispatcher, l->id);

        if (r)
                lookup_end(l, r, false);
        else
                look_again(l);
}

void dispatcher_get(Dispatcher *d, const char *id, CommandDone done, void *userdata) {
        loop_defer(d->loop, look_in_memory, lookup_new(d, id, done, userdata));
}
