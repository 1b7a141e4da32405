/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Keystores as the engine and as backups bring them: what is taken, what is passed over, what is refused. */
#include <glib.h>
#include <string.h>

#include "error.h"
#include "key-bundle.h"
#include "tar-write.h"

#define GRAN "6772616e2f8c6129d816cf51c374bc7f08c3e63ed156cf78aefb4a6550d97b87997977ee"
#define BABE "62616265cc8c6129d816cf51c374bc7f08c3e63ed156cf78aefb4a6550d97b87997977ee"

/* An archive of these entries: a folder ends with "/", a link with "@"; all others are files with their name as
 * content. */
static GBytes *archive_of(const char *const *names) {
        g_autoptr(GByteArray) a = g_byte_array_new();

        for (; *names; names++) {
                g_autofree char *name = g_strdup(*names);
                TarEntry e = {
                        .name = name, .type = TAR_FILE, .mode = 0600, .uid = 1, .gid = 2, .mtime = 3
                };
                size_t n = strlen(name);

                if (name[n - 1] == '/') {
                        e.type = TAR_DIRECTORY;
                } else if (name[n - 1] == '@') {
                        e.type = TAR_SYMLINK;
                        name[n - 1] = '\0';
                } else {
                        e.data = *names;
                        e.size = n;
                }
                tar_append(a, &e);
        }
        tar_append_end(a);
        return g_byte_array_free_to_bytes(g_steal_pointer(&a));
}

typedef bool (*Add)(KeyBundle *, GBytes *, GError **);

static KeyBundle *bundle_of(Add function, const char *const *names, GError **error) {
        g_autoptr(KeyBundle) b = key_bundle_new();
        g_autoptr(GBytes) archive = archive_of(names);

        return function(b, archive, error) ? g_steal_pointer(&b) : NULL;
}

#define NAMES(...) ((const char *const[]){ __VA_ARGS__, NULL })

static void assert_paths(const KeyBundle *b, const char *expected) {
        g_autoptr(GString) s = g_string_new(NULL);

        for (unsigned i = 0; i < b->files->len; i++)
                g_string_append_printf(s, "%s ", ((KeyFile *) b->files->pdata[i])->path);
        g_assert_cmpstr(s->str, ==, expected);
}

static void assert_refused(Add function, const char *const *names, const char *why) {
        g_autoptr(GError) error = NULL;

        g_assert_null(bundle_of(function, names, &error));
        g_assert_error(error, FLEET_ERROR, FLEET_ERROR_FAILED);
        g_assert_cmpstr(error->message, ==, why);
}

static void test_keystore(void) {
        g_autoptr(KeyBundle) b =
                        bundle_of(key_bundle_add_keystore,
                                  NAMES("keystore/", "keystore/" GRAN, "keystore/" BABE, "keystore/notes",
                                        "keystore/lost+found/", "keystore/lost+found/" GRAN,
                                        "keystore/link@", "keystore/\xff", "keystore/two\nlines"),
                                  NULL);
        const KeyFile *f = key_bundle_find(b, "keystore/" GRAN);

        assert_paths(b, "keystore/" BABE " keystore/" GRAN " keystore/notes ");
        g_assert_cmpuint(key_bundle_count_keys(b), ==, 2);
        g_assert_cmpmem(f->data, f->size, "keystore/" GRAN, strlen("keystore/" GRAN));
        g_assert_cmpuint(f->mode, ==, 0600);
        g_assert_cmpuint(f->uid * 100 + f->gid * 10 + f->mtime, ==, 123);
        g_assert_true(key_file_is_key(f));
        g_assert_false(key_file_is_key(key_bundle_find(b, "keystore/notes")));
        g_assert_null(key_bundle_find(b, "keystore"));
}

static void test_keystore_refused(void) {
        assert_refused(key_bundle_add_keystore, NAMES("keystore@"),
                       "keystore is no folder, expected a keystore");
        assert_refused(key_bundle_add_keystore, NAMES("keystore"),
                       "keystore is no folder, expected a keystore");
        assert_refused(key_bundle_add_keystore, NAMES("keystore/", "keystore/" GRAN "@"),
                       "keystore/" GRAN " is called as a key, but is no file");
        assert_refused(key_bundle_add_keystore, NAMES("keystore/", "keystore/" GRAN, "keystore/" GRAN),
                       "keystore/" GRAN " is in the archive twice");
}

static void test_identity(void) {
        g_autoptr(KeyBundle) b = bundle_of(key_bundle_add_identity, NAMES("node.key"), NULL);

        assert_paths(b, KEY_BUNDLE_IDENTITY " ");
        g_assert_cmpuint(key_bundle_count_keys(b), ==, 0);
        assert_refused(key_bundle_add_identity, NAMES("network/"),
                       "network is no file, expected that with the network identity");
        assert_refused(key_bundle_add_identity, NAMES("secret_ed25519@"),
                       "secret_ed25519 is no file, expected that with the network identity");
        assert_refused(key_bundle_add_identity, NAMES("a", "b"),
                       KEY_BUNDLE_IDENTITY " is in the archive twice");
}

/* Of both, through a backup's archive, and the same again. */
static void test_backup(void) {
        g_autoptr(KeyBundle) b =
                        bundle_of(key_bundle_add_keystore, NAMES("keys/", "keys/" GRAN, "keys/notes"), NULL),
                             again = key_bundle_new();
        g_autoptr(GBytes) identity = archive_of(NAMES("secret_ed25519")), tar = NULL;
        g_autoptr(GError) error = NULL;

        g_assert_true(key_bundle_add_identity(b, identity, &error));
        tar = key_bundle_to_tar(b);
        g_assert_true(key_bundle_add_backup(again, tar, &error));
        g_assert_no_error(error);
        assert_paths(again, "keystore/" GRAN " keystore/notes network/secret_ed25519 ");
        g_assert_true(key_bundle_equal(b, again));
        g_assert_cmpuint(key_bundle_find(again, KEY_BUNDLE_IDENTITY)->mode, ==, 0600);
}

/* What a restore would write is nothing but keys, whoever made the backup. */
static void test_backup_refused(void) {
        static const char *const names[] = { "etc/passwd",      "keystore/../" GRAN, "keystore/..",
                                             "keystore/",       "keystore/a/b",      "keystore/" GRAN "@",
                                             "network/another", "../keystore/" GRAN, "keystore" };

        for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
                g_autoptr(GError) error = NULL;

                g_assert_null(bundle_of(key_bundle_add_backup, NAMES(names[i]), &error));
                g_assert_true(g_str_has_suffix(error->message, "is not what a backup of keys holds"));
        }
}

static void test_equal(void) {
        g_autoptr(KeyBundle) one = bundle_of(key_bundle_add_keystore, NAMES("k/" GRAN), NULL),
                             same = bundle_of(key_bundle_add_keystore, NAMES("k/", "k/" GRAN), NULL),
                             more = bundle_of(key_bundle_add_keystore, NAMES("k/" GRAN, "k/" BABE), NULL),
                             other = bundle_of(key_bundle_add_keystore, NAMES("k/" BABE), NULL),
                             content = bundle_of(key_bundle_add_keystore, NAMES("j/" GRAN), NULL),
                             none = key_bundle_new();

        g_assert_true(key_bundle_equal(one, same));
        g_assert_false(key_bundle_equal(one, more));
        g_assert_false(key_bundle_equal(more, one));
        g_assert_false(key_bundle_equal(one, other));
        g_assert_false(key_bundle_equal(one, content));
        g_assert_false(key_bundle_equal(one, none));
        g_assert_true(key_bundle_equal(none, none));
}

static void test_content(void) {
        g_autoptr(KeyBundle) b = bundle_of(key_bundle_add_keystore, NAMES("k/my notes", "k/" GRAN), NULL);
        g_auto(GStrv) lines = key_bundle_content(b);

        g_assert_cmpuint(g_strv_length(lines), ==, 2);
        g_assert_cmpstr(lines[1], ==, "710ff494 10 keystore/my notes");
        g_assert_cmpstr(key_content_path(lines[0]), ==, "keystore/" GRAN);
        g_assert_cmpstr(key_content_path(lines[1]), ==, "keystore/my notes");
        g_assert_cmpstr(key_content_path("keystore/a"), ==, "keystore/a");
}

static void test_broken(void) {
        g_autoptr(KeyBundle) b = key_bundle_new();
        g_autoptr(GBytes) whole = archive_of(NAMES("keystore/" GRAN)),
                          cut = g_bytes_new_from_bytes(whole, 0, g_bytes_get_size(whole) - 1);
        g_autoptr(GError) error = NULL;

        g_assert_false(key_bundle_add_keystore(b, cut, &error));
        g_assert_true(g_str_has_prefix(error->message, "not a whole tar archive: "));
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/key-bundle/keystore", test_keystore);
        g_test_add_func("/key-bundle/keystore-refused", test_keystore_refused);
        g_test_add_func("/key-bundle/identity", test_identity);
        g_test_add_func("/key-bundle/backup", test_backup);
        g_test_add_func("/key-bundle/backup-refused", test_backup_refused);
        g_test_add_func("/key-bundle/equal", test_equal);
        g_test_add_func("/key-bundle/content", test_content);
        g_test_add_func("/key-bundle/broken", test_broken);
        return g_test_run();
}
