/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How long ago a rotation was begun. */
#include "rotation-age.h"

#include <systemd/sd-id128.h>

#include "clock.h"

/* New string; NULL where it cannot be known. */
static char *this_boot(void) {
        sd_id128_t id;

        return sd_id128_get_boot(&id) < 0 ? NULL
                                          : g_strdup_printf(SD_ID128_FORMAT_STR, SD_ID128_FORMAT_VAL(id));
}

void rotation_age_begin(RotationIntent *i) {
        i->started_usec = now_realtime();
        i->boot = this_boot();
        i->started_monotonic_usec = now_monotonic();
}

uint64_t rotation_age_left(const RotationIntent *i, uint64_t usec) {
        g_autofree char *boot = this_boot();
        int64_t age = (int64_t) (now_monotonic() - i->started_monotonic_usec);

        if (!boot || !i->boot)
                return usec;
        if (!g_str_equal(boot, i->boot)) /* whatever was under way then */
                return 0;
        return age < 0 ? usec : usec - MIN(usec, (uint64_t) age);
}
