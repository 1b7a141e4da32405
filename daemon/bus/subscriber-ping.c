/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether a subscriber reads: behind its signals it is sent a ping (org.freedesktop.DBus.Peer, which the libraries
 * answer by themselves), and the answer says that it has had them. */
#include "limits.h"
#include "log.h"
#include "subscriber.h"

static void on_silence(void *userdata) {
        Subscriber *s = userdata;

        s->patience = loop_timer_free(s->patience);
        s->silent = true;
        if (subscriber_tell_followed(s))
                log_info("%s (user %u) has read nothing for %d s: what it follows no longer waits for it",
                         s->sender, s->uid, SUBSCRIBER_SILENT_SEC);
}

static void start_patience(Subscriber *s) {
        loop_timer_free(s->patience);
        s->patience = loop_timer_new(s->all->loop, SUBSCRIBER_SILENT_SEC * 1000, 0, on_silence, s);
}

void subscriber_is_alive(Subscriber *s) {
        s->silent = false;
        if (s->patience || s->credit.asking)
                start_patience(s);
}

/* Some places are root's alone. */
static bool may_ask(const Subscriber *s) {
        const Subscribers *all = s->all;

        if (s->uid == 0)
                return all->pings < SUBSCRIBER_PINGS_MAX;
        return all->pings < SUBSCRIBER_PINGS_MAX - SUBSCRIBER_PINGS_PER_UID_MAX &&
               uid_count_of(all->pings_of_uid, s->uid) < SUBSCRIBER_PINGS_PER_UID_MAX;
}

static void ask_waiting(Subscribers *all) {
        GHashTableIter i;
        void *s;

        g_hash_table_iter_init(&i, all->by_sender);
        while (g_hash_table_iter_next(&i, NULL, &s))
                subscriber_ask(s);
}

/* An error is an answer, too: of a program that does not know this call. */
static int on_pong(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        Subscriber *s = userdata;
        Subscribers *all = s->all;

        subscriber_stop_asking(s);
        if (s->left)
                subscribers_gone(all, s->sender);
        else {
                s->silent = false;
                subscriber_send(s);
        }
        ask_waiting(all);
        return 0;
}

static int send_ping(Subscriber *s) {
        g_autoptr(sd_bus_message) m = NULL;
        int r;

        r = sd_bus_message_new_method_call(s->all->bus, &m, s->sender, "/", "org.freedesktop.DBus.Peer",
                                           "Ping");
        return r < 0 ? r : sd_bus_call_async(s->all->bus, &s->ping, m, on_pong, s, UINT64_MAX);
}

void subscriber_ask(Subscriber *s) {
        if (s->left || !reader_credit_is_due(&s->credit, SUBSCRIBER_PING_BYTES))
                return;
        if (!s->patience && !s->silent)
                start_patience(s); /* also where it has to wait for its turn to be asked */
        if (!may_ask(s) || send_ping(s) < 0)
                return;
        reader_credit_asked(&s->credit);
        s->all->pings++;
        uid_count_change(s->all->pings_of_uid, s->uid, 1);
}

void subscriber_stop_asking(Subscriber *s) {
        s->patience = loop_timer_free(s->patience);
        if (!s->credit.asking)
                return;
        s->ping = sd_bus_slot_unref(s->ping);
        reader_credit_answered(&s->credit);
        s->all->pings--;
        uid_count_change(s->all->pings_of_uid, s->uid, -1);
}
