/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The chain through the server's audit trail: what of an entry is hashed, and how. */
#include "audit-chain.h"

#include <string.h>

#include "json-text.h"

#define ZEROS "0000000000000000"
const char audit_genesis[] = ZEROS ZEROS ZEROS ZEROS;

#define PREFIX "MSERVER_"

static bool is_named(const AuditField *f, const char *name_and_equals) {
        size_t n = strlen(name_and_equals);

        return f->size >= n && memcmp(f->text, name_and_equals, n) == 0;
}

bool audit_field_is_chained(const AuditField *f) {
        if (f->size >= strlen(PREFIX) && memcmp(f->text, PREFIX, strlen(PREFIX)) == 0)
                return !is_named(f, "MSERVER_CHAIN=");
        return is_named(f, "MESSAGE=") || is_named(f, "MESSAGE_ID=") || is_named(f, "PRIORITY=") ||
               is_named(f, "SYSLOG_IDENTIFIER=");
}

const char *audit_field_value(const AuditField *fields, size_t n, const char *name, size_t *ret_size) {
        for (size_t i = 0; i < n; i++)
                if (is_named(&fields[i], name)) {
                        *ret_size = fields[i].size - strlen(name);
                        return fields[i].text + strlen(name);
                }
        return NULL;
}

static int compare(const AuditField *a, const AuditField *b) {
        int r = memcmp(a->text, b->text, MIN(a->size, b->size));

        return r != 0 ? r : (a->size > b->size) - (a->size < b->size);
}

/* There are some fifteen, and this is done for each entry of a broadcast: no library sorts these as fast. */
static void sort(AuditField *fields, size_t n) {
        for (size_t i = 1; i < n; i++) {
                AuditField f = fields[i];
                size_t at = i;

                for (; at > 0 && compare(&fields[at - 1], &f) > 0; at--)
                        fields[at] = fields[at - 1];
                fields[at] = f;
        }
}

void audit_append_canonical(GString *out, AuditField *fields, size_t n) {
        sort(fields, n);
        for (size_t i = 0; i < n; i++) {
                if (!audit_field_is_chained(&fields[i]))
                        continue;
                json_append_int(out, (int64_t) fields[i].size);
                g_string_append_c(out, ':');
                g_string_append_len(out, fields[i].text, (gssize) fields[i].size);
                g_string_append_c(out, '\n');
        }
}

void audit_hash(const char *previous, const char *canonical, size_t size, char ret[AUDIT_HASH_LENGTH + 1]) {
        g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);

        g_checksum_update(sum, (const guchar *) previous, AUDIT_HASH_LENGTH);
        g_checksum_update(sum, (const guchar *) "\n", 1);
        g_checksum_update(sum, (const guchar *) canonical, (gssize) size);
        memcpy(ret, g_checksum_get_string(sum), AUDIT_HASH_LENGTH + 1);
}

bool audit_hash_is_valid(const char *text, size_t size) {
        if (size != AUDIT_HASH_LENGTH)
                return false;
        for (size_t i = 0; i < size; i++)
                if (!g_ascii_isdigit(text[i]) && (text[i] < 'a' || text[i] > 'f'))
                        return false;
        return true;
}

bool audit_head_name(AuditHead *ret, const char *instance, const char *hash) {
        if (!instance || strlen(instance) != AUDIT_INSTANCE_LENGTH || !hash ||
            !audit_hash_is_valid(hash, strlen(hash)))
                return false;
        memcpy(ret->instance, instance, sizeof(ret->instance));
        memcpy(ret->hash, hash, sizeof(ret->hash));
        return true;
}
