/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The chain through the server's audit trail: what of an entry is hashed, and how (docs/AUDIT.md). */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define AUDIT_HASH_LENGTH 64 /* SHA-256 in lower-case hexadecimal digits */
#define AUDIT_INSTANCE_LENGTH 32

/* The chain value before the first entry: 64 zeros. */
extern const char audit_genesis[AUDIT_HASH_LENGTH + 1];

/* Where a chain has come to. */
typedef struct AuditHead {
        uint64_t seq;  /* of the newest entry; 0: there is none, and hash is audit_genesis */
        uint64_t usec; /* realtime, when it was written; 0: not known */
        char hash[AUDIT_HASH_LENGTH + 1];         /* its MSERVER_CHAIN= */
        char instance[AUDIT_INSTANCE_LENGTH + 1]; /* MSERVER_INSTANCE= of all its entries */
} AuditHead;

/* A journal field, "NAME=value"; the value may hold any bytes. */
typedef struct AuditField {
        const char *text;
        size_t size; /* bytes */
} AuditField;

/* Is it one that the server writes itself and that is hashed? MSERVER_CHAIN= is not, nor what journald and its
 * administrator add. */
bool audit_field_is_chained(const AuditField *f);

/* "NAME=": the value of the field of that name, and its size (bytes); NULL: there is none. Borrowed. */
const char *audit_field_value(const AuditField *fields, size_t n, const char *name, size_t *ret_size);

/* Appends what is hashed after the chain value before it: the chained ones of these fields, sorted (in place). */
void audit_append_canonical(GString *out, AuditField *fields, size_t n);

/* MSERVER_CHAIN= of an entry: the SHA-256 of previous, a line break and the canonical text. */
void audit_hash(const char *previous, const char *canonical, size_t size, char ret[AUDIT_HASH_LENGTH + 1]);

bool audit_hash_is_valid(const char *text, size_t size);

/* Fills in instance and hash. False where one of them has not its form, or is NULL; then ret is left alone. */
bool audit_head_name(AuditHead *ret, const char *instance, const char *hash);
