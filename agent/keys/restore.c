/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The keys of a backup into the keystore of a container.
 *
 *   1. Which containers are there? The one that is meant is among those that are managed.
 *   2. It does not run.
 *   3. What is in its keystore? Nothing there may have another content than in the backup.
 *   4. Has another container one of the keys? All are looked at, managed or not; one that runs and is a node must have a
 *      keystore to be looked at.
 *   5. When that is agreed to: it does not run, still.
 *   6. What is missing is written, in one archive.
 *   7. The keystore is read back, and the container has not been started meanwhile. */
#include "restore.h"

#include "containers.h"
#include "docker-api.h"
#include "docker-archive.h"
#include "error.h"
#include "json-path.h"
#include "keystore-fetch.h"
#include "keystore.h"
#include "node-args.h"
#include "restore-plan.h"
#include "rpc-port.h"

struct Restore {
        Docker *docker;
        const AgentConfig *config;
        const KeyBundle *backup;
        char *container;
        RestorePlanned planned;
        RestoreDone done;
        void *userdata;

        DockerCall *call;     /* what it waits for: this, */
        KeystoreFetch *fetch; /* or this */
        char *keystore;
        KeyFolder folder;
        KeyBundle *before;
        GPtrArray *missing; /* of KeyFile*, the backup's */
        char **others, **other;
        char **folders_of_chains, **folder_of_chains; /* in the other one, where no keystore is found */
        GPtrArray *idle;
};

static void fail_plan(Restore *r, const GError *error) {
        r->planned(NULL, error, r->userdata);
}

static bool is_stopped(json_object *inspect) {
        const char *status = json_string_at(inspect, "State.Status");

        return g_strcmp0(status, "exited") == 0 || g_strcmp0(status, "created") == 0;
}

static bool check_stopped(const Restore *r, json_object *inspect, GError **error) {
        return is_stopped(inspect) ||
               fleet_fail(error, FLEET_ERROR_REJECTED,
                          "%s is %s: a node reads its keys when it starts, so stop it first", r->container,
                          json_string_at(inspect, "State.Status") ?: "in an unknown state");
}

static void fetch(Restore *r, const char *container, KeystoreFetched done) {
        r->fetch = keystore_fetch_new(r->docker, container,
                                      node_config_keystore(r->config->nodes, container), false, done, r);
}

/* 4 */

static void look_at_next(Restore *r);

static void plan(Restore *r) {
        unsigned files = 0;
        RestorePlan p = { .container = r->container, .keystore = r->keystore, .missing = r->missing->len };

        for (unsigned i = 0; i < r->backup->files->len; i++)
                files += g_str_has_prefix(((KeyFile *) r->backup->files->pdata[i])->path,
                                          KEY_BUNDLE_KEYSTORE);
        g_ptr_array_add(r->idle, NULL);
        p.there = files - r->missing->len;
        p.idle = (char *const *) r->idle->pdata;
        r->planned(&p, NULL, r->userdata);
}

/* False where it runs, or may. */
static bool judge_other(Restore *r, const KeystoreFound *found, GError **error) {
        g_autofree char *shared = restore_shared_keys(r->backup, found->bundle);

        if (!shared)
                return true;
        if (!is_stopped(found->inspect))
                return fleet_fail(
                                error, FLEET_ERROR_REJECTED,
                                "%s, which is %s, has the same keys: %s. Two nodes with one key are slashed",
                                *r->other, json_string_at(found->inspect, "State.Status") ?: "there",
                                shared);
        g_ptr_array_add(r->idle, g_strdup_printf("%s: %s", *r->other, shared));
        return true;
}

static void end_other(Restore *r, const GError *error) {
        if (error) {
                fail_plan(r, error);
                return;
        }
        r->other++;
        look_at_next(r);
}

static void fail_unknown(Restore *r, const char *why) {
        g_autoptr(GError) e = NULL;

        (void) fleet_fail(&e, FLEET_ERROR_REJECTED,
                          "Whether %s has the same keys cannot be told, so nothing is restored: %s",
                          *r->other, why);
        end_other(r, e);
}

static void fail_unfound(Restore *r, const char *why) {
        g_autofree char *text = g_strdup_printf(
                        "it runs and %s; set Keystore.%s= in [Keys] of mclient.conf, or stop it", why,
                        *r->other);

        fail_unknown(r, text);
}

/* By what is known about it without looking into it. */
static bool is_node(const Restore *r, json_object *inspect) {
        static const char *const options[] = { "--validator", "--base-path", "--chain",
                                               "--rpc-port",  "--node-key",  "--node-key-file" };
        uint16_t port;

        if (rpc_port(*r->other, inspect, node_config_port(r->config->nodes, *r->other), &port, NULL))
                return true;
        for (size_t i = 0; i < G_N_ELEMENTS(options); i++)
                if (node_has_argument(inspect, options[i]))
                        return true;
        return false;
}

static void look_for_chains(Restore *r);

static void chains_reply(unsigned status, json_object *body, const GError *error, void *userdata) {
        Restore *r = userdata;

        r->call = NULL;
        if (!error) {
                g_autofree char *why = g_strdup_printf("has chains in %s, but its keystore is not found",
                                                       *r->folder_of_chains);

                fail_unfound(r, why);
        } else if (status != 404)
                fail_unknown(r, error->message);
        else {
                r->folder_of_chains++;
                look_for_chains(r);
        }
}

static void look_for_chains(Restore *r) {
        if (*r->folder_of_chains)
                r->call = docker_archive_find(r->docker, *r->other, *r->folder_of_chains, chains_reply, r);
        else
                end_other(r, NULL);
}

/* What is no node has no keys; but the keystore of a node that runs is somewhere. */
static void judge_without_keystore(Restore *r, json_object *inspect) {
        const char *configured = node_config_keystore(r->config->nodes, *r->other);

        if (is_stopped(inspect))
                end_other(r, NULL);
        else if (configured) {
                g_autofree char *why =
                                g_strdup_printf("has no %s, where its keystore should be", configured);

                fail_unfound(r, why);
        } else if (is_node(r, inspect))
                fail_unfound(r, "is a node, but its keystore is at none of the known places");
        else {
                g_strfreev(r->folders_of_chains);
                r->folders_of_chains = r->folder_of_chains = keystore_chain_folders(inspect);
                look_for_chains(r);
        }
}

static void other_read(KeystoreFound *found, const GError *error, void *userdata) {
        Restore *r = userdata;
        g_autoptr(GError) e = NULL;

        r->fetch = NULL;
        if (error)
                fail_unknown(r, error->message);
        else if (!found->path)
                judge_without_keystore(r, found->inspect);
        else {
                (void) judge_other(r, found, &e);
                end_other(r, e);
        }
}

static void look_at_next(Restore *r) {
        if (*r->other && g_str_equal(*r->other, r->container))
                r->other++;
        if (*r->other)
                fetch(r, *r->other, other_read);
        else
                plan(r);
}

/* 3 */

static bool take_keystore(Restore *r, KeystoreFound *found, GError **error) {
        if (!found->path || !found->bundle->folder.is_known)
                return fleet_fail(
                                error, FLEET_ERROR_FAILED,
                                "there is no keystore in %s: start the node once, which makes one, and stop it; "
                                "or set Keystore.%s= in [Keys] of mclient.conf",
                                r->container, r->container);
        r->keystore = g_strdup(found->path);
        r->before = g_steal_pointer(&found->bundle);
        r->folder = r->before->folder;
        r->missing = restore_missing(r->backup, r->before, error);
        if (!r->missing)
                g_prefix_error(error, "nothing is restored to %s: ", r->container);
        return r->missing;
}

static void keystore_read(KeystoreFound *found, const GError *error, void *userdata) {
        Restore *r = userdata;
        g_autoptr(GError) e = NULL;

        r->fetch = NULL;
        if (error || !take_keystore(r, found, &e))
                fail_plan(r, error ?: e);
        else
                look_at_next(r);
}

/* 2 */

static void inspect_reply(unsigned status, json_object *body, const GError *error, void *userdata) {
        Restore *r = userdata;
        g_autoptr(GError) e = NULL;

        r->call = NULL;
        if (error || !check_stopped(r, body, &e))
                fail_plan(r, error ?: e);
        else
                fetch(r, r->container, keystore_read);
}

/* 1 */

static void list_reply(unsigned status, json_object *body, const GError *error, void *userdata) {
        static char *all[] = { (char *) "*", NULL };
        Restore *r = userdata;
        char **globs = r->config->containers;
        g_autoptr(GError) e = NULL;
        g_auto(GStrv) managed = NULL, chosen = NULL;

        r->call = NULL;
        if (error) {
                fail_plan(r, error);
                return;
        }
        managed = containers_managed(body, globs);
        chosen = containers_choose(managed, globs, r->container, false, &e);
        if (!chosen) {
                fail_plan(r, e);
                return;
        }
        r->others = r->other = containers_managed(body, all);
        r->call = docker_inspect(r->docker, r->container, inspect_reply, r);
}

Restore *restore_new(Docker *d, const AgentConfig *config, const char *container, const KeyBundle *backup,
                     RestorePlanned planned, void *userdata) {
        Restore *r = g_new0(Restore, 1);

        r->docker = d;
        r->config = config;
        r->backup = backup;
        r->container = g_strdup(container);
        r->planned = planned;
        r->userdata = userdata;
        r->idle = g_ptr_array_new_with_free_func(g_free);
        r->call = docker_list(d, list_reply, r);
        return r;
}

Restore *restore_free(Restore *r) {
        if (!r)
                return NULL;
        (void) docker_call_free(r->call);
        (void) keystore_fetch_free(r->fetch);
        (void) key_bundle_free(r->before);
        if (r->missing)
                g_ptr_array_unref(r->missing);
        g_ptr_array_unref(r->idle);
        g_strfreev(r->others);
        g_strfreev(r->folders_of_chains);
        g_free(r->container);
        g_free(r->keystore);
        g_free(r);
        return NULL;
}

/* 7 */

static void fail_half_way(Restore *r, const char *why) {
        g_autoptr(GError) e = NULL;

        (void) fleet_fail(
                        &e, FLEET_ERROR_FAILED,
                        "the keys may be in %s in part: %s. Do not start it; restore again when that is mended",
                        r->container, why);
        r->done(e, r->userdata);
}

static void end_reply(unsigned status, json_object *body, const GError *error, void *userdata) {
        Restore *r = userdata;
        g_autoptr(GError) e = NULL;

        r->call = NULL;
        if (error)
                (void) fleet_fail(&e, FLEET_ERROR_FAILED,
                                  "the keys are there, but whether %s was started meanwhile "
                                  "cannot be told: %s",
                                  r->container, error->message);
        else if (!is_stopped(body))
                (void) fleet_fail(
                                &e, FLEET_ERROR_FAILED,
                                "the keys are there, but %s was started meanwhile: restart it, so that it has all "
                                "of them",
                                r->container);
        r->done(e, r->userdata);
}

static void read_back(KeystoreFound *found, const GError *error, void *userdata) {
        Restore *r = userdata;
        g_autoptr(GPtrArray) lacking = NULL;
        g_autoptr(GError) e = NULL;

        r->fetch = NULL;
        if (!error)
                lacking = restore_missing(r->backup, found->bundle, &e);
        if (!lacking)
                fail_half_way(r, (error ?: e)->message);
        else if (lacking->len > 0)
                fail_half_way(r, "not all of its files are there");
        else
                r->call = docker_inspect(r->docker, r->container, end_reply, r);
}

/* 6 */

static void put_reply(unsigned status, json_object *body, const GError *error, void *userdata) {
        Restore *r = userdata;

        r->call = NULL;
        if (error)
                fail_half_way(r, error->message);
        else
                fetch(r, r->container, read_back);
}

/* 5 */

static void still_stopped_reply(unsigned status, json_object *body, const GError *error, void *userdata) {
        Restore *r = userdata;
        g_autoptr(GBytes) archive = NULL;
        g_autoptr(GError) e = NULL;

        r->call = NULL;
        if (error || !check_stopped(r, body, &e)) {
                r->done(error ?: e, r->userdata);
                return;
        }
        archive = restore_archive(r->missing, &r->folder);
        r->call = docker_archive_put(r->docker, r->container, r->keystore, archive, put_reply, r);
}

void restore_go(Restore *r, RestoreDone done) {
        r->done = done;
        r->call = docker_inspect(r->docker, r->container, still_stopped_reply, r);
}
