/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What an enrolment leaves on the host. A drop-in and not the main file, which is the operator's: his comments and keys
 * stay, and what is in the drop-in is seen to come from here. */
#include "enroll-files.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent-config.h"
#include "error.h"
#include "file.h"

bool enroll_files_exist(const char *directory) {
        g_autofree char *path = g_build_filename(directory, "token", NULL);
        struct stat st;

        return stat(path, &st) == 0 && st.st_size > 0;
}

/* Whatever the umask: the agent is not root, and reads it. */
static bool make_directory(const char *path, GError **error) {
        if (mkdir(path, 0755) == 0)
                (void) chmod(path, 0755);
        else if (errno != EEXIST)
                return fleet_fail_errno(error, FLEET_ERROR_FAILED, errno, "Cannot make the directory %s",
                                        path);
        return true;
}

bool enroll_files_prepare(const char *directory, GError **error) {
        g_autofree char *path = g_build_filename(directory, ENROLL_DROP_IN, NULL),
                        *parent = g_path_get_dirname(path);

        return make_directory(directory, error) && make_directory(parent, error);
}

static bool write_token(const char *directory, const char *token, GError **error) {
        g_autofree char *path = g_build_filename(directory, "token", NULL),
                        *text = g_strconcat(token, "\n", NULL);
        bool written = file_write_atomic(path, text, strlen(text), 0600, false, error);

        explicit_bzero(text, strlen(text));
        return written;
}

/* A certificate that is not for the key counts as none: the key comes first. */
static bool write_identity(const char *directory, const Enrolment *e, GError **error) {
        g_autofree char *key = g_build_filename(directory, "client.key", NULL),
                        *certificate = g_build_filename(directory, "client.pem", NULL);

        if (!file_write_atomic(key, e->key, strlen(e->key), 0600, false, error))
                return false;
        if (e->certificate)
                return file_write_atomic(certificate, e->certificate, strlen(e->certificate), 0644, false,
                                         error);
        return unlink(certificate) == 0 || errno == ENOENT ||
               fleet_fail_errno(error, FLEET_ERROR_FAILED, errno, "Cannot remove %s", certificate);
}

bool enroll_files_write(const char *directory, const Enrolment *e, GError **error) {
        g_autofree char *path = g_build_filename(directory, ENROLL_DROP_IN, NULL), *text = NULL;

        /* Empty values undo what files before this one say. */
        text = g_strdup_printf(
                        "# Written by \"mclient enroll\", which writes it anew each time. What is yours goes into\n"
                        "# mclient.conf, or into a drop-in whose name sorts after this one's.\n"
                        "[Agent]\n"
                        "Id=%s\n"
                        "Server=%s\n"
                        "CAFile=\n"
                        "Fingerprint=%s\n",
                        e->client, e->server, e->fingerprint ?: "");
        return write_identity(directory, e, error) && write_token(directory, e->token, error) &&
               file_write_atomic(path, text, strlen(text), 0644, false, error);
}

static bool is_same(const char *key, const char *read, const char *written, GError **error) {
        return g_strcmp0(read, written) == 0 ||
               fleet_fail(error, FLEET_ERROR_CONFIG,
                          "A file after " ENROLL_DROP_IN
                          " sets [Agent] %s=%s, where this host was enrolled with %s: remove it there",
                          key, read ?: "", written ?: "none");
}

bool enroll_files_check(const char *directory, const Enrolment *e, GError **error) {
        g_autofree char *path = g_build_filename(directory, "mclient.conf", NULL);
        g_autoptr(AgentConfig) c = agent_config_read(path, NULL, NULL, error);

        return c && is_same("Id", c->id, e->client, error) &&
               is_same("Server", c->server, e->server, error) &&
               is_same("Fingerprint", c->fingerprint, e->fingerprint, error);
}
