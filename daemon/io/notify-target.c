/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whom alerts are told to, as mserver.conf(5) says. */
#include "notify-target.h"

#include <string.h>

#include "error.h"
#include "file.h"
#include "ident.h"
#include "limits.h"
#include "names.h"

NotifyTarget *notify_target_free(NotifyTarget *t) {
        if (!t)
                return NULL;
        g_free(t->name);
        g_free(t->url);
        g_free(t->ca_file);
        g_free(t->chat);
        (void) selector_free(t->clients);
        g_free(t);
        return NULL;
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NotifyTarget, notify_target_free)

static bool is_https(const char *url) {
        return g_ascii_strncasecmp(url, "https://", strlen("https://")) == 0;
}

static bool is_http(const char *url) {
        return g_ascii_strncasecmp(url, "http://", strlen("http://")) == 0;
}

/* Of these the URL is all that is needed to write there: a password. */
static bool url_is_secret(NoticeShape shape) {
        return shape == NOTICE_SLACK || shape == NOTICE_DISCORD || shape == NOTICE_TELEGRAM;
}

static bool read_shape(NotifyTarget *t, const char *type, GError **error) {
        if (type && notice_shape_from_string(type, &t->shape))
                return true;
        return fleet_fail(error, FLEET_ERROR_CONFIG,
                          "Type= is \"%s\": expected slack, discord, telegram, webhook or alertmanager",
                          type ?: "");
}

static bool read_url(NotifyTarget *t, const char *url, GError **error) {
        if (!url)
                return true;
        if (url_is_secret(t->shape)) /* and mserver.conf is everybody's to read */
                return fleet_fail(error, FLEET_ERROR_CONFIG,
                                  "Url= is a secret where Type=%s: it goes into " NOTIFY_SECRETS_DIR
                                  "/%s, owned by root, mode 0600, and not into the configuration",
                                  notice_shape_to_string(t->shape), t->name);
        if (!is_http(url) && !is_https(url))
                return fleet_fail(error, FLEET_ERROR_CONFIG, "Url= is \"%s\": expected http:// or https://",
                                  url);
        t->url = g_strdup(url);
        return true;
}

static bool read_chat(NotifyTarget *t, const char *chat, GError **error) {
        if (!chat != (t->shape != NOTICE_TELEGRAM))
                return fleet_fail(
                                error, FLEET_ERROR_CONFIG,
                                chat ? "Chat= is for Type=telegram alone"
                                     : "Chat= is missing: expected the id of a chat, or @NAME of a channel");
        t->chat = g_strdup(chat);
        return true;
}

static bool read_severity(NotifyTarget *t, const char *severity, GError **error) {
        t->severity = ALERT_WARNING;
        return !severity || alert_severity_from_string(severity, &t->severity) ||
               fleet_fail(error, FLEET_ERROR_CONFIG,
                          "Severity= is \"%s\": expected info, warning or critical", severity);
}

static bool read_clients(NotifyTarget *t, const char *clients, GError **error) {
        g_autoptr(GError) e = NULL;

        t->clients = clients ? selector_parse(clients, &e) : NULL;
        return !e || fleet_fail(error, FLEET_ERROR_CONFIG, "Clients=: %s", e->message);
}

static bool read_ca_file(NotifyTarget *t, const char *path, GError **error) {
        if (path && !g_path_is_absolute(path))
                return fleet_fail(error, FLEET_ERROR_CONFIG, "CAFile= is \"%s\": expected an absolute path",
                                  path);
        t->ca_file = g_strdup(path);
        return true;
}

static NotifyTarget *read_target(const Config *c, const char *section, GError **error) {
        g_autoptr(NotifyTarget) t = g_new0(NotifyTarget, 1);

        t->name = g_strdup(section + strlen(NOTIFY_SECTION));
        if (!client_id_is_valid(t->name))
                (void) fleet_fail(error, FLEET_ERROR_CONFIG,
                                  "expected a name of letters, digits, \".\", \"_\" and \"-\"");
        else if (read_shape(t, config_get(c, section, "Type"), error) &&
                 read_url(t, config_get(c, section, "Url"), error) &&
                 read_chat(t, config_get(c, section, "Chat"), error) &&
                 read_severity(t, config_get(c, section, "Severity"), error) &&
                 read_clients(t, config_get(c, section, "Clients"), error) &&
                 read_ca_file(t, config_get(c, section, "CAFile"), error))
                return g_steal_pointer(&t);
        g_prefix_error(error, "[%s] ", section);
        return NULL;
}

static void free_target(void *p) {
        (void) notify_target_free(p);
}

GPtrArray *notify_targets_read(const Config *c, GError **error) {
        g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func(free_target);
        g_auto(GStrv) sections = config_sections(c);

        for (char **s = sections; *s; s++) {
                NotifyTarget *t;

                if (!g_str_has_prefix(*s, NOTIFY_SECTION))
                        continue;
                if (all->len == NOTIFY_TARGETS_MAX) {
                        (void) fleet_fail(error, FLEET_ERROR_CONFIG,
                                          "[%s] is one too many: at most %d targets are told of alerts", *s,
                                          NOTIFY_TARGETS_MAX);
                        return NULL;
                }
                t = read_target(c, *s, error);
                if (!t)
                        return NULL;
                g_ptr_array_add(all, t);
        }
        return g_steal_pointer(&all);
}

NotifyTarget *notify_targets_find(GPtrArray *targets, const char *name) {
        for (unsigned i = 0; i < targets->len; i++) {
                NotifyTarget *t = targets->pdata[i];

                if (g_str_equal(t->name, name))
                        return t;
        }
        return NULL;
}

static void wipe(char *secret) {
        explicit_bzero(secret, strlen(secret));
        g_free(secret);
}

char *notify_target_url(const NotifyTarget *t, GError **error) {
        g_autofree char *credential = g_strconcat("notify_", t->name, NULL),
                        *path = g_build_filename(NOTIFY_SECRETS_DIR, t->name, NULL);
        char *url;

        if (t->url)
                return g_strdup(t->url);
        url = credential_read(credential, path, NULL);
        if (!url || !*url) {
                g_free(url);
                (void) fleet_fail(error, FLEET_ERROR_CONFIG,
                                  "there is no URL for [" NOTIFY_SECTION
                                  "%s]: put it into %s, owned by root, "
                                  "mode 0600, and reload the server",
                                  t->name, path);
                return NULL;
        }
        if (is_https(url) || (is_http(url) && !url_is_secret(t->shape)))
                return url;
        wipe(url);
        (void) fleet_fail(error, FLEET_ERROR_CONFIG, "%s does not begin with https://", path);
        return NULL;
}
