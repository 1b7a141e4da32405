/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the journal has from an earlier run of the server: sd_journal_open(3) and its matches. */
#include "audit-past.h"

#include <unistd.h>

#include "clock.h"
#include "log.h"

/* Behind the interface's opaque name. */
static sd_journal *journal_of(AuditPast *p) {
        return (sd_journal *) p;
}

AuditPast *audit_past_open(void) {
        sd_journal *j = NULL;
        int r = sd_journal_open(&j, SD_JOURNAL_LOCAL_ONLY);

        if (r < 0)
                log_debug("audit: the journal cannot be read: %s", g_strerror(-r));
        return (AuditPast *) j;
}

AuditPast *audit_past_close(AuditPast *p) {
        sd_journal_close(journal_of(p));
        return NULL;
}

static int match(sd_journal *j, const char *const *fields) {
        g_autofree char *ours = g_strdup_printf("_UID=%u", (unsigned) getuid());
        int r;

        sd_journal_flush_matches(j);
        r = sd_journal_add_match(j, ours, 0);
        for (unsigned i = 0; r >= 0 && fields[i]; i++)
                r = sd_journal_add_match(j, fields[i], 0);
        return r;
}

/* Files that we may not open are left out without a word. */
static bool has_files(sd_journal *j) {
        return sd_journal_has_runtime_files(j) > 0 || sd_journal_has_persistent_files(j) > 0;
}

AuditPastAnswer audit_past_has(AuditPast *p, const char *const *fields) {
        sd_journal *j = journal_of(p);
        int r;

        if (!has_files(j) || match(j, fields) < 0 || sd_journal_seek_head(j) < 0)
                return AUDIT_PAST_UNREADABLE;
        r = sd_journal_next(j);
        if (r < 0)
                return AUDIT_PAST_UNREADABLE;
        return r > 0 ? AUDIT_PAST_YES : AUDIT_PAST_NO;
}

AuditPastAnswer audit_past_wait(AuditPast *p, const char *const *fields, uint64_t timeout_msec) {
        uint64_t until = now_monotonic() + timeout_msec * USEC_PER_MSEC;

        for (;;) {
                AuditPastAnswer answer = audit_past_has(p, fields);
                uint64_t now = now_monotonic();

                if (answer != AUDIT_PAST_NO || now >= until)
                        return answer;
                if (sd_journal_wait(journal_of(p), until - now) < 0)
                        return AUDIT_PAST_UNREADABLE;
        }
}

sd_journal *audit_past_journal(AuditPast *p) {
        sd_journal *j = journal_of(p);

        return j && has_files(j) ? j : NULL;
}
