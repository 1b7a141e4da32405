/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What has ended long ago is forgotten, a little at a time. */
#include "retention.h"

#include "clock.h"
#include "limits.h"

struct Forgetting {
        Loop *loop;
        Store *store;
        Retention keep;
        LoopTimer *timer;
};

static uint64_t before(uint64_t keep) {
        uint64_t now = now_realtime();

        return keep < now ? now - keep : 0;
}

static void look(void *userdata) {
        Forgetting *f = userdata;

        f->store->ops->forget_commands(f->store->engine, before(f->keep.commands), before(f->keep.outputs),
                                       FORGET_ROWS);
}

Forgetting *forgetting_new(Loop *l, Store *store) {
        Forgetting *f = g_new0(Forgetting, 1);

        f->loop = l;
        f->store = store;
        return f;
}

Forgetting *forgetting_free(Forgetting *f) {
        if (!f)
                return NULL;
        loop_timer_free(f->timer);
        g_free(f);
        return NULL;
}

void forgetting_set(Forgetting *f, const Retention *r) {
        f->keep = *r;
        if (!f->timer)
                f->timer = loop_timer_new(f->loop, 0, FORGET_SEC * 1000, look, f);
}
