/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What commands print, from agents to readers: nothing twice, nothing missing without being seen, and agents held to the
 * pace of who is waited for. */
#include <string.h>

#include "limits.h"
#include "message.h"
#include "world.h"

#define CHUNK OUTPUT_CHUNK_BYTES

/* One reader, and what the agent is told of it. */
static struct {
        GString *text;   /* as it was told: what is missing is "~" */
        uint64_t passed; /* the reader's; UINT64_MAX: it keeps up */
        GString *told;   /* the offsets in command_flow, a space behind each */
        bool ended;      /* its end was told */
} seen;

static void on_output(const CommandRecord *r, uint64_t offset, const void *chunk, size_t size,
                      void *userdata) {
        g_assert_false(seen.ended);
        g_assert_cmpuint(offset, >=, seen.text->len);
        while (seen.text->len < offset)
                g_string_append_c(seen.text, '~');
        g_string_append_len(seen.text, chunk, (gssize) size);
}

static uint64_t on_output_passed(const CommandRecord *r, uint64_t end, void *userdata) {
        return MIN(seen.passed, end);
}

static void on_changed(const CommandRecord *r, void *userdata) {
        seen.ended = command_state_is_final(r->state);
}

static void on_sent(WsPeer *peer, const Message *m) {
        if (m->type == MESSAGE_COMMAND_FLOW)
                g_string_append_printf(seen.told, "%" G_GUINT64_FORMAT " ", m->flow.offset);
}

static World *begin(void) {
        static const FleetObserver observer = {
                .command_changed = on_changed,
                .command_output = on_output,
                .output_passed = on_output_passed,
        };
        World *w = world_new();

        seen.text = g_string_new(NULL);
        seen.told = g_string_new(NULL);
        seen.passed = UINT64_MAX;
        seen.ended = false;
        w->sent = on_sent;
        fleet_observe(w->fleet, &observer, &seen);
        return w;
}

static void end(World *w) {
        g_string_free(seen.text, true);
        g_string_free(seen.told, true);
        world_free(w);
}

static char *submit(void) {
        g_autoptr(GError) error = NULL;
        char *id = world_submit("a", "logs", "{\"container\":\"3node0\",\"follow\":true}", false, &error);

        g_assert_no_error(error);
        return id;
}

static void prints(WsPeer *p, const char *id, uint64_t offset, const char *text) {
        world_says_and_free(p, message_command_progress(id, offset, text, strlen(text)));
}

static void prints_chunks(WsPeer *p, const char *id, uint64_t offset, unsigned n) {
        g_autofree char *chunk = g_strnfill(CHUNK, 'x');

        for (unsigned i = 0; i < n; i++)
                prints(p, id, offset + (uint64_t) i * CHUNK, chunk);
}

static void answers(WsPeer *p, const char *id, const char *result, uint64_t output_bytes) {
        json_object *o = json_tokener_parse(result);

        world_says_and_free(p, message_command_response(id, COMMAND_SUCCEEDED, o, output_bytes, NULL, 1));
        json_object_put(o);
}

static void assert_told(const char *expected) {
        g_assert_cmpstr(seen.told->str, ==, expected);
        g_string_truncate(seen.told, 0);
}

typedef struct Read {
        char *text;
        uint64_t next;
        bool more;
} Read;

static void on_read(const void *data, size_t size, uint64_t next, bool more, const GError *error,
                    void *userdata) {
        Read *r = userdata;

        g_assert_no_error(error);
        *r = (Read){ g_strndup(data ?: "", size), next, more };
}

static void assert_reads(const char *id, uint64_t offset, size_t max, const char *text, uint64_t next,
                         bool more) {
        Read r = {};

        dispatcher_output(world->dispatcher, id, offset, max, on_read, &r);
        world_run();
        g_assert_cmpstr(r.text, ==, text);
        g_assert_cmpuint(r.next, ==, next);
        g_assert_true(r.more == more);
        g_free(r.text);
}

/* An agent is told before it has to stop, and not of every piece. */
static void test_told(void) {
        World *w = begin();
        WsPeer *a = world_connect("a", FEATURES_ALL);
        g_autofree char *id = submit();

        prints_chunks(a, id, 0, 1);
        assert_told("");
        prints_chunks(a, id, CHUNK, 3);
        assert_told("65536 131072 ");
        answers(a, id, "\"x\"", 4 * CHUNK);
        dispatcher_output_passed(w->dispatcher, id);
        assert_told("");
        end(w);
}

static void test_agent_without_flow(void) {
        World *w = begin();
        WsPeer *a = world_connect("a", FEATURES_ALL & ~(unsigned) FEATURE_FLOW);
        g_autofree char *id = submit();

        prints_chunks(a, id, 0, 20);
        assert_told("");
        g_assert_cmpuint(seen.text->len, ==, 20 * CHUNK);
        end(w);
}

static void test_held_back(void) {
        World *w = begin();
        WsPeer *a = world_connect("a", FEATURES_ALL);
        g_autofree char *id = submit();
        g_autoptr(GBytes) rest = NULL;
        uint64_t offset;

        seen.passed = 1000;
        prints_chunks(a, id, 0, 4); /* as far as it may without being told */
        assert_told("");
        rest = dispatcher_peek_output(w->dispatcher, id, seen.passed, SIZE_MAX, &offset);
        g_assert_cmpuint(offset, ==, 1000); /* all of it is there, whenever the reader wants it */
        g_assert_cmpuint(g_bytes_get_size(rest), ==, 4 * CHUNK - 1000);
        seen.passed = OUTPUT_PASSED_BYTES - 1;
        dispatcher_output_passed(w->dispatcher, id);
        assert_told("");
        seen.passed = OUTPUT_PASSED_BYTES;
        dispatcher_output_passed(w->dispatcher, id);
        dispatcher_output_passed(w->dispatcher, "cmd_1_0001");
        assert_told("49152 ");
        seen.passed = UINT64_MAX; /* it has left */
        dispatcher_output_passed(w->dispatcher, id);
        assert_told("131072 ");
        end(w);
}

/* What the agent was told may have been lost with the connection. */
static void test_told_again(void) {
        World *w = begin();
        WsPeer *a = world_connect("a", FEATURES_ALL);
        g_autofree char *id = submit();

        prints_chunks(a, id, 0, 2);
        assert_told("65536 ");
        world_hangs_up(a);
        a = world_connect("a", FEATURES_ALL);
        assert_told("");
        prints_chunks(a, id, 0, 2); /* all of it known */
        assert_told("65536 ");
        g_assert_cmpuint(seen.text->len, ==, 2 * CHUNK);
        end(w);
}

static void test_cut(void) {
        World *w = begin();
        WsPeer *a = world_connect("a", FEATURES_ALL);
        g_autofree char *id = submit();

        assert_reads(id, 0, 100, "", 0, true);
        prints(a, id, 0, "one two ");
        world_hangs_up(a);
        assert_reads(id, 4, 3, "two", 7, true);

        /* The agent has all, some, and not all of it. */
        a = world_connect("a", FEATURES_ALL);
        prints(a, id, 0, "one two three ");
        prints(a, id, 8, "three four ");
        g_assert_cmpstr(seen.text->str, ==, "one two three four ");
        prints(a, id, 24, "six ");
        g_assert_cmpstr(seen.text->str, ==, "one two three four ~~~~~six ");
        assert_reads(id, 0, 100, "six ", 28, true); /* 28 - 4: from 24 on */
        assert_reads(id, 40, 100, "", 40, true);    /* never back */
        end(w);
}

/* What the agent printed last, with nobody to tell it to, is in its result. */
static void test_end_while_away(void) {
        World *w = begin();
        WsPeer *a = world_connect("a", FEATURES_ALL);
        g_autofree char *id = submit(), *other = submit();

        prints(a, id, 0, "one two ");
        world_hangs_up(a);
        a = world_connect("a", FEATURES_ALL);
        answers(a, id, "{\"output\":\"two three four\",\"truncated\":true,\"output_bytes\":18}", 18);
        g_assert_cmpstr(seen.text->str, ==, "one two three four");
        g_assert_true(seen.ended);
        assert_reads(id, 0, 100, "one two three four", 18, false);
        assert_reads(id, 8, 5, "three", 13, true);
        assert_reads(id, 18, 5, "", 18, false);
        assert_reads(id, 20, 5, "", 20, false);

        g_string_truncate(seen.text, 0);
        seen.ended = false;
        prints(a, other, 0, "one ");
        answers(a, other, "\"[8 bytes before this left out]\\nthree four\"", 18);
        g_assert_cmpstr(seen.text->str, ==, "one ~~~~three four");
        assert_reads(other, 0, 100, "three four", 18, false);
        end(w);
}

/* A first-generation agent streams nothing; its result is no output. */
static void test_end_of_old_agent(void) {
        World *w = begin();
        WsPeer *a = world_connect("a", 0);
        g_autofree char *id = submit();

        answers(a, id, "\"one two\"", 0);
        g_assert_cmpstr(seen.text->str, ==, "");
        assert_reads(id, 0, 100, "", 0, false);
        end(w);
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/dispatcher-output/told", test_told);
        g_test_add_func("/dispatcher-output/agent-without-flow", test_agent_without_flow);
        g_test_add_func("/dispatcher-output/held-back", test_held_back);
        g_test_add_func("/dispatcher-output/told-again", test_told_again);
        g_test_add_func("/dispatcher-output/cut", test_cut);
        g_test_add_func("/dispatcher-output/end-while-away", test_end_while_away);
        g_test_add_func("/dispatcher-output/end-of-old-agent", test_end_of_old_agent);
        return g_test_run();
}
