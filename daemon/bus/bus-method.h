/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The order that every method call follows: the shape of its arguments, who calls, polkit, and only then the
 * domain. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <systemd/sd-bus.h>

#include "bus-request.h"

struct BusMethod {
        const char *name;   /* the member; a table ends with NULL */
        const char *action; /* polkit's; NULL: parse() names it, or nobody is asked */
        /* Reads the arguments into r->args, r->subject and r->actions; NULL: there are none. */
        bool (*parse)(Request *r, sd_bus_message *m, GError **error);
        /* It is about the command r->args.id, which is fetched before polkit is asked: the question names it, and
         * nobody is asked about a caller's own. */
        bool about_command;
        /* Does it; the request is answered now or later. */
        void (*run)(Request *r);
};

/* For the handlers of vtables: finds the method in the table and starts it. Returns what sd_bus wants to hear. */
int bus_method_call(const BusMethod *table, sd_bus_message *m);

/* The Bus whose vtable is being called (the userdata of fallback objects is the object). */
Bus *bus_of_call(sd_bus_message *m);
