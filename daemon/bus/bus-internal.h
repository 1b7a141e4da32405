/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the parts of the bus know of each other. */
#pragma once

#include <glib.h>
#include <systemd/sd-bus.h>

#include "bus-link.h"
#include "bus-request.h"
#include "bus.h"
#include "callers.h"
#include "polkit.h"
#include "schedule-timers.h"
#include "signals.h"
#include "subscribers.h"

G_DEFINE_AUTOPTR_CLEANUP_FUNC(sd_bus_message, sd_bus_message_unref)

struct Bus {
        Server *server;
        Signals *signals;
        BusLink *link;

        /* These come and go with the connection. */
        sd_bus *connection; /* borrowed; NULL while there is none */
        Callers *callers;
        Polkit *polkit;
        Requests *requests;
        Subscribers *subscribers;
        SystemdTimers *timers;
};
