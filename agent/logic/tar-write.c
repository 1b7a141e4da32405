/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A tar archive made in memory. */
#include "tar-write.h"

#include <stdio.h>
#include <string.h>

/* POSIX.1-2017 pax(1), "ustar Interchange Format" */
typedef struct Header {
        char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], checksum[8], type, link[100], magic[6],
                        version[2], user[32], group[32], device[16], prefix[155], padding[12];
} Header;
G_STATIC_ASSERT(sizeof(Header) == TAR_BLOCK);

/* Octal, ended by a NUL; what does not fit in GNU's binary form, which all readers know. */
static void put_number(char *field, size_t size, uint64_t n) {
        if (n < UINT64_C(1) << 3 * (size - 1)) {
                for (size_t i = size - 1; i-- > 0; n >>= 3)
                        field[i] = (char) ('0' + (n & 7));
                return;
        }
        for (size_t i = size; i-- > 1; n >>= 8)
                field[i] = (char) (n & 0xff);
        field[0] = (char) 0x80;
}

static void put_checksum(Header *h) {
        const uint8_t *bytes = (const uint8_t *) h;
        char digits[8];
        unsigned sum = 0;

        memset(h->checksum, ' ', sizeof(h->checksum));
        for (unsigned i = 0; i < TAR_BLOCK; i++)
                sum += bytes[i];
        (void) snprintf(digits, sizeof(digits), "%06o", sum);
        memcpy(h->checksum, digits, 7);
}

static void append_block(GByteArray *out, const TarEntry *e) {
        static const uint8_t zeroes[TAR_BLOCK];
        Header h = { .type = e->type, .magic = "ustar", .version = { '0', '0' } };

        (void) memcpy(h.name, e->name, MIN(strlen(e->name), sizeof(h.name)));
        put_number(h.mode, sizeof(h.mode), e->mode);
        put_number(h.uid, sizeof(h.uid), e->uid);
        put_number(h.gid, sizeof(h.gid), e->gid);
        put_number(h.size, sizeof(h.size), e->size);
        put_number(h.mtime, sizeof(h.mtime), e->mtime);
        put_checksum(&h);
        g_byte_array_append(out, (const guint8 *) &h, sizeof(h));
        if (e->size == 0)
                return;
        g_byte_array_append(out, e->data, (guint) e->size);
        if (e->size % TAR_BLOCK > 0)
                g_byte_array_append(out, zeroes, TAR_BLOCK - e->size % TAR_BLOCK);
}

/* "LENGTH path=NAME\n", where the length counts its own digits. */
static char *pax_path(const char *name) {
        size_t rest = strlen(" path=\n") + strlen(name), length = rest + 1;
        char digits[24];

        while (rest + (size_t) snprintf(digits, sizeof(digits), "%zu", length) != length)
                length = rest + strlen(digits);
        return g_strdup_printf("%zu path=%s\n", length, name);
}

void tar_append(GByteArray *out, const TarEntry *e) {
        g_assert(*e->name);
        if (strlen(e->name) > sizeof(((Header *) NULL)->name)) {
                g_autofree char *record = pax_path(e->name);
                TarEntry pax = {
                        .name = "pax", .type = 'x', .mode = 0600, .data = record, .size = strlen(record)
                };

                append_block(out, &pax);
        }
        append_block(out, e);
}

void tar_append_end(GByteArray *out) {
        static const uint8_t zeroes[2 * TAR_BLOCK];

        g_byte_array_append(out, zeroes, sizeof(zeroes));
}
