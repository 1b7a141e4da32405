/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What became of an attempt to tell a notice, and the lines about it. */
#include "notice-outcome.h"

#include <string.h>

#include "error.h"
#include "text.h"

static const char *const outcomes[] = { "sent", "later", "refused" };

NoticeOutcome notice_outcome_of_status(long status) {
        if (status >= 200 && status < 300)
                return NOTICE_SENT;
        /* What was said is not understood. All else is about where, by whom, or when. */
        return status == 400 || status == 413 || status == 422 ? NOTICE_REFUSED : NOTICE_LATER;
}

#define SECRET_LENGTH_MIN 4  /* shorter parts of a URL ("api", "v2") are none, and are in many a text */
#define ANSWER_SHOWN_MAX 160 /* bytes */

/* Is some part of what may be secret in a URL, all behind the scheme but the host, in text? */
static bool quotes_secret(const char *url, const char *text) {
        g_auto(GStrv) parts = g_strsplit_set(url, "/?&=:@#", -1);

        for (char **part = parts; *part; part++)
                if (strlen(*part) >= SECRET_LENGTH_MIN && !g_str_has_prefix(*part, "http") &&
                    strstr(text, *part))
                        return true;
        return false;
}

char *notice_answer_shown(const char *url, long status, const char *text, size_t size) {
        g_autofree char *copy = g_strndup(text, size),
                        *shown = text_shown(g_strstrip(copy), ANSWER_SHOWN_MAX);

        if (!*shown || quotes_secret(url, copy))
                return g_strdup_printf("HTTP status %ld", status);
        return g_strdup_printf("HTTP status %ld: %s", status, shown);
}

static char *finish_line(json_object *o) {
        char *line = g_strconcat(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN), "\n", NULL);

        (void) json_object_put(o);
        return line;
}

static void add_number(json_object *o, const char *name, uint64_t n) {
        (void) json_object_object_add(o, name, json_object_new_int64((int64_t) n));
}

static void add_text(json_object *o, const char *name, const char *text) {
        (void) json_object_object_add(o, name, json_object_new_string(text));
}

/* New reference; NULL with error. */
static json_object *parse(const char *line, GError **error) {
        json_object *o = json_tokener_parse(line);

        if (json_object_is_type(o, json_type_object))
                return o;
        (void) json_object_put(o);
        (void) fleet_fail(error, FLEET_ERROR_PROTOCOL, "a line that is no JSON object");
        return NULL;
}

static bool get_number(json_object *o, const char *name, uint64_t *ret, GError **error) {
        json_object *v = json_object_object_get(o, name);

        if (!json_object_is_type(v, json_type_int) || json_object_get_int64(v) < 0)
                return fleet_fail(error, FLEET_ERROR_PROTOCOL, "\"%s\" is missing: expected a number", name);
        *ret = (uint64_t) json_object_get_int64(v);
        return true;
}

static bool get_text(json_object *o, const char *name, char **ret, GError **error) {
        json_object *v = json_object_object_get(o, name);

        if (!json_object_is_type(v, json_type_string))
                return fleet_fail(error, FLEET_ERROR_PROTOCOL, "\"%s\" is missing: expected text", name);
        *ret = g_strdup(json_object_get_string(v));
        return true;
}

char *notice_request_format(uint64_t id, const char *target, const Notice *const *notices, unsigned n) {
        json_object *o = json_object_new_object(), *all = json_object_new_array();

        add_number(o, "id", id);
        add_text(o, "target", target);
        for (unsigned i = 0; i < n; i++)
                (void) json_object_array_add(all, notice_to_json(notices[i]));
        (void) json_object_object_add(o, "notices", all);
        return finish_line(o);
}

static bool get_notices(json_object *o, GPtrArray *ret, GError **error) {
        json_object *all = json_object_object_get(o, "notices");

        if (!json_object_is_type(all, json_type_array) || json_object_array_length(all) == 0)
                return fleet_fail(error, FLEET_ERROR_PROTOCOL, "\"notices\" are missing: expected an array");
        for (size_t i = 0; i < json_object_array_length(all); i++) {
                Notice *n = notice_from_json(json_object_array_get_idx(all, i), error);

                if (!n)
                        return false;
                g_ptr_array_add(ret, n);
        }
        return true;
}

void notice_request_clear(NoticeRequest *r) {
        g_free(r->target);
        g_clear_pointer(&r->notices, g_ptr_array_unref);
}

static void free_notice(void *p) {
        (void) notice_free(p);
}

bool notice_request_parse(const char *line, NoticeRequest *ret, GError **error) {
        g_auto(NoticeRequest) r = { .notices = g_ptr_array_new_with_free_func(free_notice) };
        json_object *o = parse(line, error);
        bool good;

        if (!o)
                return false;
        good = get_number(o, "id", &r.id, error) && get_text(o, "target", &r.target, error) &&
               get_notices(o, r.notices, error);
        (void) json_object_put(o);
        if (!good)
                return false;
        *ret = r;
        r = (NoticeRequest){};
        return true;
}

void notice_report_clear(NoticeReport *r) {
        g_free(r->error);
}

char *notice_report_format(const NoticeReport *r) {
        json_object *o = json_object_new_object();

        add_number(o, "id", r->id);
        add_text(o, "outcome", outcomes[r->outcome]);
        if (r->retry_after_sec > 0)
                add_number(o, "retry_after", r->retry_after_sec);
        if (r->error)
                add_text(o, "error", r->error);
        return finish_line(o);
}

static bool get_outcome(json_object *o, NoticeOutcome *ret, GError **error) {
        g_autofree char *outcome = NULL;

        if (!get_text(o, "outcome", &outcome, error))
                return false;
        for (unsigned i = 0; i < G_N_ELEMENTS(outcomes); i++)
                if (g_str_equal(outcome, outcomes[i])) {
                        *ret = i;
                        return true;
                }
        return fleet_fail(error, FLEET_ERROR_PROTOCOL,
                          "\"%s\" is no outcome: expected sent, later or refused", outcome);
}

bool notice_report_parse(const char *line, NoticeReport *ret, GError **error) {
        g_auto(NoticeReport) r = {};
        json_object *o = parse(line, error);
        bool good;

        if (!o)
                return false;
        good = get_number(o, "id", &r.id, error) && get_outcome(o, &r.outcome, error) &&
               (!json_object_object_get(o, "retry_after") ||
                get_number(o, "retry_after", &r.retry_after_sec, error)) &&
               (r.outcome == NOTICE_SENT || get_text(o, "error", &r.error, error));
        (void) json_object_put(o);
        if (!good)
                return false;
        *ret = r;
        r = (NoticeReport){};
        return true;
}
