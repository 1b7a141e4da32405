/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The audit trail and the head that the server keeps of it: what only that shows, and what the server says at its start. */
#include <string.h>

#include "audit-trail.h"
#include "limits.h"
#include "names.h"

/* Entries that were written after the server was asked for its head. */
static void test_head_behind(void) {
        g_autoptr(Trail) t = trail_new(5);
        g_autoptr(Trail) before = trail_new(3);

        t->head = before->head;
        ASSERT_FOUND(t, "");
}

/* The whole trail went with the journal's old files, or only the trail did. */
static void test_all_deleted(void) {
        g_autoptr(Trail) t = trail_new(5);
        g_autoptr(AuditCheck) vacuumed = audit_check_new(&t->head), emptied = audit_check_new(&t->head);
        const AuditProblem *p;
        uint64_t more;

        g_assert_cmpuint(audit_check_finish(vacuumed, t->head.usec + 1, &more)->len, ==, 0);
        g_assert_cmpuint(audit_check_finish(emptied, t->head.usec, &more)->len, ==, 1);
        p = g_ptr_array_index(audit_check_finish(emptied, t->head.usec, &more), 0);
        g_assert_cmpint(p->finding, ==, AUDIT_MISSING);
        g_assert_cmpuint(p->to, ==, 5);
        g_assert_null(p->cursor);
}

static void test_truncated(void) {
        for (unsigned n = 1; n < 5; n++) {
                g_autoptr(Trail) t = trail_new(6);
                g_autofree char *expected = g_strdup_printf("missing %u-6 end", 6 - n + 1), *blind = NULL;

                g_ptr_array_remove_range(t->entries, 6 - n, n);
                ASSERT_FOUND(t, expected);
                blind = trail_judge(t, NULL);
                g_assert_cmpstr(blind, ==, ""); /* that is what the head is for */
        }
}

/* All of it made anew from some entry on: only the head shows it. */
static void test_rewritten(void) {
        g_autoptr(Trail) t = trail_new(4), again = trail_new(2);
        g_autofree char *blind = NULL;
        Entry *e = entry_begin("client-offline", INSTANCE, 3);

        trail_append(again, e, again->head.hash);
        trail_append(again, entry_begin("client-online", INSTANCE, 4), again->head.hash);
        blind = trail_judge(again, NULL);
        g_assert_cmpstr(blind, ==, "");
        again->head = t->head;
        ASSERT_FOUND(again, "changed 4-4 @3");
}

static Entry *mark(uint64_t seq, const char *previous) {
        Entry *e = entry_begin(AUDIT_BROKEN_EVENT, INSTANCE, seq);

        entry_add(e, g_strconcat("MSERVER_PREVIOUS=", previous, NULL));
        entry_add(e, g_strdup("MSERVER_REASON=the head is ahead"));
        return e;
}

/* The server goes on from its head, and says so. */
static void test_marked(void) {
        g_autoptr(Trail) t = trail_new(6), short_one = trail_new(3);
        g_autoptr(AuditCheck) c = NULL;
        const AuditProblem *p;
        uint64_t more;

        trail_append(t, mark(7, t->head.hash), t->head.hash);
        trail_append(t, entry_begin("client-online", INSTANCE, 8), t->head.hash);
        ASSERT_FOUND(t, "broken 7-7 @6");

        g_ptr_array_remove_range(t->entries, 3, 3); /* 1 2 3 7 8 */
        ASSERT_FOUND(t, "missing 4-6 @3, broken 7-7 @3");
        c = audit_check_new(&t->head);
        for (unsigned i = 0; i < t->entries->len; i++)
                trail_show(c, trail_entry(t, i), i);
        p = g_ptr_array_index(audit_check_finish(c, 0, &more), 1);
        g_assert_cmpstr(p->what, ==, "the head is ahead");
        g_assert_true(audit_check_at_head(c));

        /* Another entry stands where the head was. */
        trail_append(short_one, mark(4, audit_genesis), audit_genesis);
        ASSERT_FOUND(short_one, "broken 4-4 @3");

        /* The mark itself is chained, too. */
        entry_replace(trail_entry(t, 3), "MSERVER_REASON=", g_strdup("MSERVER_REASON=nothing to see here"));
        ASSERT_FOUND(t, "missing 4-6 @3, changed 7-7 @3");
}

static void assert_broken(const Trail *t, const AuditHead *head, AuditFinding finding, uint64_t from,
                          uint64_t to) {
        g_autoptr(AuditCheck) c = audit_check_new(head);
        const AuditProblem *p;
        uint64_t more;

        for (unsigned i = 0; i < t->entries->len; i++)
                trail_show(c, trail_entry(t, i), i);
        (void) audit_check_finish(c, 1, &more);
        p = audit_check_broken(c);
        g_assert_cmpint(p != NULL, ==, from > 0);
        if (!p)
                return;
        g_assert_cmpint(p->finding, ==, finding);
        g_assert_cmpuint(p->from, ==, from);
        g_assert_cmpuint(p->to, ==, to);
}

/* What the server says at its start is of the head and behind it, whatever is wrong in front of it and whoever else writes. */
static void test_broken(void) {
        g_autoptr(Trail) t = trail_new(12);
        AuditHead at_ten = t->head;

        g_ptr_array_remove_index(t->entries, 2); /* 1 2 4 … 12 */
        assert_broken(t, &t->head, AUDIT_MISSING, 0, 0);
        assert_broken(t, NULL, AUDIT_MISSING, 0, 0);

        at_ten.seq = 10;
        assert_broken(t, &at_ten, AUDIT_CHANGED, 10, 10); /* the hash is that of 12 */
        g_ptr_array_remove_index(t->entries, 8);          /* 10 */
        assert_broken(t, &at_ten, AUDIT_MISSING, 10, 10);
        at_ten.seq = 9;
        memcpy(at_ten.instance, OTHER, sizeof(OTHER));
        assert_broken(t, &at_ten, AUDIT_MISSING, 1, 9);

        g_ptr_array_remove_range(t->entries, 8, 2); /* 11, 12 */
        assert_broken(t, &t->head, AUDIT_MISSING, 10, 12);

        for (unsigned i = 0; i <= AUDIT_PROBLEMS_MAX; i++) {
                Entry *e = entry_begin("client-online", INSTANCE, 13);

                e->author = AUDIT_AUTHOR_OTHER;
                entry_seal(e, t->head.hash, at_ten.hash);
                g_ptr_array_add(t->entries, e);
        }
        assert_broken(t, &t->head, AUDIT_MISSING, 10, 12);
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
#define ADD(path, function) g_test_add_func("/audit-head/" path, function)
        ADD("behind", test_head_behind);
        ADD("all-deleted", test_all_deleted);
        ADD("truncated", test_truncated);
        ADD("rewritten", test_rewritten);
        ADD("marked", test_marked);
        ADD("broken", test_broken);
        return g_test_run();
}
