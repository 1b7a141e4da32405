/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Asking for a command's end. It is stored that it was asked for: neither a client that is away nor a server that is
 * killed may run the command after that. */
#include "dispatcher-internal.h"
#include "error.h"
#include "session.h"

typedef struct Cancel {
        Dispatcher *dispatcher;
        char *id;
        CommandDone done;
        void *userdata;
} Cancel;

static void cancel_end(Cancel *k, const CommandRecord *r, const GError *error) {
        if (k->done)
                k->done(error ? NULL : r, error, k->userdata);
        g_free(k->id);
        g_free(k);
}

static void cancel_known_again(const CommandRecord *r, const GError *error, void *userdata) {
        cancel_end(userdata, r, error);
}

static void cancel_stored(StoreStatus status, void *userdata) {
        Cancel *k = userdata;
        g_autoptr(GError) error = NULL;

        if (status == STORE_OK) {
                dispatcher_get(k->dispatcher, k->id, cancel_known_again, k);
                return;
        }
        fleet_fail(&error, FLEET_ERROR_UNAVAILABLE,
                   "that \"%s\" is to end cannot be stored: its client is asked, but a restart of the server forgets it",
                   k->id);
        cancel_end(k, NULL, error);
}

static bool check_cancel(const Open *o, GError **error) {
        const Client *c = fleet_find(o->dispatcher->fleet, o->record->client);

        if (!o->on_wire || !c || !c->online || (c->features & FEATURE_CANCEL))
                return true;
        return fleet_fail(error, FLEET_ERROR_NOT_SUPPORTED,
                          "client \"%s\" (version %s) cannot cancel a command that it has", c->id,
                          c->version);
}

static void cancel_known(const CommandRecord *r, const GError *error, void *userdata) {
        Cancel *k = userdata;
        g_autoptr(GError) refused = NULL;
        Store *s = k->dispatcher->store;
        Open *o = r ? open_find(k->dispatcher, k->id) : NULL;

        if (!o || o->finishing || !check_cancel(o, &refused)) {
                cancel_end(k, r, refused ?: error);
                return;
        }
        o->record->cancel = true;
        s->ops->cancel_command(s->engine, k->id, cancel_stored, k);
        if (o->on_wire || o->preparing)
                open_take_up(o);
        else
                open_finish(o, COMMAND_CANCELLED, NULL, "cancelled before it was sent");
}

void dispatcher_cancel(Dispatcher *d, const char *id, CommandDone done, void *userdata) {
        Cancel *k = g_new0(Cancel, 1);

        *k = (Cancel){ d, g_strdup(id), done, userdata };
        dispatcher_get(d, id, cancel_known, k);
}
