/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The ping wheel: when a peer is asked, when it is given up, and what that costs. */
#include "limits.h"
#include "ping-wheel.h"

typedef struct Peer {
        PingEntry entry;
        unsigned pings, given_up;
} Peer;

typedef struct Fixture {
        PingWheel *wheel;
        PingEntry *remove_when_due; /* leaves while another's turn is reported */
        unsigned calls;
} Fixture;

static void on_due(PingEntry *e, bool silent, void *userdata) {
        Fixture *f = userdata;
        Peer *p = (Peer *) e; /* its first member */

        f->calls++;
        if (silent)
                p->given_up++;
        else
                p->pings++;
        if (f->remove_when_due)
                ping_wheel_remove(f->wheel, f->remove_when_due);
}

static void ticks(Fixture *f, unsigned n) {
        for (unsigned i = 0; i < n; i++)
                ping_wheel_tick(f->wheel, on_due, f);
}

static void test_silent(void) {
        g_autoptr(PingWheel) w = ping_wheel_new(20, 50);
        Fixture f = { w };
        Peer p = { 0 };

        ticks(&f, 7);
        ping_wheel_add(w, &p.entry);
        ticks(&f, 19);
        g_assert_cmpuint(p.pings, ==, 0);
        ticks(&f, 1); /* 20 */
        g_assert_cmpuint(p.pings, ==, 1);
        ticks(&f, 20); /* 40 */
        g_assert_cmpuint(p.pings, ==, 2);
        ticks(&f, 9); /* 49 */
        g_assert_cmpuint(p.given_up, ==, 0);
        ticks(&f, 1); /* 50 */
        g_assert_cmpuint(p.pings, ==, 2);
        g_assert_cmpuint(p.given_up, ==, 1);
        ticks(&f, 200);
        g_assert_cmpuint(p.given_up, ==, 1);
}

static void test_answering(void) {
        g_autoptr(PingWheel) w = ping_wheel_new(20, 50);
        Fixture f = { w };
        Peer p = { 0 };

        ping_wheel_add(w, &p.entry);
        g_assert_false(ping_wheel_heard(w, &p.entry)); /* adding was the first sign in this tick */
        for (unsigned i = 1; i <= 10; i++) {
                ticks(&f, 20);
                g_assert_cmpuint(p.pings, ==, i);
                g_assert_true(ping_wheel_heard(w, &p.entry));
                g_assert_false(ping_wheel_heard(w, &p.entry));
        }
        g_assert_cmpuint(p.given_up, ==, 0);
        ping_wheel_remove(w, &p.entry);
        ping_wheel_remove(w, &p.entry);
}

/* A peer that talks needs no ping; one that falls silent is asked at its next turn but one, at the latest. */
static void test_talking(void) {
        g_autoptr(PingWheel) w = ping_wheel_new(20, 50);
        Fixture f = { w };
        Peer p = { 0 };

        ping_wheel_add(w, &p.entry);
        for (unsigned i = 0; i < 11; i++) { /* to 99: a tick before its turn */
                ticks(&f, 9);
                ping_wheel_heard(w, &p.entry);
        }
        g_assert_cmpuint(p.pings, ==, 0);
        ticks(&f, 20); /* 119 */
        g_assert_cmpuint(p.pings, ==, 0);
        ticks(&f, 1); /* 120 */
        g_assert_cmpuint(p.pings, ==, 1);
        ticks(&f, 28); /* 148 */
        g_assert_cmpuint(p.given_up, ==, 0);
        ticks(&f, 1); /* 149 */
        g_assert_cmpuint(p.given_up, ==, 1);
}

/* Whatever the last sign of life and the turn, the end comes exactly then, and not unasked. */
static void test_exact(void) {
        for (unsigned last = 0; last < 60; last++) {
                g_autoptr(PingWheel) w = ping_wheel_new(PING_INTERVAL_SEC, PEER_SILENT_SEC);
                Fixture f = { w };
                Peer p = { 0 };

                ping_wheel_add(w, &p.entry);
                for (unsigned i = 0; i < last; i++) {
                        ticks(&f, 1);
                        ping_wheel_heard(w, &p.entry);
                }
                ticks(&f, PEER_SILENT_SEC - PING_INTERVAL_SEC);
                g_assert_cmpuint(p.pings, >=, 1);
                ticks(&f, PING_INTERVAL_SEC - 1);
                g_assert_cmpuint(p.given_up, ==, 0);
                ticks(&f, 1);
                g_assert_cmpuint(p.given_up, ==, 1);
                g_assert_cmpuint(p.pings, <=, PEER_SILENT_SEC / PING_INTERVAL_SEC);
        }
}

static void test_remove_while_due(void) {
        g_autoptr(PingWheel) w = ping_wheel_new(1, 3);
        Fixture f = { w };
        Peer a = { 0 }, b = { 0 };

        ping_wheel_add(w, &a.entry);
        ping_wheel_add(w, &b.entry);
        f.remove_when_due = &b.entry;
        ticks(&f, 100);
        g_assert_cmpuint(a.pings, ==, 2);
        g_assert_cmpuint(a.given_up, ==, 1);
        g_assert_cmpuint(b.pings + b.given_up, ==, 0);
}

/* Many that came at once are asked one after the other, and stay so, whether they answer or talk in step. */
static void test_cost(void) {
        enum { N = 2000 };
        g_autoptr(PingWheel) w = ping_wheel_new(20, 50);
        Fixture f = { w };
        g_autofree Peer *peers = g_new0(Peer, N);

        for (unsigned i = 0; i < N; i++)
                ping_wheel_add(w, &peers[i].entry);
        ticks(&f, 20);
        for (unsigned i = 0; i < N; i++) {
                ping_wheel_heard(w, &peers[i].entry);
                peers[i].pings = 0;
        }
        ticks(&f, 9);
        for (unsigned t = 0; t < 100; t++) {
                unsigned before = f.calls;

                ticks(&f, 1);
                g_assert_cmpuint(f.calls - before, ==, N / 20);
                for (unsigned i = 0; i < N; i++) {
                        if (peers[i].pings > 0)
                                ping_wheel_heard(w, &peers[i].entry);
                        peers[i].pings = 0;
                }
        }
        for (unsigned i = 0; i < N; i++)
                ping_wheel_remove(w, &peers[i].entry);
}

/* The promise of docs/PROTOCOL.md: a peer that vanished is offline within 60 s. */
static void test_promise(void) {
        g_assert_cmpuint(PEER_SILENT_SEC + 5, <=, 60); /* ticks of a busy loop come late */
        g_assert_cmpuint(PING_INTERVAL_SEC * 2, <, PEER_SILENT_SEC);
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/ping-wheel/silent", test_silent);
        g_test_add_func("/ping-wheel/answering", test_answering);
        g_test_add_func("/ping-wheel/talking", test_talking);
        g_test_add_func("/ping-wheel/exact", test_exact);
        g_test_add_func("/ping-wheel/remove-while-due", test_remove_while_due);
        g_test_add_func("/ping-wheel/cost", test_cost);
        g_test_add_func("/ping-wheel/promise", test_promise);
        return g_test_run();
}
