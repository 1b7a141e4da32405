/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* mserver-notify(8): started by mserver-notify.socket when the server has something to tell. */
#include <libintl.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>

#include "command-line.h"
#include "error.h"
#include "log.h"
#include "names.h"
#include "no-core.h"
#include "sender.h"

static void help(void) {
        printf("mserver-notify [OPTIONS...]\n\n"
               "Tells the targets of mserver.conf of alerts, as mserver asks for over the socket that was passed.\n\n"
               "  -c --config=FILE  Read FILE and FILE.d/*.conf instead of " MSERVER_CONFIG_FILE "\n"
               "  -h --help         Show this help\n"
               "     --version      Show the version\n");
}

static void signalled(int signum, void *userdata) {
        if (signum != SIGHUP)
                loop_quit(userdata, EXIT_SUCCESS);
}

static int run(const char *config, GError **error) {
        g_autoptr(Loop) loop = loop_new(error);
        g_autoptr(Sender) sender = NULL;

        if (!loop)
                return EXIT_FAILURE;
        if (sd_listen_fds(true) != 1) {
                (void) fleet_fail(error, FLEET_ERROR_FAILED,
                                  "No socket was passed: mserver-notify.socket starts this program");
                return EXIT_FAILURE;
        }
        loop_on_signal(loop, signalled, loop);
        sender = sender_new(loop, SD_LISTEN_FDS_START, config, g_get_host_name(), error);
        if (!sender || !loop_watchdog(loop, error))
                return EXIT_FAILURE;
        (void) sd_notify(false, "READY=1");
        return loop_run(loop);
}

int main(int argc, char *argv[]) {
        const char *config = MSERVER_CONFIG_FILE;
        const CommandOption options[] = { { "config", 'c', NULL, &config }, {} };
        const CommandLine line = { options, false, help, "mserver-notify " PROJECT_VERSION };
        g_autoptr(GError) error = NULL;
        int code;

        process_no_core();
        (void) setlocale(LC_CTYPE, "");
        (void) setlocale(LC_MESSAGES, "");
        (void) bindtextdomain("mserver-notify", LOCALEDIR);
        (void) bind_textdomain_codeset("mserver-notify", "UTF-8");
        (void) textdomain("mserver-notify");
        (void) umask(0077);
        if (command_line_read(&line, argc, argv, &code) < 0)
                return code;
        log_init(false);
        code = run(config, &error);
        if (error)
                log_error("%s", error->message);
        return code;
}
