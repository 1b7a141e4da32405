/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The head of the audit trail in a real store, of a trail that is played. */
#include "audit-keeper.h"

#include <string.h>

#include "fake-audit.h"
#include "store-fixture.h"

typedef struct Keeping {
        Fixture *f;
        Audit *audit;
        AuditKeeper *keeper;
        bool ready;
} Keeping;

static void on_ready(const GError *error, void *userdata) {
        Keeping *k = userdata;

        g_assert_no_error(error);
        k->ready = true;
        loop_quit(k->f->loop, 0);
}

static void begin(Keeping *k, Fixture *f) {
        *k = (Keeping){ .f = f, .audit = audit_new(f->loop, false, NULL) };
        k->keeper = audit_keeper_new(f->loop, f->store, k->audit);
        audit_keeper_load(k->keeper, on_ready, k);
        (void) loop_run(f->loop);
        g_assert_true(k->ready);
}

static void end(Keeping *k) {
        audit_keeper_free(k->keeper);
        audit_free(k->audit);
}

static const AuditHeadRecord *stored(Fixture *f) {
        fixture_begin(f, (GDestroyNotify) audit_head_record_free);
        f->store->ops->load_audit_head(f->store->engine, fixture_on_rows, f);
        g_assert_cmpuint(fixture_rows(f), ==, 1);
        return g_ptr_array_index(f->rows, 0);
}

/* A new store begins a chain; until it is stopped, nothing says that there is no more. */
static void test_new(Fixture *f, gconstpointer data) {
        g_autofree char *instance = NULL;
        Keeping k;

        begin(&k, f);
        g_assert_true(fake_audit_start()->exact);
        g_assert_cmpuint(fake_audit_start()->head.seq, ==, 0);
        instance = g_strdup(fake_audit_start()->head.instance);
        g_assert_cmpuint(strlen(instance), ==, AUDIT_INSTANCE_LENGTH);
        g_assert_false(stored(f)->exact);
        g_assert_cmpstr(stored(f)->instance, ==, instance);
        end(&k);
        g_assert_true(stored(f)->exact);

        begin(&k, f);
        g_assert_cmpstr(fake_audit_start()->head.instance, ==, instance);
        end(&k);
}

/* Noted without being asked, and once more at the stop. */
static void test_noted(Fixture *f, gconstpointer data) {
        Keeping k;

        begin(&k, f);
        for (unsigned i = 0; i < 100; i++)
                fake_audit_move(k.audit);
        g_assert_cmpuint(stored(f)->seq, ==, 0);
        while (stored(f)->seq == 0)
                ;
        g_assert_cmpuint(stored(f)->seq, ==, 100);
        g_assert_false(stored(f)->exact);
        fake_audit_move(k.audit);
        end(&k);
        g_assert_cmpuint(stored(f)->seq, ==, 101);
        g_assert_true(stored(f)->exact);
}

/* As a kill leaves it: the next run is told that there may be more. */
static void test_killed(Fixture *f, gconstpointer data) {
        AuditHeadRecord h = { (char *) "00112233445566778899aabbccddeeff", (char *) audit_genesis, 7, 8,
                              false };
        Keeping k;

        g_assert_cmpint(WRITE(f, put_audit_head, &h, false), ==, STORE_OK);
        begin(&k, f);
        g_assert_false(fake_audit_start()->exact);
        g_assert_cmpuint(fake_audit_start()->head.seq, ==, 7);
        g_assert_cmpuint(fake_audit_start()->head.usec, ==, 8);
        g_assert_cmpstr(fake_audit_start()->head.hash, ==, audit_genesis);
        end(&k);
}

static void on_damage(const GError *error, void *userdata) {
        Keeping *k = userdata;

        g_assert_nonnull(error);
        g_assert_nonnull(strstr(error->message, "damaged"));
        k->ready = true;
        loop_quit(k->f->loop, 0);
}

static void test_damaged(Fixture *f, gconstpointer data) {
        AuditHeadRecord h = { (char *) "00112233445566778899aabbccddeeff", (char *) "zz", 7, 8, true };
        Keeping k = { .f = f };

        g_assert_cmpint(WRITE(f, put_audit_head, &h, false), ==, STORE_OK);
        k.audit = audit_new(f->loop, false, NULL);
        k.keeper = audit_keeper_new(f->loop, f->store, k.audit);
        audit_keeper_load(k.keeper, on_damage, &k);
        (void) loop_run(f->loop);
        g_assert_true(k.ready);
        end(&k);
        g_assert_cmpstr(stored(f)->hash, ==, "zz"); /* nothing was put in its place */
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
#define ADD(path, function) \
        g_test_add("/audit-keeper/" path, Fixture, NULL, fixture_setup, function, fixture_teardown)
        ADD("new", test_new);
        ADD("noted", test_noted);
        ADD("killed", test_killed);
        ADD("damaged", test_damaged);
        return g_test_run();
}
