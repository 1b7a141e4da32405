/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The host's own certificate: when another is asked for, and which are taken. */
#include <glib.h>
#include <glib/gstdio.h>
#include <openssl/bio.h>
#include <openssl/pem.h>
#include <string.h>

#include "client-identity.h"
#include "clock.h"
#include "error.h"

typedef struct Fixture {
        char *dir, *renewed, *key;
        uint64_t now;
} Fixture;

static void write_file(const Fixture *f, const char *name, const char *text) {
        g_autofree char *path = g_build_filename(f->dir, name, NULL);

        g_assert_true(g_file_set_contents(path, text, -1, NULL));
}

static void setup(Fixture *f, gconstpointer unused) {
        g_autoptr(GError) error = NULL;

        f->dir = g_dir_make_tmp("identity-XXXXXX", NULL);
        f->renewed = g_build_filename(f->dir, "renewed.pem", NULL);
        g_setenv("CREDENTIALS_DIRECTORY", f->dir, true);
        f->key = client_key_new(&error);
        g_assert_no_error(error);
        write_file(f, "client.key", f->key);
        f->now = now_realtime();
}

static void teardown(Fixture *f, gconstpointer unused) {
        static const char *const names[] = { "client.key", "client.pem", "renewed.pem" };

        for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
                g_autofree char *path = g_build_filename(f->dir, names[i], NULL);

                (void) g_unlink(path);
        }
        g_assert_cmpint(g_rmdir(f->dir), ==, 0);
        g_free(f->dir);
        g_free(f->renewed);
        g_free(f->key);
}

/* One for the key of this request, signed by nobody in particular; times are seconds from now. */
static char *certificate(const char *request, long begin, long end) {
        BIO *in = BIO_new_mem_buf(request, -1), *out = BIO_new(BIO_s_mem());
        X509_REQ *r = PEM_read_bio_X509_REQ(in, NULL, NULL, NULL);
        EVP_PKEY *signer = EVP_EC_gen("P-256");
        X509 *c = X509_new();
        char *data, *pem;
        long size;

        g_assert_nonnull(r);
        g_assert_cmpint(X509_REQ_verify(r, X509_REQ_get0_pubkey(r)), ==, 1);
        X509_gmtime_adj(X509_getm_notBefore(c), begin);
        X509_gmtime_adj(X509_getm_notAfter(c), end);
        X509_set_pubkey(c, X509_REQ_get0_pubkey(r));
        g_assert_cmpint(X509_sign(c, signer, EVP_sha256()), >, 0);
        PEM_write_bio_X509(out, c);
        size = BIO_get_mem_data(out, &data);
        pem = g_strndup(data, (gsize) size);
        BIO_free(in);
        BIO_free(out);
        X509_REQ_free(r);
        EVP_PKEY_free(signer);
        X509_free(c);
        return pem;
}

static char *certificate_of(const Fixture *f, long begin, long end) {
        g_autofree char *request = client_request_new(f->key, NULL);

        return certificate(request, begin, end);
}

static ClientIdentity *identity(const Fixture *f) {
        g_autoptr(GError) error = NULL;
        ClientIdentity *i = client_identity_open(f->renewed, &error);

        g_assert_no_error(error);
        return i;
}

static bool is_due(const ClientIdentity *i, uint64_t now) {
        g_autofree char *request = client_identity_request(i, now);

        return request != NULL;
}

static void test_due(Fixture *f, gconstpointer unused) {
        g_autofree char *pem = certificate_of(f, -10, 290);
        g_autoptr(ClientIdentity) none = identity(f), some = NULL;

        g_assert_true(is_due(none, f->now));
        write_file(f, "client.pem", pem);
        some = identity(f);
        g_assert_false(is_due(some, f->now));
        g_assert_false(is_due(some, f->now + 185 * USEC_PER_SEC)); /* a third of 300 s is left at 190 */
        g_assert_true(is_due(some, f->now + 195 * USEC_PER_SEC));
        g_assert_true(is_due(some, f->now + 1000 * USEC_PER_SEC));
}

static void test_taken(Fixture *f, gconstpointer unused) {
        g_autofree char *good = certificate_of(f, -10, 600), *past = certificate_of(f, -100, -10),
                        *future = certificate_of(f, 100, 600), *other_key = client_key_new(NULL),
                        *other_request = client_request_new(other_key, NULL),
                        *others = certificate(other_request, -10, 600), *kept = NULL;
        const char *const bad[] = { past, future, others, "", "no certificate", f->key };
        g_autoptr(ClientIdentity) i = identity(f), later = NULL;
        g_autoptr(GError) error = NULL;
        uint64_t until = 0;

        for (size_t n = 0; n < G_N_ELEMENTS(bad); n++) {
                g_assert_false(client_identity_take(i, bad[n], f->now, &until, &error));
                g_assert_error(error, FLEET_ERROR, FLEET_ERROR_PROTOCOL);
                g_clear_error(&error);
        }
        g_assert_false(g_file_test(f->renewed, G_FILE_TEST_EXISTS));
        g_assert_true(client_identity_take(i, good, f->now, &until, &error));
        g_assert_no_error(error);
        g_assert_cmpuint(until, >, f->now + 590 * USEC_PER_SEC);
        g_assert_false(is_due(i, f->now));
        g_assert_true(g_file_get_contents(f->renewed, &kept, NULL, NULL));
        g_assert_cmpstr(kept, ==, good);

        /* The next process has it, though the one of the enrolment is there as well. */
        write_file(f, "client.pem", past);
        later = identity(f);
        g_assert_false(is_due(later, f->now));
}

/* After another enrolment what was renewed for the old key is nothing. */
static void test_another_key(Fixture *f, gconstpointer unused) {
        g_autofree char *pem = certificate_of(f, -10, 600), *key = client_key_new(NULL);
        g_autoptr(ClientIdentity) i = NULL;

        write_file(f, "renewed.pem", pem);
        write_file(f, "client.key", key);
        i = identity(f);
        g_assert_true(is_due(i, f->now));
}

static void test_no_key(Fixture *f, gconstpointer unused) {
        g_autoptr(ClientIdentity) i = NULL;
        g_autoptr(GError) error = NULL;
        uint64_t until;

        write_file(f, "client.key", "\n");
        i = identity(f);
        g_assert_false(is_due(i, f->now));
        g_assert_false(client_identity_take(i, "x", f->now, &until, NULL));
        write_file(f, "client.key", "no key");
        g_assert_null(client_identity_open(f->renewed, &error));
        g_assert_error(error, FLEET_ERROR, FLEET_ERROR_CONFIG);
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add("/client-identity/due", Fixture, NULL, setup, test_due, teardown);
        g_test_add("/client-identity/taken", Fixture, NULL, setup, test_taken, teardown);
        g_test_add("/client-identity/another-key", Fixture, NULL, setup, test_another_key, teardown);
        g_test_add("/client-identity/no-key", Fixture, NULL, setup, test_no_key, teardown);
        return g_test_run();
}
