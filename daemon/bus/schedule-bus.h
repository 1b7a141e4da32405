/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Schedule objects: MSERVER_SCHEDULE_ROOT/<name, escaped as sd_bus_path_encode(3) does>. */
#pragma once

#include "bus.h"

/* Publishes them. Returns 0 or a negative errno. */
int schedule_bus_publish(Bus *b);
