/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The audit trail: structured journal entries, handed over in order by a thread of their own. */
#define SD_JOURNAL_SUPPRESS_LOCATION /* every entry would come from this file and line */
#include "audit.h"

#include <stdio.h>
#include <string.h>
#include <sys/uio.h>
#include <syslog.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

#include "audit-past.h"
#include "json-text.h"
#include "limits.h"
#include "log.h"
#include "names.h"
#include "worker.h"

#define CUT_MARK " [cut]"
#define SIZE_USUAL 1024 /* bytes: most entries never grow */

struct AuditEntry {
        WorkItem item;
        GString *text;                      /* the fields as "NAME=value", one behind the other */
        uint32_t offsets[AUDIT_FIELDS_MAX]; /* where each begins in text */
        unsigned n_fields, message; /* message: index of MESSAGE=, n_fields or more where there is none */
        bool once;
        bool handed_over;
        AuditDone done;
        void *userdata;
};

struct Audit {
        Loop *loop;
        Worker *worker;
        bool echo;
        uint64_t count;

        /* The thread's. */
        char *resumed; /* MSERVER_RUN= of the entry that marks where this run began to look back; NULL: not yet */
        bool caught_up;  /* journald has come to that entry, and so to all before it */
        AuditPast *past; /* while a group of entries needs it */
};

AuditEntry *audit_entry_new(const char *event, const char *message_id, int priority) {
        AuditEntry *e = g_new0(AuditEntry, 1);

        e->text = g_string_sized_new(SIZE_USUAL);
        e->message = UINT_MAX;
        audit_entry_add(e, "SYSLOG_IDENTIFIER", MSERVER_SYSLOG_IDENTIFIER);
        audit_entry_add(e, "MSERVER_EVENT", event);
        audit_entry_add(e, "MESSAGE_ID", message_id);
        audit_entry_add_number(e, "PRIORITY", priority);
        return e;
}

AuditEntry *audit_entry_free(AuditEntry *e) {
        if (!e)
                return NULL;
        g_string_free(e->text, true);
        g_free(e);
        return NULL;
}

static void begin_field(AuditEntry *e, const char *field) {
        g_assert(e->n_fields < AUDIT_FIELDS_MAX);
        e->offsets[e->n_fields++] = (uint32_t) e->text->len;
        g_string_append(e->text, field);
        g_string_append_c(e->text, '=');
}

static void append_value(AuditEntry *e, const char *value) {
        size_t n = strlen(value);

        if (n <= AUDIT_VALUE_MAX) {
                g_string_append_len(e->text, value, (gssize) n);
                return;
        }
        for (n = AUDIT_VALUE_MAX; n > 0 && ((unsigned char) value[n] & 0xc0) == 0x80; n--)
                ; /* back to where a character begins */
        g_string_append_len(e->text, value, (gssize) n);
        g_string_append(e->text, CUT_MARK);
}

void audit_entry_add(AuditEntry *e, const char *field, const char *value) {
        if (!value)
                return;
        begin_field(e, field);
        append_value(e, value);
}

void audit_entry_add_number(AuditEntry *e, const char *field, int64_t n) {
        begin_field(e, field);
        json_append_int(e->text, n);
}

static void add_formatted(AuditEntry *e, const char *field, const char *format, va_list ap)
                G_GNUC_PRINTF(3, 0);
static void add_formatted(AuditEntry *e, const char *field, const char *format, va_list ap) {
        char usual[256];
        va_list again;
        int n;

        va_copy(again, ap);
        n = vsnprintf(usual, sizeof(usual), format, ap);
        if (n >= 0 && (size_t) n < sizeof(usual))
                audit_entry_add(e, field, usual);
        else {
                g_autofree char *longer = g_strdup_vprintf(format, again);

                audit_entry_add(e, field, longer);
        }
        va_end(again);
}

void audit_entry_addf(AuditEntry *e, const char *field, const char *format, ...) {
        va_list ap;

        va_start(ap, format);
        add_formatted(e, field, format, ap);
        va_end(ap);
}

void audit_entry_message(AuditEntry *e, const char *format, ...) {
        va_list ap;

        e->message = e->n_fields;
        va_start(ap, format);
        add_formatted(e, "MESSAGE", format, ap);
        va_end(ap);
}

void audit_entry_once(AuditEntry *e) {
        e->once = true;
}

static size_t fields_of(const AuditEntry *e, struct iovec *ret) {
        for (unsigned i = 0; i < e->n_fields; i++) {
                size_t end = i + 1 < e->n_fields ? e->offsets[i + 1] : e->text->len;

                ret[i] = (struct iovec){ e->text->str + e->offsets[i], end - e->offsets[i] };
        }
        return e->n_fields;
}

static void echo_message(const struct iovec *message) {
        const char *text = (const char *) message->iov_base + strlen("MESSAGE=");

        log_info("%.*s", (int) (message->iov_len - strlen("MESSAGE=")), text);
}

static void hand_over(const Audit *a, AuditEntry *e, bool journal_is_there) {
        struct iovec fields[AUDIT_FIELDS_MAX];
        size_t n = fields_of(e, fields);

        if (a->echo && e->message < n) {
                echo_message(&fields[e->message]);
                e->handed_over = true;
        }
        if (journal_is_there) {
                int r = sd_journal_sendv(fields, (int) n);

                if (r < 0)
                        log_debug("audit: the journal does not take an entry: %s", g_strerror(-r));
                else
                        e->handed_over = true;
        }
}

/* What the run before sent waits at journald, maybe, in front of this entry. */
static void mark_beginning(Audit *a) {
        g_autofree char *run = g_uuid_string_random();
        AuditEntry *e = audit_entry_new("audit-resumed", MESSAGE_ID_AUDIT_RESUMED, LOG_NOTICE);

        audit_entry_add(e, "MSERVER_RUN", run);
        audit_entry_message(e, "Looking in the journal for what the run before wrote last");
        hand_over(a, e, true);
        if (e->handed_over)
                a->resumed = g_strconcat("MSERVER_RUN=", run, NULL);
        audit_entry_free(e);
}

/* False: journald has not said yet. */
static bool catch_up(Audit *a) {
        const char *fields[] = { NULL, NULL };
        AuditPastAnswer answer;

        if (a->caught_up)
                return true;
        if (!a->resumed)
                mark_beginning(a);
        if (!a->resumed)
                return false;
        fields[0] = a->resumed;
        answer = audit_past_wait(a->past, fields, AUDIT_CATCH_UP_MSEC);
        a->caught_up = answer == AUDIT_PAST_YES;
        return answer != AUDIT_PAST_NO;
}

static void copy_field(const AuditEntry *e, const char *name, char **ret) {
        struct iovec fields[AUDIT_FIELDS_MAX];
        size_t n = fields_of(e, fields);

        for (size_t i = 0; i < n; i++)
                if (fields[i].iov_len > strlen(name) && memcmp(fields[i].iov_base, name, strlen(name)) == 0)
                        *ret = g_strndup(fields[i].iov_base, fields[i].iov_len);
}

static void hand_over_once(Audit *a, AuditEntry *e) {
        g_autofree char *event = NULL, *id = NULL;

        copy_field(e, "MSERVER_EVENT=", &event);
        copy_field(e, "MSERVER_COMMAND_ID=", &id);
        g_assert(event && id);
        if (!a->past)
                a->past = audit_past_open();
        if (a->past && !catch_up(a))
                return;
        if (a->past && audit_past_has(a->past, (const char *const[]){ event, id, NULL }) == AUDIT_PAST_YES)
                e->handed_over = true;
        else
                hand_over(a, e, true);
}

static WorkItem *work(WorkItem *first, void *userdata) {
        /* sd_journal_sendv(3) says yes where there is no journal. Asked once for a group: it does not come
         * and go (pid 1 holds the socket while journald restarts). */
        bool journal_is_there = access(JOURNAL_SOCKET, F_OK) == 0;
        WorkItem *last = NULL;
        Audit *a = userdata;

        for (unsigned n = 0; first && n < AUDIT_GROUP_MAX; n++, first = first->next) {
                AuditEntry *e = (AuditEntry *) first;

                if (e->once && journal_is_there)
                        hand_over_once(a, e);
                else
                        hand_over(a, e, journal_is_there);
                last = first;
        }
        a->past = audit_past_close(a->past); /* open, it would keep files that journald has deleted */
        return last;
}

static void finish(AuditEntry *e) {
        if (e->done)
                e->done(e->handed_over, e->userdata);
        audit_entry_free(e);
}

static void done(WorkItem *item, void *userdata) {
        AuditEntry *e = (AuditEntry *) item;
        Audit *a = userdata;

        if (e->handed_over)
                a->count++;
        finish(e);
}

static const WorkerOps ops = { work, done };

Audit *audit_new(Loop *l, bool echo, GError **error) {
        g_autofree Audit *a = g_new0(Audit, 1);

        a->loop = l;
        a->echo = echo;
        a->worker = worker_new(l, "audit", &ops, a, AUDIT_QUEUE_MAX, error);
        if (!a->worker)
                return NULL;
        return g_steal_pointer(&a);
}

void audit_drain(Audit *a) {
        worker_drain(a->worker);
}

Audit *audit_free(Audit *a) {
        if (!a)
                return NULL;
        worker_free(a->worker);
        g_free(a->resumed);
        g_free(a);
        return NULL;
}

static void refuse(void *userdata) {
        finish(userdata);
}

void audit_submit(Audit *a, AuditEntry *e, AuditDone on_done, void *userdata) {
        e->done = on_done;
        e->userdata = userdata;
        if (!worker_submit(a->worker, &e->item))
                loop_defer(a->loop, refuse, e);
}

uint64_t audit_count(const Audit *a) {
        return a->count;
}

unsigned audit_queue_depth(const Audit *a) {
        return worker_depth(a->worker);
}
