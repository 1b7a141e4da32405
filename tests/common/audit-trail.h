/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An audit trail as the server writes one, to be tampered with. */
#pragma once

#include "audit-check.h"

#define INSTANCE "00112233445566778899aabbccddeeff"
#define OTHER "ffeeddccbbaa99887766554433221100"

typedef struct Entry {
        GPtrArray *fields; /* of char* */
        AuditAuthor author;
        uint64_t seq;
} Entry;

typedef struct Trail {
        GPtrArray *entries; /* in the order of the journal */
        AuditHead head;
} Trail;

/* Entries 1 to n of INSTANCE, and the head that the server then has. */
Trail *trail_new(unsigned n);
void trail_free(Trail *t);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Trail, trail_free)

/* Seals the entry and adds it; the head moves on to it. */
void trail_append(Trail *t, Entry *e, const char *previous);
Entry *trail_entry(const Trail *t, unsigned index);
void trail_swap(Trail *t, unsigned a, unsigned b);
void trail_copy(Trail *t, unsigned from, unsigned to); /* the entry at from is there once more, at to */

/* instance: NULL for one without a number. */
Entry *entry_begin(const char *event, const char *instance, uint64_t seq);
void entry_add(Entry *e, char *field); /* takes it */
void entry_replace(Entry *e, const char *name,
                   char *field); /* likewise, for the one that begins with name */
void entry_seal(Entry *e, const char *previous, char ret_hash[AUDIT_HASH_LENGTH + 1]);
size_t entry_fields(const Entry *e, AuditField *ret); /* ret: AUDIT_READ_FIELDS_MAX of them */

/* Shows it to the check as the entry at this place of the journal. */
void trail_show(AuditCheck *c, const Entry *e, unsigned place);
/* What is found in it: "missing 3-4 @2, changed 5-5 @4", with places; new string. */
char *trail_judge(const Trail *t, const AuditHead *head);
#define ASSERT_FOUND(t, expected)                                       \
        do {                                                            \
                g_autofree char *found_ = trail_judge((t), &(t)->head); \
                g_assert_cmpstr(found_, ==, (expected));                \
        } while (0)
