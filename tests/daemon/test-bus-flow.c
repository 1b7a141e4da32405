/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Readers at their own pace: what they follow waits for them, what they only hear of does not, nothing piles up for
 * them anywhere, and the end comes last. */
#include <string.h>

#include "bus-fixture.h"
#include "limits.h"

#define MIB (1024u * 1024)
/* Chunks are sent whole, and some time after the question come answers. */
#define UNREAD_MAX (SUBSCRIBER_UNREAD_BYTES + OUTPUT_CHUNK_BYTES)

/* Time: that a subscriber has been silent for too long is for the tests to say. The linker puts these in place of
 * loop.h's (--wrap). */
static struct {
        LoopTimer *timer;
        LoopTimerHandler handler;
        void *userdata;
        unsigned started;
} silence;

LoopTimer *__real_loop_timer_new(Loop *l, uint64_t delay_ms, uint64_t repeat_ms, LoopTimerHandler handler,
                                 void *userdata);
LoopTimer *__real_loop_timer_free(LoopTimer *t);
LoopTimer *__wrap_loop_timer_new(Loop *l, uint64_t delay_ms, uint64_t repeat_ms, LoopTimerHandler handler,
                                 void *userdata);
LoopTimer *__wrap_loop_timer_free(LoopTimer *t);

LoopTimer *__wrap_loop_timer_new(Loop *l, uint64_t delay_ms, uint64_t repeat_ms, LoopTimerHandler handler,
                                 void *userdata) {
        LoopTimer *t = __real_loop_timer_new(l, delay_ms, repeat_ms, handler, userdata);

        if (delay_ms == SUBSCRIBER_SILENT_SEC * 1000) {
                silence.timer = t;
                silence.handler = handler;
                silence.userdata = userdata;
                silence.started++;
        }
        return t;
}

LoopTimer *__wrap_loop_timer_free(LoopTimer *t) {
        if (t && t == silence.timer)
                silence.timer = NULL;
        return __real_loop_timer_free(t);
}

static void silence_passes(void) {
        g_assert_nonnull(silence.timer);
        silence.handler(silence.userdata);
        g_assert_null(silence.timer);
}

/* What is printed is the same at every offset, whoever prints it. */
static char text_at(uint64_t offset) {
        return (char) ('!' + offset % 89);
}

static void print(FakeAgent *a, const char *id, uint64_t offset, size_t size) {
        g_autofree char *text = g_malloc(size + 1);

        for (size_t i = 0; i < size; i++)
                text[i] = text_at(offset + i);
        text[size] = '\0';
        fake_agent_prints(a, id, offset, text);
}

/* An agent that keeps to command_flow prints up to end, as far as it may now; where it got. */
static uint64_t print_until(FakeAgent *a, const char *id, uint64_t from, uint64_t end) {
        while (from < end && from < fake_agent_passed(a) + OUTPUT_WINDOW_BYTES) {
                size_t size = MIN(end - from, OUTPUT_CHUNK_BYTES);

                print(a, id, from, size);
                from += size;
        }
        return from;
}

/* One that reads, or does not. */
typedef struct Reader {
        Fixture *fixture;
        sd_bus *bus;
        sd_bus_slot *slot;
        uint64_t next, lost;
        bool ended;
} Reader;

static void take_output(Reader *r, sd_bus_message *m) {
        const char *chunk;
        uint64_t offset;
        size_t size;

        g_assert_false(r->ended);
        g_assert_cmpint(sd_bus_message_read(m, "st", NULL, &offset), >, 0);
        g_assert_cmpint(sd_bus_message_read_array(m, 'y', (const void **) &chunk, &size), >, 0);
        g_assert_cmpuint(offset, >=, r->next);
        g_assert_cmpuint(size, <=, OUTPUT_CHUNK_BYTES);
        for (size_t i = 0; i < size; i++)
                g_assert_cmpint(chunk[i], ==, text_at(offset + i));
        r->lost += offset - r->next;
        r->next = offset + size;
}

static int on_message(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        Reader *r = userdata;
        const char *state;

        if (sd_bus_message_is_signal(m, MSERVER_IFACE_MANAGER, "CommandOutput"))
                take_output(r, m);
        else if (sd_bus_message_is_signal(m, MSERVER_IFACE_MANAGER, "CommandStateChanged") &&
                 sd_bus_message_read(m, "ssss", NULL, NULL, NULL, &state) > 0)
                r->ended = strcmp(state, "succeeded") == 0;
        something_happened(r->fixture->loop);
        return 0;
}

static Reader *reader_new(Fixture *f, uid_t uid) {
        Reader *r = g_new0(Reader, 1);
        g_autoptr(sd_bus_message) m = NULL;

        r->fixture = f;
        r->bus = private_bus_connect(f->private_bus, uid);
        g_assert_cmpint(sd_bus_add_match(r->bus, &r->slot, "type='signal',sender='org.mserver1'", on_message,
                                         r),
                        >=, 0);
        m = manager_call(f, r->bus, "Subscribe", NULL);
        assert_reply_error(m, NULL, NULL);
        return r;
}

static void reader_free(Reader *r) {
        sd_bus_slot_unref(r->slot);
        private_bus_disconnect(r->bus);
        g_free(r);
}

static void reader_stops(Reader *r) {
        g_assert_cmpint(sd_bus_detach_event(r->bus), >=, 0);
}

static void reader_goes_on(Reader *r) {
        g_assert_cmpint(sd_bus_attach_event(r->bus, loop_event(r->fixture->loop), 0), >=, 0);
}

static char *reader_sends(Reader *r) {
        g_autoptr(sd_bus_message) m =
                        fixture_command(r->fixture, r->bus, "SendCommand", "a", "logs", NULL, NULL);
        const char *id;

        assert_reply_error(m, NULL, NULL);
        g_assert_cmpint(sd_bus_message_read(m, "so", &id, NULL), >, 0);
        return g_strdup(id);
}

/* GetOutput from its offset on. */
static uint64_t reader_asks(Reader *r, const char *id, uint64_t offset) {
        g_autofree char *path = g_strconcat(MSERVER_COMMAND_ROOT "/", id, NULL);
        g_autoptr(sd_bus_message) m = call(r->fixture->loop, r->bus, path, MSERVER_IFACE_COMMAND,
                                           "GetOutput", "tu", offset, OUTPUT_TAIL_BYTES);
        const void *chunk;
        uint64_t next;
        size_t size;

        assert_reply_error(m, NULL, NULL);
        g_assert_cmpint(sd_bus_message_read_array(m, 'y', &chunk, &size), >, 0);
        g_assert_cmpint(sd_bus_message_read(m, "t", &next), >, 0);
        return next;
}

static void allow_user(Fixture *f) {
        fake_polkit_say(f->polkit, "org.mserver1.read", "yes");
        fake_polkit_say(f->polkit, "org.mserver1.command.logs", "yes");
}

/* The agent prints until it is stopped. */
static uint64_t print_until_held(Fixture *f, FakeAgent *a, const char *id, uint64_t from) {
        for (uint64_t before = from - 1; from != before;) {
                before = from;
                from = print_until(a, id, from, UINT64_MAX / 2);
                settle(f->loop, f->root);
        }
        return from;
}

static void test_keeps_up(Fixture *f, const void *data) {
        FakeAgent *a = fake_agent_new(&f->server, "a");
        Reader *r = reader_new(f, 0);
        g_autofree char *id = reader_sends(r);
        uint64_t printed = 0;

        run_until(f->loop, (printed = print_until(a, id, printed, 4 * MIB)) == 4 * MIB);
        fake_agent_ends(a, id, COMMAND_SUCCEEDED, "{}", NULL);
        run_until(f->loop, r->ended);
        g_assert_cmpuint(r->next, ==, 4 * MIB);
        g_assert_cmpuint(r->lost, ==, 0);
        reader_free(r);
        fake_agent_free(a);
}

/* Who sent a command and does not read it holds it, loses nothing, and has nothing piled up for it. */
static void test_slow(Fixture *f, const void *data) {
        FakeAgent *a = fake_agent_new(&f->server, "a");
        Reader *r;
        g_autofree char *id = NULL;
        uint64_t held, printed;

        allow_user(f);
        r = reader_new(f, other_uid());
        id = reader_sends(r);
        reader_stops(r);
        held = print_until_held(f, a, id, 0);
        g_assert_cmpuint(held, >=, SUBSCRIBER_UNREAD_BYTES);
        g_assert_cmpuint(held, <=, UNREAD_MAX + OUTPUT_WINDOW_BYTES + OUTPUT_CHUNK_BYTES);

        reader_goes_on(r);
        printed = held;
        run_until(f->loop, (printed = print_until(a, id, printed, 2 * MIB)) == 2 * MIB);
        run_until(f->loop, r->next == 2 * MIB);
        g_assert_cmpuint(r->lost, ==, 0);
        reader_free(r);
        fake_agent_free(a);
}

/* One that answers no more is not waited for; when it reads again it sees what it missed. */
static void test_silent(Fixture *f, const void *data) {
        FakeAgent *a = fake_agent_new(&f->server, "a");
        Reader *r = reader_new(f, 0);
        g_autofree char *id = reader_sends(r);
        uint64_t printed;

        reader_stops(r);
        printed = print_until_held(f, a, id, 0);
        silence_passes();
        g_assert_cmpuint(print_until(a, id, printed, 4 * MIB), ==, 4 * MIB);

        reader_goes_on(r);
        run_until(f->loop, r->next == 4 * MIB);
        g_assert_cmpuint(r->lost, >, 0);
        g_assert_cmpuint(r->next - r->lost, <=, UNREAD_MAX + OUTPUT_TAIL_BYTES);
        /* And is waited for again. */
        reader_stops(r);
        printed = print_until_held(f, a, id, 4 * MIB);
        g_assert_cmpuint(printed, <, 5 * MIB);
        reader_free(r);
        fake_agent_free(a);
}

/* A pager that shows its first page: nothing is read, but somebody is there. */
static void test_alive(Fixture *f, const void *data) {
        FakeAgent *a = fake_agent_new(&f->server, "a");
        Reader *r = reader_new(f, 0);
        g_autofree char *id = reader_sends(r);
        g_autoptr(sd_bus_message) m = NULL;
        uint64_t printed;
        unsigned started;

        reader_stops(r);
        printed = print_until_held(f, a, id, 0);
        started = silence.started;
        g_assert_cmpint(sd_bus_message_new_method_call(r->bus, &m, MSERVER_BUS_NAME, MSERVER_ROOT,
                                                       MSERVER_IFACE_MANAGER, "Subscribe"),
                        >=, 0);
        g_assert_cmpint(sd_bus_message_set_expect_reply(m, false), >=, 0);
        g_assert_cmpint(sd_bus_send(r->bus, m, NULL), >=, 0);
        g_assert_cmpint(sd_bus_flush(r->bus), >=, 0);
        run_until(f->loop, silence.started == started + 1); /* from the beginning */
        g_assert_cmpuint(print_until_held(f, a, id, printed), ==, printed);
        silence_passes();
        g_assert_cmpuint(print_until(a, id, printed, 4 * MIB), ==, 4 * MIB);
        reader_free(r);
        fake_agent_free(a);
}

/* Nobody is held back by those who only listen, nor by others than who it belongs to. */
static void test_listener(Fixture *f, const void *data) {
        FakeAgent *a = fake_agent_new(&f->server, "a");
        Reader *listener, *other = reader_new(f, 0);
        g_autofree char *id = fixture_send(f, "a");
        uint64_t first;

        fake_polkit_say(f->polkit, "org.mserver1.read-output", "yes");
        allow_user(f);
        listener = reader_new(f, other_uid());
        print(a, id, 0, 100); /* brings the question to polkit */
        settle(f->loop, f->root);
        settle(f->loop, f->root);
        (void) reader_asks(listener, id, 0);
        reader_stops(listener);
        reader_stops(other);
        g_assert_cmpuint(print_until(a, id, 100, 4 * MIB), ==, 4 * MIB);
        reader_goes_on(listener);
        reader_goes_on(other);
        run_until(f->loop, listener->next == 4 * MIB && other->next == 4 * MIB);
        g_assert_cmpuint(other->next - other->lost, <=, UNREAD_MAX + OUTPUT_TAIL_BYTES);

        /* With GetOutput it becomes one who follows, where it is its user's own. */
        first = reader_asks(other, id, 4 * MIB - 10);
        g_assert_cmpuint(first, ==, 4 * MIB);
        reader_stops(other);
        g_assert_cmpuint(print_until_held(f, a, id, 4 * MIB), <, 5 * MIB);
        reader_free(listener);
        reader_free(other);
        fake_agent_free(a);
}

/* Unsubscribing or leaving lets go of what was held. */
static void test_leaves(Fixture *f, const void *data) {
        FakeAgent *a = fake_agent_new(&f->server, "a");
        Reader *first = reader_new(f, 0), *second = reader_new(f, 0);
        g_autofree char *id = reader_sends(first);
        g_autoptr(sd_bus_message) m = NULL;
        uint64_t printed;

        (void) reader_asks(second, id, 0);
        reader_stops(first);
        reader_stops(second);
        printed = print_until_held(f, a, id, 0);
        reader_free(first);
        settle(f->loop, f->root);
        g_assert_cmpuint(print_until_held(f, a, id, printed), ==, printed);

        g_assert_cmpint(sd_bus_message_new_method_call(second->bus, &m, MSERVER_BUS_NAME, MSERVER_ROOT,
                                                       MSERVER_IFACE_MANAGER, "Unsubscribe"),
                        >=, 0);
        g_assert_cmpint(sd_bus_send(second->bus, m, NULL), >=, 0);
        g_assert_cmpint(sd_bus_flush(second->bus), >=, 0);
        run_until(f->loop, (printed = print_until(a, id, printed, 4 * MIB)) == 4 * MIB);
        reader_free(second);
        fake_agent_free(a);
}

/* The end comes to one that does not read, too, behind all that there is for it. */
static void test_end(Fixture *f, const void *data) {
        FakeAgent *a = fake_agent_new(&f->server, "a");
        Reader *r = reader_new(f, 0);
        g_autofree char *id = reader_sends(r);
        uint64_t printed;

        reader_stops(r);
        printed = print_until_held(f, a, id, 0);
        fake_agent_ends(a, id, COMMAND_SUCCEEDED, "{}", NULL);
        run_until(f->loop, dispatcher_open_count(f->server.dispatcher) == 0);
        reader_goes_on(r);
        run_until(f->loop, r->ended);
        g_assert_cmpuint(r->next, ==, printed);
        g_assert_cmpuint(r->lost, ==, 0);
        reader_free(r);
        fake_agent_free(a);
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        fixture_add("/bus/flow/keeps-up", test_keeps_up);
        fixture_add("/bus/flow/slow", test_slow);
        fixture_add("/bus/flow/silent", test_silent);
        fixture_add("/bus/flow/alive", test_alive);
        fixture_add("/bus/flow/listener", test_listener);
        fixture_add("/bus/flow/leaves", test_leaves);
        fixture_add("/bus/flow/end", test_end);
        return g_test_run();
}
