/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The journal that has the audit trail: this machine's, or files that somebody has kept. */
#include "audit-journal.h"

#include <errno.h>
#include <glib/gi18n.h>
#include <pwd.h>
#include <unistd.h>

#include "error.h"
#include "names.h"
#include "text.h"

bool audit_journal_fail(int code, GError **error) {
        return fleet_fail(error, FLEET_ERROR_UNAVAILABLE, _("the journal cannot be read: %s"),
                          g_strerror(-code));
}

bool audit_journal_none(const AuditJournal *j, GError **error) {
        if (j->live && geteuid() != 0)
                return fleet_fail(
                                error, FLEET_ERROR_UNAVAILABLE,
                                _("no audit entries are to be seen here; root and the members of the group "
                                  "systemd-journal may read the journal"));
        return fleet_fail(error, FLEET_ERROR_UNAVAILABLE,
                          _("the journal has no audit entries of the unit %s with uid %u"), MSERVER_UNIT,
                          (unsigned) audit_reader_uid(j->reader));
}

static bool find_uid(const Args *args, uint32_t *ret, GError **error) {
        const char *text = args_get(args, "uid");
        const struct passwd *user;
        uint64_t n;

        if (text) {
                if (!text_to_uint(text, 0, UINT32_MAX - 1, &n))
                        return fleet_fail(error, FLEET_ERROR_INVALID_PARAMETER,
                                          _("--uid=%s: expected a user id"), text);
                *ret = (uint32_t) n;
                return true;
        }
        user = getpwnam(MSERVER_USER);
        if (!user)
                return fleet_fail(error, FLEET_ERROR_INVALID_PARAMETER,
                                  _("there is no user %s here: --uid= says whose entries are the server's"),
                                  MSERVER_USER);
        *ret = user->pw_uid;
        return true;
}

static int open_journal(const Args *args, sd_journal **ret) {
        const char *directory = args_get(args, "directory");

        if (args_has(args, "file"))
                return sd_journal_open_files(ret, (const char **) args_all(args, "file"), 0);
        if (directory)
                return sd_journal_open_directory(ret, directory, 0);
        return sd_journal_open(ret, SD_JOURNAL_LOCAL_ONLY);
}

AuditJournal *audit_journal_open(const Ctl *ctl, const Args *args, GError **error) {
        g_autoptr(AuditJournal) j = g_new0(AuditJournal, 1);
        AuditSource source = { .unit = MSERVER_UNIT };
        int code;

        if (ctl->host || ctl->machine) {
                (void) fleet_fail(
                                error, FLEET_ERROR_NOT_SUPPORTED,
                                _("the journal of another machine is read there: run \"mserverctl audit\" on it"));
                return NULL;
        }
        if (args_has(args, "file") && args_has(args, "directory")) {
                (void) fleet_fail(error, FLEET_ERROR_INVALID_PARAMETER,
                                  _("--file= and --directory= do not go together"));
                return NULL;
        }
        if (!find_uid(args, &source.uid, error))
                return NULL;
        j->live = !args_has(args, "file") && !args_has(args, "directory");
        code = open_journal(args, &j->journal);
        if (code < 0) {
                (void) audit_journal_fail(code, error);
                return NULL;
        }
        j->reader = audit_reader_new(j->journal, &source);
        return g_steal_pointer(&j);
}

AuditJournal *audit_journal_free(AuditJournal *j) {
        if (!j)
                return NULL;
        audit_reader_free(j->reader);
        sd_journal_close(j->journal);
        g_free(j);
        return NULL;
}
