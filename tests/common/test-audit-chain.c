/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The chain of the audit trail: what is hashed, and every way in which a trail can be tampered with; what only the server's head
 * shows is test-audit-head.c's. */
#include <string.h>

#include "audit-trail.h"
#include "limits.h"
#include "names.h"

static void test_canonical(void) {
        AuditField fields[] = {
                { "PRIORITY=6", 10 },
                { "_UID=999", 8 },
                { "MSERVER_EVENT=client-online", 27 },
                { "MSERVER_CHAIN=00", 16 },
                { "SYSLOG_IDENTIFIER=mserver", 25 },
                { "MESSAGE=seoul-1: a\nb", 20 },
                { "EXTRA=1", 7 },
                { "MESSAGE_ID=9cd456bf8171462fbbeaa7ca8b9b80a7", 43 },
                { "MSERVER_SEQ=1", 13 },
                { "MSERVER_CLIENT=", 15 },
        };
        g_autoptr(GString) text = g_string_new(NULL);
        char hash[AUDIT_HASH_LENGTH + 1];

        audit_append_canonical(text, fields, G_N_ELEMENTS(fields));
        g_assert_cmpstr(text->str, ==,
                        "20:MESSAGE=seoul-1: a\nb\n"
                        "43:MESSAGE_ID=9cd456bf8171462fbbeaa7ca8b9b80a7\n"
                        "15:MSERVER_CLIENT=\n"
                        "27:MSERVER_EVENT=client-online\n"
                        "13:MSERVER_SEQ=1\n"
                        "10:PRIORITY=6\n"
                        "25:SYSLOG_IDENTIFIER=mserver\n");
        audit_hash(audit_genesis, "", 0, hash);
        g_assert_cmpstr(hash, ==, "827d096d92f3deeaa0e8070d79f45beb176768e57a958a1cd325f5f4b754b048");
        g_assert_true(audit_hash_is_valid(hash, strlen(hash)));
        g_assert_false(audit_hash_is_valid(hash, strlen(hash) - 1));
        hash[3] = 'A';
        g_assert_false(audit_hash_is_valid(hash, strlen(hash)));
}

/* What a verifier that was written after docs/AUDIT.md hashes. */
static void test_documented(void) {
        AuditField fields[] = {
                { "MSERVER_SEQ=1", 13 },
                { "MSERVER_INSTANCE=" INSTANCE, 49 },
                { "SYSLOG_IDENTIFIER=mserver", 25 },
                { "MSERVER_EVENT=audit-resumed", 27 },
                { "MESSAGE_ID=" MESSAGE_ID_AUDIT_RESUMED, 43 },
                { "PRIORITY=5", 10 },
                { "MESSAGE=The audit trail goes on behind entry 0", 46 },
        };
        g_autofree char *path = g_test_build_filename(G_TEST_DIST, "..", "..", "docs", "AUDIT.md", NULL),
                        *doc = NULL;
        g_autoptr(GString) text = g_string_new(audit_genesis);

        g_string_append_c(text, '\n');
        audit_append_canonical(text, fields, G_N_ELEMENTS(fields));
        g_assert_true(g_file_get_contents(path, &doc, NULL, NULL));
        g_assert_nonnull(strstr(doc, text->str));
}

/* One is the beginning of another, and they come in any order. */
static void test_sorted(void) {
        AuditField fields[] = {
                { "MSERVER_A_B=1", 13 }, { "MSERVER_A=22", 12 }, { "MSERVER_A=2", 11 }, { "MSERVER_A=", 10 }
        };
        g_autoptr(GString) text = g_string_new(NULL);

        audit_append_canonical(text, fields, G_N_ELEMENTS(fields));
        g_assert_cmpstr(text->str, ==, "10:MSERVER_A=\n11:MSERVER_A=2\n12:MSERVER_A=22\n13:MSERVER_A_B=1\n");
}

static void test_good(void) {
        for (unsigned n = 0; n < 5; n++) {
                g_autoptr(Trail) t = trail_new(n);
                g_autofree char *without_head = trail_judge(t, NULL);

                ASSERT_FOUND(t, "");
                g_assert_cmpstr(without_head, ==, "");
        }
}

static void test_oldest_deleted(void) {
        for (unsigned n = 1; n < 5; n++) {
                g_autoptr(Trail) t = trail_new(5);

                g_ptr_array_remove_range(t->entries, 0, n);
                ASSERT_FOUND(t, "");
        }
}

static void test_missing(void) {
        for (unsigned from = 1; from < 6; from++)
                for (unsigned n = 1; from + n < 7; n++) {
                        g_autoptr(Trail) t = trail_new(7);
                        g_autofree char *expected =
                                        g_strdup_printf("missing %u-%u @%u", from + 1, from + n, from);

                        g_ptr_array_remove_range(t->entries, from, n);
                        ASSERT_FOUND(t, expected);
                }
}

static void test_changed(void) {
        for (unsigned i = 0; i < 5; i++) {
                g_autoptr(Trail) t = trail_new(5);
                g_autofree char *expected = g_strdup_printf("changed %u-%u @%u", i + 1, i + 1, i);

                entry_replace(trail_entry(t, i), "MSERVER_CLIENT=", g_strdup("MSERVER_CLIENT=somebody"));
                ASSERT_FOUND(t, expected);
        }
}

/* A field of the server's that was not there shows; others' are nobody's business. */
static void test_field_added(void) {
        g_autoptr(Trail) t = trail_new(3), foreign = trail_new(3);

        entry_add(trail_entry(t, 1), g_strdup("MSERVER_REASON=none"));
        ASSERT_FOUND(t, "changed 2-2 @1");
        entry_add(trail_entry(foreign, 1), g_strdup("SERVICE_GROUP=fleet"));
        entry_replace(trail_entry(foreign, 2), "_PID=", g_strdup("_PID=2"));
        ASSERT_FOUND(foreign, "");
}

/* Changed, and its own hash made to fit: the next one shows it, or the head. */
static void test_changed_with_hash(void) {
        for (unsigned i = 0; i < 4; i++) {
                g_autoptr(Trail) t = trail_new(4);
                g_autofree char *expected = i < 3 ? g_strdup_printf("changed %u-%u @%u", i + 2, i + 2, i + 1)
                                                  : g_strdup("changed 4-4 @3");
                g_autoptr(Trail) before = trail_new(i);
                Entry *e = trail_entry(t, i);
                char hash[AUDIT_HASH_LENGTH + 1];

                entry_replace(e, "MSERVER_CLIENT=", g_strdup("MSERVER_CLIENT=somebody"));
                g_ptr_array_remove_index(e->fields, e->fields->len - 1);
                entry_seal(e, before->head.hash, hash);
                ASSERT_FOUND(t, expected);
        }
}

static void test_moved(void) {
        g_autoptr(Trail) next = trail_new(5), far = trail_new(5), first = trail_new(3), back = trail_new(5);

        trail_swap(next, 1, 2); /* 1 3 2 4 5 */
        ASSERT_FOUND(next, "moved 2-3 @2");
        trail_swap(far, 1, 3); /* 1 4 3 2 5 */
        ASSERT_FOUND(far, "moved 2-4 @3, moved 3-4 @2");
        trail_swap(first, 0, 1); /* 2 1 3 */
        ASSERT_FOUND(first, "moved 1-2 @1");
        trail_swap(back, 1, 4); /* 1 5 3 4 2 */
        ASSERT_FOUND(back, "moved 2-5 @4, moved 3-5 @2, moved 4-5 @3");
}

/* Out of order is as well looked at as in order. */
static void test_moved_and_changed(void) {
        for (unsigned i = 1; i < 5; i++) {
                g_autoptr(Trail) t = trail_new(6);
                g_autofree char *found = NULL, *changed = g_strdup_printf("changed %u-%u", i + 1, i + 1);

                trail_swap(t, 1, 4); /* 1 5 3 4 2 6 */
                for (unsigned k = 0; k < 6; k++)
                        if (trail_entry(t, k)->seq == i + 1)
                                entry_replace(trail_entry(t, k),
                                              "MSERVER_CLIENT=", g_strdup("MSERVER_CLIENT=x"));
                found = trail_judge(t, &t->head);
                g_assert_nonnull(strstr(found, "moved"));
                g_assert_nonnull(strstr(found, changed));
        }
}

static void test_moved_and_missing(void) {
        g_autoptr(Trail) t = trail_new(7);

        trail_swap(t, 1, 4);                     /* 1 5 3 4 2 6 7 */
        g_ptr_array_remove_index(t->entries, 3); /* 1 5 3 2 6 7 */
        ASSERT_FOUND(t, "moved 2-5 @3, moved 3-5 @2, missing 4-4 @1");
}

static void test_repeated(void) {
        g_autoptr(Trail) at_once = trail_new(3), later = trail_new(3);

        trail_copy(at_once, 1, 2);
        ASSERT_FOUND(at_once, "repeated 2-2 @2");
        trail_copy(later, 0, 3);
        ASSERT_FOUND(later, "repeated 1-3 @3");
}

static void test_forged(void) {
        g_autoptr(Trail) t = trail_new(3);
        Entry *numbered = entry_begin("command-finished", INSTANCE, 4),
              *plain = entry_begin("key-update", NULL, 0);
        char hash[AUDIT_HASH_LENGTH + 1];

        entry_seal(numbered, t->head.hash, hash); /* as the server would */
        numbered->author = plain->author = AUDIT_AUTHOR_OTHER;
        g_ptr_array_insert(t->entries, 1, plain);
        g_ptr_array_add(t->entries, numbered);
        ASSERT_FOUND(t, "forged 0-0 @1, forged 4-4 @4");
}

/* Its number was taken away. */
static void test_number_removed(void) {
        g_autoptr(Trail) t = trail_new(4);

        entry_replace(trail_entry(t, 2), "MSERVER_SEQ=", g_strdup("X=1"));
        ASSERT_FOUND(t, "forged 0-0 @2, missing 3-3 @3");
}

static void test_bad_claims(void) {
        static const char *const bad[] = {
                "MSERVER_SEQ=0",          "MSERVER_SEQ=-1",
                "MSERVER_SEQ=3 ",         "MSERVER_SEQ=9223372036854775807",
                "MSERVER_CHAIN=",         "MSERVER_CHAIN=xx",
                "MSERVER_INSTANCE=short",
        };

        for (unsigned i = 0; i < G_N_ELEMENTS(bad); i++) {
                g_autoptr(Trail) t = trail_new(4);
                g_autofree char *name = g_strndup(bad[i], strcspn(bad[i], "=") + 1), *found = NULL;

                entry_replace(trail_entry(t, 2), name, g_strdup(bad[i]));
                found = trail_judge(t, &t->head);
                g_assert_nonnull(strstr(found, "forged "));
                g_assert_nonnull(strstr(found, "missing 3-3 @3"));
        }
}

/* Entries of an earlier version come before the chain, and are not held against it. */
static void test_unnumbered(void) {
        g_autoptr(Trail) t = trail_new(2);
        g_autoptr(AuditCheck) c = audit_check_new(NULL);
        uint64_t more;

        g_ptr_array_insert(t->entries, 0, entry_begin("client-online", NULL, 0));
        for (unsigned i = 0; i < t->entries->len; i++)
                trail_show(c, trail_entry(t, i), i);
        g_assert_cmpuint(audit_check_finish(c, 0, &more)->len, ==, 0);
        g_assert_cmpuint(audit_check_unnumbered(c), ==, 1);
}

/* journald came to it too late to know the unit: it counts where it fits, and only there. */
static void test_author_ended(void) {
        g_autoptr(Trail) t = trail_new(4);

        trail_entry(t, 0)->author = trail_entry(t, 3)->author = AUDIT_AUTHOR_ENDED;
        ASSERT_FOUND(t, "");
        entry_replace(trail_entry(t, 3), "MSERVER_CLIENT=", g_strdup("MSERVER_CLIENT=x"));
        ASSERT_FOUND(t, "forged 4-4 @3, missing 4-4 end");
}

/* Two servers, one journal. */
static void test_instances(void) {
        g_autoptr(Trail) t = trail_new(3), other = trail_new(0);
        g_autoptr(AuditCheck) c = NULL;
        const AuditSpan *span;
        uint64_t more;

        for (unsigned i = 1; i <= 2; i++) {
                Entry *e = entry_begin("client-online", OTHER, i);

                entry_seal(e, other->head.hash, other->head.hash);
                g_ptr_array_insert(t->entries, (int) (2 * i), e); /* 1 2 1' 3 2' */
        }
        ASSERT_FOUND(t, "");
        c = audit_check_new(NULL);
        for (unsigned i = 0; i < t->entries->len; i++)
                trail_show(c, trail_entry(t, i), i);
        (void) audit_check_finish(c, 0, &more);
        g_assert_cmpuint(audit_check_spans(c)->len, ==, 2);
        span = g_ptr_array_index(audit_check_spans(c), 1);
        g_assert_cmpstr(span->last.instance, ==, OTHER);
        g_assert_cmpuint(span->first, ==, 1);
        g_assert_cmpuint(span->last.seq, ==, 2);
        g_assert_cmpuint(span->count, ==, 2);
}

static void test_limits(void) {
        g_autoptr(Trail) t = trail_new(2 * AUDIT_PROBLEMS_MAX + 21);
        g_autoptr(AuditCheck) c = audit_check_new(&t->head);
        uint64_t more;

        for (unsigned i = 0; i < t->entries->len; i += 2)
                trail_show(c, trail_entry(t, i), i);
        g_assert_cmpuint(audit_check_finish(c, 0, &more)->len, ==, AUDIT_PROBLEMS_MAX);
        g_assert_cmpuint(more, ==, 10);
}

/* Every subset of a trail, in every order: what is left out is missing, but for the beginning; nothing that is there
 * is called changed, and nothing in order is called moved. */
static void test_permutations(void) {
        enum { N = 5 };
        unsigned order[N] = { 0, 1, 2, 3, 4 }, counters[N] = {};

        for (unsigned i = 0;;) {
                for (unsigned present = 1; present < 1u << N; present++) {
                        g_autoptr(Trail) t = trail_new(N), shown = trail_new(0);
                        g_autofree char *found = NULL;
                        uint64_t highest = 0;
                        bool moved = false;

                        for (unsigned k = 0; k < N; k++)
                                if (present & (1u << order[k])) {
                                        trail_copy(t, order[k], N);
                                        g_ptr_array_add(shown->entries,
                                                        g_ptr_array_steal_index(t->entries, N));
                                        moved |= order[k] + 1 < highest;
                                        highest = MAX(highest, order[k] + 1);
                                }
                        found = trail_judge(shown, &t->head);
                        g_assert_null(strstr(found, "changed"));
                        g_assert_cmpint(strstr(found, "moved") != NULL, ==, moved);
                        g_assert_cmpint(strstr(found, "repeated") != NULL, ==, false);
                        if (!moved) {
                                unsigned first = (unsigned) g_bit_nth_lsf(present, -1);

                                g_assert_cmpint(strstr(found, "missing") != NULL, ==,
                                                present >> first != (1u << (N - first)) - 1);
                        }
                }
                for (; i < N && counters[i] >= i; i++) /* Heap's algorithm */
                        counters[i] = 0;
                if (i == N)
                        break;
                {
                        unsigned k = i % 2 == 0 ? 0 : counters[i], other = order[k];

                        order[k] = order[i];
                        order[i] = other;
                }
                counters[i]++;
                i = 0;
        }
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
#define ADD(path, function) g_test_add_func("/audit-chain/" path, function)
        ADD("canonical", test_canonical);
        ADD("documented", test_documented);
        ADD("sorted", test_sorted);
        ADD("good", test_good);
        ADD("oldest-deleted", test_oldest_deleted);
        ADD("missing", test_missing);
        ADD("changed", test_changed);
        ADD("field-added", test_field_added);
        ADD("changed-with-hash", test_changed_with_hash);
        ADD("moved", test_moved);
        ADD("moved-and-changed", test_moved_and_changed);
        ADD("moved-and-missing", test_moved_and_missing);
        ADD("repeated", test_repeated);
        ADD("forged", test_forged);
        ADD("number-removed", test_number_removed);
        ADD("bad-claims", test_bad_claims);
        ADD("unnumbered", test_unnumbered);
        ADD("author-ended", test_author_ended);
        ADD("instances", test_instances);
        ADD("limits", test_limits);
        ADD("permutations", test_permutations);
        return g_test_run();
}
