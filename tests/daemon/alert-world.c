/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The world with alerts in it: see alert-world.h. */
#include "alert-world.h"

#include "clock.h"
#include "message.h"

/* Rows: id → AlertRow, id → SilenceRecord. NodeTimes: what two nodes of "a" had
 * reported. */
static GHashTable *rows, *silences;
static StoreEngine engine;

typedef struct Answer {
        StoreDone done;
        StoreRows rows_done;
        StoreStatus status;
        GPtrArray *array;
        void *userdata;
} Answer;

static void answer(void *userdata) {
        Answer *a = userdata;

        if (a->done)
                a->done(a->status, a->userdata);
        if (a->rows_done)
                a->rows_done(a->status, a->array, a->userdata);
        g_clear_pointer(&a->array, g_ptr_array_unref);
        g_free(a);
}

static void later(Answer a) {
        loop_defer(NULL, answer, g_memdup2(&a, sizeof(a)));
}

static void put_alert(void *e, const AlertRecord *a, bool told, StoreDone done, void *userdata) {
        if (world->store_says == STORE_OK) {
                AlertRow *row = g_new0(AlertRow, 1);

                *row = (AlertRow){ alert_record_copy(a), told };
                g_hash_table_replace(rows, row->alert->id, row);
        }
        later((Answer){ .done = done, .status = world->store_says, .userdata = userdata });
}

static void settle_alert(void *e, const char *id, uint64_t cleared) {
        AlertRow *row = g_hash_table_lookup(rows, id);

        if (row && row->alert->cleared == cleared)
                row->told = true;
}

static void open_rows(void *e, StoreRows done, void *userdata) {
        GPtrArray *array = g_ptr_array_new_with_free_func((GDestroyNotify) alert_row_free);
        GHashTableIter i;
        AlertRow *row;

        g_hash_table_iter_init(&i, rows);
        while (g_hash_table_iter_next(&i, NULL, (void **) &row))
                if (!row->alert->cleared || !row->told) {
                        AlertRow *copy = g_new0(AlertRow, 1);

                        *copy = (AlertRow){ alert_record_copy(row->alert), row->told };
                        g_ptr_array_add(array, copy);
                }
        later((Answer){ .rows_done = done, .array = array, .userdata = userdata });
}

static void trim_alerts(void *e, unsigned keep) {
}

static SilenceRecord *silence_copy(const SilenceRecord *s) {
        SilenceRecord *copy = g_memdup2(s, sizeof(*s));

        copy->id = g_strdup(s->id);
        copy->selector = g_strdup(s->selector);
        copy->kind = g_strdup(s->kind);
        copy->comment = g_strdup(s->comment);
        return copy;
}

static void put_silence(void *e, const SilenceRecord *s, StoreDone done, void *userdata) {
        SilenceRecord *copy = world->store_says == STORE_OK ? silence_copy(s) : NULL;

        if (copy)
                g_hash_table_replace(silences, copy->id, copy);
        later((Answer){ .done = done, .status = world->store_says, .userdata = userdata });
}

static void delete_silence(void *e, const char *id, StoreDone done, void *userdata) {
        (void) g_hash_table_remove(silences, id);
        later((Answer){ .done = done, .status = world->store_says, .userdata = userdata });
}

static void load_silences(void *e, StoreRows done, void *userdata) {
        GPtrArray *array = g_ptr_array_new_with_free_func((GDestroyNotify) silence_record_free);
        GHashTableIter i;
        SilenceRecord *s;

        g_hash_table_iter_init(&i, silences);
        while (g_hash_table_iter_next(&i, NULL, (void **) &s))
                g_ptr_array_add(array, silence_copy(s));
        later((Answer){ .rows_done = done, .array = array, .userdata = userdata });
}

static void node_times(void *e, StoreRows done, void *userdata) {
        GPtrArray *array = g_ptr_array_new_with_free_func((GDestroyNotify) node_times_free);
        NodeTimes *old = g_new0(NodeTimes, 1), *t = g_new0(NodeTimes, 1);

        *old = (NodeTimes){ g_strdup("a"), g_strdup("old"), now_realtime() - 7 * DAY, 0 };
        *t = (NodeTimes){ g_strdup("a"), g_strdup("3node0"), now_realtime(), 0 };
        g_ptr_array_add(array, old);
        g_ptr_array_add(array, t);
        later((Answer){ .rows_done = done, .array = array, .userdata = userdata });
}

static void on_alert(const AlertRecord *a, AlertChange change, void *userdata) {
        static const char *const words[] = { "raised", "cleared", "acknowledged", "silenced" };
        AlertWorld *w = userdata;

        g_string_append_printf(w->told, "%s%s %s %s",
                               a->silenced && change != ALERT_CHANGE_SILENCED ? "silently " : "",
                               words[change], a->kind, a->client[0] ? a->client : "-");
        if (change == ALERT_CHANGE_RAISED)
                g_string_append_printf(w->told, " %s", a->message);
        g_string_append_c(w->told, '\n');
        g_assert_cmpint(a->cleared > 0, ==, change == ALERT_CHANGE_CLEARED);
}

static const FleetObserver observer = { .alert_changed = on_alert };

static void loaded(const GError *error, void *userdata) {
        g_assert_no_error(error);
        *(bool *) userdata = true;
}

static void start(AlertWorld *w) {
        bool ready = false;

        w->alerts = alerts_new(NULL, &w->world->store, NULL, w->world->fleet);
        alerts_load(w->alerts, loaded, &ready);
        world_run();
        g_assert_true(ready);
}

AlertWorld *alert_world_new(void) {
        AlertWorld *w = g_new0(AlertWorld, 1);

        w->world = world_new();
        engine = world_store;
        engine.put_alert = put_alert;
        engine.settle_alert = settle_alert;
        engine.open_alerts = open_rows;
        engine.trim_alerts = trim_alerts;
        engine.put_silence = put_silence;
        engine.delete_silence = delete_silence;
        engine.load_silences = load_silences;
        engine.node_times = node_times;
        w->world->store.ops = &engine;
        rows = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, (GDestroyNotify) alert_row_free);
        silences = g_hash_table_new_full(g_str_hash, g_str_equal, NULL,
                                         (GDestroyNotify) silence_record_free);
        w->told = g_string_new(NULL);
        fleet_observe(w->world->fleet, &observer, w);
        start(w);
        return w;
}

void alert_world_free(AlertWorld *w) {
        world_run();
        w->alerts = alerts_free(w->alerts);
        world_free(w->world);
        g_hash_table_unref(rows);
        g_hash_table_unref(silences);
        g_string_free(w->told, true);
        g_free(w);
}

void alert_world_kill(AlertWorld *w) {
        world_forget();
        w->alerts = alerts_free(w->alerts);
        start(w);
}

void assert_told(AlertWorld *w, const char *expected) {
        world_run();
        g_assert_cmpstr(w->told->str, ==, expected);
        g_string_truncate(w->told, 0);
}

unsigned open_alerts(AlertWorld *w) {
        g_autoptr(GPtrArray) list = alert_book_list(alerts_book(w->alerts));

        return list->len;
}

const AlertRecord *the_alert(AlertWorld *w) {
        g_autoptr(GPtrArray) list = alert_book_list(alerts_book(w->alerts));

        g_assert_cmpuint(list->len, ==, 1);
        return list->pdata[0];
}

void sample(WsPeer *peer, const char *data) {
        static int64_t sequence;
        json_object *o = json_tokener_parse(data);

        g_assert_nonnull(o);
        world_says_and_free(peer, message_stats(ws_peer_identity(peer), ++sequence, 10, o,
                                                (int64_t) (now_realtime() / USEC_PER_MSEC)));
        json_object_put(o);
}

void samples(WsPeer *peer, const char *data, uint64_t usec) {
        sample(peer, data);
        for (uint64_t passed = 0; passed < usec; passed += 10 * SEC) {
                world_pass(10 * SEC);
                sample(peer, data);
        }
}

void end_command(WsPeer *peer, const char *command, CommandState state, const char *error) {
        g_autofree char *id = world_submit("a", command, "{\"container\":\"3node0\"}", false, NULL);

        g_assert_nonnull(id);
        world_says_and_free(peer, message_command_response(id, state, NULL, 0, error, 1795406400000));
}
