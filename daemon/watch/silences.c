/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Silences: whom they mean, and that they end. */
#include "silences.h"

#include <inttypes.h>
#include <string.h>
#include <syslog.h>

#include "alert-kind.h"
#include "clock.h"
#include "error.h"
#include "ident.h"
#include "limits.h"
#include "loading.h"
#include "log.h"
#include "names.h"
#include "selector.h"
#include "text.h"

typedef struct Silence {
        SilenceRecord *record;
        Selector *selector;
} Silence;

struct Silences {
        Store *store;
        Audit *audit;
        Fleet *fleet;
        GPtrArray *records; /* SilenceRecord: borrowed from parsed, in the same order */
        GPtrArray *parsed;  /* Silence */
        unsigned adding;    /* on their way to the store */
        SilencesChanged changed;
        void *changed_userdata;
};

static void silence_free(void *p) {
        Silence *s = p;

        silence_record_free(s->record);
        selector_free(s->selector);
        g_free(s);
}

Silences *silences_new(Store *store, Audit *audit, Fleet *fleet) {
        Silences *s = g_new0(Silences, 1);

        *s = (Silences){ .store = store, .audit = audit, .fleet = fleet };
        s->records = g_ptr_array_new();
        s->parsed = g_ptr_array_new_with_free_func(silence_free);
        return s;
}

Silences *silences_free(Silences *s) {
        if (!s)
                return NULL;
        g_ptr_array_unref(s->records);
        g_ptr_array_unref(s->parsed);
        g_free(s);
        return NULL;
}

void silences_observe(Silences *s, SilencesChanged changed, void *userdata) {
        s->changed = changed;
        s->changed_userdata = userdata;
}

static void tell_changed(Silences *s) {
        if (s->changed)
                s->changed(s->changed_userdata);
}

const GPtrArray *silences_list(const Silences *s) {
        return s->records;
}

static bool matches(const Silences *s, const Silence *one, const char *kind, const char *client) {
        const Client *c = client[0] ? fleet_find(s->fleet, client) : NULL;

        if (one->record->kind[0] && !g_str_equal(one->record->kind, kind))
                return false;
        if (!client[0])
                return g_str_equal(one->record->selector, "all");
        return selector_matches(one->selector, client, c ? c->labels : NULL);
}

bool silences_match(const Silences *s, const char *kind, const char *client) {
        for (unsigned i = 0; i < s->parsed->len; i++)
                if (matches(s, s->parsed->pdata[i], kind, client))
                        return true;
        return false;
}

/* Takes the record over. A selector that an older version had checked is one. */
static void take(Silences *s, SilenceRecord *record) {
        Silence *one = g_new0(Silence, 1);

        one->record = record;
        one->selector = selector_parse(record->selector, NULL);
        if (!one->selector) {
                silence_free(one);
                return;
        }
        g_ptr_array_add(s->parsed, one);
        g_ptr_array_add(s->records, record);
}

static int find(const Silences *s, const char *id) {
        for (unsigned i = 0; i < s->records->len; i++)
                if (g_str_equal(((const SilenceRecord *) s->records->pdata[i])->id, id))
                        return (int) i;
        return -1;
}

static void drop(Silences *s, unsigned i) {
        g_ptr_array_remove_index(s->records, i);
        g_ptr_array_remove_index(s->parsed, i);
}

static AuditEntry *entry(const char *event, const char *message_id, const SilenceRecord *r,
                         uint32_t caller_uid) {
        AuditEntry *e = audit_entry_new(event, message_id, LOG_NOTICE);

        audit_entry_add(e, "MSERVER_SILENCE_ID", r->id);
        audit_entry_add(e, "MSERVER_SELECTOR", r->selector);
        if (r->kind[0])
                audit_entry_add(e, "MSERVER_ALERT_KIND", r->kind);
        if (r->comment[0])
                audit_entry_add(e, "MSERVER_REASON", r->comment);
        if (caller_uid != UINT32_MAX)
                audit_entry_add_number(e, "MSERVER_CALLER_UID", caller_uid);
        return e;
}

static void audit_created(Silences *s, const SilenceRecord *r) {
        AuditEntry *e = entry("silence-created", MESSAGE_ID_SILENCE_CREATED, r, r->caller_uid);
        g_autofree char *how_long = text_duration(r->until - r->created);

        audit_entry_addf(e, "MSERVER_UNTIL_USEC", "%" PRIu64, r->until);
        audit_entry_message(e, "Alerts%s%s of %s are silenced for %s by uid %u%s%s (%s)",
                            r->kind[0] ? " " : "", r->kind, r->selector, how_long, r->caller_uid,
                            r->comment[0] ? ": " : "", r->comment, r->id);
        audit_submit(s->audit, e, NULL, NULL);
}

/* caller_uid UINT32_MAX: its time has come. */
static void audit_ended(Silences *s, const SilenceRecord *r, uint32_t caller_uid) {
        AuditEntry *e = entry("silence-ended", MESSAGE_ID_SILENCE_ENDED, r, caller_uid);

        if (caller_uid == UINT32_MAX)
                audit_entry_message(e, "Alerts%s%s of %s are told again: the silence is over (%s)",
                                    r->kind[0] ? " " : "", r->kind, r->selector, r->id);
        else
                audit_entry_message(e,
                                    "Alerts%s%s of %s are told again: the silence was ended by uid %u (%s)",
                                    r->kind[0] ? " " : "", r->kind, r->selector, caller_uid, r->id);
        audit_submit(s->audit, e, NULL, NULL);
}

/* Making one */

typedef struct Adding {
        Silences *silences;
        SilenceRecord *record;
        SilenceDone done;
        void *userdata;
} Adding;

static void added(StoreStatus status, void *userdata) {
        g_autofree Adding *a = userdata;
        Silences *s = a->silences;
        g_autoptr(GError) error = NULL;

        s->adding--;
        if (status != STORE_OK) {
                (void) fleet_fail(&error, FLEET_ERROR_UNAVAILABLE, "the store did not take the silence");
                silence_record_free(a->record);
                a->done(NULL, error, a->userdata);
                return;
        }
        audit_created(s, a->record);
        take(s, a->record);
        tell_changed(s);
        a->done(a->record->id, NULL, a->userdata);
}

static bool check_comment(const char *comment, GError **error) {
        if (strlen(comment) <= SILENCE_COMMENT_MAX && g_utf8_validate(comment, -1, NULL) &&
            !strpbrk(comment, "\n\r\t\033"))
                return true;
        return fleet_fail(error, FLEET_ERROR_INVALID_PARAMETER,
                          "the comment has %zu bytes or more than a line: expected one line of at most %d",
                          strlen(comment), SILENCE_COMMENT_MAX);
}

static bool check_until(uint64_t until, uint64_t now, GError **error) {
        if (until <= now)
                return fleet_fail(error, FLEET_ERROR_INVALID_PARAMETER,
                                  "until is %" PRIu64 ", which is in the past: expected µs since the epoch",
                                  until);
        if (until - now > SILENCE_MAX_USEC)
                return fleet_fail(error, FLEET_ERROR_INVALID_PARAMETER,
                                  "until is %" PRIu64 ", expected at most %llu days from now", until,
                                  SILENCE_MAX_USEC / (24 * 3600 * USEC_PER_SEC));
        return true;
}

bool silences_check(const Silences *s, const SilenceRequest *q, GError **error) {
        g_autoptr(Selector) selector = selector_parse(q->selector, error);
        AlertKind kind;

        if (!selector)
                return false;
        if (q->kind[0] && !alert_kind_from_string(q->kind, &kind))
                return fleet_fail(
                                error, FLEET_ERROR_INVALID_PARAMETER,
                                "\"%s\" is no kind of alert: expected one such as %s, or an empty string for all",
                                q->kind, alert_kind_info(ALERT_CLIENT_OFFLINE)->name);
        if (!check_until(q->until, now_realtime(), error) || !check_comment(q->comment, error))
                return false;
        if (s->parsed->len + s->adding >= SILENCES_MAX)
                return fleet_fail(error, FLEET_ERROR_LIMIT_EXCEEDED,
                                  "there are %d silences: expected that some be removed first",
                                  SILENCES_MAX);
        return true;
}

void silences_add(Silences *s, const SilenceRequest *q, SilenceDone done, void *userdata) {
        uint64_t now = now_realtime();
        g_autoptr(GError) error = NULL;
        SilenceRecord *r;
        Adding *a;

        if (!silences_check(s, q, &error)) {
                done(NULL, error, userdata);
                return;
        }
        r = g_new0(SilenceRecord, 1);
        *r = (SilenceRecord){ .id = silence_id_new(now),
                              .selector = g_strdup(q->selector),
                              .kind = g_strdup(q->kind),
                              .comment = g_strdup(q->comment),
                              .created = now,
                              .until = q->until,
                              .caller_uid = q->caller_uid };
        a = g_new0(Adding, 1);
        *a = (Adding){ s, r, done, userdata };
        s->adding++;
        s->store->ops->put_silence(s->store->engine, r, added, a);
}

/* Ending one */

typedef struct Removing {
        FleetDone done;
        void *userdata;
} Removing;

static void removed(StoreStatus status, void *userdata) {
        g_autofree Removing *r = userdata;
        g_autoptr(GError) error = NULL;

        if (status != STORE_OK)
                (void) fleet_fail(
                                &error, FLEET_ERROR_UNAVAILABLE,
                                "the store did not record that the silence is over: it is until the server restarts");
        r->done(error, r->userdata);
}

void silences_remove(Silences *s, const char *id, uint32_t caller_uid, FleetDone done, void *userdata) {
        g_autoptr(GError) error = NULL;
        int i = find(s, id);
        Removing *r;

        if (i < 0) {
                (void) fleet_fail(&error, FLEET_ERROR_INVALID_PARAMETER,
                                  "No silence \"%s\": expected one of those that ListSilences names", id);
                done(error, userdata);
                return;
        }
        r = g_new0(Removing, 1);
        *r = (Removing){ done, userdata };
        s->store->ops->delete_silence(s->store->engine, id, removed, r);
        audit_ended(s, s->records->pdata[i], caller_uid);
        drop(s, (unsigned) i);
        tell_changed(s);
}

void silences_tick(Silences *s) {
        uint64_t now = now_realtime();
        bool any = false;

        for (unsigned i = s->records->len; i-- > 0;) {
                const SilenceRecord *r = s->records->pdata[i];

                if (r->until > now)
                        continue;
                audit_ended(s, r, UINT32_MAX);
                s->store->ops->delete_silence(s->store->engine, r->id, NULL, NULL);
                drop(s, i);
                any = true;
        }
        if (any)
                tell_changed(s);
}

static void take_all(GPtrArray *rows, void *silences) {
        g_ptr_array_set_free_func(rows, NULL);
        for (unsigned i = 0; i < rows->len; i++)
                take(silences, rows->pdata[i]);
        g_ptr_array_set_size(rows, 0);
}

void silences_load(Silences *s, FleetReady ready, void *userdata) {
        s->store->ops->load_silences(s->store->engine, loading_rows,
                                     loading_new("the silences", take_all, s, ready, userdata));
}
