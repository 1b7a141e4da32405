/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Stands in for daemon/io/ws-server.c. */
#include "fake-agent.h"

#include <string.h>

#include "message.h"

struct WsPeer {
        Server *server;
        char *id;
        GPtrArray *commands;
        unsigned cancels, answered;
        uint64_t passed;
        bool obeys, answering, closed;
        void *userdata;
};

void fake_agent_says(FakeAgent *a, char *text) {
        sessions_handler.message(a, text, strlen(text), a->server->sessions);
        g_free(text);
}

void fake_agent_ends(FakeAgent *a, const char *id, CommandState state, const char *result,
                     const char *error) {
        json_object *o = result ? json_tokener_parse(result) : NULL;

        fake_agent_says(a, message_command_response(id, state, o, 0, error, 1));
        json_object_put(o);
}

void fake_agent_prints(FakeAgent *a, const char *id, uint64_t offset, const char *text) {
        fake_agent_says(a, message_command_progress(id, offset, text, strlen(text)));
}

/* The server sends from inside its own work; what comes back comes later. */
static void answer_all(void *userdata) {
        FakeAgent *a = userdata;

        a->answering = false;
        while (a->answered < a->commands->len)
                fake_agent_ends(a, g_ptr_array_index(a->commands, a->answered++), COMMAND_SUCCEEDED,
                                "{\"done\":true}", NULL);
}

static void obey(FakeAgent *a) {
        if (!a->obeys || a->answering)
                return;
        a->answering = true;
        loop_defer(a->server->loop, answer_all, a);
}

void fake_agent_obeys(FakeAgent *a) {
        a->obeys = true;
        obey(a);
}

bool ws_peer_send(WsPeer *peer, const char *text, size_t size) {
        g_autoptr(GError) error = NULL;
        g_autoptr(Message) m = message_parse(text, size, &error);

        g_assert_no_error(error);
        if (m->type == MESSAGE_COMMAND) {
                g_ptr_array_add(peer->commands, g_strdup(m->command.id));
                uv_stop(loop_uv(peer->server->loop)); /* who waits for it looks */
                obey(peer);
        } else if (m->type == MESSAGE_COMMAND_CANCEL)
                peer->cancels++;
        else if (m->type == MESSAGE_COMMAND_FLOW)
                peer->passed = m->flow.offset;
        return true;
}

void ws_peer_close(WsPeer *peer, uint16_t code, const char *reason) {
        peer->closed = true;
}

const char *ws_peer_identity(const WsPeer *peer) {
        return peer->id;
}

const char *ws_peer_address(const WsPeer *peer) {
        return "192.0.2.1";
}

void ws_peer_set_userdata(WsPeer *peer, void *p) {
        peer->userdata = p;
}

void *ws_peer_userdata(const WsPeer *peer) {
        return peer->userdata;
}

struct WsCall {
        Server *server;
        unsigned status;
        char *json;
};

void ws_call_answer(WsCall *call, unsigned status, const char *json) {
        call->status = status;
        call->json = g_strdup(json);
        uv_stop(loop_uv(call->server->loop));
}

unsigned fake_enroll(Server *s, const char *token, const char *body, char **ret_json) {
        static const PeerAddress address = { "192.0.2.7", "192.0.2.7" };
        WsCall call = { s, 0, NULL };

        sessions_handler.enroll(&call, &address, token, body, strlen(body), s->sessions);
        while (call.status == 0)
                (void) uv_run(loop_uv(s->loop), UV_RUN_ONCE);
        if (ret_json)
                *ret_json = call.json;
        else
                g_free(call.json);
        return call.status;
}

FakeAgent *fake_agent_new(Server *s, const char *id) {
        FakeAgent *a = g_new0(FakeAgent, 1);
        json_object *labels = json_object_new_object();

        a->server = s;
        a->id = g_strdup(id);
        a->commands = g_ptr_array_new_with_free_func(g_free);
        json_object_object_add(labels, "role", json_object_new_string("test"));
        sessions_handler.opened(a, s->sessions);
        fake_agent_says(a, message_register(id, "1.2.3", "host.example", labels, NULL, FEATURES_ALL, 1));
        json_object_put(labels);
        return a;
}

FakeAgent *fake_agent_free(FakeAgent *a) {
        if (!a)
                return NULL;
        g_assert_false(a->answering);
        sessions_handler.closed(a, "closed by the client (1000)", a->server->sessions);
        g_ptr_array_unref(a->commands);
        g_free(a->id);
        g_free(a);
        return NULL;
}

const GPtrArray *fake_agent_commands(const FakeAgent *a) {
        return a->commands;
}

unsigned fake_agent_cancels(const FakeAgent *a) {
        return a->cancels;
}

uint64_t fake_agent_passed(const FakeAgent *a) {
        return a->passed;
}

bool fake_agent_is_closed(const FakeAgent *a) {
        return a->closed;
}
