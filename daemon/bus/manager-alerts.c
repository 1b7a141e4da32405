/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The manager's methods about alerts: what lasts, what is over, who knows of it, and what is told to nobody. */
#include <inttypes.h>

#include "bus-internal.h"
#include "error.h"
#include "limits.h"
#include "manager-methods.h"

/* Lists */

static int append_alert(sd_bus_message *m, const void *row) {
        const AlertRecord *a = row;

        return sd_bus_message_append(m, "(ssssstb)", a->id, alert_severity_to_string(a->severity), a->kind,
                                     a->client, a->message, a->since, a->acknowledged);
}

void manager_list_alerts(Request *r) {
        g_autoptr(GPtrArray) list = alert_book_list(alerts_book(r->bus->server->alerts));

        request_reply_rows(r, STORE_OK, list, "(ssssstb)", append_alert);
}

bool manager_parse_past_alerts(Request *r, sd_bus_message *m, GError **error) {
        uint32_t *limit = &r->args.filter.limit;

        if (sd_bus_message_read(m, "u", limit) < 0 || *limit > ALERTS_PAST_MAX)
                return fleet_fail(error, FLEET_ERROR_INVALID_PARAMETER,
                                  "limit is %" PRIu32 ", expected 1 to %d, or 0: %d", *limit,
                                  ALERTS_PAST_MAX, ALERTS_PAST_DEFAULT);
        *limit = *limit > 0 ? *limit : ALERTS_PAST_DEFAULT;
        return true;
}

static int append_past(sd_bus_message *m, const void *row) {
        const AlertRecord *a = ((const AlertRow *) row)->alert;

        return sd_bus_message_append(m, "(ssssstt)", a->id, alert_severity_to_string(a->severity), a->kind,
                                     a->client, a->message, a->since, a->cleared);
}

static void on_past(StoreStatus status, GPtrArray *rows, void *userdata) {
        g_autoptr(Request) r = userdata;

        request_reply_rows(r, status, rows, "(ssssstt)", append_past);
}

void manager_list_past_alerts(Request *r) {
        Store *s = r->bus->server->store;

        s->ops->past_alerts(s->engine, r->args.filter.limit, on_past, request_ref(r));
}

/* Who knows of it */

static void on_done(const GError *error, void *userdata) {
        g_autoptr(Request) r = userdata;

        if (error)
                request_fail(r, error);
        else
                request_reply(r, NULL);
}

/* polkit is told whose it is. */
bool manager_parse_alert(Request *r, sd_bus_message *m, GError **error) {
        const AlertRecord *a;

        if (!manager_read_string(m, &r->args.id, error))
                return false;
        a = alert_book_find(alerts_book(r->bus->server->alerts), r->args.id);
        if (a && a->client[0])
                r->subject.client = g_strdup(a->client);
        return true;
}

void manager_acknowledge_alert(Request *r) {
        alert_book_acknowledge(alerts_book(r->bus->server->alerts), r->args.id, r->caller.uid, on_done,
                               request_ref(r));
}

/* Silences */

bool manager_parse_silence(Request *r, sd_bus_message *m, GError **error) {
        RequestArgs *a = &r->args;

        if (sd_bus_message_read(m, "ssts", &a->selector, &a->kind, &a->expires, &a->comment) < 0)
                return fleet_fail(error, FLEET_ERROR_INVALID_PARAMETER,
                                  "SilenceAlerts takes a selector, a kind, a time and a comment (ssts)");
        r->subject.selector = g_strdup(a->selector);
        return silences_check(alerts_silences(r->bus->server->alerts),
                              &(SilenceRequest){ a->selector, a->kind, a->expires, a->comment }, error);
}

void manager_silence_alerts(Request *r) {
        const RequestArgs *a = &r->args;
        const SilenceRequest q = { a->selector, a->kind, a->expires, a->comment, r->caller.uid };

        silences_add(alerts_silences(r->bus->server->alerts), &q, request_answer_text, request_ref(r));
}

static int append_silence(sd_bus_message *m, const void *row) {
        const SilenceRecord *s = row;

        return sd_bus_message_append(m, "(sssttus)", s->id, s->selector, s->kind, s->created, s->until,
                                     s->caller_uid, s->comment);
}

void manager_list_silences(Request *r) {
        const GPtrArray *list = silences_list(alerts_silences(r->bus->server->alerts));

        request_reply_rows(r, STORE_OK, (GPtrArray *) list, "(sssttus)", append_silence);
}

bool manager_parse_silence_id(Request *r, sd_bus_message *m, GError **error) {
        return manager_read_string(m, &r->args.id, error);
}

void manager_remove_silence(Request *r) {
        silences_remove(alerts_silences(r->bus->server->alerts), r->args.id, r->caller.uid, on_done,
                        request_ref(r));
}
