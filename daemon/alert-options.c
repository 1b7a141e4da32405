/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* [Alerts] of mserver.conf(5). */
#include "alert-options.h"

#include "error.h"
#include "limits.h"

#define SECTION "Alerts"
#define NUMBER_MAX 1000000000

static bool read_number(const Config *c, AlertUnit unit, const char *key, uint64_t *ret, GError **error) {
        uint64_t most = unit == ALERT_UNIT_PERCENT ? 100 : NUMBER_MAX;

        if (unit == ALERT_UNIT_TIME)
                return config_get_usec(c, SECTION, key, ALERT_TIME_MAX_USEC, ret, error);
        return config_get_uint(c, SECTION, key, 1, most, ret, error);
}

/* Is this a word that turns it off, as of a kind without a number? */
static bool is_off(const char *value) {
        static const char *const words[] = { "no", "off", "false", NULL };

        for (unsigned i = 0; words[i]; i++)
                if (g_ascii_strcasecmp(value, words[i]) == 0)
                        return true;
        return false;
}

/* What clears by default keeps its distance from what raises. */
static uint64_t default_clear(const AlertKindInfo *info, uint64_t raise) {
        if (info->clear == info->raise)
                return raise;
        return info->clear == 1 ? 1 : MAX(raise * info->clear / info->raise, 1);
}

static bool has_clear(AlertKind kind) {
        const AlertKindInfo *info = alert_kind_info(kind);

        return info->clear != info->raise && info->clear != 1;
}

static bool read_threshold(const Config *c, AlertKind kind, AlertRule *rule, GError **error) {
        const AlertKindInfo *info = alert_kind_info(kind);
        g_autofree char *key = g_strconcat(info->key, "Clear", NULL);

        if (!read_number(c, info->unit, info->key, &rule->raise, error))
                return false;
        if (rule->raise == 0)
                return fleet_fail(error, FLEET_ERROR_CONFIG, "[Alerts] %s=0 is always so: no turns it off",
                                  info->key);
        rule->clear = default_clear(info, rule->raise);
        if (!has_clear(kind))
                return true;
        if (!read_number(c, info->unit, key, &rule->clear, error))
                return false;
        if (rule->clear == 0 || rule->clear > rule->raise)
                return fleet_fail(error, FLEET_ERROR_CONFIG,
                                  "[Alerts] %s=%s is not from above 0 up to %s=", key,
                                  config_get(c, SECTION, key), info->key);
        return true;
}

static bool read_kind(const Config *c, AlertKind kind, AlertRule *rule, GError **error) {
        const AlertKindInfo *info = alert_kind_info(kind);
        g_autofree char *hold = g_strconcat(info->key, "For", NULL);
        const char *value = config_get(c, SECTION, info->key);

        if (value && info->unit != ALERT_UNIT_NONE && is_off(value))
                rule->enabled = false;
        else if (info->unit == ALERT_UNIT_NONE) {
                if (!config_get_bool(c, SECTION, info->key, &rule->enabled, error))
                        return false;
        } else if (!read_threshold(c, kind, rule, error))
                return false;
        return config_get_usec(c, SECTION, hold, ALERT_TIME_MAX_USEC, &rule->hold_usec, error);
}

bool alert_options_read(const Config *c, AlertRules *ret, GError **error) {
        AlertRules rules = alert_rules_default();
        uint64_t clear = ALERT_CLEAR_DEFAULT_USEC;

        if (!config_get_usec(c, SECTION, "ClearFor", ALERT_TIME_MAX_USEC, &clear, error) ||
            !config_get_usec(c, SECTION, "EventsClearAfter", ALERT_TIME_MAX_USEC, &rules.events_usec, error))
                return false;
        for (AlertKind k = 0; k < _ALERT_KIND_MAX; k++) {
                if (!alert_kind_is_event(k))
                        rules.of[k].clear_usec = clear;
                if (!read_kind(c, k, &rules.of[k], error))
                        return false;
        }
        *ret = rules;
        return true;
}
