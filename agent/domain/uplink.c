/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The agent's connection to its server, for ever. */
#include "uplink.h"

#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "clock.h"
#include "conversation.h"
#include "error.h"
#include "jobs.h"
#include "json-path.h"
#include "limits.h"
#include "log.h"
#include "outbox.h"
#include "payout-info.h"
#include "reconnect.h"
#include "renewal.h"
#include "server-trust.h"
#include "stats-backlog.h"
#include "summary.h"
#include "ws-client.h"

struct Uplink {
        Loop *loop;
        const AgentConfig *config;
        UplinkEvents events;
        void *userdata;

        ServerTrust *trust;
        Renewal *renewal;
        WsClient *ws;
        Jobs *jobs;
        Outbox *outbox;
        Rotations *rotations;
        NodeWatch *nodes; /* borrowed */
        Scripts *scripts;
        PayoutInfo *payouts;             /* NULL: nobody says anything of them */
        StatsBacklog *stats, *summaries; /* messages that are not acknowledged */
        int64_t sequence;                /* of the latest stats */
        Summary *summary;                /* of the period that goes on */
        int64_t summary_sequence;
        uint64_t summary_usec; /* monotonic, when that began */
        uint64_t lost;         /* samples and summaries that the server will never get */

        Conversation conversation;
        UplinkState state;
        Reconnect reconnect;
        uint64_t registered_usec; /* monotonic, when this session was; 0: it is not */
        uint64_t sent_usec;       /* monotonic, the last message */
        LoopTimer *timer;         /* until register_ack, or until the next try */
        LoopTimer *heartbeat;
        bool stopping;
        bool in_a_hurry; /* the next try comes at once */
};

static int64_t now_ms(void) {
        return now_realtime() / USEC_PER_MSEC;
}

static void change(Uplink *u, UplinkState state, const char *format, ...) G_GNUC_PRINTF(3, 4);
static void change(Uplink *u, UplinkState state, const char *format, ...) {
        g_autofree char *text = NULL;
        va_list ap;

        va_start(ap, format);
        text = g_strdup_vprintf(format, ap);
        va_end(ap);
        u->state = state;
        u->events.changed(state, text, u->userdata);
}

/* What waits for the server */

/* New string; NULL where there is none. */
static char *problem_of(const Uplink *u) {
        g_autofree char *jobs = backlog_problem(jobs_backlog(u->jobs)),
                        *outbox = backlog_problem(outbox_backlog(u->outbox));

        if (!jobs || !outbox)
                return jobs ? g_steal_pointer(&jobs) : g_steal_pointer(&outbox);
        return g_strconcat(jobs, "; ", outbox, NULL);
}

static void backlog_changed(bool crossed, void *userdata) {
        Uplink *u = userdata;
        g_autofree char *problem = NULL;

        if (!u->jobs) /* the end is near, or the beginning */
                return;
        u->events.pending(u->userdata);
        if (!crossed)
                return;
        problem = problem_of(u);
        u->events.alarmed(problem, u->userdata);
}

unsigned uplink_pending(const Uplink *u) {
        return u->jobs ? jobs_backlog(u->jobs)->count + outbox_backlog(u->outbox)->count : 0;
}

static void add_backlogs(const Uplink *u, json_object *data) {
        json_object *agent = json_object_new_object();
        g_autofree char *problem = problem_of(u);

        json_add_uint(agent, "outcomes_waiting", jobs_backlog(u->jobs)->count);
        json_add_uint(agent, "records_waiting", outbox_backlog(u->outbox)->count);
        if (problem)
                json_add_string(agent, "problem", problem);
        (void) json_object_object_add(data, "agent", agent);
}

/* Sending */

static bool send_text(const char *text, void *userdata) {
        Uplink *u = userdata;

        if (!ws_client_send(u->ws, text, strlen(text)))
                return false;
        u->sent_usec = now_monotonic();
        return true;
}

static bool is_congested(void *userdata) {
        Uplink *u = userdata;

        return ws_client_is_congested(u->ws);
}

static void send_backlog(Uplink *u, StatsBacklog *b) {
        const char *text;

        if (!u->conversation.registered)
                return;
        while (!ws_client_is_congested(u->ws) && (text = stats_backlog_next(b)))
                if (!send_text(text, u))
                        return; /* it is not acknowledged, so it comes again */
}

static void send_stats(Uplink *u) {
        send_backlog(u, u->stats);
        send_backlog(u, u->summaries);
}

static uint64_t take_dropped(Uplink *u) {
        uint64_t dropped = stats_backlog_take_dropped(u->stats) + stats_backlog_take_dropped(u->summaries);

        u->lost += dropped;
        return dropped;
}

static void summarize(Uplink *u, json_object *data) {
        uint64_t now = now_monotonic(), period = now - u->summary_usec;
        json_object *members;
        int64_t n;

        summary_add(u->summary, data);
        if (period < SUMMARY_SEC * USEC_PER_SEC)
                return;
        members = summary_take(u->summary, period / USEC_PER_SEC);
        u->summary_usec = now;
        n = ++u->summary_sequence;
        (void) take_dropped(u);
        json_add_uint(members, "lost", u->lost);
        if (payout_info_latest(u->payouts))
                (void) json_object_object_add(members, "payout_info",
                                              json_object_get(payout_info_latest(u->payouts)));
        stats_backlog_put(u->summaries, n, summary_message(u->config->id, n, members, now_ms()));
        json_object_put(members);
}

void uplink_sample(Uplink *u, json_object *data) {
        int64_t n = ++u->sequence;

        add_backlogs(u, data);
        stats_backlog_put(u->stats, n,
                          message_stats(u->config->id, n, u->config->stats_interval, data, now_ms()));
        summarize(u, data);
        send_stats(u);
}

/* A server of version 1.1.0 may take an agent that is silent at this level for dead. */
static void heartbeat_due(void *userdata) {
        Uplink *u = userdata;

        renewal_look(u->renewal, u->conversation.features);
        if (now_monotonic() - u->sent_usec >= HEARTBEAT_SEC * USEC_PER_SEC) {
                g_autofree char *text = message_heartbeat(now_ms());

                (void) send_text(text, u);
        }
}

/* Receiving */

static void registered(Uplink *u) {
        uint64_t dropped = take_dropped(u);

        u->timer = loop_timer_free(u->timer);
        u->registered_usec = now_monotonic();
        u->heartbeat = loop_timer_new(u->loop, HEARTBEAT_SEC * 500, HEARTBEAT_SEC * 500, heartbeat_due, u);
        change(u, UPLINK_ONLINE, UPLINK_STATUS_ONLINE "%s as %s", u->config->server, u->config->id);
        if (dropped > 0)
                log_info("%" G_GUINT64_FORMAT
                         " samples and summaries are lost: the server was away for too long",
                         dropped);
        outbox_online(u->outbox, u->conversation.features);
        jobs_online(u->jobs, u->conversation.features);
        renewal_look(u->renewal, u->conversation.features);
        stats_backlog_rewind(u->stats);
        stats_backlog_rewind(u->summaries);
        send_stats(u);
}

static void received(const char *text, size_t size, void *userdata) {
        Uplink *u = userdata;
        g_auto(Step) step = conversation_receive(&u->conversation, text, size, now_ms());
        const Message *m = step.message;

        switch (step.kind) {
        case STEP_NOTHING:
                break;
        case STEP_REPLY:
                log_debug("Answering \"%.100s\" with \"%s\"", text, step.reply);
                (void) send_text(step.reply, u);
                break;
        case STEP_REGISTERED:
                registered(u);
                break;
        case STEP_REFUSED:
                ws_client_close(u->ws, WS_CLOSE_POLICY, m->register_ack.text ?: "registration refused");
                break;
        case STEP_COMMAND:
                jobs_take(u->jobs, m);
                break;
        case STEP_CANCEL:
                jobs_cancel(u->jobs, m->cancel.id);
                break;
        case STEP_FLOW:
                jobs_passed(u->jobs, m->flow.id, m->flow.offset);
                break;
        case STEP_COMMAND_ACKED:
                jobs_acked(u->jobs, m->cancel.id);
                break;
        case STEP_STATS_ACKED:
                stats_backlog_acked(u->stats, m->stats.sequence);
                break;
        case STEP_SUMMARY_ACKED: /* each is answered, in order: without a number it is for the oldest */
                stats_backlog_acked(u->summaries, m->stats.sequence ?: stats_backlog_oldest(u->summaries));
                break;
        case STEP_KEY_ACKED:
                outbox_acked(u->outbox, OUTBOX_KEY_UPDATE, m->key_update.id);
                break;
        case STEP_BACKUP_ACKED:
                outbox_acked(u->outbox, OUTBOX_BACKUP_COMPLETE, m->backup.id);
                break;
        case STEP_CERTIFICATE:
                renewal_take(u->renewal, m->certificate.certificate);
                break;
        case STEP_COMPLAINT:
                log_warning("The server complains: %s%s%s", m->error.message ?: "no message",
                            m->error.detail ? ": " : "", m->error.detail ?: "");
                break;
        }
}

static void drained(void *userdata) {
        Uplink *u = userdata;

        outbox_drained(u->outbox);
        jobs_drained(u->jobs);
        send_stats(u);
}

/* Connecting */

static void register_timed_out(void *userdata) {
        Uplink *u = userdata;

        u->timer = loop_timer_free(u->timer);
        ws_client_close(u->ws, WS_CLOSE_PROTOCOL, "no register_ack in time");
}

static json_object *labels_to_json(GHashTable *labels) {
        json_object *object = json_object_new_object();
        GHashTableIter iter;
        void *key, *value;

        g_hash_table_iter_init(&iter, labels);
        while (g_hash_table_iter_next(&iter, &key, &value))
                json_object_object_add(object, key, json_object_new_string(value));
        return object;
}

static json_object *commands_to_json(const char *const *commands) {
        json_object *array = json_object_new_array();

        for (; *commands; commands++)
                json_object_array_add(array, json_object_new_string(*commands));
        return array;
}

static void opened(void *userdata) {
        Uplink *u = userdata;
        json_object *labels = labels_to_json(u->config->labels),
                    *commands = commands_to_json(jobs_commands(u->jobs));
        char host[HOST_NAME_MAX_BYTES + 1] = "";
        g_autofree char *text = NULL;

        (void) gethostname(host, sizeof(host) - 1);
        text = message_register(u->config->id, PROJECT_VERSION, host, labels, commands, AGENT_FEATURES,
                                now_ms());
        json_object_put(labels);
        json_object_put(commands);
        u->conversation = (Conversation){};
        u->timer = loop_timer_new(u->loop, REGISTER_TIMEOUT_SEC * 1000, 0, register_timed_out, u);
        (void) send_text(text, u);
}

static void connect_now(void *userdata) {
        Uplink *u = userdata;

        u->timer = loop_timer_free(u->timer);
        change(u, UPLINK_CONNECTING, "Connecting to %s", u->config->server);
        ws_client_connect(u->ws);
}

static LinkEnd classify(WsEnd how, unsigned code) {
        switch (how) {
        case WS_END_UNTRUSTED:
        case WS_END_UNAUTHORIZED:
                return LINK_REFUSED;
        case WS_END_UNREACHABLE:
                return code == 429 || code == 503 ? LINK_BUSY : LINK_LOST;
        case WS_END_CLOSED:
                if (code == WS_CLOSE_POLICY) /* also how a server ends the older of two with one token */
                        return LINK_REFUSED;
                if (code == WS_CLOSE_GOING_AWAY)
                        return LINK_LEFT;
                return code == WS_CLOSE_TRY_AGAIN ? LINK_BUSY : LINK_LOST;
        }
        g_assert_not_reached();
}

static void ended(WsEnd how, unsigned code, const char *reason, void *userdata) {
        Uplink *u = userdata;
        uint64_t lasted = u->registered_usec > 0 ? now_monotonic() - u->registered_usec : 0, random = 0,
                 delay;
        LinkEnd end = classify(how, code);

        u->timer = loop_timer_free(u->timer);
        u->heartbeat = loop_timer_free(u->heartbeat);
        u->registered_usec = 0;
        u->conversation = (Conversation){};
        outbox_offline(u->outbox);
        jobs_offline(u->jobs);
        if (u->stopping) {
                change(u, UPLINK_STOPPED, "Stopped");
                return;
        }
        if (u->in_a_hurry) {
                u->in_a_hurry = false;
                u->timer = loop_timer_new(u->loop, 0, 0, connect_now, u);
                change(u, UPLINK_CONNECTING, "%s", reason);
                return;
        }
        (void) !getrandom(&random, sizeof(random), GRND_NONBLOCK);
        delay = reconnect_delay(&u->reconnect, end, lasted, random);
        u->timer = loop_timer_new(u->loop, delay, 0, connect_now, u);
        change(u, end == LINK_REFUSED ? UPLINK_REFUSED : UPLINK_WAITING, "%s; next try in %.1f s", reason,
               delay / 1e3);
}

static void settled(const char *id, void *userdata) {
        Uplink *u = userdata;

        jobs_settled(u->jobs, id);
}

void uplink_reconnect(Uplink *u) {
        if (u->stopping)
                return;
        u->in_a_hurry = true;
        if (ws_client_is_idle(u->ws)) {
                u->in_a_hurry = false;
                loop_timer_free(u->timer);
                u->timer = loop_timer_new(u->loop, 0, 0, connect_now, u);
        } else
                ws_client_close(u->ws, WS_CLOSE_GOING_AWAY, "asked to connect anew");
}

UplinkState uplink_state(const Uplink *u) {
        return u->state;
}

uint64_t uplink_last_contact(const Uplink *u) {
        return ws_client_last_heard(u->ws);
}

Jobs *uplink_jobs(Uplink *u) {
        return u->jobs;
}

void uplink_stop(Uplink *u) {
        u->stopping = true;
        if (ws_client_is_idle(u->ws)) {
                u->timer = loop_timer_free(u->timer);
                change(u, UPLINK_STOPPED, "Stopped");
        } else
                ws_client_close(u->ws, WS_CLOSE_GOING_AWAY, "the agent is stopping");
}

Uplink *uplink_new(Loop *l, const AgentConfig *config, const char *token, AgentDb *db, NodeWatch *nodes,
                   const UplinkEvents *events, void *userdata, GError **error) {
        static const WsClientHandler handler = {
                .opened = opened, .message = received, .drained = drained, .ended = ended
        };
        static const ServerLink link = { send_text, is_congested, backlog_changed };
        const Endpoint *e = config->endpoint;
        g_autoptr(Uplink) u = g_new0(Uplink, 1);

        *u = (Uplink){ .loop = l,
                       .config = config,
                       .events = *events,
                       .userdata = userdata,
                       .reconnect = RECONNECT_INIT };
        u->stats = stats_backlog_new(STATS_BACKLOG_MAX, STATS_BACKLOG_BYTES_MAX);
        u->summaries = stats_backlog_new(SUMMARY_BACKLOG_MAX, STATS_BACKLOG_BYTES_MAX);
        u->summary = summary_new();
        u->summary_usec = now_monotonic();
        u->outbox = outbox_new(l, db, &link, u);
        u->rotations = rotations_new(l, config, db, u->outbox, settled, u, error);
        if (!u->rotations) {
                agent_db_close(db);
                return NULL;
        }
        u->nodes = nodes;
        node_watch_set_session_keys(nodes, rotations_session_keys, u->rotations);
        u->scripts = scripts_new(l, config, db, settled, u);
        u->payouts = payout_info_new(l, config, u->scripts);
        u->jobs = jobs_new(l, config, db, u->outbox, u->rotations, nodes, u->scripts, &link, u, error);
        if (!u->jobs)
                return NULL;
        u->trust = server_trust_new(e->host, config->ca_file, config->fingerprint, error);
        u->renewal = u->trust ? renewal_new(config->state_directory, &link, u, error) : NULL;
        if (!u->renewal)
                return NULL;
        client_identity_apply(renewal_identity(u->renewal), server_trust_context(u->trust));
        u->ws = ws_client_new(l, e, u->trust, token, &handler, u, error);
        if (!u->ws)
                return NULL;
        u->timer = loop_timer_new(l, 0, 0, connect_now, u);
        return g_steal_pointer(&u);
}

Uplink *uplink_free(Uplink *u) {
        if (!u)
                return NULL;
        loop_timer_free(u->timer);
        loop_timer_free(u->heartbeat);
        u->jobs = jobs_free(u->jobs); /* first: what still comes out of it asks the connection */
        if (u->rotations)
                node_watch_set_session_keys(u->nodes, NULL, NULL);
        rotations_free(u->rotations);
        payout_info_free(u->payouts);
        scripts_free(u->scripts);
        outbox_free(u->outbox);
        ws_client_free(u->ws);
        server_trust_free(u->trust);
        renewal_free(u->renewal);
        stats_backlog_free(u->stats);
        stats_backlog_free(u->summaries);
        summary_free(u->summary);
        g_free(u);
        return NULL;
}
