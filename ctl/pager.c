/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Shows what is longer than the screen through $PAGER, or less(1). */
#include "pager.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

static bool fits_screen(const char *text) {
        struct winsize size = {};
        unsigned lines = 0;

        if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_row == 0)
                return true;
        while ((text = strchr(text, '\n'))) {
                lines++;
                text++;
        }
        return lines < size.ws_row;
}

/* NULL: the user wants none. */
static char **pager_argv(void) {
        const char *pager = g_getenv("PAGER");
        char **argv = NULL;

        if (!g_shell_parse_argv(pager ? pager : "less", NULL, &argv, NULL))
                return NULL;
        if (strcmp(argv[0], "cat") == 0)
                g_clear_pointer(&argv, g_strfreev);
        return argv;
}

/* Secure, for this may run under sudo: no shell, no files out of the pager. */
static char **pager_environment(void) {
        char **environment = g_get_environ();

        environment = g_environ_setenv(environment, "LESS", "FRSXMK", false);
        return g_environ_setenv(environment, "LESSSECURE", "1", true);
}

static pid_t spawn(char **argv, int input) {
        g_auto(GStrv) environment = pager_environment();
        posix_spawn_file_actions_t actions;
        posix_spawnattr_t attributes;
        sigset_t none, defaults;
        pid_t pid = -1;

        (void) sigemptyset(&none);
        (void) sigemptyset(&defaults);
        (void) sigaddset(&defaults, SIGINT);
        (void) sigaddset(&defaults, SIGPIPE);
        (void) posix_spawn_file_actions_init(&actions);
        (void) posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
        (void) posix_spawnattr_init(&attributes);
        (void) posix_spawnattr_setsigmask(&attributes, &none);
        (void) posix_spawnattr_setsigdefault(&attributes, &defaults);
        (void) posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
        if (posix_spawnp(&pid, argv[0], &actions, &attributes, argv, environment) != 0)
                pid = -1;
        (void) posix_spawn_file_actions_destroy(&actions);
        (void) posix_spawnattr_destroy(&attributes);
        return pid;
}

static void write_all(int fd, const char *text) {
        size_t left = strlen(text);

        while (left > 0) {
                ssize_t n = write(fd, text, left);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return; /* the reader has seen enough */
                text += n;
                left -= (size_t) n;
        }
}

bool pager_show(const char *text) {
        g_auto(GStrv) argv = NULL;
        struct sigaction ignore = { .sa_handler = SIG_IGN }, pipe_action, int_action;
        int fds[2];
        pid_t pid;

        if (fits_screen(text))
                return false;
        argv = pager_argv();
        if (!argv || pipe2(fds, O_CLOEXEC) < 0)
                return false;

        /* Ctrl-C is the pager's while it shows, and that it was left early is no error. */
        (void) sigaction(SIGPIPE, &ignore, &pipe_action);
        (void) sigaction(SIGINT, &ignore, &int_action);
        pid = spawn(argv, fds[0]);
        (void) close(fds[0]);
        if (pid > 0)
                write_all(fds[1], text);
        (void) close(fds[1]);
        while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
                ;
        (void) sigaction(SIGINT, &int_action, NULL);
        (void) sigaction(SIGPIPE, &pipe_action, NULL);
        return pid > 0;
}
