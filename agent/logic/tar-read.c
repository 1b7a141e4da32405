/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A tar archive in memory, taken apart. An entry is a block that describes it and its data, rounded up to whole blocks;
 * entries of type x, L and K say more about the one that follows. */
#include "tar-read.h"

#include <string.h>

#include "error.h"
#include "limits.h"
#include "text.h"

/* Where the fields of the header block are. */
enum {
        NAME = 0,
        NAME_SIZE = 100,
        MODE = 100,
        UID = 108,
        GID = 116,
        ID_SIZE = 8,
        SIZE = 124,
        MTIME = 136,
        NUMBER_SIZE = 12,
        CHECKSUM = 148,
        CHECKSUM_SIZE = 8,
        TYPE = 156,
        MAGIC = 257,
        PREFIX = 345,
        PREFIX_SIZE = 155,
};

struct TarReader {
        const uint8_t *data;
        size_t size, at;
        size_t entry;        /* where the present one begins, for errors */
        char *name;          /* of the present one */
        char *next_name;     /* of the next one, from an entry before it; else NULL */
        uint64_t next[3];    /* the same of the numbers that pax may give: */
        bool next_is_set[3]; /* size, uid and gid */
};

enum { NEXT_SIZE, NEXT_UID, NEXT_GID };

static bool broken(const TarReader *r, GError **error, const char *what) {
        return fleet_fail(error, FLEET_ERROR_FAILED, "not a whole tar archive: %s, at byte %zu of %zu", what,
                          r->entry, r->size);
}

TarReader *tar_reader_new(const void *data, size_t size) {
        TarReader *r = g_new0(TarReader, 1);

        r->data = data ?: (const void *) ""; /* an empty archive need not be anywhere */
        r->size = size;
        return r;
}

TarReader *tar_reader_free(TarReader *r) {
        if (!r)
                return NULL;
        g_free(r->name);
        g_free(r->next_name);
        g_free(r);
        return NULL;
}

/* Octal digits with blanks around them, or GNU's big-endian binary, which the first bit tells. */
static bool parse_number(const uint8_t *field, size_t size, uint64_t *ret) {
        uint64_t n = 0;
        size_t i = 0;

        if (field[0] & 0x80) {
                if (field[0] != 0x80) /* negative, or larger than ours */
                        return false;
                for (i = 1; i < size; i++) {
                        if (n >> 56)
                                return false;
                        n = n << 8 | field[i];
                }
                *ret = n;
                return true;
        }
        while (i < size && field[i] == ' ')
                i++;
        for (; i < size && field[i] >= '0' && field[i] <= '7'; i++)
                n = n << 3 | (unsigned) (field[i] - '0'); /* 11 digits at most: 33 bits */
        for (; i < size; i++)
                if (field[i] != ' ' && field[i] != '\0')
                        return false;
        *ret = n;
        return true;
}

static bool is_zero(const uint8_t *data, size_t size) {
        for (size_t i = 0; i < size; i++)
                if (data[i])
                        return false;
        return true;
}

static bool checksum_is_right(const uint8_t *header) {
        uint64_t wanted;
        unsigned sum = 0;

        for (unsigned i = 0; i < TAR_BLOCK; i++)
                sum += i >= CHECKSUM && i < CHECKSUM + CHECKSUM_SIZE ? ' ' : header[i];
        return parse_number(header + CHECKSUM, CHECKSUM_SIZE, &wanted) && wanted == sum;
}

/* ustar has a long name in two parts. GNU, whose magic is another one, keeps other things there. */
static char *header_name(const uint8_t *header) {
        g_autofree char *name = g_strndup((const char *) header + NAME, NAME_SIZE), *prefix = NULL;

        if (memcmp(header + MAGIC, "ustar\0", 6) == 0)
                prefix = g_strndup((const char *) header + PREFIX, PREFIX_SIZE);
        if (prefix && *prefix)
                return g_strconcat(prefix, "/", name, NULL);
        return g_steal_pointer(&name);
}

static char *trimmed_name(const char *name) {
        size_t n;

        while (g_str_has_prefix(name, "./") || *name == '/')
                name += *name == '.' ? 2 : 1;
        if (g_str_equal(name, "."))
                name = "";
        n = strlen(name);
        while (n > 0 && name[n - 1] == '/')
                n--;
        return g_strndup(name, n);
}

static bool take_next_name(TarReader *r, const char *name, size_t size, GError **error) {
        if (size == 0 || size > TAR_NAME_MAX || memchr(name, '\0', size))
                return broken(r, error, "a name that is none");
        g_free(r->next_name);
        r->next_name = g_strndup(name, size);
        return true;
}

/* One "key=value" of a pax header. What is not about how to read the archive (times, attributes) is left alone. */
static bool take_pax_record(TarReader *r, const char *key, size_t key_size, const char *value, size_t size,
                            GError **error) {
        static const char *const numbers[] = { "size", "uid", "gid" };
        g_autofree char *name = g_strndup(key, key_size), *number = NULL;

        if (g_str_equal(name, "path"))
                return take_next_name(r, value, size, error);
        if (g_str_has_prefix(name, "GNU.sparse."))
                return broken(r, error, "a sparse file");
        for (unsigned i = 0; i < G_N_ELEMENTS(numbers); i++) {
                if (!g_str_equal(name, numbers[i]))
                        continue;
                number = g_strndup(value, size);
                if (!text_to_uint(number, 0, UINT64_MAX, &r->next[i]))
                        return broken(r, error, "a number that is none");
                r->next_is_set[i] = true;
        }
        return true;
}

/* "LENGTH KEY=VALUE\n", again and again; the length counts all of it. */
static bool take_pax(TarReader *r, const char *data, size_t size, GError **error) {
        while (size > 0) {
                size_t length = 0, digits = 0;
                const char *equals;

                while (digits < size && g_ascii_isdigit(data[digits]) && length <= size)
                        length = length * 10 + (size_t) (data[digits++] - '0');
                if (length > size || length < digits + 2 || data[digits] != ' ' || data[length - 1] != '\n')
                        return broken(r, error, "a pax header that is none");
                equals = memchr(data + digits + 1, '=', length - digits - 2);
                if (!equals)
                        return broken(r, error, "a pax record without \"=\"");
                if (!take_pax_record(r, data + digits + 1, (size_t) (equals - data) - digits - 1, equals + 1,
                                     length - (size_t) (equals - data) - 2, error))
                        return false;
                data += length;
                size -= length;
        }
        return true;
}

/* *ret_more: it was about the next entry. */
static bool take_special(TarReader *r, const TarEntry *e, bool *ret_more, GError **error) {
        *ret_more = true;
        switch (e->type) {
        case 'x':
                return take_pax(r, e->data, e->size, error);
        case 'L': /* ends with a NUL */
                return take_next_name(r, e->data, strnlen(e->data, e->size), error);
        case 'K': /* where a link leads */
        case 'g': /* about all of the archive: comments */
                return true;
        default:
                *ret_more = false;
                return true;
        }
}

static bool parse_header(TarReader *r, const uint8_t *header, TarEntry *ret, GError **error) {
        uint64_t size, mode;
        TarEntry e = { .type = (char) header[TYPE] };

        if (!checksum_is_right(header))
                return broken(r, error, "a wrong checksum");
        if (!parse_number(header + SIZE, NUMBER_SIZE, &size) ||
            !parse_number(header + MODE, ID_SIZE, &mode) || !parse_number(header + UID, ID_SIZE, &e.uid) ||
            !parse_number(header + GID, ID_SIZE, &e.gid))
                return broken(r, error, "a number that is none");
        if (!parse_number(header + MTIME, NUMBER_SIZE, &e.mtime))
                e.mtime = 0;
        e.mode = mode & 07777;
        if (e.type == '\0' || e.type == '7')
                e.type = TAR_FILE;
        if (e.type != 'x' && e.type != 'L' && e.type != 'K' && e.type != 'g') {
                size = r->next_is_set[NEXT_SIZE] ? r->next[NEXT_SIZE] : size;
                e.uid = r->next_is_set[NEXT_UID] ? r->next[NEXT_UID] : e.uid;
                e.gid = r->next_is_set[NEXT_GID] ? r->next[NEXT_GID] : e.gid;
        }
        /* POSIX: of links and directories the size says nothing, they have no data. */
        if (e.type == TAR_HARD_LINK || e.type == TAR_SYMLINK || e.type == TAR_DIRECTORY)
                size = 0;
        if (size > r->size - r->at)
                return broken(r, error, "it stops in the middle of an entry");
        e.data = r->data + r->at;
        e.size = (size_t) size;
        *ret = e;
        return true;
}

static TarStep end(TarReader *r, GError **error) {
        if (r->size - r->at < TAR_BLOCK || !is_zero(r->data + r->at, TAR_BLOCK))
                (void) broken(r, error, "its end mark is cut");
        else if (!is_zero(r->data + r->at, r->size - r->at))
                (void) broken(r, error, "something comes after its end");
        else if (r->next_name)
                (void) broken(r, error, "a name without an entry");
        else
                return TAR_END;
        return TAR_BROKEN;
}

/* Reads one header and its data. */
static TarStep step(TarReader *r, TarEntry *ret, GError **error) {
        const uint8_t *header = r->data + r->at;
        size_t padded;

        r->entry = r->at;
        if (r->size - r->at < TAR_BLOCK) {
                (void) broken(r, error, "it has no end mark");
                return TAR_BROKEN;
        }
        r->at += TAR_BLOCK;
        if (is_zero(header, TAR_BLOCK))
                return end(r, error);
        if (!parse_header(r, header, ret, error))
                return TAR_BROKEN;
        padded = (ret->size + TAR_BLOCK - 1) / TAR_BLOCK * TAR_BLOCK;
        if (padded > r->size - r->at) {
                (void) broken(r, error, "it stops in the middle of an entry");
                return TAR_BROKEN;
        }
        r->at += padded;
        return TAR_ENTRY;
}

TarStep tar_reader_next(TarReader *r, TarEntry *ret, GError **error) {
        g_autofree char *name = NULL;
        TarEntry e;
        bool more;

        do {
                TarStep s = step(r, &e, error);

                if (s != TAR_ENTRY)
                        return s;
                if (!take_special(r, &e, &more, error))
                        return TAR_BROKEN;
        } while (more);

        name = r->next_name ? g_steal_pointer(&r->next_name) : header_name(r->data + r->entry);
        memset(r->next_is_set, 0, sizeof(r->next_is_set));
        g_free(r->name);
        r->name = trimmed_name(name);
        e.name = r->name;
        *ret = e;
        return TAR_ENTRY;
}
