/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a daemon says on stderr. */
#include "log.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include "limits.h"

static struct {
        bool debug;
        bool levels; /* stderr is the journal */
} settings;

/* systemd.exec(5): JOURNAL_STREAM is device:inode of the stream; a child may have another stderr. */
static bool stderr_is_journal(void) {
        const char *stream = g_getenv("JOURNAL_STREAM");
        uint64_t device, inode;
        struct stat st;

        return stream && sscanf(stream, "%" SCNu64 ":%" SCNu64, &device, &inode) == 2 &&
               fstat(STDERR_FILENO, &st) == 0 && st.st_dev == device && st.st_ino == inode;
}

void log_init(bool debug) {
        settings.debug = debug;
        settings.levels = stderr_is_journal();
}

bool log_is_journal(void) {
        return settings.levels;
}

static void make_printable(char *line) {
        for (; *line; line++)
                if (g_ascii_iscntrl(*line))
                        *line = ' ';
}

static void say(int level, const char *format, va_list ap) G_GNUC_PRINTF(2, 0);
static void say(int level, const char *format, va_list ap) {
        char line[sizeof("<7>") - 1 + LOG_LINE_MAX + 1];
        int size = settings.levels ? sprintf(line, "<%i>", level) : 0;

        (void) vsnprintf(line + size, LOG_LINE_MAX, format, ap);
        make_printable(line);
        size += (int) strlen(line + size);
        line[size++] = '\n';
        /* One call, one write: lines of two threads do not mix. (dprintf(3) asks about the file first, each time.) */
        (void) !write(STDERR_FILENO, line, (size_t) size);
}

void log_error(const char *format, ...) {
        va_list ap;

        va_start(ap, format);
        say(LOG_ERR, format, ap);
        va_end(ap);
}

void log_warning(const char *format, ...) {
        va_list ap;

        va_start(ap, format);
        say(LOG_WARNING, format, ap);
        va_end(ap);
}

void log_info(const char *format, ...) {
        va_list ap;

        va_start(ap, format);
        say(LOG_INFO, format, ap);
        va_end(ap);
}

void log_debug(const char *format, ...) {
        va_list ap;

        if (!settings.debug)
                return;
        va_start(ap, format);
        say(LOG_DEBUG, format, ap);
        va_end(ap);
}
