/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Containers as the Docker Engine describes them (API 1.41, "ContainerInspect", "ContainerStats"), in our
 * words. */
#pragma once

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

#define CONTAINER_ID_DIGITS 64 /* hexadecimal, of a whole id */

/* {name, image, state, health, restarts, started} from an inspect answer; health is null where the image
 * has no check, started (RFC 3339) where it never was. New object. */
json_object *container_status(json_object *inspect);

/* The engine's words with the container's name where they have its 64-digit id: "Container 087b… is not running".
 * New string. */
char *container_name_in(const char *message, const char *name);

/* What a container has used so far. What is not known is not has_…: where a controller is off there is no memory. */
typedef struct ContainerUsage {
        bool has_cpu, has_memory, has_network, has_block;
        uint64_t cpu_nsec;
        uint64_t memory_used, memory_limit; /* bytes; used without what the page cache could give back */
        uint64_t rx_bytes, tx_bytes;
        uint64_t read_bytes, written_bytes; /* of block devices */
} ContainerUsage;

/* From the engine's answer to stats. */
void container_usage_parse(json_object *stats, ContainerUsage *ret);

/* Adds cpu_percent (100 is one processor fully used, as docker stats shows it), memory_…, rx_bytes, tx_bytes,
 * read_bytes and written_bytes to a status. before: the usage elapsed_usec ago, or NULL. */
void container_usage_add(json_object *status, const ContainerUsage *usage, const ContainerUsage *before,
                         uint64_t elapsed_usec);
