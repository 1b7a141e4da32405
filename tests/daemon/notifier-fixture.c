/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The notifier, and a mserver-notify that is played. */
#include "notifier-fixture.h"

#include <glib/gstdio.h>
#include <string.h>

#include "notify-target.h"

#define HASTE 20

LoopTimer *__real_loop_timer_new(Loop *l, uint64_t delay_ms, uint64_t repeat_ms, LoopTimerHandler handler,
                                 void *userdata);
LoopTimer *__wrap_loop_timer_new(Loop *l, uint64_t delay_ms, uint64_t repeat_ms, LoopTimerHandler handler,
                                 void *userdata);
LoopTimer *__wrap_loop_timer_new(Loop *l, uint64_t delay_ms, uint64_t repeat_ms, LoopTimerHandler handler,
                                 void *userdata) {
        return __real_loop_timer_new(l, delay_ms / HASTE, repeat_ms / HASTE, handler, userdata);
}

void answer_next(Test *t, NoticeOutcome outcome) {
        const NoticeReport r = { GPOINTER_TO_UINT(g_queue_pop_head(&t->ids)), outcome, 0,
                                 outcome == NOTICE_SENT ? NULL : (char *) "played" };
        g_autofree char *line = notice_report_format(&r);

        notify_stream_send(t->peer, line);
}

static void on_line(const char *line, void *userdata) {
        Test *t = userdata;
        g_auto(NoticeRequest) r = {};

        if (g_str_equal(line, NOTICE_END_LINE)) {
                t->ends++;
                t->peer = notify_stream_free(t->peer);
                return;
        }
        g_assert_true(notice_request_parse(line, &r, NULL));
        g_string_append(t->told, r.target);
        for (unsigned i = 0; i < r.notices->len; i++) {
                const Notice *n = r.notices->pdata[i];

                g_string_append_printf(t->told, " %s%s", n->cleared ? "-" : "+", n->alert->id);
        }
        g_string_append(t->told, "; ");
        if (g_strcmp0(t->deaf, r.target) == 0)
                return;
        g_queue_push_tail(&t->ids, GUINT_TO_POINTER((unsigned) r.id));
        if (!t->holds)
                answer_next(t, t->outcome);
}

static void on_ended(const char *problem, void *userdata) {
        Test *t = userdata;

        t->peer = notify_stream_free(t->peer);
}

static const NotifyStreamHandler handler = { on_line, on_ended };

static void on_connection(uv_stream_t *listener, int status) {
        Test *t = listener->data;

        (void) notify_stream_free(t->peer);
        g_queue_clear(&t->ids);
        t->peer = notify_stream_accept(t->loop, listener, &handler, t);
}

void listen_on_socket(Test *t) {
        (void) g_unlink(t->socket);
        (void) uv_pipe_init(loop_uv(t->loop), &t->listener, 0);
        t->listener.data = t;
        g_assert_cmpint(uv_pipe_bind(&t->listener, t->socket), ==, 0);
        g_assert_cmpint(uv_listen((uv_stream_t *) &t->listener, 4, on_connection), ==, 0);
}

void step(Test *t) {
        (void) uv_run(loop_uv(t->loop), UV_RUN_ONCE);
}

/* Takes what was told by now, which is to be this once it is all there. */
void expect(Test *t, const char *told) {
        while (strlen(t->told->str) < strlen(told))
                step(t);
        g_assert_cmpstr(t->told->str, ==, told);
        g_string_truncate(t->told, 0);
}

/* Takes what was told until this, whatever there was before. */
void until_told(Test *t, const char *what) {
        const char *found;

        while (!(found = strstr(t->told->str, what)))
                step(t);
        g_string_erase(t->told, 0, found + strlen(what) - t->told->str);
}

static bool is_idle(const Test *t) {
        for (unsigned i = 0; i < notifier_count_targets(t->notifier); i++)
                if (notifier_count(t->notifier, i).waiting > 0)
                        return false;
        return true;
}

void until_idle(Test *t) {
        while (!is_idle(t))
                step(t);
}

static void free_target(void *p) {
        (void) notify_target_free(p);
}

/* "name type severity clients", "-" is none */
static GPtrArray *targets_of(const char *const *lines) {
        GPtrArray *all = g_ptr_array_new_with_free_func(free_target);

        for (; *lines; lines++) {
                g_auto(GStrv) words = g_strsplit(*lines, " ", 4);
                NotifyTarget *target = g_new0(NotifyTarget, 1);

                target->name = g_strdup(words[0]);
                g_assert_true(notice_shape_from_string(words[1], &target->shape));
                g_assert_true(alert_severity_from_string(words[2], &target->severity));
                if (!g_str_equal(words[3], "-"))
                        target->clients = selector_parse(words[3], NULL);
                g_ptr_array_add(all, target);
        }
        return all;
}

void set_targets(Test *t, const char *const *lines) {
        g_autoptr(GPtrArray) targets = targets_of(lines);

        notifier_set_targets(t->notifier, targets);
}

static void on_ready(const GError *error, void *userdata) {
        g_assert_no_error(error);
        ((Test *) userdata)->ready = true;
}

void start(Test *t, const char *const *targets) {
        g_autoptr(GError) error = NULL;

        t->fleet = fleet_new(NULL, NULL, 100);
        t->notifier = notifier_new(t->loop, t->fleet, t->dir, t->socket, &error);
        g_assert_no_error(error);
        set_targets(t, targets);
        t->ready = false;
        notifier_load(t->notifier, on_ready, t);
        while (!t->ready)
                step(t);
}

void stop(Test *t) {
        t->notifier = notifier_free(t->notifier);
        fleet_free(t->fleet);
}

Test *test_new(const char *const *targets) {
        Test *t = g_new0(Test, 1);
        g_autoptr(GError) error = NULL;

        t->dir = g_dir_make_tmp("notifier-XXXXXX", &error);
        g_assert_no_error(error);
        t->socket = g_build_filename(t->dir, "socket", NULL);
        t->told = g_string_new(NULL);
        g_queue_init(&t->ids);
        t->loop = loop_new(&error);
        g_assert_no_error(error);
        listen_on_socket(t);
        start(t, targets);
        return t;
}

void test_free(Test *t) {
        static const char *const files[] = {
                "socket",          "notices.db", "notices.db-wal", "notices.db-shm", "notices.db-lock",
                "notices.db.lock", NULL
        };

        stop(t);
        g_assert_cmpstr(t->told->str, ==, ""); /* nothing that nobody expected */
        (void) notify_stream_free(t->peer);
        uv_close((uv_handle_t *) &t->listener, NULL);
        (void) loop_free(t->loop);
        for (const char *const *f = files; *f; f++) {
                g_autofree char *path = g_build_filename(t->dir, *f, NULL);

                (void) g_unlink(path);
        }
        (void) g_rmdir(t->dir);
        g_queue_clear(&t->ids);
        g_string_free(t->told, true);
        g_free(t->socket);
        g_free(t->dir);
        g_free(t);
}

AlertRecord alert_of(const char *id) {
        return (AlertRecord){ (char *) id,
                              ALERT_WARNING,
                              (char *) "disk-full",
                              (char *) "seoul-1",
                              (char *) "",
                              (char *) "full",
                              1000000,
                              0,
                              false,
                              false };
}

void raise_alert(Test *t, const char *id) {
        AlertRecord a = alert_of(id);

        fleet_tell_alert(t->fleet, &a, ALERT_CHANGE_RAISED);
}

void clear_alert(Test *t, const char *id) {
        AlertRecord a = alert_of(id);

        a.cleared = 2000000;
        fleet_tell_alert(t->fleet, &a, ALERT_CHANGE_CLEARED);
}

void silence_alert(Test *t, const char *id, AlertChange change) {
        AlertRecord a = alert_of(id);

        a.silenced = true;
        fleet_tell_alert(t->fleet, &a, change);
}

/* These last, and no others. */
void catch_up(Test *t, const char *one, const char *other) {
        g_autoptr(GPtrArray) lasting = g_ptr_array_new();
        AlertRecord a = alert_of(one), b = alert_of(other);

        if (one)
                g_ptr_array_add(lasting, &a);
        if (other)
                g_ptr_array_add(lasting, &b);
        notifier_catch_up(t->notifier, lasting);
}
