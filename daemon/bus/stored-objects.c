/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A callback in front of the vtable sees to it that what a call is about is in memory: so one set of getters and methods
 * serves all there ever was. */
#include "stored-objects.h"

#include "bus-internal.h"

int stored_object_call(const StoredKind *kind, Bus *b, sd_bus_message *m) {
        const char *id = kind->id_from_path(sd_bus_message_get_path(m));
        g_autoptr(Request) r = NULL;

        if (!id || kind->peek(b, id))
                return 0;
        r = request_new(b, m, NULL);
        if (r)
                kind->fetch(b, id, request_ref(r));
        return 1;
}

int stored_object_find(const StoredKind *kind, Bus *b, const char *path, void **ret_found) {
        const char *id = kind->id_from_path(path);
        const void *object = id ? kind->peek(b, id) : NULL;

        if (!object)
                return 0;
        *ret_found = (void *) object;
        return 1;
}

void stored_object_fetched(Request *r, const GError *error) {
        if (error)
                request_fail_lookup(r, error);
        else
                request_dispatch_again(r);
        request_unref(r);
}
