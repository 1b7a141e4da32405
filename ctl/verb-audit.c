/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* audit: what the journal has of who did what, and whether that is all of it. */
#include <glib/gi18n.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit-journal.h"
#include "audit-list.h"
#include "audit-verify.h"
#include "error.h"
#include "json.h"
#include "limits.h"
#include "list-range.h"
#include "text.h"
#include "verbs.h"

static const char *const events[] = {
        "alert-acknowledged",
        "alert-cleared",
        "alert-raised",
        "audit-broken",
        "audit-resumed",
        "backup-complete",
        "client-certificate-issued",
        "client-enrolled",
        "client-offline",
        "client-online",
        "client-rejected",
        "client-revoked",
        "command-denied",
        "command-finished",
        "command-requested",
        "command-settled",
        "enrollment-created",
        "key-update",
        "schedule-changed",
        "schedule-run",
        "silence-created",
        "silence-ended",
        NULL,
};

static const OptionInfo options[] = {
        { "client", 0, N_("CLIENT"), N_("Only of this client") },
        { "container", 0, N_("CONTAINER"), N_("Only of this container") },
        { "command", 'c', N_("COMMAND"), N_("Only this command") },
        { "user", 'u', N_("USER"), N_("Only what this user asked for, by name or id") },
        { "event", 0, N_("EVENT"), N_("Only entries of this kind, one by one"), events },
        { "since", 'S', N_("TIME"), N_("Only what was written then or later: yesterday, 2h") },
        { "until", 'U', N_("TIME"), N_("Only what was written then or before") },
        { "lines", 'n', N_("LINES"), N_("How many to show at most (default: 100)") },
        { "file", 0, N_("FILE"), N_("Read this journal file in the place of the journal") },
        { "directory", 'D', N_("DIRECTORY"), N_("Read the journal files in this directory") },
        { "uid", 0, N_("UID"), N_("The server's user, where files are of another machine") },
        {},
};

static const char *const words[] = { "verify", NULL };

typedef struct Query {
        ListRange range; /* with lines */
        uint32_t user;   /* UINT32_MAX: any */
} Query;

static bool read_user(const char *text, uint32_t *ret, GError **error) {
        const struct passwd *user;
        uint64_t n;

        if (!text)
                return true;
        user = getpwnam(text);
        if (!user && !text_to_uint(text, 0, UINT32_MAX - 1, &n))
                return fleet_fail(error, FLEET_ERROR_INVALID_PARAMETER,
                                  _("--user=%s: there is no such user here; expected a name or an id"),
                                  text);
        *ret = user ? user->pw_uid : (uint32_t) n;
        return true;
}

static bool read_query(const Args *args, Query *ret, GError **error) {
        *ret = (Query){ .user = UINT32_MAX };
        if (!list_range_read(args, &ret->range, error))
                return false;
        ret->range.lines = ret->range.lines ?: LIST_COMMANDS_DEFAULT;
        return read_user(args_get(args, "user"), &ret->user, error);
}

static int add_matches(AuditJournal *j, const Args *args) {
        static const struct {
                const char *option, *field;
        } fields[] = { { "client", "MSERVER_CLIENT=" },
                       { "container", "MSERVER_CONTAINER=" },
                       { "command", "MSERVER_COMMAND=" },
                       { "event", "MSERVER_EVENT=" } };
        int code = audit_reader_match(j->reader, NULL);

        for (unsigned i = 0; code >= 0 && i < G_N_ELEMENTS(fields); i++)
                if (args_has(args, fields[i].option)) {
                        g_autofree char *match =
                                        g_strconcat(fields[i].field, args_get(args, fields[i].option), NULL);

                        code = sd_journal_add_match(j->journal, match, 0);
                }
        return code;
}

/* Whether it is one of the server's audit entries. */
static bool is_audit(const AuditSeen *e) {
        size_t size;

        return e->author != AUDIT_AUTHOR_OTHER &&
               audit_field_value(e->fields, e->n_fields, "MSERVER_EVENT=", &size);
}

/* Calls take for each of the server's entries, newest first, until it has enough. *ret_all: there are none before. */
static bool each(AuditJournal *j, const Query *q, bool (*take)(const AuditSeen *e, void *userdata),
                 void *userdata, bool *ret_all, GError **error) {
        int code = q->range.until > 0 ? sd_journal_seek_realtime_usec(j->journal, q->range.until + 1)
                                      : sd_journal_seek_tail(j->journal);

        while (code >= 0 && (code = sd_journal_previous(j->journal)) > 0) {
                const AuditSeen *e = audit_reader_entry(j->reader, &code);

                if (!e)
                        break;
                if (q->range.until > 0 && e->usec > q->range.until)
                        continue;
                if (e->usec < q->range.since || (is_audit(e) && !take(e, userdata)))
                        return true;
        }
        *ret_all = code >= 0;
        return code >= 0 || audit_journal_fail(code, error);
}

static bool take_row(const AuditSeen *e, void *list) {
        return audit_list_add(list, e);
}

static int show_table(const Ctl *ctl, AuditJournal *j, const Query *q, bool merge, GError **error) {
        g_autoptr(AuditList) list = audit_list_new(merge, q->user, q->range.lines);
        g_autoptr(Table) table = NULL;
        bool all = false;

        if (!each(j, q, take_row, list, &all, error))
                return EXIT_FAILURE;
        table = audit_list_table(list, all);
        ctl_print_table(ctl, table, false);
        return EXIT_SUCCESS;
}

typedef struct Lines {
        GPtrArray *objects;
        const Query *query;
} Lines;

static void object_free(void *o) {
        json_object_put(o);
}

static bool take_line(const AuditSeen *e, void *userdata) {
        Lines *l = userdata;

        if (audit_list_wants(e, l->query->user))
                g_ptr_array_add(l->objects, audit_entry_to_json(e));
        return l->objects->len < l->query->range.lines;
}

/* One object a line, for programs that read as it comes; indented only where somebody wants to read it. */
static int show_lines(const Ctl *ctl, AuditJournal *j, const Query *q, GError **error) {
        g_autoptr(GPtrArray) objects = g_ptr_array_new_with_free_func(object_free);
        int flags = JSON_C_TO_STRING_NOSLASHESCAPE |
                    (ctl->style.json == JSON_PRETTY ? JSON_C_TO_STRING_PRETTY : 0);
        g_autoptr(GString) text = g_string_new(NULL);
        Lines lines = { objects, q };
        bool all;

        if (!each(j, q, take_line, &lines, &all, error))
                return EXIT_FAILURE;
        for (unsigned i = objects->len; i > 0; i--)
                g_string_append_printf(text, "%s\n",
                                       json_object_to_json_string_ext(objects->pdata[i - 1], flags));
        ctl_print(ctl, text->str);
        return EXIT_SUCCESS;
}

static bool check_verify(const Args *args, GError **error) {
        static const char *const selecting[] = { "client", "container", "command", "user", "event",
                                                 "since",  "until",     "lines",   NULL };

        if (!g_str_equal(args_word(args, 0), "verify"))
                return fleet_fail(error, FLEET_ERROR_INVALID_PARAMETER,
                                  _("\"%s\" is unknown; expected \"verify\""), args_word(args, 0));
        for (const char *const *name = selecting; *name; name++)
                if (args_has(args, *name))
                        return fleet_fail(error, FLEET_ERROR_INVALID_PARAMETER,
                                          _("--%s= selects entries, and verify looks at all of them"),
                                          *name);
        return true;
}

static int run(Ctl *ctl, const Args *args, GError **error) {
        g_autoptr(AuditJournal) j = NULL;
        Query q;
        int code;

        if (args_count(args) > 0)
                return check_verify(args, error) ? audit_verify(ctl, args, error) : EXIT_FAILURE;
        if (!read_query(args, &q, error))
                return EXIT_FAILURE;
        j = audit_journal_open(ctl, args, error);
        if (!j)
                return EXIT_FAILURE;
        code = add_matches(j, args);
        if (code < 0) {
                (void) audit_journal_fail(code, error);
                return EXIT_FAILURE;
        }
        return ctl->style.json != JSON_OFF ? show_lines(ctl, j, &q, error)
                                           : show_table(ctl, j, &q, !args_has(args, "event"), error);
}

const Verb verb_audit = {
        .name = "audit",
        .words = N_("[verify]"),
        .help = N_("Show who did what, from the journal, or verify that nothing is missing there"),
        .details = N_("Only what journald says to be from the server counts. Requests are shown with their ends, "
                      "oldest first. With verify: looks for entries that are missing, changed, out of order or made up, "
                      "says where, and compares the newest one with what the server says. Its exit code is 0 where the "
                      "trail is whole, 3 where it is and somebody has written look-alikes, and 1 otherwise."),
        .options = options,
        .words_max = 1,
        .kinds = { WORD_CHOICE },
        .choices = words,
        .run = run,
};
