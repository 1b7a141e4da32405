/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is known of a backup without its secrets. */
#include "backup-record.h"

#include <string.h>

#include "error.h"
#include "ident.h"
#include "json-path.h"

BackupRecord *backup_record_free(BackupRecord *r) {
        if (!r)
                return NULL;
        g_free(r->file);
        g_free(r->container);
        g_free(r->sha256);
        g_strfreev(r->content);
        g_free(r);
        return NULL;
}

static char *utc(uint64_t ms, const char *format) {
        g_autoptr(GDateTime) t = g_date_time_new_from_unix_utc((gint64) (ms / 1000));
        char *text = t ? g_date_time_format(t, format) : NULL;

        return text ?: g_strdup("00000101_000000"); /* a time beyond the year 9999 */
}

char *backup_file_name(const char *container, uint64_t created_ms, unsigned n, bool encrypted) {
        g_autofree char *time = utc(created_ms, "%Y%m%d_%H%M%S");
        g_autofree char *suffix = n > 1 ? g_strdup_printf("_%u", n) : g_strdup("");

        return g_strdup_printf("%s_%s%s.tar%s", container, time, suffix, encrypted ? ".cms" : "");
}

/* Of what may be a time the last counts: a container can be called as one. */
char *backup_file_container(const char *name) {
        g_autoptr(GRegex) r = g_regex_new("^(.+)_\\d{8}_\\d{6}(?:_\\d+)?\\.tar(?:\\.cms)?$",
                                          G_REGEX_DOLLAR_ENDONLY, 0, NULL);
        g_autoptr(GMatchInfo) match = NULL;
        g_autofree char *container = NULL;

        if (!g_regex_match(r, name, 0, &match))
                return NULL;
        container = g_match_info_fetch(match, 1);
        return container_name_is_valid(container) ? g_steal_pointer(&container) : NULL;
}

char *backup_record_to_json(const BackupRecord *r) {
        json_object *o = json_object_new_object(), *content = json_object_new_array();
        g_autofree char *created = utc(r->created, "%Y-%m-%dT%H:%M:%SZ");
        char *text;

        json_add_string(o, "file", r->file);
        json_add_string(o, "container", r->container);
        json_add_uint(o, "timestamp", r->created);
        json_add_string(o, "created_at", created);
        json_add_string(o, "sha256", r->sha256);
        json_add_uint(o, "size", r->size);
        (void) json_object_object_add(o, "encrypted", json_object_new_boolean(r->encrypted));
        for (char **path = r->content; *path; path++)
                (void) json_object_array_add(content, json_object_new_string(*path));
        (void) json_object_object_add(o, "content", content);
        text = g_strconcat(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PRETTY |
                                                                             JSON_C_TO_STRING_NOSLASHESCAPE),
                           "\n", NULL);
        json_object_put(o);
        return text;
}

/* NULL where it is no list of strings. */
static char **strings_of(json_object *array) {
        g_autoptr(GStrvBuilder) b = g_strv_builder_new();

        if (!json_object_is_type(array, json_type_array))
                return NULL;
        for (size_t i = 0; i < json_object_array_length(array); i++) {
                json_object *o = json_object_array_get_idx(array, i);

                if (!json_object_is_type(o, json_type_string))
                        return NULL;
                g_strv_builder_add(b, json_object_get_string(o));
        }
        return g_strv_builder_end(b);
}

static BackupRecord *record_of(json_object *o) {
        g_autoptr(BackupRecord) r = g_new0(BackupRecord, 1);
        g_autofree char *container = NULL;

        r->file = g_strdup(json_string_at(o, "file"));
        r->container = g_strdup(json_string_at(o, "container"));
        r->sha256 = g_strdup(json_string_at(o, "sha256"));
        r->encrypted = json_bool_at(o, "encrypted");
        r->content = strings_of(json_at(o, "content"));
        if (!json_uint_at(o, "timestamp", &r->created) || !json_uint_at(o, "size", &r->size) || !r->file ||
            !r->container || !r->sha256 || !r->content)
                return NULL;
        container = backup_file_container(r->file);
        if (g_strcmp0(container, r->container) != 0)
                return NULL;
        return g_steal_pointer(&r);
}

BackupRecord *backup_record_from_json(const char *text, GError **error) {
        json_object *o = json_tokener_parse(text);
        BackupRecord *r = record_of(o);

        json_object_put(o);
        if (!r)
                (void) fleet_fail(error, FLEET_ERROR_FAILED, "not the record of a backup");
        return r;
}

static int latest_first(const void *a, const void *b) {
        const BackupRecord *x = *(BackupRecord *const *) a, *y = *(BackupRecord *const *) b;

        if (x->created != y->created)
                return x->created < y->created ? 1 : -1;
        return strcmp(y->file, x->file);
}

/* Adds what it holds to what is kept; false where all of that was kept already. */
static bool adds_to(GHashTable *kept, const BackupRecord *r) {
        bool more = false;

        for (char **path = r->content; *path; path++)
                more |= g_hash_table_add(kept, *path);
        return more;
}

GPtrArray *backup_records_surplus(GPtrArray *records, unsigned keep) {
        g_autoptr(GPtrArray) sorted = g_ptr_array_copy(records, NULL, NULL);
        g_autoptr(GHashTable) kept = g_hash_table_new(g_str_hash, g_str_equal);
        GPtrArray *surplus = g_ptr_array_new();

        g_assert(keep > 0);
        g_ptr_array_set_free_func(sorted, NULL); /* a copy has that of the original */
        g_ptr_array_sort(sorted, latest_first);
        for (unsigned i = 0; i < sorted->len; i++)
                if (!adds_to(kept, sorted->pdata[i]) && i >= keep)
                        g_ptr_array_insert(surplus, 0, sorted->pdata[i]);
        return surplus;
}
