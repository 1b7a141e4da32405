/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Silences: alerts are there and told to nobody, until the silence ends, which it does. */
#include "alert-world.h"

#include <string.h>

#include "clock.h"
#include "error.h"
#include "limits.h"
#include "message.h"

#define RUNS "{\"containers\":[{\"name\":\"3node0\",\"state\":\"running\"}]}"
#define EXITED "{\"containers\":[{\"name\":\"3node0\",\"state\":\"exited\"}]}"

typedef struct Added {
        char *id;
        GError *error;
} Added;

static void added(const char *id, const GError *error, void *userdata) {
        Added *a = userdata;

        g_assert_true(!id != !error);
        a->id = g_strdup(id);
        a->error = error ? g_error_copy(error) : NULL;
}

static char *silence_or_error(AlertWorld *w, const char *selector, const char *kind, uint64_t usec,
                              const char *comment, GError **error) {
        const SilenceRequest q = { selector, kind, now_realtime() + usec, comment, 1000 };
        Added a = {};

        silences_add(alerts_silences(w->alerts), &q, added, &a);
        world_run();
        if (a.error)
                g_propagate_error(error, a.error);
        return a.id;
}

static char *silence(AlertWorld *w, const char *selector, const char *kind, uint64_t usec) {
        g_autoptr(GError) error = NULL;
        char *id = silence_or_error(w, selector, kind, usec, "", &error);

        g_assert_no_error(error);
        return id;
}

static void done(const GError *error, void *userdata) {
        g_assert_no_error(error);
}

static void failed(const GError *error, void *userdata) {
        g_assert_error(error, FLEET_ERROR, FLEET_ERROR_INVALID_PARAMETER);
        *(bool *) userdata = true;
}

/* It ends by itself, and then what still lasts is told. */
static void test_ends(void) {
        AlertWorld *w = alert_world_new();
        WsPeer *a = world_connect("a", FEATURES_ALL);
        g_autofree char *id = silence(w, "all", "", HOUR), *log = NULL;

        samples(a, EXITED, 3 * MINUTE);
        assert_told(w, "silently raised container-down a 3node0: exited\n");
        g_assert_true(the_alert(w)->silenced);
        g_assert_cmpuint(alert_book_count(alerts_book(w->alerts), ALERT_CONTAINER_DOWN, true), ==, 1);
        alert_world_kill(w);
        g_assert_cmpuint(silences_list(alerts_silences(w->alerts))->len, ==, 1);
        g_assert_true(the_alert(w)->silenced);
        samples(a, EXITED, 50 * MINUTE);
        assert_told(w, "");
        g_free(world_take_log());
        samples(a, EXITED, 10 * MINUTE);
        assert_told(w, "raised container-down a 3node0: exited\n");
        g_assert_cmpuint(alert_book_count(alerts_book(w->alerts), ALERT_CONTAINER_DOWN, false), ==, 1);
        log = world_take_log();
        g_assert_nonnull(strstr(log, "audit silence-ended"));
        g_assert_null(strstr(log, "audit alert-raised")); /* the incident is in the journal already */
        g_assert_cmpuint(silences_list(alerts_silences(w->alerts))->len, ==, 0);
        alert_world_kill(w);
        g_assert_cmpuint(silences_list(alerts_silences(w->alerts))->len, ==, 0);
        g_assert_false(the_alert(w)->silenced);
        alert_world_free(w);
}

/* What was told already is silent from then on. */
static void test_begins_late(void) {
        AlertWorld *w = alert_world_new();
        WsPeer *a = world_connect("a", FEATURES_ALL);
        g_autofree char *id = NULL;
        bool told_so = false;

        samples(a, EXITED, 3 * MINUTE);
        assert_told(w, "raised container-down a 3node0: exited\n");
        id = silence(w, "a", "container-down", HOUR);
        g_assert_true(the_alert(w)->silenced);
        assert_told(w, "silenced container-down a\n");
        silences_remove(alerts_silences(w->alerts), id, 1000, done, NULL);
        assert_told(w, "raised container-down a 3node0: exited\n");
        silences_remove(alerts_silences(w->alerts), id, 1000, failed, &told_so);
        g_assert_true(told_so);
        g_free(g_steal_pointer(&id));
        id = silence(w, "a", "", HOUR);
        samples(a, RUNS, 2 * MINUTE);
        assert_told(w, "silenced container-down a\nsilently cleared container-down a\n");
        alert_world_free(w);
}

/* That somebody knows of it does not end a silence that began meanwhile. */
static void test_acknowledged(void) {
        AlertWorld *w = alert_world_new();
        WsPeer *a = world_connect("a", FEATURES_ALL);
        const SilenceRequest q = { "a", "", now_realtime() + HOUR, "", 1000 };
        Added got = {};

        samples(a, EXITED, 3 * MINUTE);
        assert_told(w, "raised container-down a 3node0: exited\n");
        silences_add(alerts_silences(w->alerts), &q, added, &got); /* which is stored first */
        alert_book_acknowledge(alerts_book(w->alerts), the_alert(w)->id, 1000, done, NULL);
        assert_told(w, "silenced container-down a\nsilently acknowledged container-down a\n");
        g_free(got.id);
        alert_world_free(w);
}

static void test_whom(void) {
        static const struct {
                const char *selector, *kind, *alert, *client;
                bool silent;
        } cases[] = {
                { "all", "", "node-syncing", "a", true },
                { "all", "", "certificate-expiring", "", true },
                { "*", "", "certificate-expiring", "", false },
                { "a", "", "certificate-expiring", "", false },
                { "a", "", "node-syncing", "a", true },
                { "a", "", "node-syncing", "b", false },
                { "a", "node-syncing", "node-syncing", "a", true },
                { "a", "node-syncing", "disk-full", "a", false },
                { "role=x", "", "disk-full", "a", true },
                { "role=y", "", "disk-full", "a", false },
                { "role=x", "", "disk-full", "nobody", false },
                { "seoul-*", "", "disk-full", "seoul-1", true }, /* also one that is not known */
        };
        AlertWorld *w = alert_world_new();
        WsPeer *a = world_open("a");
        json_object *labels = json_tokener_parse("{\"role\":\"x\"}");

        world_says_and_free(a, message_register("a", "test", "host", labels, NULL, FEATURES_ALL, 1));
        json_object_put(labels);
        for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
                g_autofree char *id = silence(w, cases[i].selector, cases[i].kind, HOUR);

                g_assert_cmpint(silences_match(alerts_silences(w->alerts), cases[i].alert, cases[i].client),
                                ==, cases[i].silent);
                silences_remove(alerts_silences(w->alerts), id, 1000, done, NULL);
        }
        alert_world_free(w);
}

static void assert_refused(AlertWorld *w, const char *selector, const char *kind, uint64_t usec,
                           const char *comment, FleetError code, const char *says) {
        g_autoptr(GError) error = NULL;
        g_autofree char *id = silence_or_error(w, selector, kind, usec, comment, &error);

        g_assert_null(id);
        g_assert_error(error, FLEET_ERROR, (int) code);
        g_assert_nonnull(strstr(error->message, says));
}

static void test_refused(void) {
        AlertWorld *w = alert_world_new();
        g_autofree char *longer = g_strnfill(SILENCE_COMMENT_MAX + 1, 'x');

        assert_refused(w, "", "", HOUR, "", FLEET_ERROR_INVALID_PARAMETER, "");
        assert_refused(w, "all", "disk-empty", HOUR, "", FLEET_ERROR_INVALID_PARAMETER, "\"disk-empty\"");
        assert_refused(w, "all", "", 0, "", FLEET_ERROR_INVALID_PARAMETER, "in the past");
        assert_refused(w, "all", "", SILENCE_MAX_USEC + SEC, "", FLEET_ERROR_INVALID_PARAMETER, "90 days");
        assert_refused(w, "all", "", HOUR, longer, FLEET_ERROR_INVALID_PARAMETER, "257 bytes");
        assert_refused(w, "all", "", HOUR, "a\nb", FLEET_ERROR_INVALID_PARAMETER, "one line");
        for (unsigned i = 0; i < SILENCES_MAX; i++)
                g_free(silence(w, "all", "", HOUR));
        assert_refused(w, "all", "", HOUR, "", FLEET_ERROR_LIMIT_EXCEEDED, "256");
        world_pass(HOUR + 2 * SEC);
        w->world->store_says = STORE_UNAVAILABLE;
        assert_refused(w, "all", "", HOUR, "", FLEET_ERROR_UNAVAILABLE, "store");
        g_assert_cmpuint(silences_list(alerts_silences(w->alerts))->len, ==, 0);
        alert_world_free(w);
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/silences/ends", test_ends);
        g_test_add_func("/silences/begins-late", test_begins_late);
        g_test_add_func("/silences/acknowledged", test_acknowledged);
        g_test_add_func("/silences/whom", test_whom);
        g_test_add_func("/silences/refused", test_refused);
        return g_test_run();
}
