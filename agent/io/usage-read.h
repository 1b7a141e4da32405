/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads what a container has used from the kernel's own files, for a hundredth of what asking the engine costs. */
#pragma once

#include <glib.h>
#include <json-c/json.h>
#include <stdbool.h>

#include "container-info.h"

/* Whose: taken from the engine's answer to inspect. */
typedef struct UsageSource {
        int pid;  /* of its first process, as this host sees it; 0: it has none, or there is no telling */
        char *id; /* of the container */
        bool host_network; /* what its network carries is the host's */
} UsageSource;

UsageSource *usage_source_new(json_object *inspect);
UsageSource *usage_source_free(UsageSource *s);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(UsageSource, usage_source_free)

/* Reads files that do not block, some six of them. False, and *ret is left alone, where the container's control group is not to
 * be seen from here: the engine runs elsewhere, or hides its processes. host_total: bytes of memory that the host has. */
bool usage_read(const UsageSource *s, uint64_t host_total, ContainerUsage *ret);
