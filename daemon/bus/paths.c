/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Object paths of clients, commands, batches and schedules, and back. */
#include "paths.h"

#include <glib.h>
#include <string.h>
#include <systemd/sd-bus.h>

#include "ident.h"
#include "names.h"
#include "schedule-rule.h"

static char *encode(const char *root, const char *id) {
        char *path; /* malloc()'s and GLib's memory are the same since GLib 2.46 */

        if (sd_bus_path_encode(root, id, &path) < 0)
                g_error("No memory for an object path");
        return path;
}

char *client_path(const char *id) {
        return encode(MSERVER_CLIENT_ROOT, id);
}

char *schedule_path(const char *name) {
        return encode(MSERVER_SCHEDULE_ROOT, name);
}

char *command_path(const char *id) {
        return g_strconcat(MSERVER_COMMAND_ROOT "/", id, NULL);
}

char *batch_path(const char *id) {
        return g_strconcat(MSERVER_BATCH_ROOT "/", id, NULL);
}

char *client_id_from_path(const char *path) {
        g_autofree char *id = NULL;

        if (sd_bus_path_decode(path, MSERVER_CLIENT_ROOT, &id) <= 0 || !client_id_is_valid(id))
                return NULL;
        return g_steal_pointer(&id);
}

char *schedule_name_from_path(const char *path) {
        g_autofree char *name = NULL;

        if (sd_bus_path_decode(path, MSERVER_SCHEDULE_ROOT, &name) <= 0 || !schedule_name_is_valid(name))
                return NULL;
        return g_steal_pointer(&name);
}

static const char *last_part(const char *path, const char *root) {
        size_t n = strlen(root);

        if (strncmp(path, root, n) != 0 || path[n] != '/' || !command_id_is_valid(path + n + 1))
                return NULL;
        return path + n + 1;
}

const char *command_id_from_path(const char *path) {
        return last_part(path, MSERVER_COMMAND_ROOT);
}

const char *batch_id_from_path(const char *path) {
        return last_part(path, MSERVER_BATCH_ROOT);
}
