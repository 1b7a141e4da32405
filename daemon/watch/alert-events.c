/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What happens once, rather than lasts: a command that failed or was interrupted, a trail that is broken. The same again is the
 * same incident; it is over when the command succeeds, or after a time. */
#include <string.h>

#include "alerts-internal.h"
#include "clock.h"
#include "redact.h"

static char *key_of(AlertKind kind, const char *client, const char *container, const char *subject) {
        return g_strjoin("\n", alert_kind_info(kind)->name, client, container, subject, NULL);
}

static void clear(Alerts *a, const char *key) {
        AlertEvent *e = g_hash_table_lookup(a->events, key);
        const AlertRecord *alert = e ? e->alert : NULL;

        if (!e)
                return;
        (void) g_hash_table_remove(a->events, key);
        alert_book_clear(a->book, alert);
}

static void keep(Alerts *a, char *key, const AlertRecord *alert, uint64_t last) {
        AlertEvent *e = g_new(AlertEvent, 1);

        *e = (AlertEvent){ alert, last };
        g_hash_table_replace(a->events, key, e);
}

static void happened(Alerts *a, const AlertPlace *p, const char *message) {
        g_autofree char *key = key_of(p->kind, p->client, p->container, p->subject);
        AlertEvent *e = g_hash_table_lookup(a->events, key);
        const AlertRecord *alert;

        if (!a->rules.of[p->kind].enabled)
                return;
        if (e) {
                e->last = now_realtime();
                return;
        }
        alert = alert_book_raise(a->book, p, message);
        if (alert)
                keep(a, g_steal_pointer(&key), alert, alert->since);
}

/* What only looks has failed for whoever wanted to see something. */
static bool only_looks(const char *command) {
        static const char *const looks[] = { "check_keys", "logs", "status", NULL };

        return g_strv_contains(looks, command);
}

static void succeeded(Alerts *a, AlertKind kind, const CommandRecord *r) {
        g_autofree char *key = key_of(kind, r->client, r->container, r->command);

        clear(a, key);
}

static void failed(Alerts *a, AlertKind kind, const CommandRecord *r) {
        const AlertPlace place = { kind, r->client, r->container, r->command };
        g_autofree char *error = redact_error(r->error);
        g_autofree char *message = g_strdup_printf(
                        "%s%s%s %s%s%s (%s)", r->command, r->container[0] ? " " : "", r->container,
                        command_state_to_string(r->state), error ? ": " : "", error ?: "", r->id);

        happened(a, &place, message);
}

void alerts_command_ended(Alerts *a, const CommandRecord *r) {
        if (only_looks(r->command))
                return;
        if (r->state == COMMAND_SUCCEEDED)
                succeeded(a, ALERT_COMMAND_FAILED, r);
        if (r->state != COMMAND_INTERRUPTED) /* also an outcome that has become known after all */
                succeeded(a, ALERT_COMMAND_INTERRUPTED, r);
        if (r->state == COMMAND_FAILED || r->state == COMMAND_TIMED_OUT)
                failed(a, ALERT_COMMAND_FAILED, r);
        else if (r->state == COMMAND_INTERRUPTED)
                failed(a, ALERT_COMMAND_INTERRUPTED, r);
}

static void look_at_trail(Alerts *a) {
        const char *why = a->broken_seen ? NULL : audit_broken(a->audit);
        const AlertPlace place = { ALERT_AUDIT_BROKEN, "", "", "" };
        g_autofree char *message = NULL;

        if (!why)
                return;
        a->broken_seen = true;
        message = g_strdup_printf("The audit trail is broken: %s", why);
        happened(a, &place, message);
}

/* A clock that was set back keeps nothing for longer than for the time there is. */
static bool is_over(const Alerts *a, const AlertEvent *e, uint64_t now) {
        return e->last + a->rules.events_usec <= now || e->last > now + a->rules.events_usec;
}

void alerts_events_tick(Alerts *a) {
        uint64_t now = now_realtime();
        g_autoptr(GList) keys = NULL;

        look_at_trail(a);
        if (g_hash_table_size(a->events) == 0)
                return;
        keys = g_hash_table_get_keys(a->events);
        for (GList *k = keys; k; k = k->next)
                if (is_over(a, g_hash_table_lookup(a->events, k->data), now))
                        clear(a, k->data);
}

void alerts_events_adopt(Alerts *a, AlertKind kind, const AlertRecord *record) {
        g_autofree char *key = key_of(kind, record->client, record->container, record->subject ?: "");

        if (g_hash_table_contains(a->events, key))
                alert_book_clear(a->book, record);
        else
                keep(a, g_steal_pointer(&key), record, record->since);
}

static bool is_to_end(const Alerts *a, const AlertRecord *alert, const char *client) {
        AlertKind kind;

        if (client)
                return g_str_equal(alert->client, client);
        return alert_kind_from_string(alert->kind, &kind) && !a->rules.of[kind].enabled;
}

void alerts_events_end(Alerts *a, const char *client) {
        g_autoptr(GList) keys = g_hash_table_get_keys(a->events);

        for (GList *k = keys; k; k = k->next) {
                const AlertEvent *e = g_hash_table_lookup(a->events, k->data);

                if (is_to_end(a, e->alert, client))
                        clear(a, k->data);
        }
}
