/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the store has of an earlier run, taken over when the server starts. */
#include "loading.h"

#include "error.h"

struct Loading {
        const char *what;
        LoadingTake take;
        void *self;
        FleetReady ready;
        void *userdata;
};

Loading *loading_new(const char *what, LoadingTake take, void *self, FleetReady ready, void *userdata) {
        Loading *l = g_new(Loading, 1);

        *l = (Loading){ what, take, self, ready, userdata };
        return l;
}

void loading_rows(StoreStatus status, GPtrArray *rows, void *loading) {
        g_autofree Loading *l = loading;
        g_autoptr(GError) error = NULL;

        if (status != STORE_OK)
                (void) fleet_fail(&error, FLEET_ERROR_UNAVAILABLE, "the store does not give out %s",
                                  l->what);
        else
                l->take(rows, l->self);
        l->ready(error, l->userdata);
}
