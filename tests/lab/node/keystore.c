/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A Substrate keystore: a key is a file whose name says everything but the secret, and whose content is the secret. */
#include "keystore.h"

#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const key_types[] = { "gran", "babe", "imon" };

static void to_hex(const void *bytes, size_t size, char *ret) {
        for (size_t i = 0; i < size; i++)
                sprintf(ret + 2 * i, "%02x", ((const uint8_t *) bytes)[i]);
}

static bool is_hex(const char *text, size_t digits) {
        for (size_t i = 0; i < digits; i++)
                if (!isxdigit((unsigned char) text[i]))
                        return false;
        return true;
}

/* <keystore>/<type as hex><public key as hex> */
static void key_path(const char *directory, const char *type, const char *public_key, size_t size,
                     char *ret) {
        char type_hex[2 * 4 + 1];

        to_hex(type, 4, type_hex);
        snprintf(ret, size, "%s/%s%.*s", directory, type_hex, 2 * PUBLIC_KEY_BYTES, public_key);
}

int keystore_open(const char *directory) {
        char path[256];

        if (strlen(directory) >= sizeof path)
                return -ENAMETOOLONG;
        strcpy(path, directory);

        for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
                *slash = '\0';
                if (mkdir(path, 0755) < 0 && errno != EEXIST)
                        return -errno;
                *slash = '/';
        }
        return mkdir(path, 0700) < 0 && errno != EEXIST ? -errno : 0;
}

/* A phrase in the form of a real one. It opens nothing. */
static int write_secret(const char *path) {
        static const char *const words[] = { "abandon", "bridge", "cactus", "dolphin", "ember",  "forest",
                                             "glove",   "harbor", "island", "jungle",  "kernel", "lemon",
                                             "magnet",  "noodle", "orbit",  "panda" };
        uint8_t picks[12];
        FILE *f;

        if (getrandom(picks, sizeof picks, 0) != sizeof picks)
                return -EIO;

        f = fopen(path, "wxe");
        if (!f)
                return -errno;
        fputc('"', f);
        for (size_t i = 0; i < sizeof picks; i++)
                fprintf(f, "%s%s", i > 0 ? " " : "", words[picks[i] % 16]);
        fputc('"', f);
        return fclose(f) == 0 && chmod(path, 0600) == 0 ? 0 : -errno;
}

int keystore_rotate(const char *directory, char *ret_hex) {
        uint8_t public_keys[3][PUBLIC_KEY_BYTES];
        char hex[SESSION_KEY_HEX + 1] = "0x", path[512];

        if (getrandom(public_keys, sizeof public_keys, 0) != sizeof public_keys)
                return -EIO;
        to_hex(public_keys, sizeof public_keys, hex + 2);

        for (size_t i = 0; i < 3; i++) {
                int r;

                key_path(directory, key_types[i], hex + 2 + i * 2 * PUBLIC_KEY_BYTES, sizeof path, path);
                r = write_secret(path);
                if (r < 0)
                        return r;
        }

        strcpy(ret_hex, hex);
        return 0;
}

bool keystore_has_session_keys(const char *directory, const char *hex) {
        char path[512];

        if (!hex || strlen(hex) != SESSION_KEY_HEX || strncmp(hex, "0x", 2) != 0 ||
            !is_hex(hex + 2, SESSION_KEY_HEX - 2))
                return false;

        for (size_t i = 0; i < 3; i++) {
                key_path(directory, key_types[i], hex + 2 + i * 2 * PUBLIC_KEY_BYTES, sizeof path, path);
                if (access(path, F_OK) < 0)
                        return false;
        }
        return true;
}

bool keystore_has_key(const char *directory, const char *hex, const char *type) {
        char path[512];

        if (!hex || strlen(hex) != 2 + 2 * PUBLIC_KEY_BYTES || strncmp(hex, "0x", 2) != 0 ||
            !is_hex(hex + 2, 2 * PUBLIC_KEY_BYTES) || !type || strlen(type) != 4)
                return false;

        key_path(directory, type, hex + 2, sizeof path, path);
        return access(path, F_OK) == 0;
}
