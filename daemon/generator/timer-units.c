/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From a directory of definitions to what systemd reads of generated units.
 *
 * This runs as root, and who wrote the definitions is not: nothing of theirs is used but a name and values that were
 * checked, and where they lead is not followed. */
#include "timer-units.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "schedule-rule.h"
#include "timer-definition.h"

#define TEMPLATE SYSTEMUNITDIR "/mserver-schedule@.timer"
#define WANTS "timers.target.wants"
#define SUFFIX ".conf"

static void complain(const char *name, const char *why) {
        fprintf(stderr, "mserver-schedule-generator: %s: %s\n", name, why);
}

/* NULL where the entry is no definition's. */
static const char *name_of(const char *entry, char ret[SCHEDULE_NAME_MAX + 1]) {
        size_t n = strlen(entry);

        if (n <= strlen(SUFFIX) || strcmp(entry + n - strlen(SUFFIX), SUFFIX) != 0)
                return NULL;
        n -= strlen(SUFFIX);
        if (n > SCHEDULE_NAME_MAX)
                return NULL;
        memcpy(ret, entry, n);
        ret[n] = '\0';
        return schedule_name_is_valid(ret) ? ret : NULL;
}

/* The number of bytes, or -1 with a complaint. */
static ssize_t read_file(int directory, const char *entry, char *ret, size_t max) {
        /* What is no plain file must not keep us waiting. */
        int fd = openat(directory, entry, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
        const char *wrong = NULL;
        size_t size = 0;
        struct stat st;

        if (fd < 0) {
                complain(entry, strerror(errno));
                return -1;
        }
        if (fstat(fd, &st) < 0)
                wrong = strerror(errno);
        else if (!S_ISREG(st.st_mode))
                wrong = "is no plain file";
        while (!wrong && size <= max) {
                ssize_t n = read(fd, ret + size, max + 1 - size);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        wrong = strerror(errno);
                if (n <= 0)
                        break;
                size += (size_t) n;
        }
        if (!wrong && size > max)
                wrong = "is too large";
        (void) close(fd);
        if (wrong)
                complain(entry, wrong);
        return wrong ? -1 : (ssize_t) size;
}

static bool make_directory(int at, const char *name) {
        return mkdirat(at, name, 0755) == 0 || errno == EEXIST;
}

static bool write_file(int at, const char *path, const char *text, size_t size) {
        int fd = openat(at, path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
        bool ok = fd >= 0 && write(fd, text, size) == (ssize_t) size;

        if (fd >= 0 && close(fd) < 0)
                ok = false;
        return ok;
}

/* Both names have room for what a schedule may be called. */
static bool write_units(int units, const char *name, const TimerDefinition *d) {
        char folder[SCHEDULE_NAME_MAX + 64], path[SCHEDULE_NAME_MAX + 96], text[TIMER_DROP_IN_MAX];
        size_t size = timer_definition_drop_in(d, text);

        (void) snprintf(folder, sizeof(folder), "mserver-schedule@%s.timer.d", name);
        (void) snprintf(path, sizeof(path), "%s/schedule.conf", folder);
        if (size == 0 || !make_directory(units, folder) || !write_file(units, path, text, size))
                return false;
        (void) snprintf(path, sizeof(path), WANTS "/mserver-schedule@%s.timer", name);
        return make_directory(units, WANTS) && symlinkat(TEMPLATE, units, path) == 0;
}

/* Did it fit? */
static bool take(int definitions, int units, const char *entry, const char *name, char *buffer) {
        ssize_t size = read_file(definitions, entry, buffer, SCHEDULE_FILE_BYTES_MAX);
        TimerDefinition d;
        const char *wrong;

        if (size < 0)
                return true;
        wrong = timer_definition_parse(buffer, (size_t) size, &d);
        if (wrong) {
                complain(entry, wrong);
                return true;
        }
        if (!d.enabled || write_units(units, name, &d))
                return true;
        complain(entry, strerror(errno));
        return false;
}

static int generate(DIR *definitions, int units, char *buffer) {
        unsigned seen = 0, taken = 0;
        struct dirent *e;
        int code = 0;

        while ((e = readdir(definitions)) && seen++ < SCHEDULE_ENTRIES_MAX) {
                char space[SCHEDULE_NAME_MAX + 1];
                const char *name = name_of(e->d_name, space);

                if (!name)
                        continue;
                if (taken++ >= SCHEDULES_MAX) {
                        complain(e->d_name, "and what comes after it are more schedules than there may be");
                        break;
                }
                if (!take(dirfd(definitions), units, e->d_name, name, buffer))
                        code = -1;
        }
        return code;
}

/* NULL where there are none; *ret_code then says whether that is as it should be. */
static DIR *open_definitions(const char *state, int *ret_code) {
        int top = open(state, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), fd = -1;
        DIR *d = NULL;

        if (top >= 0)
                fd = openat(top, "schedules", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd >= 0)
                d = fdopendir(fd);
        if (d) {
                (void) close(top);
                return d;
        }
        *ret_code = errno == ENOENT ? 0 : -1;
        if (*ret_code < 0)
                complain(state, strerror(errno));
        if (fd >= 0)
                (void) close(fd);
        if (top >= 0)
                (void) close(top);
        return NULL;
}

int timer_units_generate(const char *state, const char *units) {
        char *buffer = malloc(SCHEDULE_FILE_BYTES_MAX + 1);
        int fd = open(units, O_RDONLY | O_DIRECTORY | O_CLOEXEC), code = -1;
        DIR *definitions;

        if (fd < 0 || !buffer)
                complain(units, strerror(errno));
        else if ((definitions = open_definitions(state, &code))) {
                code = generate(definitions, fd, buffer);
                (void) closedir(definitions);
        }
        if (fd >= 0)
                (void) close(fd);
        free(buffer);
        return code;
}
