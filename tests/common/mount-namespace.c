/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A mount namespace for a test. */
#include "mount-namespace.h"

#include <fcntl.h>
#include <glib.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

static void write_file(const char *path, const char *text) {
        int fd = open(path, O_WRONLY | O_CLOEXEC);

        if (fd >= 0) {
                (void) !write(fd, text, strlen(text));
                close(fd);
        }
}

bool enter_mount_namespace(void) {
        g_autofree char *uids = g_strdup_printf("0 %u 1", getuid()),
                        *gids = g_strdup_printf("0 %u 1", getgid());

        if (unshare(CLONE_NEWNS) < 0) {
                if (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0)
                        return false;
                write_file("/proc/self/setgroups", "deny");
                write_file("/proc/self/uid_map", uids);
                write_file("/proc/self/gid_map", gids);
        }
        return mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
}

bool mount_tmpfs(const char *path, unsigned long size) {
        g_autofree char *options = size > 0 ? g_strdup_printf("size=%lu", size) : NULL;

        return mount("tmpfs", path, "tmpfs", 0, options) == 0;
}
