/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Envelopes: openssl(1) opens ours, we open its, and nobody else opens either. */
#include <glib.h>
#include <glib/gstdio.h>
#include <stdint.h>
#include <string.h>

#include "cms.h"
#include "error.h"

#define TEXT "\"abandon bridge cactus\" and\0a NUL\n"

static char *dir; /* with keys and certificates: rsa, ec, other */

static char *path_of(const char *name) {
        return g_build_filename(dir, name, NULL);
}

static void shell(const char *script) {
        const char *argv[] = { "sh", "-ec", script, NULL };
        g_autofree char *errors = NULL;
        g_autoptr(GError) error = NULL;
        int status;

        g_assert_true(g_spawn_sync(dir, (char **) argv, NULL,
                                   G_SPAWN_SEARCH_PATH | G_SPAWN_STDOUT_TO_DEV_NULL, NULL, NULL, NULL,
                                   &errors, &status, &error));
        if (status != 0)
                g_error("%s: %s", script, errors);
}

static void make_keys(void) {
        dir = g_dir_make_tmp("cms-XXXXXX", NULL);
        shell("for key in 'rsa rsa:2048' 'other rsa:2048' 'small rsa:1024' 'ec ec -pkeyopt ec_paramgen_curve:P-256' "
              "        'ed ed25519'; do "
              "        set -- $key; name=$1; shift; "
              "        openssl req -x509 -nodes -newkey $@ -keyout $name.key -out $name.pem -subj /CN=$name -days 1; "
              "done; cat rsa.pem ec.pem >both.pem; : >empty.pem; "
              "{ cat rsa.pem; sed 5s/./-/ ec.pem; } >torn.pem");
}

static GBytes *encrypt_to(const char *certificates, GBytes *content) {
        g_autofree char *path = path_of(certificates);
        g_autoptr(GError) error = NULL;
        g_autoptr(CmsRecipients) r = cms_recipients_read(path, &error);
        GBytes *envelope;

        g_assert_no_error(error);
        envelope = cms_encrypt(r, content, &error);
        g_assert_no_error(error);
        return envelope;
}

static GBytes *decrypt_with(GBytes *envelope, const char *key, const char *certificate, GError **error) {
        g_autofree char *key_path = path_of(key), *cert_path = certificate ? path_of(certificate) : NULL;

        return cms_decrypt(envelope, key_path, cert_path, error);
}

static void test_round_trip(void) {
        static const char *const openers[][2] = {
                { "rsa.key", NULL }, { "ec.key", NULL }, { "rsa.key", "rsa.pem" }, { "ec.key", "ec.pem" }
        };
        g_autofree char *large = g_strnfill(3 * 1024 * 1024, 'x');
        g_autoptr(GBytes) small = g_bytes_new_static(TEXT, sizeof(TEXT)), none = g_bytes_new_static("", 0),
                          huge = g_bytes_new_static(large, strlen(large));
        GBytes *contents[] = { small, none, huge };

        for (unsigned i = 0; i < G_N_ELEMENTS(contents); i++) {
                g_autoptr(GBytes) envelope = encrypt_to("both.pem", contents[i]);

                for (unsigned k = 0; k < G_N_ELEMENTS(openers); k++) {
                        g_autoptr(GError) error = NULL;
                        g_autoptr(GBytes) back =
                                        decrypt_with(envelope, openers[k][0], openers[k][1], &error);

                        g_assert_no_error(error);
                        g_assert_true(g_bytes_equal(back, contents[i]));
                }
        }
}

static void test_nothing_in_the_clear(void) {
        g_autofree char *text = g_strnfill(100000, 's');
        g_autoptr(GBytes) content = g_bytes_new_static(text, strlen(text)),
                          envelope = encrypt_to("rsa.pem", content);
        gsize size;
        const char *data = g_bytes_get_data(envelope, &size);

        g_assert_null(g_strstr_len(data, (gssize) size, "ssssssss"));
        g_assert_cmpuint(size, <, 101000);
}

static void test_openssl_opens_ours(void) {
        g_autoptr(GBytes) content = g_bytes_new_static(TEXT, sizeof(TEXT)),
                          envelope = encrypt_to("both.pem", content);
        g_autofree char *path = path_of("ours.cms"), *opened = path_of("opened"), *data = NULL;
        gsize size;
        const char *bytes = g_bytes_get_data(envelope, &size);

        g_assert_true(g_file_set_contents(path, bytes, (gssize) size, NULL));
        shell("openssl cms -decrypt -inform DER -in ours.cms -inkey ec.key -out opened; "
              "openssl cms -decrypt -inform DER -in ours.cms -inkey rsa.key -recip rsa.pem -out opened2; cmp opened opened2; "
              "if openssl cms -decrypt -inform DER -in ours.cms -inkey other.key; then exit 1; fi; "
              "openssl cms -cmsout -print -inform DER -in ours.cms | grep -q aes-256-gcm");
        g_assert_true(g_file_get_contents(opened, &data, &size, NULL));
        g_assert_cmpmem(data, size, TEXT, sizeof(TEXT));
}

static void test_we_open_theirs(void) {
        g_autofree char *path = path_of("theirs.cms"), *data = NULL;
        g_autoptr(GBytes) envelope = NULL, back = NULL;
        g_autoptr(GError) error = NULL;
        gsize size;

        shell("printf hello | openssl cms -encrypt -binary -aes-256-cbc -outform DER -out theirs.cms rsa.pem");
        g_assert_true(g_file_get_contents(path, &data, &size, NULL));
        envelope = g_bytes_new_static(data, size);
        back = decrypt_with(envelope, "rsa.key", "rsa.pem", &error);
        g_assert_no_error(error);
        g_assert_cmpmem(g_bytes_get_data(back, NULL), g_bytes_get_size(back), "hello", 5);
}

static void assert_stays_closed(GBytes *envelope, const char *key, const char *certificate,
                                const char *why) {
        g_autoptr(GError) error = NULL;

        g_assert_null(decrypt_with(envelope, key, certificate, &error));
        g_assert_error(error, FLEET_ERROR, FLEET_ERROR_FAILED);
        if (!strstr(error->message, why))
                g_error("\"%s\" does not say \"%s\"", error->message, why);
}

static void test_stays_closed(void) {
        g_autoptr(GBytes) content = g_bytes_new_static(TEXT, sizeof(TEXT)),
                          envelope = encrypt_to("both.pem", content),
                          cut = g_bytes_new_from_bytes(envelope, 0, g_bytes_get_size(envelope) - 1);

        assert_stays_closed(envelope, "other.key", NULL, "cannot decrypt (is it the right key?)");
        assert_stays_closed(envelope, "other.key", "other.pem", "cannot decrypt");
        assert_stays_closed(envelope, "rsa.key", "ec.pem", "");
        assert_stays_closed(envelope, "missing.key", NULL, "missing.key: ");
        assert_stays_closed(envelope, "rsa.pem", NULL, "rsa.pem: ");
        assert_stays_closed(envelope, "rsa.key", "missing.pem", "missing.pem: ");
        assert_stays_closed(content, "rsa.key", NULL, "no CMS envelope");
        assert_stays_closed(cut, "rsa.key", NULL, "no CMS envelope");
}

/* One bit of the encrypted content or of its tag. */
static void test_changed(void) {
        g_autoptr(GBytes) content = g_bytes_new_static(TEXT, sizeof(TEXT)),
                          envelope = encrypt_to("rsa.pem", content);
        gsize size;
        const uint8_t *data = g_bytes_get_data(envelope, &size);

        for (unsigned back = 1; back <= 50; back++) {
                g_autofree uint8_t *copy = g_memdup2(data, size);
                g_autoptr(GBytes) changed = g_bytes_new_static(copy, size);

                copy[size - back] ^= 1;
                g_assert_null(decrypt_with(changed, "rsa.key", NULL, NULL));
        }
}

static void test_no_recipients(void) {
        static const struct {
                const char *file, *why;
        } table[] = {
                { "missing.pem", "cannot open" },
                { "empty.pem", "no certificate in it" },
                { "rsa.key", "no certificate in it" },
                { "torn.pem", "torn.pem: " },
                { "ed.pem", "key is ED25519 of 256 bits, expected RSA (at least 2048) or EC" },
                { "small.pem", "key is RSA of 1024 bits" },
        };

        for (unsigned i = 0; i < G_N_ELEMENTS(table); i++) {
                g_autofree char *path = path_of(table[i].file);
                g_autoptr(GError) error = NULL;

                g_assert_null(cms_recipients_read(path, &error));
                g_assert_error(error, FLEET_ERROR, FLEET_ERROR_CONFIG);
                if (!strstr(error->message, table[i].why))
                        g_error("\"%s\" does not say \"%s\"", error->message, table[i].why);
        }
}

int main(int argc, char *argv[]) {
        int r;

        g_test_init(&argc, &argv, NULL);
        make_keys();
        g_test_add_func("/cms/round-trip", test_round_trip);
        g_test_add_func("/cms/nothing-in-the-clear", test_nothing_in_the_clear);
        g_test_add_func("/cms/openssl-opens-ours", test_openssl_opens_ours);
        g_test_add_func("/cms/we-open-theirs", test_we_open_theirs);
        g_test_add_func("/cms/stays-closed", test_stays_closed);
        g_test_add_func("/cms/changed", test_changed);
        g_test_add_func("/cms/no-recipients", test_no_recipients);
        r = g_test_run();
        shell("rm *");
        g_assert_cmpint(g_rmdir(dir), ==, 0);
        g_free(dir);
        return r;
}
