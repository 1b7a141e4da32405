/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who makes room at the door. */
#include "door.h"

#include "limits.h"

bool door_may_put_out(const DoorGuest *g) {
        switch (g->stage) {
        case DOOR_SILENT:
                return g->from > 1 || g->age >= DOOR_REFUSED_SEC;
        case DOOR_REFUSED:
                return g->age >= DOOR_REFUSED_SEC;
        case DOOR_TALKING:
                break;
        }
        return g->age >= DOOR_TALKING_SEC;
}

bool door_rather(const DoorGuest *a, const DoorGuest *b) {
        if (a->stage != b->stage)
                return a->stage < b->stage;
        if (a->from != b->from)
                return a->from > b->from;
        return a->age > b->age;
}
