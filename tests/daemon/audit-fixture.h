/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The audit trail against a journald of our own, in a mount namespace. */
#pragma once

#include "audit.h"

#define INSTANCE "00112233445566778899aabbccddeeff"

typedef struct Fixture {
        Loop *loop;
        LoopTimer *deadline;
        Audit *audit;
        int journal; /* journald's end, or -1 */
        uv_poll_t *poll;
        GPtrArray *received; /* of GBytes: datagrams */
        unsigned finished, refused, expected;
        unsigned expected_received;
} Fixture;

/* Its first entry says where the trail goes on. */
#define FIRST 1u

/* Once, before any test. */
void audit_fixture_prepare(void);
extern bool audit_fixture_private;

/* with_journal: not NULL where somebody listens. */
void fixture_setup(Fixture *f, gconstpointer with_journal);
void fixture_teardown(Fixture *f, gconstpointer data);
bool skip_without_namespace(void);

/* As the store has it: the number of the last entry, whose hash is audit_genesis. */
void fixture_resume(Fixture *f, uint64_t seq, bool exact);

int listen_as_journald(void);
void start_reading(Fixture *f);

AuditEntry *numbered_entry(unsigned number);
void on_done(bool handed_over, void *userdata); /* the fixture */
/* Waits for count answers, and for received datagrams. */
void run_until(Fixture *f, unsigned count, unsigned received);
bool has_field(Fixture *f, unsigned datagram, const char *field_line);

#define ADD(path, journal, function) \
        g_test_add("/audit/" path, Fixture, journal, fixture_setup, function, fixture_teardown)
#define JOURNAL "with"
#define NO_JOURNAL NULL
