/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Bodies of notices. The services' own rules:
 *
 *  Slack         &, < and > are written as entities, "mrkdwn": false leaves the rest alone; 4,000 characters
 *                (api.slack.com/reference/surfaces/formatting)
 *  Discord       2,000 characters of Markdown, in which a backslash takes the meaning from what follows; nobody is mentioned
 *                with an empty allowed_mentions (discord.com/developers/docs/resources/webhook)
 *  Telegram      4,096 UTF-16 units, plain where no parse_mode is given (core.telegram.org/bots/api#sendmessage)
 *  Alertmanager  postableAlerts of its OpenAPI, version 2; without endsAt an alert lasts for its own resolve_timeout */
#include "notice-format.h"

#include <glib/gi18n.h>
#include <string.h>

#include "clock.h"
#include "text.h"

static const char *const shapes[_NOTICE_SHAPE_MAX] = {
        [NOTICE_SLACK] = "slack",     [NOTICE_DISCORD] = "discord",           [NOTICE_TELEGRAM] = "telegram",
        [NOTICE_WEBHOOK] = "webhook", [NOTICE_ALERTMANAGER] = "alertmanager",
};

const char *notice_shape_to_string(NoticeShape shape) {
        return shapes[shape];
}

bool notice_shape_from_string(const char *s, NoticeShape *ret) {
        for (NoticeShape i = 0; i < _NOTICE_SHAPE_MAX; i++)
                if (g_str_equal(s, shapes[i])) {
                        *ret = i;
                        return true;
                }
        return false;
}

static void add(json_object *o, const char *name, const char *text) {
        (void) json_object_object_add(o, name, json_object_new_string(text));
}

/* An object's text, and its end. */
static char *finish(json_object *o) {
        char *text = g_strdup(json_object_to_json_string_ext(
                        o, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));

        (void) json_object_put(o);
        return text;
}

/* Texts */

typedef struct Writer {
        GString *out;
        unsigned left; /* UTF-16 units that still fit */
        bool (*escape)(gunichar c, char *ret);
} Writer;

static bool escape_nothing(gunichar c, char *ret) {
        return false;
}

static bool escape_slack(gunichar c, char *ret) {
        const char *entity = c == '&' ? "&amp;" : c == '<' ? "&lt;" : c == '>' ? "&gt;" : NULL;

        if (entity)
                memcpy(ret, entity, strlen(entity) + 1);
        return entity != NULL;
}

static bool escape_discord(gunichar c, char *ret) {
        if (c >= 0x80 || !strchr("\\*_~`|>#-+[]()@<:", (int) c) || c == '\0')
                return false;
        ret[0] = '\\';
        ret[1] = (char) c;
        ret[2] = '\0';
        return true;
}

#define ESCAPED_MAX 8 /* bytes, with the terminating NUL */

/* Appends what fits of text, "…" where it does not; control characters but newlines as blanks, and what is not UTF-8 as U+FFFD. */
static void write_text(Writer *w, const char *text) {
        g_autofree char *valid = g_utf8_make_valid(text, -1);

        for (const char *p = valid; *p; p = g_utf8_next_char(p)) {
                gunichar c = g_utf8_get_char(p);
                char piece[ESCAPED_MAX] = "";
                unsigned units;

                if (g_unichar_iscntrl(c) && c != '\n')
                        c = ' ';
                if (!w->escape(c, piece))
                        piece[g_unichar_to_utf8(c, piece)] = '\0';
                units = c > 0xffff ? 2 : (unsigned) g_utf8_strlen(piece, -1);
                if (units + 1 > w->left) { /* one is kept for the mark */
                        if (w->left > 0)
                                g_string_append(w->out, "…");
                        w->left = 0;
                        return;
                }
                g_string_append(w->out, piece);
                w->left -= units;
        }
}

static const char *severity_mark(const Notice *n) {
        static const char *const marks[_ALERT_SEVERITY_MAX] = { "🔵", "🟠", "🔴" };

        return n->cleared ? "✅" : marks[n->alert->severity];
}

static const char *severity_word(AlertSeverity severity) {
        static const char *const words[_ALERT_SEVERITY_MAX] = { N_("info"), N_("warning"), N_("critical") };

        return _(words[severity]);
}

/* What it is about: "seoul-1, 3node0", or the server itself. New string. */
static char *subject(const AlertRecord *a, const char *instance) {
        if (!*a->client)
                return g_strdup(instance);
        return *a->container ? g_strdup_printf("%s, %s", a->client, a->container) : g_strdup(a->client);
}

/* Two lines and the message between them, which is what is cut. */
static char *text_for(const Notice *n, const char *instance, unsigned max,
                      bool (*escape)(gunichar c, char *ret)) {
        const AlertRecord *a = n->alert;
        g_autofree char *about = subject(a, instance), *lasted = NULL, *head = NULL, *since = NULL,
                        *foot = NULL;
        g_autoptr(GString) out = g_string_new(NULL), tail = g_string_new(NULL);
        Writer w = { out, max, escape }, end = { tail, max, escape };
        g_autoptr(GDateTime) t = g_date_time_new_from_unix_utc((gint64) (a->since / USEC_PER_SEC));

        since = t ? g_date_time_format(t, "%Y-%m-%d %H:%M:%S UTC") : g_strdup("?");
        if (n->cleared) {
                lasted = text_duration(a->cleared - MIN(a->cleared, a->since));
                /* TRANSLATORS: a duration, the kind of an alert, what it is about: "cleared after 5 min: client-offline, seoul-1" */
                head = g_strdup_printf(_("cleared after %s: %s, %s"), lasted, a->kind, about);
        } else
                head = g_strdup_printf("%s: %s, %s", severity_word(a->severity), a->kind, about);
        /* TRANSLATORS: a time, the name of the server's host */
        foot = g_strdup_printf(_("since %s; mserver on %s"), since, instance);

        write_text(&end, "\n");
        write_text(&end, foot);
        w.left -= MIN(w.left, max - end.left);
        write_text(&w, severity_mark(n));
        write_text(&w, " ");
        write_text(&w, head);
        write_text(&w, "\n");
        write_text(&w, a->message);
        g_string_append(out, tail->str);
        return g_string_free(g_steal_pointer(&out), false);
}

#define SLACK_CHARACTERS_MAX 4000
#define DISCORD_CHARACTERS_MAX 2000
#define TELEGRAM_UNITS_MAX 4096

static char *format_slack(const Notice *n, const NoticeFrame *f) {
        g_autofree char *text = text_for(n, f->instance, SLACK_CHARACTERS_MAX, escape_slack);
        json_object *o = json_object_new_object();

        add(o, "text", text);
        (void) json_object_object_add(o, "mrkdwn", json_object_new_boolean(false));
        return finish(o);
}

static char *format_discord(const Notice *n, const NoticeFrame *f) {
        g_autofree char *text = text_for(n, f->instance, DISCORD_CHARACTERS_MAX, escape_discord);
        json_object *o = json_object_new_object(), *mentions = json_object_new_object();

        add(o, "content", text);
        (void) json_object_object_add(mentions, "parse", json_object_new_array());
        (void) json_object_object_add(o, "allowed_mentions", mentions);
        return finish(o);
}

static char *format_telegram(const Notice *n, const NoticeFrame *f) {
        g_autofree char *text = text_for(n, f->instance, TELEGRAM_UNITS_MAX, escape_nothing);
        json_object *o = json_object_new_object();

        add(o, "chat_id", f->chat);
        add(o, "text", text);
        (void) json_object_object_add(o, "disable_web_page_preview", json_object_new_boolean(true));
        return finish(o);
}

static char *format_webhook(const Notice *n, const NoticeFrame *f) {
        json_object *o = notice_to_json(n);

        add(o, "instance", f->instance);
        return finish(o);
}

static void add_label(json_object *labels, const char *name, const char *value) {
        if (value && *value) /* one that is empty is none */
                add(labels, name, value);
}

static void add_time(json_object *o, const char *name, uint64_t usec) {
        g_autofree char *text = notice_time(usec);

        add(o, name, text);
}

static json_object *alertmanager_alert(const Notice *n, const NoticeFrame *f) {
        const AlertRecord *a = n->alert;
        json_object *o = json_object_new_object(), *labels = json_object_new_object(),
                    *annotations = json_object_new_object();

        add_label(labels, "alertname", a->kind);
        add_label(labels, "severity", alert_severity_to_string(a->severity));
        add_label(labels, "client", a->client);
        add_label(labels, "container", a->container);
        add_label(labels, "command", a->subject);
        add_label(labels, "instance", f->instance);
        add(annotations, "summary", a->message);
        add(annotations, "id", a->id);
        (void) json_object_object_add(o, "labels", labels);
        (void) json_object_object_add(o, "annotations", annotations);
        add_time(o, "startsAt", a->since);
        if (n->cleared) /* must be later, also where the clock was set back, and after it was cut to milliseconds */
                add_time(o, "endsAt", MAX(a->cleared, a->since + USEC_PER_MSEC));
        return o;
}

static char *format_alertmanager(const Notice *const *notices, unsigned n, const NoticeFrame *f) {
        json_object *all = json_object_new_array();

        for (unsigned i = 0; i < n; i++)
                (void) json_object_array_add(all, alertmanager_alert(notices[i], f));
        return finish(all);
}

char *notice_format(NoticeShape shape, const Notice *const *notices, unsigned n, const NoticeFrame *frame) {
        if (shape == NOTICE_ALERTMANAGER)
                return format_alertmanager(notices, n, frame);
        g_assert(n == 1);
        switch (shape) {
        case NOTICE_SLACK:
                return format_slack(notices[0], frame);
        case NOTICE_DISCORD:
                return format_discord(notices[0], frame);
        case NOTICE_TELEGRAM:
                return format_telegram(notices[0], frame);
        default:
                return format_webhook(notices[0], frame);
        }
}
