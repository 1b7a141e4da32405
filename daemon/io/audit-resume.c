/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where the audit trail goes on when the server is started. */
#define SD_JOURNAL_SUPPRESS_LOCATION
#include "audit-resume.h"

#include <inttypes.h>
#include <string.h>
#include <syslog.h>
#include <systemd/sd-login.h>
#include <unistd.h>

#include "audit-check.h"
#include "audit-read.h"
#include "limits.h"
#include "names.h"

/* What the run before sent waits at journald, maybe: so a mark is sent behind it, and waited for. It is no entry of the
 * trail, for which number it would have is what is to be found out. */
static AuditPastAnswer catch_up(AuditPast *past) {
        g_autofree char *id = g_uuid_string_random(), *run = g_strconcat("MSERVER_RUN=", id, NULL);
        const char *const fields[] = { run, NULL };
        int r;

        if (!audit_past_journal(past))
                return AUDIT_PAST_UNREADABLE;
        r = sd_journal_send("SYSLOG_IDENTIFIER=" MSERVER_SYSLOG_IDENTIFIER, "%s", run, "PRIORITY=%i",
                            LOG_INFO, "MESSAGE=Looking in the journal for the end of the audit trail", NULL);
        return r < 0 ? AUDIT_PAST_UNREADABLE : audit_past_wait(past, fields, AUDIT_CATCH_UP_MSEC);
}

/* NULL: not a service's; of those that a user starts by hand, each has another. */
static char *own_unit(void) {
        char *unit = NULL;
        g_autofree char *copy = NULL;

        if (sd_pid_get_unit(0, &unit) < 0)
                return NULL;
        copy = g_strdup(unit);
        free(unit);
        return g_str_has_suffix(copy, ".service") ? g_steal_pointer(&copy) : NULL;
}

/* The newest entry of the server's at a match, or NULL. */
static const AuditSeen *newest(sd_journal *j, AuditReader *r) {
        int error;

        if (sd_journal_seek_tail(j) < 0)
                return NULL;
        for (unsigned n = 0; n < AUDIT_ADOPT_MAX && sd_journal_previous(j) > 0; n++) {
                const AuditSeen *seen = audit_reader_entry(r, &error);
                size_t size;

                if (seen && seen->author == AUDIT_AUTHOR_SERVER &&
                    audit_field_value(seen->fields, seen->n_fields, "MSERVER_INSTANCE=", &size) &&
                    size == AUDIT_INSTANCE_LENGTH)
                        return seen;
        }
        return NULL;
}

/* The chain that this service wrote before it had this store. */
static bool find_instance(sd_journal *j, AuditReader *r, char ret[AUDIT_INSTANCE_LENGTH + 1]) {
        const AuditSeen *seen;
        size_t size;

        if (audit_reader_match(r, NULL) < 0)
                return false;
        seen = newest(j, r);
        if (!seen)
                return false;
        memcpy(ret, audit_field_value(seen->fields, seen->n_fields, "MSERVER_INSTANCE=", &size),
               AUDIT_INSTANCE_LENGTH);
        ret[AUDIT_INSTANCE_LENGTH] = '\0';
        return true;
}

/* Goes to the entry of the head, or else in front of the oldest of its chain. */
static bool seek(sd_journal *j, AuditReader *r, const AuditHead *head) {
        g_autofree char *seq = g_strdup_printf("MSERVER_SEQ=%" PRIu64, head->seq);
        char *cursor = NULL;
        bool found;

        if (audit_reader_match(r, head->instance) < 0 || sd_journal_add_match(j, seq, 0) < 0 ||
            sd_journal_seek_head(j) < 0)
                return false;
        found = sd_journal_next(j) > 0 && sd_journal_get_cursor(j, &cursor) >= 0;
        found = audit_reader_match(r, head->instance) >= 0 &&
                (found ? sd_journal_seek_cursor(j, cursor) : sd_journal_seek_head(j)) >= 0;
        free(cursor);
        return found;
}

static bool walk(sd_journal *j, AuditReader *r, const AuditHead *head, AuditCheck *check) {
        int code, error;

        if (!seek(j, r, head))
                return false;
        while ((code = sd_journal_next(j)) > 0) {
                const AuditSeen *seen = audit_reader_entry(r, &error);

                if (!seen)
                        return false;
                audit_check_entry(check, seen);
        }
        return code == 0;
}

static char *reason_of(const AuditProblem *p, const AuditHead *head) {
        switch (p->finding) {
        case AUDIT_MISSING:
                if (p->usec == 0)
                        return g_strdup_printf("the store says that %" PRIu64
                                               " entries were written, and the "
                                               "journal ends at %" PRIu64,
                                               head->seq, p->from - 1);
                return g_strdup_printf("entries %" PRIu64 " to %" PRIu64 " are not in the journal", p->from,
                                       p->to);
        case AUDIT_CHANGED:
                return g_strdup_printf("entry %" PRIu64
                                       " in the journal, or the one before it, is not what the "
                                       "server wrote",
                                       p->from);
        case AUDIT_MOVED:
                return g_strdup_printf("entry %" PRIu64 " stands behind %" PRIu64 " in the journal", p->from,
                                       p->to);
        default:
                return g_strdup_printf("entry %" PRIu64 " is in the journal more than once", p->from);
        }
}

static void look(sd_journal *j, AuditReader *r, const AuditHead *head, AuditResumed *ret) {
        g_autoptr(AuditCheck) check = audit_check_new(head);
        const AuditProblem *problem;
        const AuditSpan *span;
        uint64_t more;

        if (!walk(j, r, head, check)) {
                ret->broken = g_strdup("the journal cannot be read to its end");
                return;
        }
        (void) audit_check_finish(check, audit_reader_oldest(r), &more);
        problem = audit_check_broken(check);
        ret->broken = problem ? reason_of(problem, head) : NULL;
        span = audit_check_spans(check)->len > 0 ? g_ptr_array_index(audit_check_spans(check), 0) : NULL;
        if (span && span->last.seq > head->seq)
                ret->head = span->last;
}

/* A new store under a service that has written a trail before. */
static void adopt(sd_journal *j, AuditReader *r, AuditResumed *ret) {
        AuditHead start = ret->head;

        if (!find_instance(j, r, start.instance))
                return;
        look(j, r, &start, ret);
        if (ret->head.seq == 0)
                return;
        g_free(ret->broken);
        ret->broken = g_strdup_printf(
                        "the store is a new one, and the journal has entries of before up to %" PRIu64,
                        ret->head.seq);
}

void audit_resume_find(AuditPast *past, const AuditStart *start, AuditResumed *ret) {
        AuditPastAnswer answer = past ? catch_up(past) : AUDIT_PAST_UNREADABLE;
        g_autofree char *unit = own_unit();
        const AuditSource source = { getuid(), unit };
        g_autoptr(AuditReader) r = NULL;

        *ret = (AuditResumed){ .head = start->head, .journal_known = answer == AUDIT_PAST_YES };
        if (!ret->journal_known) {
                if (!start->exact)
                        ret->broken = g_strdup_printf(
                                        answer == AUDIT_PAST_NO
                                                        ? "the run before was killed, and journald did not say in time what it had written behind entry %" PRIu64
                                                        : "the run before was killed, and the journal cannot be read for what it had written behind entry %" PRIu64,
                                        start->head.seq);
                return;
        }
        r = audit_reader_new(audit_past_journal(past), &source);
        if (start->head.seq == 0 && start->exact && unit)
                adopt(audit_past_journal(past), r, ret);
        else
                look(audit_past_journal(past), r, &start->head, ret);
}
