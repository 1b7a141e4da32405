/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Alerts, silences and the times of nodes in the store: what an earlier run left, nothing else, and not without bound. */
#include "store-fixture.h"

static const AlertRecord usual = { .id = (char *) "alert_1_1000",
                                   .severity = ALERT_CRITICAL,
                                   .kind = (char *) "command-failed",
                                   .client = (char *) "a",
                                   .container = (char *) "3node0",
                                   .message = (char *) "why",
                                   .since = 10,
                                   .subject = (char *) "restart" };

/* "ID+ ID…" of those that last or are not told; + is told. New string. */
static char *ids(Fixture *f) {
        g_autoptr(GString) s = g_string_new(NULL);

        for (unsigned i = 0; i < f->rows->len; i++) {
                const AlertRow *r = g_ptr_array_index(f->rows, i);

                g_string_append_printf(s, "%s%s%s", i > 0 ? " " : "", r->alert->id, r->told ? "+" : "");
        }
        return g_string_free(g_steal_pointer(&s), false);
}

static void assert_open(Fixture *f, const char *expected) {
        g_autofree char *got = NULL;

        fixture_begin(f, (GDestroyNotify) alert_row_free);
        f->store->ops->open_alerts(f->store->engine, fixture_on_rows, f);
        (void) fixture_rows(f);
        got = ids(f);
        g_assert_cmpstr(got, ==, expected);
}

static void assert_past(Fixture *f, unsigned limit, const char *expected) {
        g_autofree char *got = NULL;

        fixture_begin(f, (GDestroyNotify) alert_row_free);
        f->store->ops->past_alerts(f->store->engine, limit, fixture_on_rows, f);
        (void) fixture_rows(f);
        got = ids(f);
        g_assert_cmpstr(got, ==, expected);
}

static void test_life(Fixture *f, gconstpointer data) {
        AlertRecord a = usual;
        const AlertRow *row;

        assert_open(f, "");
        g_assert_cmpint(WRITE(f, put_alert, &a, false), ==, STORE_OK);
        assert_open(f, "alert_1_1000");
        f->store->ops->settle_alert(f->store->engine, a.id, 0);
        fixture_reopen(f);
        assert_open(f, "alert_1_1000+");
        row = g_ptr_array_index(f->rows, 0);
        g_assert_cmpint(row->alert->severity, ==, ALERT_CRITICAL);
        g_assert_cmpstr(row->alert->kind, ==, "command-failed");
        g_assert_cmpstr(row->alert->client, ==, "a");
        g_assert_cmpstr(row->alert->container, ==, "3node0");
        g_assert_cmpstr(row->alert->subject, ==, "restart");
        g_assert_cmpstr(row->alert->message, ==, "why");
        g_assert_cmpuint(row->alert->since, ==, 10);
        g_assert_false(row->alert->acknowledged || row->alert->silenced);

        a.acknowledged = a.silenced = true;
        g_assert_cmpint(WRITE(f, put_alert, &a, true), ==, STORE_OK);
        assert_open(f, "alert_1_1000+");
        row = g_ptr_array_index(f->rows, 0);
        g_assert_true(row->alert->acknowledged && row->alert->silenced);

        a.cleared = 30;
        g_assert_cmpint(WRITE(f, put_alert, &a, false), ==, STORE_OK);
        f->store->ops->settle_alert(f->store->engine, a.id, 0); /* that of its beginning comes late */
        assert_open(f, "alert_1_1000");
        assert_past(f, 10, "alert_1_1000");
        f->store->ops->settle_alert(f->store->engine, a.id, 30);
        assert_open(f, "");
        assert_past(f, 10, "alert_1_1000+");
}

static void test_bounded(Fixture *f, gconstpointer data) {
        AlertRecord a = usual;

        g_assert_cmpint(WRITE(f, put_alert, &a, true), ==, STORE_OK);
        f->store->ops->trim_alerts(f->store->engine, 3);
        for (unsigned i = 1; i <= 5; i++) {
                g_autofree char *id = g_strdup_printf("past_%u", i);

                a.id = id;
                a.cleared = 100 + i;
                g_assert_cmpint(WRITE(f, put_alert, &a, i != 2), ==, STORE_OK);
        }
        assert_past(f, 10, "past_5+ past_4+ past_3+ past_2 past_1+");
        assert_past(f, 2, "past_5+ past_4+");
        f->store->ops->trim_alerts(f->store->engine, 3);
        assert_past(f, 10, "past_5+ past_4+ past_3+ past_2"); /* what is not told stays until it is */
        f->store->ops->trim_alerts(f->store->engine, 3);
        assert_past(f, 10, "past_5+ past_4+ past_3+ past_2");
        assert_open(f, "alert_1_1000+ past_2");
}

static void test_silences(Fixture *f, gconstpointer data) {
        SilenceRecord s = { .id = (char *) "silence_1",
                            .selector = (char *) "role=validator",
                            .kind = (char *) "node-syncing",
                            .comment = (char *) "upgrade",
                            .created = 10,
                            .until = 20,
                            .caller_uid = 1000 };
        const SilenceRecord *r;

        g_assert_cmpint(WRITE(f, put_silence, &s), ==, STORE_OK);
        g_assert_cmpint(WRITE(f, put_silence, &s), ==, STORE_CONFLICT);
        s.id = (char *) "silence_0";
        s.created = 11;
        g_assert_cmpint(WRITE(f, put_silence, &s), ==, STORE_OK);
        fixture_reopen(f);
        fixture_begin(f, (GDestroyNotify) silence_record_free);
        f->store->ops->load_silences(f->store->engine, fixture_on_rows, f);
        g_assert_cmpuint(fixture_rows(f), ==, 2);
        r = g_ptr_array_index(f->rows, 0);
        g_assert_cmpstr(r->id, ==, "silence_1");
        g_assert_cmpstr(r->selector, ==, "role=validator");
        g_assert_cmpstr(r->kind, ==, "node-syncing");
        g_assert_cmpstr(r->comment, ==, "upgrade");
        g_assert_cmpuint(r->created, ==, 10);
        g_assert_cmpuint(r->until, ==, 20);
        g_assert_cmpuint(r->caller_uid, ==, 1000);
        g_assert_cmpint(WRITE(f, delete_silence, "silence_1"), ==, STORE_OK);
        g_assert_cmpint(WRITE(f, delete_silence, "silence_1"), ==, STORE_OK);
        fixture_begin(f, (GDestroyNotify) silence_record_free);
        f->store->ops->load_silences(f->store->engine, fixture_on_rows, f);
        g_assert_cmpuint(fixture_rows(f), ==, 1);
}

static void add_report(Fixture *f, const char *id, const char *container, uint64_t key, uint64_t backup) {
        const KeyRecord k = { (char *) id,     (char *) "a",           (char *) container,
                              (char *) "0xaa", (char *) "rotate_keys", key };
        const BackupRecord b = { (char *) id,     (char *) "a",  (char *) container,
                                 (char *) "/b/1", (char *) "ff", 1,
                                 backup };

        if (key)
                g_assert_cmpint(WRITE(f, append_key, &k), ==, STORE_OK);
        if (backup)
                g_assert_cmpint(WRITE(f, append_backup, &b), ==, STORE_OK);
}

static void test_node_times(Fixture *f, gconstpointer data) {
        static const struct {
                const char *container;
                uint64_t key, backup;
        } expected[] = { { "x", 30, 25 }, { "y", 5, 0 }, { "z", 0, 7 } };

        add_report(f, "1", "x", 10, 25);
        add_report(f, "2", "x", 30, 20);
        add_report(f, "3", "y", 5, 0);
        add_report(f, "4", "z", 0, 7);
        fixture_begin(f, (GDestroyNotify) node_times_free);
        f->store->ops->node_times(f->store->engine, fixture_on_rows, f);
        g_assert_cmpuint(fixture_rows(f), ==, G_N_ELEMENTS(expected));
        for (unsigned i = 0; i < G_N_ELEMENTS(expected); i++) {
                const NodeTimes *t = g_ptr_array_index(f->rows, i);

                g_assert_cmpstr(t->client, ==, "a");
                g_assert_cmpstr(t->container, ==, expected[i].container);
                g_assert_cmpuint(t->key, ==, expected[i].key);
                g_assert_cmpuint(t->backup, ==, expected[i].backup);
        }
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add("/store-alerts/life", Fixture, NULL, fixture_setup, test_life, fixture_teardown);
        g_test_add("/store-alerts/bounded", Fixture, NULL, fixture_setup, test_bounded, fixture_teardown);
        g_test_add("/store-alerts/silences", Fixture, NULL, fixture_setup, test_silences, fixture_teardown);
        g_test_add("/store-alerts/node-times", Fixture, NULL, fixture_setup, test_node_times,
                   fixture_teardown);
        return g_test_run();
}
