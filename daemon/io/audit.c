/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The audit trail: structured journal entries, chained and handed over in order by a thread of their own. */
#define SD_JOURNAL_SUPPRESS_LOCATION /* every entry would come from this file and line */
#include "audit.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>
#include <syslog.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

#include "audit-past.h"
#include "audit-seal.h"
#include "clock.h"
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
        unsigned n_fields;
        bool has_message;
        bool once, resume; /* resume: no entry, but what begins the trail */
        bool handed_over;
        char *broken;   /* why the trail did not go on; NULL: it did, or was told before */
        AuditHead head; /* where the chain is with it; seq 0: it is not in the journal */
        AuditDone done;
        void *userdata;
};

struct Audit {
        Loop *loop;
        Worker *worker;
        bool echo;
        uint64_t count;
        AuditHead head;
        char *broken;
        AuditMoved moved;
        void *moved_userdata;
        AuditStart start; /* the thread's, once it is submitted */

        /* The thread's. */
        AuditSeal *seal;
        AuditHead last;     /* the newest entry */
        bool begun;         /* it is known which that is */
        char *found_broken; /* until an entry tells of it */
        bool journal_known; /* an entry of the run before is in the journal, or nowhere */
        AuditPast *past;    /* while a group of entries needs it */
};

AuditEntry *audit_entry_new(const char *event, const char *message_id, int priority) {
        AuditEntry *e = g_new0(AuditEntry, 1);

        e->text = g_string_sized_new(SIZE_USUAL);
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
        g_free(e->broken);
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

        e->has_message = true;
        va_start(ap, format);
        add_formatted(e, "MESSAGE", format, ap);
        va_end(ap);
}

void audit_entry_once(AuditEntry *e) {
        e->once = true;
}

static size_t fields_of(const AuditEntry *e, AuditField *ret) {
        for (unsigned i = 0; i < e->n_fields; i++) {
                size_t end = i + 1 < e->n_fields ? e->offsets[i + 1] : e->text->len;

                ret[i] = (AuditField){ e->text->str + e->offsets[i], end - e->offsets[i] };
        }
        return e->n_fields;
}

static void echo_message(const AuditEntry *e) {
        AuditField fields[AUDIT_FIELDS_MAX];
        size_t size;
        const char *text = audit_field_value(fields, fields_of(e, fields), "MESSAGE=", &size);

        if (text)
                log_info("%.*s", (int) size, text);
}

/* Its number and its hash are those of the next one in the chain. */
static void chain(const Audit *a, AuditEntry *e) {
        AuditField fields[AUDIT_FIELDS_MAX];
        size_t n;

        e->head = a->last;
        e->head.seq++;
        e->head.usec = now_realtime();
        audit_entry_add(e, "MSERVER_INSTANCE", e->head.instance);
        audit_entry_add_number(e, "MSERVER_SEQ", (int64_t) e->head.seq);
        n = fields_of(e, fields);
        audit_seal(a->seal, a->last.hash, fields, n, e->head.hash);
        audit_entry_add(e, "MSERVER_CHAIN", e->head.hash);
}

static bool send_fields(const AuditEntry *e) {
        AuditField fields[AUDIT_FIELDS_MAX];
        struct iovec iov[AUDIT_FIELDS_MAX];
        size_t n = fields_of(e, fields);
        int r;

        for (size_t i = 0; i < n; i++)
                iov[i] = (struct iovec){ (void *) fields[i].text, fields[i].size };
        r = sd_journal_sendv(iov, (int) n);
        if (r < 0)
                log_debug("audit: the journal does not take an entry: %s", g_strerror(-r));
        return r >= 0;
}

/* A number is used up only by what the journal has taken. */
static void hand_over(Audit *a, AuditEntry *e) {
        chain(a, e);
        if (send_fields(e)) {
                a->last = e->head;
                e->handed_over = true;
        } else
                e->head.seq = 0;
}

static void mark_broken(Audit *a, const char *why) {
        g_autoptr(AuditEntry) e = audit_entry_new(AUDIT_BROKEN_EVENT, MESSAGE_ID_AUDIT_BROKEN, LOG_ERR);

        audit_entry_add(e, "MSERVER_REASON", why);
        audit_entry_add(e, "MSERVER_PREVIOUS", a->last.hash);
        audit_entry_message(e, "The audit trail is broken: %s. It goes on as entry %" PRIu64, why,
                            a->last.seq + 1);
        hand_over(a, e);
}

static void mark_resumed(Audit *a) {
        g_autoptr(AuditEntry) e = audit_entry_new("audit-resumed", MESSAGE_ID_AUDIT_RESUMED, LOG_NOTICE);

        audit_entry_message(e, "The audit trail goes on behind entry %" PRIu64, a->last.seq);
        hand_over(a, e);
}

static void begin(Audit *a) {
        AuditResumed found;

        if (a->begun)
                return;
        g_assert(a->start.head.instance[0]); /* audit_resume() comes first */
        a->past = audit_past_open();
        audit_resume_find(a->past, &a->start, &found);
        a->last = found.head;
        a->journal_known = found.journal_known;
        a->begun = true;
        if (found.broken)
                mark_broken(a, found.broken);
        mark_resumed(a);
        a->found_broken = found.broken;
}

static void copy_field(const AuditEntry *e, const char *name, char **ret) {
        AuditField fields[AUDIT_FIELDS_MAX];
        size_t size;
        const char *value = audit_field_value(fields, fields_of(e, fields), name, &size);

        g_assert(value);
        *ret = g_strdup_printf("%s%.*s", name, (int) size, value);
}

static bool is_there(Audit *a, const AuditEntry *e) {
        g_autofree char *event = NULL, *client = NULL, *id = NULL;

        if (!a->journal_known)
                return false;
        copy_field(e, "MSERVER_EVENT=", &event);
        copy_field(e, "MSERVER_CLIENT=", &client);
        copy_field(e, "MSERVER_COMMAND_ID=", &id);
        if (!a->past)
                a->past = audit_past_open();
        return a->past &&
               audit_past_has(a->past, (const char *const[]){ event, client, id, NULL }) == AUDIT_PAST_YES;
}

static void write_entry(Audit *a, AuditEntry *e, bool journal_is_there) {
        if (journal_is_there)
                begin(a);
        e->broken = g_steal_pointer(&a->found_broken);
        if (e->resume) {
                e->head = a->last;
                return;
        }
        if (a->echo && e->has_message) {
                echo_message(e);
                e->handed_over = true;
        }
        if (journal_is_there && e->once && is_there(a, e))
                e->handed_over = true;
        else if (journal_is_there)
                hand_over(a, e);
}

static WorkItem *work(WorkItem *first, void *userdata) {
        /* sd_journal_sendv(3) says yes where there is no journal. Asked once for a group: it does not come
         * and go (pid 1 holds the socket while journald restarts). */
        bool journal_is_there = access(JOURNAL_SOCKET, F_OK) == 0;
        WorkItem *last = NULL;
        Audit *a = userdata;

        for (unsigned n = 0; first && n < AUDIT_GROUP_MAX; n++, first = first->next) {
                AuditEntry *e = (AuditEntry *) first;

                write_entry(a, e, journal_is_there);
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
        if (e->broken) {
                g_free(a->broken);
                a->broken = g_steal_pointer(&e->broken);
        }
        if (e->head.seq > a->head.seq) {
                a->head = e->head;
                if (a->moved)
                        a->moved(a->moved_userdata);
        }
        finish(e);
}

static const WorkerOps ops = { work, done };

Audit *audit_new(Loop *l, bool echo, GError **error) {
        g_autofree Audit *a = g_new0(Audit, 1);

        a->loop = l;
        a->echo = echo;
        a->seal = audit_seal_new();
        a->worker = worker_new(l, "audit", &ops, a, AUDIT_QUEUE_MAX, error);
        if (!a->worker) {
                audit_seal_free(a->seal);
                return NULL;
        }
        return g_steal_pointer(&a);
}

void audit_resume(Audit *a, const AuditStart *start) {
        AuditEntry *e = g_new0(AuditEntry, 1);

        a->start = *start;
        a->head = a->last = start->head;
        e->text = g_string_new(NULL);
        e->resume = true;
        audit_submit(a, e, NULL, NULL);
}

const AuditHead *audit_head(const Audit *a) {
        return &a->head;
}

void audit_observe(Audit *a, AuditMoved moved, void *userdata) {
        a->moved = moved;
        a->moved_userdata = userdata;
}

void audit_drain(Audit *a) {
        worker_drain(a->worker);
}

Audit *audit_free(Audit *a) {
        if (!a)
                return NULL;
        worker_free(a->worker);
        audit_seal_free(a->seal);
        g_free(a->found_broken);
        g_free(a->broken);
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

const char *audit_broken(const Audit *a) {
        return a->broken;
}

uint64_t audit_count(const Audit *a) {
        return a->count;
}

unsigned audit_queue_depth(const Audit *a) {
        return worker_depth(a->worker);
}
