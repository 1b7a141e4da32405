/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* audit verify: is the audit trail in the journal what the server wrote? */
#include "audit-verify.h"

#include <glib/gi18n.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "audit-journal.h"
#include "clock.h"
#include "error.h"
#include "json.h"
#include "limits.h"
#include "names.h"
#include "when.h"

static const ColumnInfo columns[] = {
        { "problem", N_("PROBLEM") },
        { "entries", N_("ENTRY") },
        { "time", N_("TIME") },
        { "details", N_("DETAILS") },
        { "cursor", N_("CURSOR"), COLUMN_SHRINK },
        {},
};

static const char *const findings[AUDIT_FINDINGS] = {
        [AUDIT_MISSING] = N_("missing"),   [AUDIT_CHANGED] = N_("changed"), [AUDIT_MOVED] = N_("reordered"),
        [AUDIT_REPEATED] = N_("repeated"), [AUDIT_FORGED] = N_("forged"),   [AUDIT_BROKEN] = N_("broken"),
};

/* Where the server says that it is. False where it does not run, or is too old: then only the journal is checked. */
static bool ask_for_head(AuditHead *ret) {
        const BusPlace place = {};
        g_autoptr(BusClient) bus = bus_client_open(&place, 0, NULL);
        g_autoptr(sd_bus_message) request = NULL, reply = NULL;
        const char *instance, *hash;

        if (!bus ||
            sd_bus_message_new_method_call(bus_client_bus(bus), &request, MSERVER_BUS_NAME, MSERVER_ROOT,
                                           "org.freedesktop.DBus.Properties", "Get") < 0 ||
            sd_bus_message_append(request, "ss", MSERVER_IFACE_MANAGER, "AuditHead") < 0 ||
            sd_bus_message_set_auto_start(request, false) < 0)
                return false;
        reply = bus_client_send(bus, g_steal_pointer(&request), NULL);
        return reply && bus_client_check_answer(reply, NULL) &&
               sd_bus_message_enter_container(reply, 'v', "(stts)") > 0 &&
               sd_bus_message_read(reply, "(stts)", &instance, &ret->seq, &ret->usec, &hash) > 0 &&
               audit_head_name(ret, instance, hash);
}

/* journald is a moment behind those who write. What does not come is reported as missing. */
static bool wait_for_head(AuditJournal *j, const AuditHead *head, GError **error) {
        g_autofree char *seq = g_strdup_printf("MSERVER_SEQ=%" PRIu64, head->seq);
        uint64_t until = now_monotonic() + AUDIT_HEAD_WAIT_MSEC * USEC_PER_MSEC, now;
        int code = audit_reader_match(j->reader, head->instance);

        if (code >= 0)
                code = sd_journal_add_match(j->journal, seq, 0);
        while (code >= 0 && head->seq > 0) {
                code = sd_journal_seek_tail(j->journal);
                if (code >= 0)
                        code = sd_journal_previous(j->journal);
                now = now_monotonic();
                if (code != 0 || now >= until)
                        break;
                code = sd_journal_wait(j->journal, until - now);
        }
        return code >= 0 || audit_journal_fail(code, error);
}

static bool look_at_all(AuditJournal *j, AuditCheck *check, GError **error) {
        bool any = false;
        int code = audit_reader_match_alike(j->reader, &any);

        if (code >= 0)
                code = sd_journal_seek_head(j->journal);
        while (code >= 0 && any && (code = sd_journal_next(j->journal)) > 0) {
                const AuditSeen *seen = audit_reader_entry(j->reader, &code);

                if (seen)
                        audit_check_entry(check, seen);
        }
        return code >= 0 || audit_journal_fail(code, error);
}

static char *details(const AuditProblem *p) {
        switch (p->finding) {
        case AUDIT_MISSING:
                return g_strdup(p->usec > 0 ? _("not in the journal; the entry behind is from this time")
                                            : _("written by the server, and not in the journal"));
        case AUDIT_CHANGED:
                return g_strdup(_("it, or the one before it, is not what the server wrote"));
        case AUDIT_MOVED: {
                g_autofree char *other = g_strdup_printf("%" PRIu64, p->to);

                return g_strdup_printf(_("stands behind entry %s"), other);
        }
        case AUDIT_REPEATED:
                return g_strdup(_("is there once more"));
        case AUDIT_FORGED:
                return g_strdup_printf(_("not by the server: %s"), p->what ?: "");
        case AUDIT_BROKEN:
                return g_strdup_printf(_("the server found: %s"), p->what ?: "");
        case AUDIT_FINDINGS:
                break;
        }
        g_assert_not_reached();
}

static char *numbers(const AuditProblem *p) {
        if (p->from == 0)
                return g_strdup("");
        if (p->finding == AUDIT_MISSING && p->to > p->from)
                return g_strdup_printf("%" PRIu64 "-%" PRIu64, p->from, p->to);
        return g_strdup_printf("%" PRIu64, p->from);
}

static void add_problem(Table *t, const AuditProblem *p) {
        g_autofree char *entries = numbers(p), *when = p->usec > 0 ? when_local(p->usec) : g_strdup("");
        g_autofree char *text = details(p);

        table_add_value(t, COLOR_BAD, _(findings[p->finding]), json_object_new_string(findings[p->finding]));
        table_add_colored(t, COLOR_STRONG, entries);
        table_add_value(t, COLOR_NONE, when, p->usec > 0 ? json_object_new_uint64(p->usec) : NULL);
        table_add(t, text);
        table_add_colored(t, COLOR_DIM, p->cursor ?: "");
}

static json_object *span_to_json(const AuditSpan *s) {
        json_object *o = json_object_new_object();

        json_object_object_add(o, "instance", json_object_new_string(s->last.instance));
        json_object_object_add(o, "first", json_object_new_uint64(s->first));
        json_object_object_add(o, "last", json_object_new_uint64(s->last.seq));
        json_object_object_add(o, "entries", json_object_new_uint64(s->count));
        json_object_object_add(o, "since", json_object_new_uint64(s->first_usec));
        json_object_object_add(o, "until", json_object_new_uint64(s->last.usec));
        json_object_object_add(o, "hash", json_object_new_string(s->last.hash));
        return o;
}

static void print_json(const Ctl *ctl, const AuditCheck *check, const Table *t, uint64_t more,
                       bool has_head) {
        json_object *o = json_object_new_object(), *chains = json_object_new_array();

        for (unsigned i = 0; i < audit_check_spans(check)->len; i++)
                json_object_array_add(chains, span_to_json(audit_check_spans(check)->pdata[i]));
        json_object_object_add(o, "chains", chains);
        json_object_object_add(o, "head_compared", json_object_new_boolean(has_head));
        json_object_object_add(o, "unnumbered", json_object_new_uint64(audit_check_unnumbered(check)));
        json_object_object_add(o, "problems", table_to_json(t));
        json_object_object_add(o, "more_problems", json_object_new_uint64(more));
        ctl_print_object(ctl, o);
}

/* With the locale's separators between thousands; new string. */
static char *grouped(uint64_t n) {
        return g_strdup_printf("%'" PRIu64, n);
}

static void print_span(const AuditSpan *s, bool of_several, bool broken) {
        g_autofree char *since = when_local(s->first_usec), *until = when_local(s->last.usec);
        g_autofree char *count = grouped(s->count), *first = grouped(s->first), *last = grouped(s->last.seq);

        if (of_several)
                printf(_("Instance %s: "), s->last.instance);
        if (broken)
                printf(ngettext("%s entry, number %s to %s, from %s to %s: broken.\n",
                                "%s entries, number %s to %s, from %s to %s: broken.\n", s->count),
                       count, first, last, since, until);
        else
                printf(ngettext("%s entry, number %s to %s, from %s to %s: unbroken.\n",
                                "%s entries, number %s to %s, from %s to %s: unbroken.\n", s->count),
                       count, first, last, since, until);
        if (s->first > 1)
                printf(_("The entries before number %s were deleted with old journal files.\n"), first);
}

/* Is something wrong with this chain, look-alikes aside? */
static bool is_broken(const GPtrArray *problems, const char *instance) {
        for (unsigned i = 0; i < problems->len; i++) {
                const AuditProblem *p = g_ptr_array_index(problems, i);

                if (p->finding != AUDIT_FORGED && (!instance || g_strcmp0(p->instance, instance) == 0))
                        return true;
        }
        return false;
}

static void print_text(const Ctl *ctl, const AuditCheck *check, const Table *t, const GPtrArray *problems,
                       uint64_t more, bool has_head) {
        const GPtrArray *spans = audit_check_spans(check);

        if (spans->len == 0 && problems->len == 0)
                (void) puts(_("All entries were deleted with old journal files."));
        if (table_rows(t) > 0)
                ctl_print_table(ctl, t, false);
        for (unsigned i = 0; i < spans->len; i++) {
                const AuditSpan *s = g_ptr_array_index(spans, i);

                print_span(s, spans->len > 1, is_broken(problems, s->last.instance));
        }
        if (more > 0) {
                g_autofree char *n = grouped(more);

                printf(_("Problems that are not shown: %s\n"), n);
        }
        if (!has_head)
                (void) puts(_("The server was not asked for the newest entry: whether the end is missing is not known."));
}

static int report(const Ctl *ctl, AuditCheck *check, uint64_t oldest, bool has_head) {
        g_autoptr(Table) table = table_new(columns);
        const GPtrArray *problems;
        uint64_t more;

        problems = audit_check_finish(check, oldest, &more);
        for (unsigned i = 0; i < problems->len; i++)
                add_problem(table, g_ptr_array_index(problems, i));
        if (ctl->style.json != JSON_OFF)
                print_json(ctl, check, table, more, has_head);
        else
                print_text(ctl, check, table, problems, more, has_head);
        if (is_broken(problems, NULL) || more > 0)
                return EXIT_FAILURE;
        return problems->len > 0 ? AUDIT_EXIT_LOOK_ALIKES : EXIT_SUCCESS;
}

int audit_verify(Ctl *ctl, const Args *args, GError **error) {
        g_autoptr(AuditJournal) j = audit_journal_open(ctl, args, error);
        g_autoptr(AuditCheck) check = NULL;
        AuditHead head = {};
        uint64_t oldest, more;
        bool has_head;

        if (!j)
                return EXIT_FAILURE;
        has_head = j->live && ask_for_head(&head);
        if (has_head && !wait_for_head(j, &head, error))
                return EXIT_FAILURE;
        check = audit_check_new(has_head ? &head : NULL);
        if (!look_at_all(j, check, error))
                return EXIT_FAILURE;
        oldest = audit_reader_oldest(j->reader);
        /* Who may not read the journal sees nothing, too. */
        if (audit_check_spans(check)->len == 0 && (head.seq == 0 || geteuid() != 0) &&
            audit_check_finish(check, oldest, &more)->len == 0) {
                (void) audit_journal_none(j, error);
                return EXIT_FAILURE;
        }
        return report(ctl, check, oldest, has_head);
}
