/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The chain through the audit trail, as the audit thread writes it. What becomes of it over a kill, with a journal to read
 * back, is the lab's. */
#include <string.h>

#include "audit-chain.h"
#include "audit-fixture.h"
#include "audit-seal.h"
#include "limits.h"
#include "names.h"

/* The value of a field, or NULL; new string. */
static char *value_of(Fixture *f, unsigned datagram, const char *name) {
        g_autofree char *wanted = g_strconcat("\n", name, "=", NULL);
        gsize size;
        const char *data = g_bytes_get_data(g_ptr_array_index(f->received, datagram), &size);
        const char *at = memmem(data, size, wanted, strlen(wanted)), *end;

        if (!at)
                return NULL;
        at += strlen(wanted);
        end = memchr(at, '\n', size - (size_t) (at - data));
        return g_strndup(at, (gsize) (end - at));
}

/* "NAME=value" fields of a datagram without values of more than one line. */
static char *hash_of(Fixture *f, unsigned datagram, const char *previous) {
        gsize size;
        const char *data = g_bytes_get_data(g_ptr_array_index(f->received, datagram), &size);
        g_autofree char *text = g_strndup(data, size);
        g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
        AuditField fields[AUDIT_FIELDS_MAX];
        g_autoptr(GString) canonical = g_string_new(NULL);
        char hash[AUDIT_HASH_LENGTH + 1];
        size_t n = 0;

        for (char **line = lines; *line; line++)
                fields[n++] = (AuditField){ *line, strlen(*line) };
        audit_append_canonical(canonical, fields, n);
        audit_hash(previous, canonical->str, canonical->len, hash);
        return g_strdup(hash);
}

static void count_moves(void *userdata) {
        ++*(unsigned *) userdata;
}

/* Numbered without a gap, each with the hash that an auditor would calculate; the head is the last one's. */
static void test_chain(Fixture *f, gconstpointer data) {
        const unsigned n = 100;
        g_autofree char *previous = g_strdup(audit_genesis);
        unsigned moves = 0;

        if (skip_without_namespace())
                return;
        audit_observe(f->audit, count_moves, &moves);
        start_reading(f);
        for (unsigned i = 0; i < n; i++)
                audit_submit(f->audit, numbered_entry(i), on_done, f);
        run_until(f, n, FIRST + n);
        for (unsigned i = 0; i < FIRST + n; i++) {
                g_autofree char *seq = value_of(f, i, "MSERVER_SEQ"),
                                *chain = value_of(f, i, "MSERVER_CHAIN");
                g_autofree char *expected = g_strdup_printf("%u", i + 1), *hash = hash_of(f, i, previous);

                g_assert_cmpstr(seq, ==, expected);
                g_assert_cmpstr(chain, ==, hash);
                g_assert_true(has_field(f, i, "\nMSERVER_INSTANCE=" INSTANCE "\n"));
                g_free(previous);
                previous = g_steal_pointer(&hash);
        }
        g_assert_true(has_field(f, 0, "\nMSERVER_EVENT=audit-resumed\n"));
        g_assert_cmpuint(audit_head(f->audit)->seq, ==, FIRST + n);
        g_assert_cmpstr(audit_head(f->audit)->hash, ==, previous);
        g_assert_cmpuint(moves, ==, FIRST + n);
}

/* What journald does not take uses up no number. */
static void test_no_gap(Fixture *f, gconstpointer data) {
        g_autofree char *seq = NULL;

        if (skip_without_namespace())
                return;
        audit_submit(f->audit, numbered_entry(1), on_done, f);
        run_until(f, 1, 0);
        g_assert_cmpuint(f->refused, ==, 1);
        g_assert_cmpuint(audit_head(f->audit)->seq, ==, 0);

        f->journal = listen_as_journald();
        start_reading(f);
        audit_submit(f->audit, numbered_entry(2), on_done, f);
        run_until(f, 2, FIRST + 1);
        seq = value_of(f, FIRST, "MSERVER_SEQ");
        g_assert_cmpstr(seq, ==, "2");
}

/* The run before was killed, and the journal cannot say what it wrote. */
static void test_killed(Fixture *f, gconstpointer data) {
        g_autofree char *seq = NULL, *previous = NULL;

        if (skip_without_namespace())
                return;
        f->audit = audit_free(f->audit);
        start_reading(f);
        f->audit = audit_new(f->loop, false, NULL);
        fixture_resume(f, 41, false);
        audit_submit(f->audit, numbered_entry(1), on_done, f);
        run_until(f, 1, 4); /* and the first one's own */
        seq = value_of(f, 1, "MSERVER_SEQ");
        previous = value_of(f, 1, "MSERVER_PREVIOUS");
        g_assert_true(has_field(f, 1, "\nMSERVER_EVENT=" AUDIT_BROKEN_EVENT "\n"));
        g_assert_true(has_field(f, 1, "\nPRIORITY=3\n"));
        g_assert_cmpstr(seq, ==, "42");
        g_assert_cmpstr(previous, ==, audit_genesis);
        g_assert_true(has_field(f, 2, "\nMSERVER_EVENT=audit-resumed\n"));
        g_assert_cmpuint(audit_head(f->audit)->seq, ==, 44);
}

/* The quick way gives what the plain one does, whatever is in the fields. */
static void test_seal(void) {
        g_autoptr(AuditSeal) s = audit_seal_new();
        char previous[AUDIT_HASH_LENGTH + 1], sealed[AUDIT_HASH_LENGTH + 1];

        memcpy(previous, audit_genesis, sizeof(previous));
        for (unsigned i = 0; i < 200; i++) {
                g_autofree char *value = g_strnfill((gsize) g_test_rand_int_range(0, 100000), 'v');
                g_autofree char *long_field = g_strconcat("MSERVER_PARAMS=", value, NULL);
                g_autofree char *seq = g_strdup_printf("MSERVER_SEQ=%u", i);
                AuditField fields[] = {
                        { seq, strlen(seq) },
                        { "MESSAGE=\0\n\377", 11 },
                        { "_UID=0", 6 },
                        { long_field, strlen(long_field) },
                };
                g_autoptr(GString) canonical = g_string_new(NULL);
                char hash[AUDIT_HASH_LENGTH + 1];

                audit_seal(s, previous, fields, G_N_ELEMENTS(fields), sealed);
                audit_append_canonical(canonical, fields, G_N_ELEMENTS(fields));
                audit_hash(previous, canonical->str, canonical->len, hash);
                g_assert_cmpstr(sealed, ==, hash);
                memcpy(previous, sealed, sizeof(previous));
        }
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        audit_fixture_prepare();
        ADD("chain", JOURNAL, test_chain);
        ADD("no-gap", NO_JOURNAL, test_no_gap);
        ADD("killed", JOURNAL, test_killed);
        g_test_add_func("/audit/seal", test_seal);
        return g_test_run();
}
