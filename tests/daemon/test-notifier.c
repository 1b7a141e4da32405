/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who is told of what, when, and again. */
#include <string.h>

#include "limits.h"
#include "notifier-fixture.h"

static const char *const one[] = { "ops webhook info -", NULL };

static void test_raised_and_cleared(void) {
        Test *t = test_new(one);
        NotifyCount c;

        raise_alert(t, "a");
        expect(t, "ops +a; ");
        clear_alert(t, "a");
        expect(t, "ops -a; ");
        until_idle(t);
        c = notifier_count(t->notifier, 0);
        g_assert_cmpstr(c.target, ==, "ops");
        g_assert_cmpuint(c.sent, ==, 2);
        g_assert_cmpuint(c.failed + c.refused + c.dropped, ==, 0);
        /* Nothing is left of it: the same id would be told again. */
        raise_alert(t, "a");
        expect(t, "ops +a; ");
        until_idle(t);
        test_free(t);
}

static void test_who_is_told(void) {
        static const char *const targets[] = { "all webhook info -", "grave webhook critical -",
                                               "seoul webhook info seoul-*", "busan webhook info busan-*",
                                               NULL };
        Test *t = test_new(targets);
        AlertRecord a = alert_of("a");

        fleet_tell_alert(t->fleet, &a, ALERT_CHANGE_RAISED);
        expect(t, "all +a; seoul +a; ");
        a.id = (char *) "b";
        a.severity = ALERT_CRITICAL;
        a.client = (char *) "busan-2";
        fleet_tell_alert(t->fleet, &a, ALERT_CHANGE_RAISED);
        expect(t, "all +b; grave +b; busan +b; ");
        a.id = (char *) "c";
        a.client = (char *) ""; /* the server's own is everybody's */
        fleet_tell_alert(t->fleet, &a, ALERT_CHANGE_RAISED);
        expect(t, "all +c; grave +c; seoul +c; busan +c; ");
        a.acknowledged = true;
        fleet_tell_alert(t->fleet, &a, ALERT_CHANGE_ACKNOWLEDGED);
        a = alert_of("a");
        fleet_tell_alert(t->fleet, &a, ALERT_CHANGE_CLEARED);
        expect(t, "all -a; seoul -a; ");
        until_idle(t);
        test_free(t);
}

/* Nobody is told of what is silenced; but who was told before that something is wrong is told when it is over, as they would wait
 * for it for ever. */
static void test_silenced(void) {
        Test *t = test_new(one);
        AlertRecord a = alert_of("a");

        silence_alert(t, "a", ALERT_CHANGE_RAISED);
        clear_alert(t, "a"); /* what was not raised is not cleared */
        raise_alert(t, "b");
        expect(t, "ops +b; ");
        until_idle(t);
        silence_alert(t, "b", ALERT_CHANGE_SILENCED);
        a.id = (char *) "b";
        a.silenced = true;
        a.cleared = 2000000;
        fleet_tell_alert(t->fleet, &a, ALERT_CHANGE_CLEARED);
        expect(t, "ops -b; ");
        raise_alert(t, "c");
        expect(t, "ops +c; ");
        silence_alert(t, "c", ALERT_CHANGE_SILENCED);
        raise_alert(t, "c"); /* the silence is over: they know */
        raise_alert(t, "d");
        expect(t, "ops +d; ");
        until_idle(t);
        test_free(t);
}

/* What waits when the silence begins is not told, and what was under way is not tried again. */
static void test_silenced_while_it_waits(void) {
        Test *t = test_new(one);

        t->holds = true;
        raise_alert(t, "a");
        raise_alert(t, "b");
        raise_alert(t, "c");
        expect(t, "ops +a; ");
        while (notifier_count(t->notifier, 0).waiting < 3)
                step(t);
        raise_alert(t, "d"); /* which is being written */
        silence_alert(t, "a", ALERT_CHANGE_SILENCED);
        silence_alert(t, "b", ALERT_CHANGE_SILENCED);
        silence_alert(t, "d", ALERT_CHANGE_SILENCED);
        g_assert_cmpuint(notifier_count(t->notifier, 0).waiting, ==, 2);
        raise_alert(t, "e");
        while (notifier_count(t->notifier, 0).waiting < 3)
                step(t);
        t->holds = false;
        answer_next(t, NOTICE_LATER);
        expect(t, "ops +c; ops +e; ");
        until_idle(t);
        clear_alert(t, "a"); /* of which nobody was told */
        clear_alert(t, "d");
        raise_alert(t, "b"); /* which lasts when the silence ends */
        expect(t, "ops +b; ");
        until_idle(t);
        stop(t);
        start(t, one);
        step(t);
        test_free(t);
}

/* A kill between the two. */
static void test_silenced_over_a_restart(void) {
        Test *t = test_new(one);
        g_autoptr(GPtrArray) lasting = g_ptr_array_new();
        AlertRecord told = alert_of("a"), waits = alert_of("c");

        raise_alert(t, "a");
        expect(t, "ops +a; ");
        until_idle(t);
        t->holds = true;
        raise_alert(t, "b");
        raise_alert(t, "c");
        expect(t, "ops +b; ");
        while (notifier_count(t->notifier, 0).waiting < 2)
                step(t);
        stop(t);
        start(t, one);
        expect(t, "ops +b; ");
        told.silenced = waits.silenced = true;
        g_ptr_array_add(lasting, &told);
        g_ptr_array_add(lasting, &waits);
        notifier_catch_up(t->notifier, lasting);
        t->holds = false;
        answer_next(t, NOTICE_SENT);
        expect(t, "ops -b; ");
        until_idle(t);
        clear_alert(t, "a");
        clear_alert(t, "c");
        expect(t, "ops -a; ");
        until_idle(t);
        test_free(t);
}

/* In order, and as often as it takes. */
static void test_later(void) {
        Test *t = test_new(one);

        t->outcome = NOTICE_LATER;
        raise_alert(t, "a");
        raise_alert(t, "b");
        clear_alert(t, "a");
        expect(t, "ops +a; ops +a; ");
        t->outcome = NOTICE_SENT;
        expect(t, "ops +a; ops +b; ops -a; ");
        until_idle(t);
        g_assert_cmpuint(notifier_count(t->notifier, 0).failed, ==, 2);
        g_assert_cmpuint(notifier_count(t->notifier, 0).sent, ==, 3);
        g_assert_false(notifier_count(t->notifier, 0).failing);
        test_free(t);
}

static void test_refused(void) {
        Test *t = test_new(one);

        t->holds = true;
        raise_alert(t, "a");
        raise_alert(t, "b");
        expect(t, "ops +a; ");
        answer_next(t, NOTICE_REFUSED);
        t->holds = false;
        expect(t, "ops +b; ");
        clear_alert(t, "a");
        clear_alert(t, "b");
        expect(t, "ops -b; ");
        until_idle(t);
        g_assert_cmpuint(notifier_count(t->notifier, 0).refused, ==, 1);
        test_free(t);
}

static void test_one_holds_up_no_other(void) {
        static const char *const two[] = { "deaf webhook info -", "ops webhook info -", NULL };
        Test *t = test_new(two);

        t->deaf = "deaf";
        raise_alert(t, "a");
        clear_alert(t, "a");
        expect(t, "deaf +a; ops +a; ops -a; ");
        /* After NOTIFY_ANSWER_SEC it is asked again. */
        expect(t, "deaf +a; ");
        g_assert_cmpuint(notifier_count(t->notifier, 0).failed, ==, 1);
        t->deaf = NULL;
        expect(t, "deaf +a; deaf -a; ");
        until_idle(t);
        test_free(t);
}

/* What waits survives, what was told is not told again, and what was raised in another life is cleared. */
static void test_restart(void) {
        Test *t = test_new(one);

        raise_alert(t, "a");
        expect(t, "ops +a; ");
        until_idle(t);
        t->holds = true;
        raise_alert(t, "b");
        expect(t, "ops +b; "); /* without an answer */
        raise_alert(t, "c");
        stop(t);
        t->holds = false;
        start(t, one);
        expect(t, "ops +b; ops +c; ");
        clear_alert(t, "c");
        expect(t, "ops -c; ");
        catch_up(t, "a", "d"); /* it did not get to hear of d, nor of the end of b */
        expect(t, "ops +d; ops -b; ");
        clear_alert(t, "a");
        expect(t, "ops -a; ");
        until_idle(t);
        stop(t);
        start(t, one);
        clear_alert(t, "d");
        expect(t, "ops -d; ");
        until_idle(t);
        catch_up(t, NULL, NULL);
        step(t);
        test_free(t);
}

static void test_connection_lost(void) {
        Test *t = test_new(one);

        t->holds = true;
        raise_alert(t, "a");
        expect(t, "ops +a; ");
        t->peer = notify_stream_free(t->peer);
        t->holds = false;
        expect(t, "ops +a; ");
        until_idle(t);
        g_assert_cmpuint(notifier_count(t->notifier, 0).failed, ==, 1);
        test_free(t);
}

static void test_nobody_listens(void) {
        Test *t = test_new(one);

        uv_close((uv_handle_t *) &t->listener, NULL);
        step(t);
        raise_alert(t, "a");
        while (notifier_count(t->notifier, 0).failed < 2)
                step(t);
        listen_on_socket(t);
        expect(t, "ops +a; ");
        until_idle(t);
        test_free(t);
}

#define SURPLUS 5

/* One is under way, and so many wait that a0000 to a0004 are dropped. */
static void overflow(Test *t) {
        t->holds = true;
        raise_alert(t, "first");
        until_told(t, " +first; ");
        for (unsigned i = 0; i < NOTIFY_WAITING_MAX - 1 + SURPLUS; i++) {
                g_autofree char *id = g_strdup_printf("a%04u", i);

                raise_alert(t, id);
        }
        while (notifier_count(t->notifier, 0).dropped < SURPLUS)
                step(t);
}

/* An Alertmanager is told of what lasts in any case. */
static void test_bound_of_alertmanager(void) {
        static const char *const am[] = { "am alertmanager info -", NULL };
        Test *t = test_new(am);

        overflow(t);
        t->holds = false;
        answer_next(t, NOTICE_SENT);
        until_told(t, "am +a0000 +a0001 ");
        until_told(t, "; ");
        test_free(t);
}

static void test_bound(void) {
        Test *t = test_new(one);

        overflow(t);
        g_assert_cmpuint(notifier_count(t->notifier, 0).waiting, ==, NOTIFY_WAITING_MAX);
        t->holds = false;
        answer_next(t, NOTICE_SENT); /* it was under way, and stayed */
        until_idle(t);
        g_assert_true(g_str_has_prefix(t->told->str, "ops +a0005; ops +a0006; "));
        g_string_truncate(t->told, 0);
        /* What was dropped is not told of at all. */
        clear_alert(t, "a0000");
        clear_alert(t, "a0005");
        expect(t, "ops -a0005; ");
        until_idle(t);
        test_free(t);
}

static void test_refresh(void) {
        static const char *const two[] = { "am alertmanager info -", "ops webhook critical -", NULL };
        Test *t = test_new(two);
        unsigned n = NOTIFY_REFRESH_MAX + 1;

        for (unsigned i = 0; i < n; i++) {
                g_autofree char *id = g_strdup_printf("a%04u", i);

                raise_alert(t, id);
        }
        until_told(t, "am +a0000 +a0001 ");
        until_told(t, "+a0099; am +a0100; ");
        for (unsigned i = 1; i < n; i++) {
                g_autofree char *id = g_strdup_printf("a%04u", i);

                clear_alert(t, id);
        }
        until_told(t, "am -a0100; ");
        until_told(t, "am +a0000; ");
        /* Alertmanager has silences of its own, so an acknowledged one lasts there; one that is silenced here does not. */
        {
                AlertRecord a = alert_of("a0000");

                a.acknowledged = true;
                fleet_tell_alert(t->fleet, &a, ALERT_CHANGE_ACKNOWLEDGED);
                until_told(t, "am +a0000; ");
        }
        silence_alert(t, "a0000", ALERT_CHANGE_SILENCED);
        raise_alert(t, "b");
        until_told(t, "am +b; ");
        until_told(t, "am +b; ");
        raise_alert(t, "a0000"); /* it lasts longer than its silence */
        until_told(t, "am +a0000 +b; ");
        test_free(t);
}

/* mserver-notify is replaced once nothing is under way; what waits for a target that is gone is dropped, and one that is new is told
 * of what lasts. */
static void test_reload(void) {
        static const char *const two[] = { "ops webhook info -", "old webhook info -", NULL };
        static const char *const other[] = { "ops webhook critical -", "new webhook info -", NULL };
        Test *t = test_new(two);

        t->deaf = "old";
        t->holds = true;
        raise_alert(t, "a");
        expect(t, "ops +a; old +a; ");
        set_targets(t, other);
        raise_alert(t, "b"); /* not grave enough for ops now */
        g_assert_cmpuint(t->ends, ==, 0);
        answer_next(t, NOTICE_SENT);
        t->holds = false;
        expect(t, "new +a; new +b; ");
        g_assert_cmpuint(t->ends, ==, 1);
        until_idle(t);
        t->deaf = NULL;
        stop(t);
        start(t, two);
        clear_alert(t, "a");
        expect(t, "ops -a; ");
        until_idle(t);
        test_free(t);
}

/* A target that is to hear of more is told of what lasts already, the oldest first, and of nothing twice. */
static void test_widened(void) {
        static const char *const narrow[] = { "ops webhook critical -", "busan webhook info busan-*", NULL };
        static const char *const wide[] = { "ops webhook info -", "busan webhook info -", NULL };
        Test *t = test_new(narrow);
        AlertRecord a = alert_of("z"), silenced = alert_of("s");

        a.severity = ALERT_CRITICAL;
        fleet_tell_alert(t->fleet, &a, ALERT_CHANGE_RAISED);
        expect(t, "ops +z; ");
        a = alert_of("y");
        a.since--;
        fleet_tell_alert(t->fleet, &a, ALERT_CHANGE_RAISED);
        silenced.silenced = true;
        fleet_tell_alert(t->fleet, &silenced, ALERT_CHANGE_RAISED);
        raise_alert(t, "over");
        clear_alert(t, "over");
        until_idle(t);
        set_targets(t, wide);
        expect(t, "ops +y; busan +y; busan +z; ");
        until_idle(t);
        set_targets(t, narrow);
        set_targets(t, wide);
        raise_alert(t, "n");
        expect(t, "ops +n; busan +n; ");
        until_idle(t);
        test_free(t);
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/notifier/raised-and-cleared", test_raised_and_cleared);
        g_test_add_func("/notifier/who-is-told", test_who_is_told);
        g_test_add_func("/notifier/silenced", test_silenced);
        g_test_add_func("/notifier/silenced-while-it-waits", test_silenced_while_it_waits);
        g_test_add_func("/notifier/silenced-over-a-restart", test_silenced_over_a_restart);
        g_test_add_func("/notifier/later", test_later);
        g_test_add_func("/notifier/refused", test_refused);
        g_test_add_func("/notifier/one-holds-up-no-other", test_one_holds_up_no_other);
        g_test_add_func("/notifier/restart", test_restart);
        g_test_add_func("/notifier/connection-lost", test_connection_lost);
        g_test_add_func("/notifier/nobody-listens", test_nobody_listens);
        g_test_add_func("/notifier/bound", test_bound);
        g_test_add_func("/notifier/bound-of-alertmanager", test_bound_of_alertmanager);
        g_test_add_func("/notifier/refresh", test_refresh);
        g_test_add_func("/notifier/reload", test_reload);
        g_test_add_func("/notifier/widened", test_widened);
        return g_test_run();
}
