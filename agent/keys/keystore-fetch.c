/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The keys of a container as they are.
 *
 *   1. The engine is asked about the container; from its answer and its name follows where the keystore may be.
 *   2. Each place is looked for, the first that is there is taken.
 *   3. The archive of it is read, and read once more. Where it is no longer the same, a node wrote into it just then: it
 *      is read again.
 *   4. The network identity, which never changes, is read where it is asked for. */
#include "keystore-fetch.h"

#include "container-info.h"
#include "docker-api.h"
#include "docker-archive.h"
#include "error.h"
#include "keystore.h"
#include "limits.h"

struct KeystoreFetch {
        Docker *docker;
        char *container, *configured;
        bool identity;
        KeystoreFetched done;
        void *userdata;

        DockerCall *call;   /* what it waits for: this */
        DockerFetch *fetch; /* or this */
        json_object *inspect;
        char **places, **place;
        char *keystore, *identity_path; /* where they are */
        KeyBundle *bundle;
        unsigned tries;
};

static void finish(KeystoreFetch *f, const GError *error) {
        KeystoreFetched handler = f->done;
        void *userdata = f->userdata;
        g_autoptr(KeystoreFetch) mine = f;
        g_autofree char *text = error ? container_name_in(error->message, f->container) : NULL;
        g_autoptr(GError) named = error ? g_error_new_literal(error->domain, error->code, text) : NULL;
        KeystoreFound found = { f->inspect, f->keystore, f->bundle };

        handler(error ? NULL : &found, named, userdata);
        mine->bundle = found.bundle;
}

static void start_fetch(KeystoreFetch *f, const char *path, DockerFetched done) {
        f->fetch = docker_fetch_new(f->docker, f->container, path, KEYSTORE_BYTES_MAX, done, f);
}

static void identity_read(GBytes *archive, const GError *error, void *userdata) {
        KeystoreFetch *f = userdata;
        g_autoptr(GError) e = NULL;

        f->fetch = NULL;
        if (error || !key_bundle_add_identity(f->bundle, archive, &e))
                finish(f, error ?: e);
        else
                finish(f, NULL);
}

static void read_keystore(KeystoreFetch *f);

static void keystore_read_again(GBytes *archive, const GError *error, void *userdata) {
        KeystoreFetch *f = userdata;
        g_autoptr(KeyBundle) again = key_bundle_new();
        g_autoptr(GError) e = NULL;

        f->fetch = NULL;
        if (error || !key_bundle_add_keystore(again, archive, &e))
                finish(f, error ?: e);
        else if (key_bundle_equal(f->bundle, again)) {
                if (f->identity)
                        start_fetch(f, f->identity_path, identity_read);
                else
                        finish(f, NULL);
        } else if (++f->tries < KEYSTORE_READ_TRIES)
                read_keystore(f);
        else {
                (void) fleet_fail(&e, FLEET_ERROR_FAILED,
                                  "the keystore of %s changed each of the %d times it was read",
                                  f->container, KEYSTORE_READ_TRIES);
                finish(f, e);
        }
}

static void keystore_read(GBytes *archive, const GError *error, void *userdata) {
        KeystoreFetch *f = userdata;
        g_autoptr(GError) e = NULL;

        f->fetch = NULL;
        if (error || !key_bundle_add_keystore(f->bundle, archive, &e))
                finish(f, error ?: e);
        else
                start_fetch(f, f->keystore, keystore_read_again);
}

static void read_keystore(KeystoreFetch *f) {
        (void) key_bundle_free(f->bundle);
        f->bundle = key_bundle_new();
        start_fetch(f, f->keystore, keystore_read);
}

/* 2, for the keystore and then for the identity. */

static void look_at_place(KeystoreFetch *f);

static void look_for(KeystoreFetch *f, char **places) {
        g_strfreev(f->places);
        f->places = f->place = places;
        look_at_place(f);
}

static void found_place(KeystoreFetch *f) {
        char **found = f->keystore ? &f->identity_path : &f->keystore;

        *found = g_strdup(*f->place);
        if (f->identity && !f->identity_path)
                look_for(f, network_identity_places(f->container, f->inspect));
        else
                read_keystore(f);
}

static void found_no_place(KeystoreFetch *f) {
        g_autofree char *all = g_strjoinv(", ", f->places);
        g_autoptr(GError) e = NULL;

        if (!f->keystore) {
                finish(f, NULL);
                return;
        }
        (void) fleet_fail(&e, FLEET_ERROR_FAILED, "no network identity in %s; looked for %s", f->container,
                          all);
        finish(f, e);
}

static void place_reply(unsigned status, json_object *body, const GError *error, void *userdata) {
        KeystoreFetch *f = userdata;

        f->call = NULL;
        if (!error)
                found_place(f);
        else if (status != 404)
                finish(f, error);
        else if (*++f->place)
                look_at_place(f);
        else
                found_no_place(f);
}

static void look_at_place(KeystoreFetch *f) {
        f->call = docker_archive_find(f->docker, f->container, *f->place, place_reply, f);
}

static void inspect_reply(unsigned status, json_object *body, const GError *error, void *userdata) {
        KeystoreFetch *f = userdata;
        char *configured[] = { f->configured, NULL };

        f->call = NULL;
        if (error) {
                finish(f, error);
                return;
        }
        f->inspect = json_object_get(body);
        look_for(f, f->configured ? g_strdupv(configured) : keystore_places(f->container, f->inspect));
}

KeystoreFetch *keystore_fetch_new(Docker *d, const char *container, const char *configured, bool identity,
                                  KeystoreFetched done, void *userdata) {
        KeystoreFetch *f = g_new0(KeystoreFetch, 1);

        f->docker = d;
        f->container = g_strdup(container);
        f->configured = g_strdup(configured);
        f->identity = identity;
        f->done = done;
        f->userdata = userdata;
        f->bundle = key_bundle_new();
        f->call = docker_inspect(d, container, inspect_reply, f);
        return f;
}

KeystoreFetch *keystore_fetch_free(KeystoreFetch *f) {
        if (!f)
                return NULL;
        (void) docker_call_free(f->call);
        (void) docker_fetch_free(f->fetch);
        (void) key_bundle_free(f->bundle);
        json_object_put(f->inspect);
        g_strfreev(f->places);
        g_free(f->container);
        g_free(f->configured);
        g_free(f->keystore);
        g_free(f->identity_path);
        g_free(f);
        return NULL;
}
