/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The names of a node's key files, wherever its keystore is.  1. The places where it may be are tried in their order.
 * 2. Where it is in none of them, the folders that have one for each chain are listed, and 3. what was found in
 * there is tried: the only keystore is the one. */
#include "keystore-list.h"

#include <string.h>

#include "docker-capture.h"
#include "error.h"
#include "keystore.h"
#include "limits.h"
#include "text.h"

#define SHOWN_MAX 300
#define GUESSES_MAX 32      /* a node has one to three chains */
#define NO_PROGRAM_EXIT 126 /* and above: it was not run */

typedef enum Phase {
        PHASE_PLACES,
        PHASE_FOLDERS,
        PHASE_GUESSES,
} Phase;

struct KeystoreList {
        Loop *loop;
        Docker *docker;
        char *container;
        json_object *inspect;
        KeystoreListed listed;
        void *userdata;

        bool configured; /* there is one place, and no other */
        Phase phase;
        char **paths; /* of this phase */
        unsigned next;
        DockerCapture *ls; /* of paths[next] */
        GPtrArray *guesses;
        GString *found; /* of the last phase: the paths, separated by ", " */
        unsigned n_found;
        KeyNames *names;
};

static void list_next(KeystoreList *k);

static void fail(KeystoreList *k, const char *why) {
        g_autofree char *shown = text_shown(why, SHOWN_MAX);
        g_autoptr(GError) error = NULL;

        (void) fleet_fail(&error, FLEET_ERROR_FAILED, "the key files of %s cannot be listed: %s",
                          k->container, shown);
        k->listed(NULL, NULL, error, k->userdata);
}

static void fail_search(KeystoreList *k) {
        g_autofree char *why = NULL;

        if (k->configured)
                why = g_strdup_printf("there is no %s", k->paths[0]);
        else if (k->n_found > 1)
                why = g_strdup_printf("it has more than one keystore: %s; set Keystore.%s= in [Keys] of "
                                      "mclient.conf",
                                      k->found->str, k->container);
        else
                why = g_strdup_printf(
                                "its keystore is at none of the known places; set Keystore.%s= in [Keys] "
                                "of mclient.conf",
                                k->container);
        fail(k, why);
}

static void begin(KeystoreList *k, Phase phase, char **paths) {
        g_strfreev(k->paths);
        k->phase = phase;
        k->paths = paths;
        k->next = 0;
        list_next(k);
}

static void phase_over(KeystoreList *k) {
        if (k->phase == PHASE_PLACES && !k->configured && k->n_found == 0)
                begin(k, PHASE_FOLDERS, keystore_chain_folders(k->inspect));
        else if (k->phase == PHASE_FOLDERS) {
                g_ptr_array_add(k->guesses, NULL);
                begin(k, PHASE_GUESSES, g_strdupv((char **) k->guesses->pdata));
        } else if (k->n_found == 1)
                k->listed(k->found->str, k->names, NULL, k->userdata);
        else
                fail_search(k);
}

static void guess(KeystoreList *k, const char *folder, const char *listing) {
        g_auto(GStrv) lines = g_strsplit(listing, "\n", 0);

        for (char **chain = lines; *chain; chain++)
                if (**chain && !strchr(*chain, '/') && k->guesses->len < GUESSES_MAX)
                        g_ptr_array_add(k->guesses, g_build_filename(folder, *chain, "keystore", NULL));
}

static void note_found(KeystoreList *k, const char *path, const char *listing) {
        g_string_append_printf(k->found, "%s%s", k->n_found > 0 ? ", " : "", path);
        if (k->n_found++ == 0)
                k->names = key_names_parse(listing);
}

static void ls_done(const Captured *c, const GError *error, void *userdata) {
        KeystoreList *k = userdata;
        g_autoptr(DockerCapture) ended = g_steal_pointer(&k->ls);
        const char *path = k->paths[k->next];

        if (error) {
                fail(k, error->message);
                return;
        }
        if (c->exit_code >= NO_PROGRAM_EXIT) {
                fail(k, "there is no ls in its image");
                return;
        }
        k->next++;
        if (c->exit_code == 0 && k->phase == PHASE_FOLDERS)
                guess(k, path, c->out);
        else if (c->exit_code == 0) {
                note_found(k, path, c->out);
                if (k->phase == PHASE_PLACES) {
                        phase_over(k);
                        return;
                }
        }
        list_next(k);
}

static void list_next(KeystoreList *k) {
        const char *argv[] = { "ls", "-A", k->paths[k->next], NULL };

        if (!k->paths[k->next])
                phase_over(k);
        else
                k->ls = docker_capture_new(k->loop, k->docker, k->container, argv, DOCKER_TIMEOUT_SEC,
                                           KEYSTORE_LISTING_BYTES_MAX, ls_done, k);
}

KeystoreList *keystore_list_new(Loop *l, Docker *d, const char *container, const char *configured,
                                json_object *inspect, KeystoreListed listed, void *userdata) {
        KeystoreList *k = g_new0(KeystoreList, 1);
        char *only[] = { (char *) configured, NULL };

        k->loop = l;
        k->docker = d;
        k->container = g_strdup(container);
        k->inspect = json_object_get(inspect);
        k->listed = listed;
        k->userdata = userdata;
        k->configured = configured;
        k->guesses = g_ptr_array_new_with_free_func(g_free);
        k->found = g_string_new(NULL);
        begin(k, PHASE_PLACES, configured ? g_strdupv(only) : keystore_places(container, inspect));
        return k;
}

KeystoreList *keystore_list_free(KeystoreList *k) {
        if (!k)
                return NULL;
        (void) docker_capture_free(k->ls);
        json_object_put(k->inspect);
        g_strfreev(k->paths);
        g_ptr_array_unref(k->guesses);
        g_string_free(k->found, true);
        (void) key_names_free(k->names);
        g_free(k->container);
        g_free(k);
        return NULL;
}
