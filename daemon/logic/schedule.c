/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A schedule: what is sent when, and its definition as a file. */
#include "schedule.h"

#include <inttypes.h>
#include <string.h>

#include "command-table.h"
#include "error.h"
#include "ident.h"
#include "limits.h"
#include "schedule-rule.h"
#include "selector.h"

#define GROUP "Schedule"

Schedule *schedule_new(const char *name, const char *calendar, const char *selector, const char *command,
                       const char *params) {
        Schedule *s = g_new0(Schedule, 1);

        s->name = g_strdup(name);
        s->calendar = g_strdup(calendar);
        s->selector = g_strdup(selector);
        s->command = g_strdup(command);
        s->params = g_strdup(params);
        s->last_batch = g_strdup("");
        s->enabled = true;
        s->plan.max_failures = BATCH_FAILURES_ANY;
        s->owner_uid = UINT32_MAX;
        return s;
}

Schedule *schedule_copy(const Schedule *s) {
        Schedule *copy = g_memdup2(s, sizeof(*s));

        copy->name = g_strdup(s->name);
        copy->calendar = g_strdup(s->calendar);
        copy->selector = g_strdup(s->selector);
        copy->command = g_strdup(s->command);
        copy->params = g_strdup(s->params);
        copy->last_batch = g_strdup(s->last_batch);
        return copy;
}

Schedule *schedule_free(Schedule *s) {
        if (!s)
                return NULL;
        g_free(s->name);
        g_free(s->calendar);
        g_free(s->selector);
        g_free(s->command);
        g_free(s->params);
        g_free(s->last_batch);
        g_free(s);
        return NULL;
}

/* Keys of one kind, and where their values are. */
typedef struct Field {
        const char *key;
        size_t offset;
        uint64_t max; /* of numbers */
} Field;

static const Field texts[] = {
        { "Calendar", offsetof(Schedule, calendar) },    { "Selector", offsetof(Schedule, selector) },
        { "Command", offsetof(Schedule, command) },      { "Parameters", offsetof(Schedule, params) },
        { "LastBatch", offsetof(Schedule, last_batch) },
};

static const Field flags[] = {
        { "Enabled", offsetof(Schedule, enabled) },
        { "Persistent", offsetof(Schedule, persistent) },
        { "Queue", offsetof(Schedule, queue) },
        { "RequireHealthy", offsetof(Schedule, plan.require_healthy) },
};

static const Field numbers[] = {
        { "RandomizedDelayUSec", offsetof(Schedule, randomized_delay), SCHEDULE_DELAY_MAX_USEC },
        { "TimeoutUSec", offsetof(Schedule, timeout), COMMAND_TIMEOUT_MAX_USEC },
        { "HealthTimeoutUSec", offsetof(Schedule, health_timeout), HEALTH_TIMEOUT_MAX_USEC },
        { "PauseUSec", offsetof(Schedule, plan.pause), BATCH_PAUSE_MAX_USEC },
        { "CreatedUSec", offsetof(Schedule, created), UINT64_MAX },
        { "LastUSec", offsetof(Schedule, last), UINT64_MAX },
};

static const Field counts[] = {
        { "MaxParallel", offsetof(Schedule, plan.max_parallel), UINT32_MAX },
        { "MaxFailures", offsetof(Schedule, plan.max_failures), UINT32_MAX },
        { "OwnerUid", offsetof(Schedule, owner_uid), UINT32_MAX },
};

/* Of the type that the table is of. */
#define VALUE(s, field, type) (*(type *) ((char *) (s) + (field)->offset))

char *schedule_to_text(const Schedule *s) {
        g_autoptr(GKeyFile) file = g_key_file_new();

        g_key_file_set_comment(file, NULL, NULL,
                               " Written by mserver; change it with mserverctl(1), which tells systemd.",
                               NULL);
        for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
                g_key_file_set_string(file, GROUP, texts[i].key, VALUE(s, &texts[i], char *));
        for (size_t i = 0; i < G_N_ELEMENTS(flags); i++)
                g_key_file_set_value(file, GROUP, flags[i].key, VALUE(s, &flags[i], bool) ? "yes" : "no");
        for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++)
                g_key_file_set_uint64(file, GROUP, numbers[i].key, VALUE(s, &numbers[i], uint64_t));
        for (size_t i = 0; i < G_N_ELEMENTS(counts); i++)
                g_key_file_set_uint64(file, GROUP, counts[i].key, VALUE(s, &counts[i], uint32_t));
        return g_key_file_to_data(file, NULL, NULL);
}

static bool fail(GError **error, const char *name, const char *key, const char *expected) {
        return fleet_fail(error, FLEET_ERROR_INVALID_PARAMETER, "schedule \"%s\": %s= is not %s", name, key,
                          expected);
}

static bool read_texts(Schedule *s, GKeyFile *file, GError **error) {
        for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
                char *text;

                if (!g_key_file_has_key(file, GROUP, texts[i].key, NULL))
                        continue;
                text = g_key_file_get_string(file, GROUP, texts[i].key, NULL);
                if (!text)
                        return fail(error, s->name, texts[i].key, "UTF-8 text");
                g_free(VALUE(s, &texts[i], char *));
                VALUE(s, &texts[i], char *) = text;
        }
        return true;
}

static bool read_flags(Schedule *s, GKeyFile *file, GError **error) {
        for (size_t i = 0; i < G_N_ELEMENTS(flags); i++) {
                g_autofree char *text = g_key_file_get_value(file, GROUP, flags[i].key, NULL);

                if (!text)
                        continue;
                if (strcmp(text, "yes") != 0 && strcmp(text, "no") != 0)
                        return fail(error, s->name, flags[i].key, "yes or no");
                VALUE(s, &flags[i], bool) = text[0] == 'y';
        }
        return true;
}

/* *ret is untouched where the key is missing. */
static bool read_number(const Schedule *s, GKeyFile *file, const Field *f, uint64_t *ret, GError **error) {
        g_autofree char *text = g_key_file_get_value(file, GROUP, f->key, NULL);

        if (!text || g_ascii_string_to_unsigned(text, 10, 0, f->max, ret, NULL))
                return true;
        return fail(error, s->name, f->key, "a number in its range");
}

static bool read_numbers(Schedule *s, GKeyFile *file, GError **error) {
        for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++)
                if (!read_number(s, file, &numbers[i], &VALUE(s, &numbers[i], uint64_t), error))
                        return false;
        for (size_t i = 0; i < G_N_ELEMENTS(counts); i++) {
                uint64_t n = VALUE(s, &counts[i], uint32_t);

                if (!read_number(s, file, &counts[i], &n, error))
                        return false;
                VALUE(s, &counts[i], uint32_t) = (uint32_t) n;
        }
        return true;
}

/* What it would send must be something that can be sent. */
static bool check_command(const Schedule *s, GError **error) {
        json_object *given, *checked;
        bool ok;

        if (!command_name_is_valid(s->command))
                return fail(error, s->name, "Command", "the name of a command");
        given = strlen(s->params) <= 2 * PARAMS_BYTES_MAX ? json_tokener_parse(s->params) : NULL;
        if (!json_object_is_type(given, json_type_object)) {
                json_object_put(given);
                return fail(error, s->name, "Parameters", "a JSON object");
        }
        checked = command_params_check(command_info(s->command), given, error);
        ok = checked != NULL;
        json_object_put(checked);
        json_object_put(given);
        return ok;
}

static bool check(const Schedule *s, GError **error) {
        g_autoptr(Selector) selector = NULL;

        if (!schedule_calendar_is_plain(s->calendar))
                return fail(error, s->name, "Calendar", "a calendar event");
        if (s->last_batch[0] && !command_id_is_valid(s->last_batch))
                return fail(error, s->name, "LastBatch", "an id");
        selector = selector_parse(s->selector, error);
        return selector && check_command(s, error);
}

Schedule *schedule_from_text(const char *name, const char *text, GError **error) {
        g_autoptr(GKeyFile) file = g_key_file_new();
        g_autoptr(Schedule) s = schedule_new(name, "", "", "", "{}");
        g_autoptr(GError) wrong = NULL;

        if (!g_key_file_load_from_data(file, text, strlen(text), G_KEY_FILE_NONE, &wrong)) {
                fleet_fail(error, FLEET_ERROR_INVALID_PARAMETER, "schedule \"%s\": %s", name,
                           wrong->message);
                return NULL;
        }
        if (!read_texts(s, file, error) || !read_flags(s, file, error) || !read_numbers(s, file, error) ||
            !check(s, error))
                return NULL;
        return g_steal_pointer(&s);
}
