/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Enrolments in the store: one of a client, traded once, and what ends them. */
#include <string.h>

#include "store-fixture.h"

static EnrollmentRecord enrollment(const char *client, uint8_t fill, uint8_t credential) {
        EnrollmentRecord e = { .client = (char *) client, .created = 5, .expires = 100, .caller_uid = 1000 };

        memset(e.hash, fill, sizeof(e.hash));
        memset(e.credential, credential, sizeof(e.credential));
        return e;
}

static unsigned load(Fixture *f) {
        fixture_begin(f, (GDestroyNotify) enrollment_record_free);
        f->store->ops->load_enrollments(f->store->engine, fixture_on_rows, f);
        return fixture_rows(f);
}

/* The first byte of the only token's hash; 0: there is none. */
static unsigned load_token(Fixture *f) {
        fixture_begin(f, (GDestroyNotify) token_record_free);
        f->store->ops->load_tokens(f->store->engine, fixture_on_rows, f);
        return fixture_rows(f) > 0 ? ((TokenRecord *) g_ptr_array_index(f->rows, 0))->hash[0] : 0;
}

static void test_trade(Fixture *f, gconstpointer data) {
        EnrollmentRecord e = enrollment("a", 1, 7), other = enrollment("a", 1, 8),
                         unknown = enrollment("a", 2, 7);
        const EnrollmentRecord *stored;

        g_assert_cmpint(WRITE(f, put_enrollment, &e, false), ==, STORE_OK);
        g_assert_cmpint(WRITE(f, trade_enrollment, &unknown, 6), ==, STORE_CONFLICT);
        g_assert_cmpuint(load_token(f), ==, 0);
        g_assert_cmpint(WRITE(f, trade_enrollment, &e, 6), ==, STORE_OK);
        g_assert_cmpuint(load_token(f), ==, 7);
        fixture_reopen(f);
        g_assert_cmpint(WRITE(f, trade_enrollment, &other, 7), ==, STORE_CONFLICT);
        g_assert_cmpint(WRITE(f, trade_enrollment, &e, 8), ==, STORE_OK);
        g_assert_cmpuint(load_token(f), ==, 7);
        g_assert_cmpuint(load(f), ==, 1);
        stored = g_ptr_array_index(f->rows, 0);
        g_assert_true(stored->used);
        g_assert_cmpmem(stored->credential, 32, e.credential, 32);
        g_assert_cmpmem(stored->hash, 32, e.hash, 32);
        g_assert_cmpstr(stored->client, ==, "a");
        g_assert_cmpuint(stored->created, ==, 5);
        g_assert_cmpuint(stored->expires, ==, 100);
        g_assert_cmpuint(stored->caller_uid, ==, 1000);
}

static void test_one_of_a_client(Fixture *f, gconstpointer data) {
        EnrollmentRecord first = enrollment("a", 1, 7), second = enrollment("a", 2, 8),
                         late = enrollment("b", 3, 9);

        g_assert_cmpint(WRITE(f, put_enrollment, &first, false), ==, STORE_OK);
        g_assert_cmpint(WRITE(f, put_enrollment, &second, false), ==, STORE_OK);
        g_assert_cmpuint(load(f), ==, 1);
        g_assert_false(((EnrollmentRecord *) g_ptr_array_index(f->rows, 0))->used);
        g_assert_cmpint(WRITE(f, trade_enrollment, &first, 6), ==, STORE_CONFLICT);
        g_assert_cmpint(WRITE(f, trade_enrollment, &second, 6), ==, STORE_OK);
        /* The client has a token now: nothing changes without replace, and all does with it. */
        g_assert_cmpint(WRITE(f, put_enrollment, &first, false), ==, STORE_CONFLICT);
        g_assert_cmpuint(load(f), ==, 1);
        g_assert_cmpint(((EnrollmentRecord *) g_ptr_array_index(f->rows, 0))->hash[0], ==, 2);
        g_assert_cmpint(WRITE(f, put_enrollment, &first, true), ==, STORE_OK);
        g_assert_cmpuint(load_token(f), ==, 8);
        g_assert_cmpint(WRITE(f, trade_enrollment, &first, 6), ==, STORE_OK);
        g_assert_cmpuint(load_token(f), ==, 7);
        /* Those that have expired go when the next one comes. */
        late.created = 100;
        g_assert_cmpint(WRITE(f, put_enrollment, &late, false), ==, STORE_OK);
        g_assert_cmpuint(load(f), ==, 1);
}

static void test_ended_by_tokens(Fixture *f, gconstpointer data) {
        EnrollmentRecord e = enrollment("a", 1, 7);
        TokenRecord token = { .client = (char *) "a", .created = 5 };

        memset(token.hash, 9, sizeof(token.hash));
        g_assert_cmpint(WRITE(f, put_enrollment, &e, false), ==, STORE_OK);
        g_assert_cmpint(WRITE(f, put_token, &token, false), ==, STORE_OK);
        g_assert_cmpuint(load(f), ==, 0);
        g_assert_cmpint(WRITE(f, put_enrollment, &e, true), ==, STORE_OK);
        g_assert_cmpint(WRITE(f, put_token, &token, true), ==, STORE_OK);
        g_assert_cmpuint(load(f), ==, 0);
        g_assert_cmpint(WRITE(f, put_enrollment, &e, true), ==, STORE_OK);
        g_assert_cmpint(WRITE(f, delete_tokens, "a"), ==, STORE_OK);
        g_assert_cmpuint(load(f), ==, 0);
        g_assert_cmpint(WRITE(f, trade_enrollment, &e, 6), ==, STORE_CONFLICT);
        g_assert_cmpuint(load_token(f), ==, 0);
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add("/store-enrollments/trade", Fixture, NULL, fixture_setup, test_trade, fixture_teardown);
        g_test_add("/store-enrollments/one-of-a-client", Fixture, NULL, fixture_setup, test_one_of_a_client,
                   fixture_teardown);
        g_test_add("/store-enrollments/ended-by-tokens", Fixture, NULL, fixture_setup, test_ended_by_tokens,
                   fixture_teardown);
        return g_test_run();
}
