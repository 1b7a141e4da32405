/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The parts of a running server: made, loaded, ended. */
#include "server.h"

#include <errno.h>

#include "error.h"
#include "limits.h"
#include "names.h"

static void batches_follow(const CommandRecord *r, void *userdata) {
        batches_command_changed(((Server *) userdata)->batches, r);
}

static const FleetObserver batches_observer = { .command_changed = batches_follow };

bool server_make(Server *ret, Loop *l, const char *state_directory, unsigned clients_max, bool echo,
                 GError **error) {
        g_autofree char *database = g_build_filename(state_directory, "mserver.db", NULL);
        g_autofree char *keys = g_build_filename(state_directory, "session_keys", NULL);
        g_autofree char *definitions = g_build_filename(state_directory, "schedules", NULL);
        Server *s = ret;

        if (g_mkdir_with_parents(state_directory, 0750) < 0)
                return fleet_fail_errno(error, FLEET_ERROR_CONFIG, errno,
                                        "the state directory \"%s\" cannot be made", state_directory);
        s->loop = l;
        s->store = store_open_sqlite(l, database, error);
        if (!s->store)
                return false;
        s->audit = audit_new(l, echo, error);
        if (!s->audit)
                return false;
        s->audit_keeper = audit_keeper_new(l, s->store, s->audit);
        s->key_files = key_files_new(l, keys, error);
        if (!s->key_files)
                return false;
        s->schedule_files = schedule_files_new(l, definitions, error);
        if (!s->schedule_files)
                return false;
        s->fleet = fleet_new(s->store, s->audit, clients_max);
        s->alerts = alerts_new(l, s->store, s->audit, s->fleet);
        s->dispatcher = dispatcher_new(l, s->store, s->audit, s->fleet);
        s->batches = batches_new(l, s->store, s->fleet, s->dispatcher);
        fleet_observe(s->fleet, &batches_observer, s);
        s->forgetting = forgetting_new(l, s->store);
        s->schedules = schedules_new(l, s->audit, s->fleet, s->batches, s->schedule_files);
        s->keyring = keyring_new(s->store, s->audit, s->fleet, s->key_files);
        s->history = history_new(l, s->fleet, state_directory, HISTORY_BYTES_DEFAULT, error);
        if (!s->history)
                return false;
        s->notifier = notifier_new(l, s->fleet, state_directory, NOTIFY_SOCKET_PATH, error);
        if (!s->notifier)
                return false;
        s->sessions = sessions_new(l, s->fleet, s->dispatcher, s->keyring, s->audit);
        return true;
}

void server_make_metrics(Server *s) {
        s->metrics = metrics_new(s->fleet, s->dispatcher, s->store, s->audit, s->history,
                                 alerts_book(s->alerts), s->notifier);
}

typedef struct Loading {
        Server *server;
        FleetReady ready;
        void *userdata;
} Loading;

static void loading_end(Loading *l, const GError *error) {
        l->ready(error, l->userdata);
        g_free(l);
}

static void batches_loaded(const GError *error, void *userdata) {
        loading_end(userdata, error);
}

static void dispatcher_loaded(const GError *error, void *userdata) {
        Loading *l = userdata;

        if (error)
                loading_end(l, error);
        else
                batches_load(l->server->batches, batches_loaded, l);
}

/* Before the commands: that some were interrupted becomes known with them. */
static void alerts_loaded(const GError *error, void *userdata) {
        Loading *l = userdata;
        const Server *s = l->server;
        g_autoptr(GPtrArray) lasting = NULL;

        if (error) {
                loading_end(l, error);
                return;
        }
        lasting = alert_book_list(alerts_book(s->alerts));
        notifier_catch_up(s->notifier, lasting);
        dispatcher_load(s->dispatcher, dispatcher_loaded, l);
}

/* Before the alerts: what an earlier run has not told is told as these are loaded. */
static void notifier_loaded(const GError *error, void *userdata) {
        Loading *l = userdata;

        if (error)
                loading_end(l, error);
        else
                alerts_load(l->server->alerts, alerts_loaded, l);
}

static void fleet_loaded(const GError *error, void *userdata) {
        Loading *l = userdata;

        if (error)
                loading_end(l, error);
        else
                notifier_load(l->server->notifier, notifier_loaded, l);
}

static void audit_loaded(const GError *error, void *userdata) {
        Loading *l = userdata;

        if (error)
                loading_end(l, error);
        else
                fleet_load(l->server->fleet, fleet_loaded, l);
}

void server_load(Server *s, FleetReady ready, void *userdata) {
        Loading *l = g_new0(Loading, 1);

        *l = (Loading){ s, ready, userdata };
        schedules_load(s->schedules);
        audit_keeper_load(s->audit_keeper, audit_loaded, l);
}

static bool is_idle(const Server *s) {
        return s->store->ops->queue_depth(s->store->engine) == 0 && audit_queue_depth(s->audit) == 0 &&
               key_files_queue_depth(s->key_files) == 0 &&
               schedule_files_queue_depth(s->schedule_files) == 0;
}

/* What is under way gets durable and audited: what one of these threads gives back may be work for another. */
static void drain(Server *s) {
        if (!s->store || !s->audit || !s->key_files || !s->schedule_files)
                return; /* nothing has begun */
        do {
                s->store->ops->drain(s->store->engine);
                audit_drain(s->audit);
                key_files_drain(s->key_files);
                schedule_files_drain(s->schedule_files);
        } while (!is_idle(s));
}

void server_clear(Server *s) {
        drain(s);
        sessions_free(s->sessions);
        schedules_free(s->schedules);
        schedule_files_free(s->schedule_files);
        key_files_free(s->key_files);
        if (s->audit_keeper)
                audit_drain(s->audit);
        audit_keeper_free(s->audit_keeper);
        store_close(s->store);
        audit_free(s->audit);
        metrics_free(s->metrics);
        notifier_free(s->notifier);
        history_free(s->history);
        keyring_free(s->keyring);
        forgetting_free(s->forgetting);
        batches_free(s->batches);
        dispatcher_free(s->dispatcher);
        alerts_free(s->alerts);
        fleet_free(s->fleet);
        g_free(s->fingerprint);
        g_free(s->advertise_url);
        g_strfreev(s->listen_addresses);
        *s = (Server){};
}
