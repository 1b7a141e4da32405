/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What became of an attempt to tell a notice, and the two lines in which the server asks for it and mserver-notify says so: JSON,
 * one object a line. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "notice.h"

typedef enum NoticeOutcome {
        NOTICE_SENT,
        NOTICE_LATER,   /* it may go well another time, as it is or after somebody has changed something */
        NOTICE_REFUSED, /* this notice will not be taken, others may */
} NoticeOutcome;

/* Of an HTTP status. */
NoticeOutcome notice_outcome_of_status(long status);

/* "HTTP status 404: no_service": what a target answered, for the journal. One line; of the body only what cannot have the secret of
 * url in it, as servers like to quote the path that they do not know. New string. */
char *notice_answer_shown(const char *url, long status, const char *text, size_t size);

/* {"id":1,"target":"ops","notices":[…]} and a newline. New string. */
char *notice_request_format(uint64_t id, const char *target, const Notice *const *notices, unsigned n);

typedef struct NoticeRequest {
        uint64_t id;
        char *target;
        GPtrArray *notices; /* of Notice, at least one */
} NoticeRequest;

void notice_request_clear(NoticeRequest *r);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(NoticeRequest, notice_request_clear)
/* FLEET_ERROR_PROTOCOL */
bool notice_request_parse(const char *line, NoticeRequest *ret, GError **error);

/* The server's last line to a mserver-notify that is to make way for a new one. */
#define NOTICE_END_LINE "{\"end\":true}"

typedef struct NoticeReport {
        uint64_t id;
        NoticeOutcome outcome;
        uint64_t retry_after_sec; /* 0: the target did not say */
        char *error;              /* NULL: sent */
} NoticeReport;

void notice_report_clear(NoticeReport *r);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(NoticeReport, notice_report_clear)
/* {"id":1,"outcome":"later","retry_after":30,"error":"…"} and a newline. New string. */
char *notice_report_format(const NoticeReport *r);
bool notice_report_parse(const char *line, NoticeReport *ret, GError **error);
