/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A notice, and its JSON. */
#include "notice.h"

#include "clock.h"
#include "error.h"

#define EVENT_RAISED "alert-raised"
#define EVENT_CLEARED "alert-cleared"

Notice *notice_new(const AlertRecord *alert, bool cleared) {
        Notice *n = g_new(Notice, 1);

        *n = (Notice){ cleared, alert_record_copy(alert) };
        return n;
}

Notice *notice_free(Notice *n) {
        if (!n)
                return NULL;
        (void) alert_record_free(n->alert);
        g_free(n);
        return NULL;
}

char *notice_key(const Notice *n) {
        return g_strconcat(n->alert->id, n->cleared ? "-cleared" : "-raised", NULL);
}

char *notice_time(uint64_t usec) {
        g_autoptr(GDateTime) t = g_date_time_new_from_unix_utc((gint64) (usec / USEC_PER_SEC));
        g_autofree char *seconds = t ? g_date_time_format(t, "%Y-%m-%dT%H:%M:%S") : NULL;

        return g_strdup_printf("%s.%03uZ", seconds ?: "1970-01-01T00:00:00",
                               (unsigned) (usec % USEC_PER_SEC / USEC_PER_MSEC));
}

static void add(json_object *o, const char *name, const char *text) {
        (void) json_object_object_add(o, name, json_object_new_string(text));
}

static void add_time(json_object *o, const char *name, const char *usec_name, uint64_t usec) {
        g_autofree char *text = usec > 0 ? notice_time(usec) : NULL;

        (void) json_object_object_add(o, name, text ? json_object_new_string(text) : NULL);
        (void) json_object_object_add(o, usec_name, json_object_new_int64((int64_t) usec));
}

json_object *notice_to_json(const Notice *n) {
        const AlertRecord *a = n->alert;
        g_autofree char *key = notice_key(n);
        json_object *o = json_object_new_object();

        add(o, "event", n->cleared ? EVENT_CLEARED : EVENT_RAISED);
        add(o, "key", key);
        add(o, "id", a->id);
        add(o, "severity", alert_severity_to_string(a->severity));
        add(o, "kind", a->kind);
        add(o, "client", a->client);
        add(o, "container", a->container);
        add(o, "subject", a->subject ?: "");
        add(o, "message", a->message);
        add_time(o, "since", "since_usec", a->since);
        add_time(o, "cleared", "cleared_usec", n->cleared ? a->cleared : 0);
        return o;
}

static bool get_text(json_object *o, const char *name, char **ret, GError **error) {
        json_object *v = json_object_object_get(o, name);

        if (!json_object_is_type(v, json_type_string))
                return fleet_fail(error, FLEET_ERROR_PROTOCOL, "a notice without \"%s\": expected text",
                                  name);
        *ret = g_strdup(json_object_get_string(v));
        return true;
}

static bool get_time(json_object *o, const char *name, uint64_t *ret, GError **error) {
        json_object *v = json_object_object_get(o, name);

        if (!json_object_is_type(v, json_type_int) || json_object_get_int64(v) < 0)
                return fleet_fail(error, FLEET_ERROR_PROTOCOL,
                                  "a notice without \"%s\": expected microseconds", name);
        *ret = (uint64_t) json_object_get_int64(v);
        return true;
}

static bool get_event(json_object *o, bool *ret_cleared, GError **error) {
        g_autofree char *event = NULL;

        if (!get_text(o, "event", &event, error))
                return false;
        *ret_cleared = g_str_equal(event, EVENT_CLEARED);
        return *ret_cleared || g_str_equal(event, EVENT_RAISED) ||
               fleet_fail(error, FLEET_ERROR_PROTOCOL,
                          "a notice of \"%s\": expected " EVENT_RAISED " or " EVENT_CLEARED, event);
}

static bool get_severity(json_object *o, AlertSeverity *ret, GError **error) {
        g_autofree char *severity = NULL;

        return get_text(o, "severity", &severity, error) &&
               (alert_severity_from_string(severity, ret) ||
                fleet_fail(error, FLEET_ERROR_PROTOCOL,
                           "a notice of severity \"%s\": expected info, warning or critical", severity));
}

Notice *notice_from_json(json_object *o, GError **error) {
        g_autoptr(Notice) n = g_new0(Notice, 1);
        AlertRecord *a = n->alert = g_new0(AlertRecord, 1);

        if (!json_object_is_type(o, json_type_object)) {
                (void) fleet_fail(error, FLEET_ERROR_PROTOCOL, "a notice is no object");
                return NULL;
        }
        if (!get_event(o, &n->cleared, error) || !get_severity(o, &a->severity, error) ||
            !get_text(o, "id", &a->id, error) || !get_text(o, "kind", &a->kind, error) ||
            !get_text(o, "client", &a->client, error) || !get_text(o, "container", &a->container, error) ||
            (json_object_object_get(o, "subject") && !get_text(o, "subject", &a->subject, error)) ||
            !get_text(o, "message", &a->message, error) || !get_time(o, "since_usec", &a->since, error) ||
            !get_time(o, "cleared_usec", &a->cleared, error))
                return NULL;
        return g_steal_pointer(&n);
}
