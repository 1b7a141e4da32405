/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One connection from upgrade to close: who it is, that it registers in time, and what it may send. */
#include "sessions.h"

#include <string.h>
#include <syslog.h>

#include "clock.h"
#include "command-table.h"
#include "enroll-message.h"
#include "error.h"
#include "fleet-internal.h"
#include "ident.h"
#include "limits.h"
#include "log.h"
#include "message.h"
#include "names.h"
#include "ratelimit.h"
#include "session.h"
#include "text.h"

struct Sessions {
        Loop *loop;
        Fleet *fleet;
        Dispatcher *dispatcher;
        Keyring *keyring;
        Audit *audit;
        RateTable *failures;  /* wrong tokens, by PeerAddress.key */
        RateLimit reject_log; /* bounds what strangers can make us write */
        GQueue unregistered;  /* Visits, oldest first: all have the same time to register */
        LoopTimer *tick;
        ClientCertificates certificates;
        const ClientCa *client_ca; /* may be NULL */
};

/* A session, and what only its supervisor needs to know of it. */
typedef struct Visit {
        Session session; /* first: the peer's userdata and what others hold is this */
        Sessions *owner;
        GList unregistered;   /* its link in owner->unregistered, data NULL when not in it */
        uint64_t opened;      /* monotonic µs */
        uint64_t signed_usec; /* likewise, when a certificate was last asked for; 0: not yet */
} Visit;

/* A host that asks to be let in, until it has its answer. */
typedef struct Enrolling {
        Sessions *owner;
        WsCall *call;
        PeerAddress address;
        char *request; /* for a certificate; NULL: none */
} Enrolling;

static int64_t now_ms(void) {
        return (int64_t) (now_realtime() / USEC_PER_MSEC);
}

static void audit_rejected(Sessions *o, const char *client, const char *address, const char *reason) {
        AuditEntry *e;

        if (!rate_limit_take(&o->reject_log, AUDIT_REJECTED_PER_SECOND, AUDIT_REJECTED_BURST,
                             now_monotonic()))
                return;
        e = fleet_audit_entry("client-rejected", MESSAGE_ID_CLIENT_REJECTED, LOG_WARNING, client, address,
                              reason);
        audit_entry_message(e, "%s: rejected: %s", client ?: address, reason);
        audit_submit(o->audit, e, NULL, NULL);
}

/* The peer broke the protocol or is not who it says: tell it, the journal, and close. */
static void reject(Visit *v, uint16_t code, const char *reason) {
        g_autofree char *short_reason = text_cut(reason, CLOSE_REASON_MAX);

        audit_rejected(v->owner, ws_peer_identity(v->session.peer), ws_peer_address(v->session.peer),
                       reason);
        session_close(&v->session, code, short_reason);
}

static void leave_unregistered(Visit *v) {
        if (!v->unregistered.data)
                return;
        g_queue_unlink(&v->owner->unregistered, &v->unregistered);
        v->unregistered.data = NULL;
}

static void on_tick(void *userdata) {
        Sessions *o = userdata;
        uint64_t now = now_monotonic();
        Visit *v;

        while ((v = g_queue_peek_head(&o->unregistered)) &&
               now - v->opened >= REGISTER_TIMEOUT_SEC * USEC_PER_SEC) {
                leave_unregistered(v);
                reject(v, WS_CLOSE_POLICY, "no register within " G_STRINGIFY(REGISTER_TIMEOUT_SEC) " s");
        }
}

/* Who was let in by a token that has just been taken back, and has not registered: nobody else knows of it yet. */
static void on_access_ended(const char *client, const char *reason, void *userdata) {
        Sessions *o = userdata;

        for (GList *i = o->unregistered.head, *next; i; i = next) {
                Visit *v = i->data;

                next = i->next;
                if (g_strcmp0(ws_peer_identity(v->session.peer), client) == 0) {
                        leave_unregistered(v);
                        session_close(&v->session, WS_CLOSE_POLICY, reason);
                }
        }
}

static const FleetObserver observer = { .access_ended = on_access_ended };

static WsVerdict on_authorize(const PeerAddress *address, const char *token,
                              const WsCertificate *certificate, char **ret_identity, void *userdata) {
        Sessions *o = userdata;
        uint64_t now = now_monotonic();
        g_autofree char *id = NULL, *refusal = NULL;

        /* A right one is let in whoever else guesses at that address, which may be a whole site's. */
        id = token ? fleet_authenticate(o->fleet, token, now_realtime()) : NULL;
        if (!id) {
                if (!rate_table_peek(o->failures, address->key, now))
                        return WS_TOO_MANY_REQUESTS;
                (void) rate_table_take(o->failures, address->key, now);
                audit_rejected(o, NULL, address->text, token ? "wrong token" : "no token");
                return WS_UNAUTHORIZED;
        }
        refusal = client_certificate_refuse(o->certificates, id, certificate);
        if (refusal) {
                (void) rate_table_take(o->failures, address->key, now);
                audit_rejected(o, id, address->text, refusal);
                return WS_FORBIDDEN;
        }
        *ret_identity = g_steal_pointer(&id);
        return WS_ACCEPT;
}

static void on_enrolled(const char *client, const GError *error, void *userdata) {
        Enrolling *e = userdata;
        g_autofree char *certificate = NULL, *json = NULL;
        bool denied = g_error_matches(error, FLEET_ERROR, FLEET_ERROR_ACCESS_DENIED);

        if (denied) {
                (void) rate_table_take(e->owner->failures, e->address.key, now_monotonic());
                audit_rejected(e->owner, NULL, e->address.text, error->message);
        }
        if (client) {
                const CertificateHolder host = { client, e->address.text, "enrolled" };
                EnrollAnswer answer = { .client = (char *) client };

                certificate = client_certificate_issue(e->owner->client_ca, e->owner->audit, e->request,
                                                       &host, now_realtime());
                answer.certificate = certificate;
                json = enroll_answer_format(&answer);
        }
        ws_call_answer(e->call, client ? 200 : denied ? 401 : 503, json);
        g_free(e->request);
        g_free(e);
}

static void on_enroll(WsCall *call, const PeerAddress *address, const char *token, const char *body,
                      size_t size, void *userdata) {
        Sessions *o = userdata;
        g_auto(EnrollRequest) request = {};
        g_autoptr(GError) error = NULL;
        Enrolling *e;

        if (!rate_table_peek(o->failures, address->key, now_monotonic())) {
                ws_call_answer(call, 429, NULL);
                return;
        }
        if (!enroll_request_parse(body, size, &request, &error)) {
                (void) rate_table_take(o->failures, address->key, now_monotonic());
                audit_rejected(o, NULL, address->text, error->message);
                ws_call_answer(call, 400, NULL);
                return;
        }
        e = g_new0(Enrolling, 1);
        *e = (Enrolling){ o, call, *address, g_steal_pointer(&request.certificate_request) };
        fleet_enroll(o->fleet, token ?: "", request.credential, address->text, now_realtime(), on_enrolled,
                     e);
}

static void on_opened(WsPeer *peer, void *userdata) {
        Sessions *o = userdata;
        Visit *v = g_new0(Visit, 1);

        v->owner = o;
        v->session.peer = peer;
        v->opened = now_monotonic();
        v->unregistered.data = v;
        g_queue_push_tail_link(&o->unregistered, &v->unregistered);
        ws_peer_set_userdata(peer, v);
}

static void on_closed(WsPeer *peer, const char *reason, void *userdata) {
        Visit *v = ws_peer_userdata(peer);

        if (!v)
                return;
        v->session.closing = true;
        leave_unregistered(v);
        if (v->session.client)
                fleet_unregister(v->owner->fleet, v->session.client, &v->session, reason, now_realtime());
        g_free(v);
}

static void on_alive(WsPeer *peer, void *userdata) {
        Visit *v = ws_peer_userdata(peer);

        if (v && v->session.client)
                v->session.client->last_seen = now_realtime();
}

static GHashTable *read_labels(json_object *o) {
        GHashTable *labels = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);

        if (o) {
                json_object_object_foreach (o, key, value)
                        if (g_hash_table_size(labels) < LABELS_MAX && strlen(key) <= LABEL_KEY_MAX)
                                g_hash_table_replace(
                                                labels, g_strdup(key),
                                                text_cut(json_object_get_string(value), LABEL_VALUE_MAX));
        }
        return labels;
}

/* An agent that does not say what it offers is of the first generation, and has what is built in. */
static char **read_commands(json_object *o) {
        g_autoptr(GStrvBuilder) names = g_strv_builder_new();
        size_t n = o ? MIN(json_object_array_length(o), (size_t) OFFERED_COMMANDS_MAX) : 0;

        for (const CommandInfo *i = command_table; !o && i->name; i++)
                g_strv_builder_add(names, i->name);
        for (size_t i = 0; i < n; i++) {
                const char *name = json_object_get_string(json_object_array_get_idx(o, i));

                if (command_name_is_valid(name))
                        g_strv_builder_add(names, name);
        }
        return g_strv_builder_end(names);
}

static unsigned features_of(const Sessions *o) {
        return o->client_ca ? FEATURES_ALL : FEATURES_ALL & ~FEATURE_CERTIFICATE;
}

/* For whom the session is, whoever the request speaks of. */
static void on_certificate_request(Visit *v, const Message *m) {
        const CertificateHolder host = { v->session.client->id, ws_peer_address(v->session.peer),
                                         "renewed" };
        uint64_t now = now_monotonic();
        g_autofree char *certificate = NULL;

        if (v->signed_usec > 0 && now - v->signed_usec < CLIENT_CERTIFICATE_SPACING_SEC * USEC_PER_SEC) {
                session_send(&v->session, message_error("no certificate", "one was asked for a moment ago"));
                return;
        }
        v->signed_usec = now;
        certificate = client_certificate_issue(v->owner->client_ca, v->owner->audit, m->certificate.request,
                                               &host, now_realtime());
        session_send(&v->session,
                     certificate ? message_certificate(certificate)
                                 : message_error("no certificate",
                                                 "the server signs none, or the request is none"));
}

static void on_register(Visit *v, const Message *m) {
        const char *identity = ws_peer_identity(v->session.peer);
        g_autofree char *host = text_cut(m->reg.host_name ?: "", HOST_NAME_MAX_BYTES);
        g_autofree char *version = text_cut(m->reg.version ?: "", VERSION_MAX_BYTES);
        g_autoptr(GError) error = NULL;
        bool again = v->session.client != NULL;
        FleetRegister what;

        if (g_strcmp0(m->reg.server_id, identity) != 0) {
                g_autofree char *id = text_cut(m->reg.server_id ?: "", CLIENT_ID_MAX);
                g_autofree char *reason =
                                g_strdup_printf("the token belongs to \"%s\", not to \"%s\"", identity, id);

                session_send(&v->session, message_register_ack(id, false, reason, 0, now_ms()));
                reject(v, WS_CLOSE_POLICY, reason);
                return;
        }

        leave_unregistered(v);
        what = (FleetRegister){
                .host = host,
                .version = version,
                .address = ws_peer_address(v->session.peer),
                .labels = read_labels(m->reg.labels),
                .commands = read_commands(m->reg.commands),
                .features = m->reg.features,
        };
        v->session.client = fleet_register(v->owner->fleet, identity, &what, &v->session, now_realtime(),
                                           &error);
        g_clear_pointer(&what.labels, g_hash_table_unref);
        g_clear_pointer(&what.commands, g_strfreev);
        if (!v->session.client) {
                session_send(&v->session,
                             message_register_ack(identity, false, error->message, 0, now_ms()));
                reject(v, WS_CLOSE_TRY_AGAIN, error->message);
                return;
        }
        session_send(&v->session,
                     message_register_ack(identity, true, "registered",
                                          m->reg.features ? features_of(v->owner) : 0, now_ms()));
        if (!again)
                dispatcher_client_ready(v->owner->dispatcher, v->session.client);
}

static void keep_json(char **where, json_object *o) {
        const char *text = o ? json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN) : NULL;

        if (!text || strlen(text) > STATS_BYTES_MAX)
                return;
        g_free(*where);
        *where = g_strdup(text);
}

static void on_stats(Visit *v, const Message *m) {
        Client *c = v->session.client;
        json_object *system, *host;

        keep_json(&c->stats, m->stats.body);
        if (c->host[0] == '\0' && json_object_object_get_ex(m->stats.body, "system", &system) &&
            json_object_object_get_ex(system, "host_name", &host) &&
            json_object_is_type(host, json_type_string))
                fleet_set_host(v->owner->fleet, c, json_object_get_string(host));
        fleet_tell_stats(v->owner->fleet, c, m->stats.body, m->stats.timestamp_ms);
        session_send(&v->session, message_stats_ack(m->stats.sequence, now_ms()));
}

static void on_registered_message(Visit *v, const Message *m) {
        Dispatcher *d = v->owner->dispatcher;
        Client *c = v->session.client;

        switch (m->type) {
        case MESSAGE_REGISTER:
                on_register(v, m);
                break;
        case MESSAGE_PING:
                session_send(&v->session, message_pong(now_ms()));
                break;
        case MESSAGE_HEARTBEAT:
                session_send(&v->session, message_heartbeat_ack(now_ms()));
                break;
        case MESSAGE_STATS:
                on_stats(v, m);
                break;
        case MESSAGE_SUMMARY:
                keep_json(&c->summary, m->stats.body);
                session_send(&v->session, message_summary_ack(m->stats.sequence, now_ms()));
                break;
        case MESSAGE_COMMAND_PROGRESS:
                dispatcher_progress(d, c, m);
                break;
        case MESSAGE_COMMAND_RESPONSE:
                dispatcher_response(d, c, m);
                break;
        case MESSAGE_KEY_UPDATE:
                keyring_key_update(v->owner->keyring, c, m);
                break;
        case MESSAGE_BACKUP_COMPLETE:
                keyring_backup_complete(v->owner->keyring, c, m);
                break;
        case MESSAGE_CERTIFICATE_REQUEST:
                on_certificate_request(v, m);
                break;
        case MESSAGE_PONG:
        case MESSAGE_HEARTBEAT_ACK:
                break;
        case MESSAGE_ERROR:
                log_debug("%s reports: %s", c->id, m->error.message ?: "");
                break;
        default:
                log_debug("%s sent a message of type \"%s\"", c->id, m->type_name);
                session_send(&v->session, message_error("unknown message type", m->type_name));
        }
}

static void on_message(WsPeer *peer, const char *text, size_t size, void *userdata) {
        Visit *v = ws_peer_userdata(peer);
        g_autoptr(Message) m = NULL;
        g_autoptr(GError) error = NULL;

        if (v->session.closing)
                return;
        if (!rate_limit_take(&v->session.messages, MESSAGES_PER_SECOND, MESSAGES_BURST, now_monotonic())) {
                reject(v, WS_CLOSE_POLICY,
                       "more than " G_STRINGIFY(MESSAGES_PER_SECOND) " messages a second");
                return;
        }
        m = message_parse(text, size, &error);
        if (!m) {
                session_send(&v->session, message_error("not a message", error->message));
                reject(v, WS_CLOSE_PROTOCOL, error->message);
                return;
        }
        if (v->session.client)
                on_registered_message(v, m);
        else if (m->type == MESSAGE_REGISTER)
                on_register(v, m);
        else {
                g_autofree char *reason = g_strdup_printf(
                                "the first message is \"%.32s\", expected register", m->type_name);
                session_send(&v->session, message_error("register first", reason));
                reject(v, WS_CLOSE_POLICY, reason);
        }
}

const WsHandler sessions_handler = {
        .authorize = on_authorize,
        .opened = on_opened,
        .message = on_message,
        .closed = on_closed,
        .alive = on_alive,
        .enroll = on_enroll,
};

Sessions *sessions_new(Loop *l, Fleet *fleet, Dispatcher *dispatcher, Keyring *keyring, Audit *audit) {
        Sessions *s = g_new0(Sessions, 1);

        s->loop = l;
        s->fleet = fleet;
        s->dispatcher = dispatcher;
        s->keyring = keyring;
        s->audit = audit;
        s->failures = rate_table_new(AUTH_FAILURES_PER_MINUTE / 60.0, AUTH_FAILURES_PER_MINUTE,
                                     AUTH_ADDRESSES_MAX);
        s->tick = loop_timer_new(l, 1000, 1000, on_tick, s);
        fleet_observe(fleet, &observer, s);
        return s;
}

void sessions_set_certificates(Sessions *s, ClientCertificates mode, const ClientCa *ca) {
        s->certificates = mode;
        s->client_ca = ca;
}

Sessions *sessions_free(Sessions *s) {
        if (!s)
                return NULL;
        g_assert(g_queue_is_empty(&s->unregistered));
        fleet_unobserve(s->fleet, s);
        loop_timer_free(s->tick);
        rate_table_free(s->failures);
        g_free(s);
        return NULL;
}
