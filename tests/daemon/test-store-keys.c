/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Session keys in the store: their history, and where else one is in use. */
#include "store-fixture.h"

#include <string.h>

static StoreStatus append(Fixture *f, const char *id, const char *client, const char *container,
                          const char *key, uint64_t received) {
        const KeyRecord k = { .id = (char *) id,
                              .client = (char *) client,
                              .container = (char *) container,
                              .session_key = (char *) key,
                              .action = (char *) "rotate_keys",
                              .received = received };

        return WRITE(f, append_key, &k);
}

/* "CLIENT/CONTAINER …" of the others whose latest key this is; new string. */
static char *elsewhere(Fixture *f, const char *client, const char *container, const char *key) {
        const KeyRecord k = { .client = (char *) client,
                              .container = (char *) container,
                              .session_key = (char *) key };
        GString *s = g_string_new(NULL);
        unsigned n;

        fixture_begin(f, (GDestroyNotify) key_record_free);
        f->store->ops->key_elsewhere(f->store->engine, &k, fixture_on_rows, f);
        n = fixture_rows(f);
        for (unsigned i = 0; i < n; i++) {
                const KeyRecord *r = g_ptr_array_index(f->rows, i);

                g_string_append_printf(s, "%s%s/%s", i > 0 ? " " : "", r->client, r->container);
        }
        return g_string_free(s, false);
}

static void assert_elsewhere(Fixture *f, const char *client, const char *container, const char *key,
                             const char *expected) {
        g_autofree char *where = elsewhere(f, client, container, key);

        g_assert_cmpstr(where, ==, expected);
}

static void test_elsewhere(Fixture *f, gconstpointer data) {
        g_assert_cmpint(append(f, "c1", "a", "3node0", "0xaa", 10), ==, STORE_OK);
        assert_elsewhere(f, "a", "3node0", "0xaa", ""); /* itself */
        assert_elsewhere(f, "a", "3node1", "0xaa", "a/3node0");
        assert_elsewhere(f, "b", "3node0", "0xaa", "a/3node0");
        assert_elsewhere(f, "b", "3node0", "0xbb", "");
        /* What it had before its latest is not in use. */
        g_assert_cmpint(append(f, "c2", "a", "3node0", "0xbb", 20), ==, STORE_OK);
        assert_elsewhere(f, "b", "3node0", "0xaa", "");
        assert_elsewhere(f, "b", "3node0", "0xbb", "a/3node0");
        fixture_reopen(f);
        assert_elsewhere(f, "b", "3node0", "0xbb", "a/3node0");
}

static void test_history(Fixture *f, gconstpointer data) {
        const KeyRecord settled = { .id = (char *) "c2", .client = (char *) "a" };
        const KeyRecord *latest;

        g_assert_cmpint(append(f, "c1", "a", "3node0", "0xaa", 10), ==, STORE_OK);
        g_assert_cmpint(append(f, "c2", "a", "3node0", "0xbb", 20), ==, STORE_OK);
        g_assert_cmpint(append(f, "c3", "b", "3node0", "0xcc", 30), ==, STORE_OK);
        g_assert_cmpint(append(f, "c2", "a", "3node0", "0xbb", 20), ==, STORE_UNSETTLED); /* still one row */
        fixture_begin(f, (GDestroyNotify) key_record_free);
        f->store->ops->list_keys(f->store->engine, "a", "3node0", 0, fixture_on_rows, f);
        g_assert_cmpuint(fixture_rows(f), ==, 2);
        latest = g_ptr_array_index(f->rows, 0);
        g_assert_cmpstr(latest->session_key, ==, "0xbb");
        g_assert_cmpint(WRITE(f, settle_key, &settled), ==, STORE_OK);
        g_assert_cmpint(append(f, "c2", "a", "3node0", "0xbb", 20), ==, STORE_CONFLICT);
        fixture_begin(f, (GDestroyNotify) key_record_free);
        f->store->ops->list_keys(f->store->engine, NULL, NULL, 0, fixture_on_rows, f);
        g_assert_cmpuint(fixture_rows(f), ==, 3);
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add("/store-keys/elsewhere", Fixture, NULL, fixture_setup, test_elsewhere, fixture_teardown);
        g_test_add("/store-keys/history", Fixture, NULL, fixture_setup, test_history, fixture_teardown);
        return g_test_run();
}
