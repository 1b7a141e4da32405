/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which containers a command means. */
#include "containers.h"

#include <string.h>

#include "error.h"
#include "glob.h"
#include "names.h"

bool container_is_managed(char *const *globs, const char *name) {
        for (; *globs; globs++)
                if (glob_matches(*globs, name))
                        return true;
        return false;
}

/* A container has one name of its own, "/3node0"; a longer path is what a linked one calls it. */
static const char *own_name(json_object *container) {
        json_object *names;

        if (!json_object_object_get_ex(container, "Names", &names) ||
            !json_object_is_type(names, json_type_array))
                return NULL;
        for (size_t i = 0; i < json_object_array_length(names); i++) {
                json_object *o = json_object_array_get_idx(names, i);
                const char *s = json_object_is_type(o, json_type_string) ? json_object_get_string(o) : "";

                if (s[0] == '/' && s[1] && !strchr(s + 1, '/'))
                        return s + 1;
        }
        return NULL;
}

/* One that the agent itself made (docker-guest.h). */
static bool is_guest(json_object *container) {
        json_object *labels;

        return json_object_object_get_ex(container, "Labels", &labels) &&
               json_object_is_type(labels, json_type_object) &&
               json_object_object_get_ex(labels, MCLIENT_GUEST_LABEL, NULL);
}

static int compare(const void *a, const void *b) {
        return strverscmp(*(char *const *) a, *(char *const *) b);
}

char **containers_managed(json_object *list, char *const *globs) {
        g_autoptr(GPtrArray) names = g_ptr_array_new();

        if (json_object_is_type(list, json_type_array))
                for (size_t i = 0; i < json_object_array_length(list); i++) {
                        json_object *container = json_object_array_get_idx(list, i);
                        const char *name = own_name(container);

                        if (name && container_is_managed(globs, name) && !is_guest(container))
                                g_ptr_array_add(names, g_strdup(name));
                }
        g_ptr_array_sort(names, compare);
        g_ptr_array_add(names, NULL);
        return (char **) g_ptr_array_free(g_steal_pointer(&names), false);
}

/* "this host manages 2 containers: 3node0, 3node1" */
static char *describe(char *const *managed) {
        guint n = g_strv_length((char **) managed);
        g_autofree char *names = g_strjoinv(", ", (char **) managed);

        if (n == 0)
                return g_strdup("this host manages no container");
        return g_strdup_printf("this host manages %u container%s: %s", n, n == 1 ? "" : "s", names);
}

static char **fail(GError **error, FleetError code, const char *what, char *const *managed) {
        g_autofree char *choices = describe(managed);

        (void) fleet_fail(error, code, "%s%s", what, choices);
        return NULL;
}

static char **choose_named(char *const *managed, char *const *globs, const char *name, GError **error) {
        g_autofree char *what = NULL;

        if (g_strv_contains((const char *const *) managed, name)) {
                char *one[] = { (char *) name, NULL };

                return g_strdupv(one);
        }
        if (container_is_managed(globs, name)) {
                what = g_strdup_printf("no container \"%s\"; ", name);
                return fail(error, FLEET_ERROR_FAILED, what, managed);
        }
        what = g_strdup_printf("container \"%s\" is not managed here; ", name);
        return fail(error, FLEET_ERROR_REJECTED, what, managed);
}

char **containers_choose(char *const *managed, char *const *globs, const char *wanted, bool all_by_default,
                         GError **error) {
        guint n = g_strv_length((char **) managed);

        if (wanted && !g_str_equal(wanted, "all"))
                return choose_named(managed, globs, wanted, error);
        if (n == 0) {
                g_autofree char *patterns = g_strjoinv(" ", (char **) globs);

                (void) fleet_fail(error, FLEET_ERROR_FAILED,
                                  "this host manages no container: none is called as Containers=%s says",
                                  patterns);
                return NULL;
        }
        if (wanted || all_by_default || n == 1)
                return g_strdupv((char **) managed);
        {
                g_autofree char *names = g_strjoinv(", ", (char **) managed);

                (void) fleet_fail(error, FLEET_ERROR_INVALID_PARAMETER,
                                  "this host manages %u containers; name one: %s", n, names);
                return NULL;
        }
}
