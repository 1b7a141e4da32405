/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* mclient-script: does one request of the agent, which it makes on standard input, a stream socket
 * (script-frames.h). */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command-line.h"
#include "error.h"
#include "log.h"
#include "names.h"
#include "no-core.h"
#include "script-serve.h"

static void help(void) {
        printf("mclient-script [OPTIONS...]\n\n"
               "Runs a command that mclient.conf declares for the agent at the other end of standard input.\n\n"
               "  -c --config=FILE  Read FILE and FILE.d/*.conf instead of " MCLIENT_CONFIG_FILE "\n"
               "     --state=DIR    Keep records and locks in DIR instead of " MCLIENT_SCRIPT_STATE_DIR "\n"
               "     --own-user     Run scripts without User= as the user that this is run by, not as " MCLIENT_USER
               "\n"
               "  -h --help         Show this help\n"
               "     --version      Show the version\n");
}

static int block_signals(void) {
        sigset_t set;

        (void) sigemptyset(&set);
        (void) sigaddset(&set, SIGTERM);
        (void) sigaddset(&set, SIGUSR1);
        (void) sigprocmask(SIG_BLOCK, &set, NULL);
        return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* Out of the way of what is opened later, and of the script. */
static int take_stream(void) {
        int fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1), null = open("/dev/null", O_RDONLY);

        if (null >= 0) {
                (void) dup2(null, STDIN_FILENO);
                (void) close(null);
        }
        return fd;
}

int main(int argc, char *argv[]) {
        const char *state = g_getenv("STATE_DIRECTORY");
        Helper h = { .config = MCLIENT_CONFIG_FILE,
                     .state = state && *state ? state : MCLIENT_SCRIPT_STATE_DIR };
        const CommandOption options[] = {
                { "config", 'c', NULL, &h.config },
                { "state", 0, NULL, &h.state },
                { "own-user", 0, &h.own_user, NULL },
                {},
        };
        const CommandLine line = { options, false, help, "mclient-script " PROJECT_VERSION };
        g_autoptr(GError) error = NULL;
        g_auto(ScriptEnd) ended = {};
        int code;

        if (command_line_read(&line, argc, argv, &code) < 0)
                return code;
        process_no_core();
        log_init(false);
        (void) umask(0077);
        (void) signal(SIGPIPE, SIG_IGN);
        (void) prctl(PR_SET_CHILD_SUBREAPER, 1);
        h.signals = block_signals();
        h.peer = script_peer_new(take_stream());
        if (!script_serve(&h, &ended, &error) && error) {
                bool policy = g_error_matches(error, FLEET_ERROR, FLEET_ERROR_REJECTED);

                log_info("Not run: %s", error->message);
                ended = (ScriptEnd){ policy ? COMMAND_REJECTED : COMMAND_FAILED, -1,
                                     g_strdup(error->message), false };
        }
        if (ended.error || ended.state == COMMAND_SUCCEEDED)
                script_peer_end(h.peer, &ended);
        (void) script_store_free(h.store);
        (void) script_peer_free(h.peer);
        return EXIT_SUCCESS;
}
