/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What of a client's "stats" message says that something is wrong. */
#include "alert-measure.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "ident.h"
#include "json-path.h"
#include "text.h"

#define SEC 1000000ull
#define SHOWN_MAX 64           /* bytes of a word of the agent's */
#define SAME_PICTURE (2 * SEC) /* ages are whole seconds */

/* Rounded down: 89.9 % is not yet 90. */
static bool percent_at(json_object *o, const char *key, uint64_t *ret) {
        json_object *value = json_at(o, key);
        double percent;

        if (!json_object_is_type(value, json_type_int) && !json_object_is_type(value, json_type_double))
                return false;
        percent = json_object_get_double(value);
        if (!isfinite(percent))
                return false;
        *ret = (uint64_t) CLAMP(percent, 0, 1000);
        return true;
}

static bool bool_at(json_object *o, const char *key, bool *ret) {
        json_object *value = json_at(o, key);

        if (!json_object_is_type(value, json_type_boolean))
                return false;
        *ret = json_object_get_boolean(value);
        return true;
}

/* Of the host */

/* The fullest disk: any that is full is one too many. *ret_disk is borrowed. */
static bool fullest(json_object *system, uint64_t *ret, json_object **ret_disk) {
        json_object *disks = json_at(system, "disks");
        bool found = false;

        if (!json_object_is_type(disks, json_type_array))
                return false;
        for (size_t i = 0; i < json_object_array_length(disks); i++) {
                json_object *disk = json_object_array_get_idx(disks, i);
                uint64_t percent;

                if (percent_at(disk, "used_percent", &percent) && (!found || percent > *ret)) {
                        *ret = percent;
                        *ret_disk = disk;
                        found = true;
                }
        }
        return found;
}

void alert_measure_host(json_object *system, uint64_t now, AlertMeasured measured, void *userdata) {
        json_object *disk;
        uint64_t value;

        if (fullest(system, &value, &disk))
                measured(ALERT_DISK_FULL, value, now, userdata);
        if (percent_at(system, "memory_used_percent", &value))
                measured(ALERT_MEMORY_FULL, value, now, userdata);
}

/* Of a container */

const char *alert_container_name(json_object *container) {
        const char *name = json_string_at(container, "name");

        return container_name_is_valid(name) ? name : NULL;
}

void alert_seen_restarted(AlertSeen *s, uint64_t now) {
        if (s->n_restarted == ALERT_RESTARTS_MAX) {
                memmove(s->restarted, s->restarted + 1, (ALERT_RESTARTS_MAX - 1) * sizeof(s->restarted[0]));
                s->n_restarted--;
        }
        s->restarted[s->n_restarted++] = now;
}

void alert_seen_interrupted(AlertSeen *s, uint64_t now) {
        s->unseen_usec = now;
}

/* How many of them there were, as far as that says something of the last ALERT_RESTARTS_USEC: of those in a longer time that
 * nobody saw the latest may be all. */
static uint64_t new_restarts(const AlertSeen *s, uint64_t restarts, uint64_t now) {
        if (!s->restarts_known || restarts <= s->restarts)
                return 0;
        return now - s->restarts_usec > ALERT_RESTARTS_USEC
                               ? 1
                               : MIN(restarts - s->restarts, ALERT_RESTARTS_MAX);
}

/* The engine counts from 0 again where a container was made anew. */
static void measure_restarts(json_object *container, AlertSeen *s, uint64_t now, AlertMeasured measured,
                             void *userdata) {
        uint64_t restarts, in_time = 0;

        if (!json_uint_at(container, "restarts", &restarts))
                return;
        for (uint64_t n = new_restarts(s, restarts, now); n > 0; n--)
                alert_seen_restarted(s, now);
        s->restarts_known = true;
        s->restarts = restarts;
        s->restarts_usec = now;
        for (unsigned i = 0; i < s->n_restarted; i++)
                in_time += s->restarted[i] + ALERT_RESTARTS_USEC > now;
        measured(ALERT_CONTAINER_RESTARTING, in_time, now, userdata);
}

/* A node that has told of a block and now does not answer has none that is higher. One that has the same as before has had it
 * all the time, however rarely it was asked; but not while it was stopped, or could not be asked. */
static void measure_best(json_object *node, AlertSeen *s, uint64_t at, AlertMeasured measured,
                         void *userdata) {
        uint64_t best = s->best;

        if (!json_uint_at(node, "best", &best) && !json_string_at(node, "error"))
                return;
        if (s->best_known && best == s->best) {
                if (s->unseen_usec > 0) {
                        s->best_usec = MAX(at, s->unseen_usec);
                        s->unseen_usec = 0;
                        return;
                }
                if (at < s->best_usec + SAME_PICTURE)
                        return;
                measured(ALERT_BLOCK_STALLED, 1, s->best_usec, userdata);
                measured(ALERT_BLOCK_STALLED, 1, at, userdata);
        } else if (json_at(node, "best")) { /* also one that began anew, from a lower one */
                s->best_known = true;
                s->best = best;
                s->best_usec = at;
                s->unseen_usec = 0;
                measured(ALERT_BLOCK_STALLED, 0, at, userdata);
        }
}

static void measure_node(json_object *node, AlertSeen *s, uint64_t at, AlertMeasured measured,
                         void *userdata) {
        bool syncing, should_have = true;
        uint64_t peers, lag;

        (void) bool_at(node, "should_have_peers", &should_have);
        if (bool_at(node, "syncing", &syncing))
                measured(ALERT_NODE_SYNCING, syncing, at, userdata);
        if (json_uint_at(node, "peers", &peers))
                measured(ALERT_NODE_NO_PEERS, peers == 0 && should_have, at, userdata);
        if (json_uint_at(node, "finality_lag", &lag))
                measured(ALERT_FINALITY_LAG, lag, at, userdata);
        measure_best(node, s, at, measured, userdata);
}

void alert_measure_container(json_object *container, AlertSeen *seen, uint64_t now, AlertMeasured measured,
                             void *userdata) {
        const char *state = json_string_at(container, "state");
        json_object *node = json_at(container, "node");
        uint64_t age = 0;

        if (state)
                measured(ALERT_CONTAINER_DOWN, strcmp(state, "running") != 0, now, userdata);
        measure_restarts(container, seen, now, measured, userdata);
        if ((state && strcmp(state, "running") != 0) || !json_object_is_type(node, json_type_object)) {
                alert_seen_interrupted(seen, now);
                return;
        }
        (void) json_uint_at(node, "age_sec", &age);
        measure_node(node, seen, now - MIN(age, now / SEC) * SEC, measured, userdata);
}

bool alert_keys_registered(json_object *container, bool *ret) {
        return bool_at(json_at(container, "node"), "keys_registered", ret);
}

/* For people */

static char *disk_text(json_object *system, uint64_t value) {
        json_object *disk = NULL;
        g_autofree char *mount = NULL;

        (void) fullest(system, &value, &disk);
        mount = text_shown(json_string_at(disk, "mount") ?: "a disk", SHOWN_MAX);
        return g_strdup_printf("%s is %" PRIu64 " %% full", mount, value);
}

static char *syncing_text(json_object *node) {
        uint64_t peers = 0, best, target;

        (void) json_uint_at(node, "peers", &peers);
        if (json_uint_at(node, "best", &best) && json_uint_at(node, "target", &target) && target > best)
                return g_strdup_printf("syncing, %" PRIu64 " blocks behind, %" PRIu64 " peer%s",
                                       target - best, peers, peers == 1 ? "" : "s");
        return g_strdup_printf("syncing, %" PRIu64 " peer%s", peers, peers == 1 ? "" : "s");
}

static char *stalled_text(json_object *node) {
        uint64_t best;

        if (!json_uint_at(node, "best", &best))
                return g_strdup("the node does not answer");
        return g_strdup_printf("no block after %" PRIu64, best);
}

static char *container_text(AlertKind kind, json_object *container, uint64_t value) {
        json_object *node = json_at(container, "node");
        g_autofree char *duration =
                        alert_kind_info(kind)->unit == ALERT_UNIT_TIME ? text_duration(value) : NULL;

        switch (kind) {
        case ALERT_CONTAINER_DOWN:
                return text_shown(json_string_at(container, "state") ?: "not there", SHOWN_MAX);
        case ALERT_CONTAINER_RESTARTING:
                return g_strdup_printf("restarted %" PRIu64 " times in 15 min", value);
        case ALERT_NODE_SYNCING:
                return syncing_text(node);
        case ALERT_NODE_NO_PEERS:
                return g_strdup("no peers");
        case ALERT_BLOCK_STALLED:
                return stalled_text(node);
        case ALERT_FINALITY_LAG:
                return g_strdup_printf("%" PRIu64 " blocks are not final", value);
        case ALERT_KEY_UNREGISTERED:
                return g_strdup_printf("session keys made %s ago are not registered", duration);
        case ALERT_BACKUP_TOO_OLD:
                return g_strdup_printf("no backup of the keys for %s", duration);
        default:
                return g_strdup(alert_kind_info(kind)->name);
        }
}

char *alert_text(AlertKind kind, json_object *object, uint64_t value) {
        const AlertKindInfo *info = alert_kind_info(kind);
        g_autofree char *duration = info->unit == ALERT_UNIT_TIME ? text_duration(value) : NULL,
                        *text = NULL;

        switch (kind) {
        case ALERT_CLIENT_OFFLINE:
                return g_strdup("offline");
        case ALERT_DISK_FULL:
                return disk_text(object, value);
        case ALERT_MEMORY_FULL:
                return g_strdup_printf("%" PRIu64 " %% of the memory is in use", value);
        case ALERT_CLOCK_SKEW:
                return g_strdup_printf("its clock and the server's are %s apart", duration);
        case ALERT_CERTIFICATE_EXPIRING:
                return value > 0 ? g_strdup_printf("the server's TLS certificate expires in %s", duration)
                                 : g_strdup("the server's TLS certificate has expired");
        default:
                text = container_text(kind, object, value);
                return g_strdup_printf("%s: %s", alert_container_name(object) ?: "?", text);
        }
}
