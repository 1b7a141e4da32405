/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A backup read back.  1. The file is what its record says, byte for byte. 2. It is decrypted, where it is encrypted
 * and there is a key. 3. It is an archive of keys, whole, and holds what its record says. */
#include "backup-open.h"

#include "cms.h"
#include "error.h"
#include "file.h"
#include "limits.h"

#define FILE_BYTES_MAX \
        (2 * KEYSTORE_BYTES_MAX) /* an envelope is some hundred bytes more than what is in it */
#define ASN1_SEQUENCE 0x30       /* what an envelope begins with; the names in our archives do not */

static GBytes *read_whole(const char *path, GError **error) {
        char *data;
        size_t size;

        return file_read(path, FILE_BYTES_MAX, &data, &size, error) ? secret_bytes_new_take(data, size)
                                                                    : NULL;
}

/* False where there is one that cannot be used; *ret_record stays NULL where there is none. */
static bool read_record(const char *path, BackupRecord **ret_record, GError **error) {
        g_autofree char *record_path = g_strconcat(path, BACKUP_RECORD_SUFFIX, NULL), *text = NULL;
        g_autoptr(GError) e = NULL;

        if (!file_read(record_path, BACKUP_RECORD_BYTES_MAX, &text, NULL, &e)) {
                if (g_error_matches(e, FLEET_ERROR, FLEET_ERROR_UNAVAILABLE))
                        return true;
                g_propagate_error(error, g_steal_pointer(&e));
                return false;
        }
        *ret_record = backup_record_from_json(text, &e);
        return *ret_record || fleet_fail(error, FLEET_ERROR_FAILED, "%s: %s", record_path, e->message);
}

static bool check_sum(const OpenedBackup *o, const char *path, GError **error) {
        if (!o->record || g_ascii_strcasecmp(o->record->sha256, o->sha256) == 0)
                return true;
        return fleet_fail(error, FLEET_ERROR_FAILED,
                          "%s was changed or damaged: its SHA-256 is %s, but its record says %s", path,
                          o->sha256, o->record->sha256);
}

static bool take_archive(OpenedBackup *o, const char *path, GBytes *archive, GError **error) {
        g_autoptr(KeyBundle) bundle = key_bundle_new();
        g_auto(GStrv) content = NULL;

        if (!key_bundle_add_backup(bundle, archive, error)) {
                g_prefix_error(error, "%s is no backup of keys: ", path);
                return false;
        }
        content = key_bundle_content(bundle);
        if (o->record &&
            !g_strv_equal((const char *const *) content, (const char *const *) o->record->content))
                return fleet_fail(error, FLEET_ERROR_FAILED, "%s does not hold what its record says", path);
        o->bundle = g_steal_pointer(&bundle);
        return true;
}

OpenedBackup *backup_open(const char *path, const char *key_path, const char *cert_path, GError **error) {
        g_autoptr(OpenedBackup) o = g_new0(OpenedBackup, 1);
        g_autoptr(GBytes) data = read_whole(path, error), archive = NULL;
        const guint8 *bytes;

        if (!data)
                return NULL;
        bytes = g_bytes_get_data(data, &o->size);
        o->sha256 = g_compute_checksum_for_bytes(G_CHECKSUM_SHA256, data);
        o->encrypted = o->size > 0 && bytes[0] == ASN1_SEQUENCE;
        if (!read_record(path, &o->record, error) || !check_sum(o, path, error))
                return NULL;
        if (o->encrypted && !key_path)
                return g_steal_pointer(&o);
        archive = o->encrypted ? cms_decrypt(data, key_path, cert_path, error) : g_bytes_ref(data);
        if (!archive || !take_archive(o, path, archive, error))
                return NULL;
        return g_steal_pointer(&o);
}

OpenedBackup *opened_backup_free(OpenedBackup *o) {
        if (!o)
                return NULL;
        (void) backup_record_free(o->record);
        (void) key_bundle_free(o->bundle);
        g_free(o->sha256);
        g_free(o);
        return NULL;
}
