/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lets polkit ask for a password on this terminal, by the agent that polkit brings for it (pkttyagent(1)). */
#include "polkit-agent.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define AGENT "pkttyagent"

struct PolkitAgent {
        pid_t pid;
};

/* The agent asks on /dev/tty, which a terminal without a session (of "su -c", say) does not give. */
static bool is_useful(void) {
        int fd;

        if (geteuid() == 0 || !isatty(STDIN_FILENO) || !isatty(STDERR_FILENO))
                return false;
        fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
        if (fd < 0)
                return false;
        (void) close(fd);
        return true;
}

/* The child: its signals as at the start of a program, and an end together with ours. */
static void G_GNUC_NORETURN exec_agent(int notify, pid_t parent) {
        char number[sizeof("-2147483648")];
        sigset_t none;

        (void) sigemptyset(&none);
        (void) sigprocmask(SIG_SETMASK, &none, NULL);
        (void) signal(SIGINT, SIG_DFL);
        (void) signal(SIGPIPE, SIG_DFL);
        (void) prctl(PR_SET_PDEATHSIG, SIGTERM);
        if (getppid() != parent || fcntl(notify, F_SETFD, 0) < 0)
                _exit(EXIT_FAILURE);
        (void) g_snprintf(number, sizeof(number), "%d", notify);
        (void) execlp(AGENT, AGENT, "--notify-fd", number, "--fallback", (char *) NULL);
        _exit(EXIT_FAILURE);
}

/* The agent closes its end of the pipe once it is registered; so does its death. */
static void wait_for_hangup(int fd) {
        struct pollfd p = { .fd = fd, .events = POLLIN };

        while (poll(&p, 1, -1) < 0 && errno == EINTR)
                ;
}

PolkitAgent *polkit_agent_open(void) {
        int fds[2];
        pid_t parent = getpid(), pid;
        PolkitAgent *a;

        if (!is_useful() || pipe2(fds, O_CLOEXEC) < 0)
                return NULL;
        pid = fork();
        if (pid == 0)
                exec_agent(fds[1], parent);
        (void) close(fds[1]);
        if (pid > 0)
                wait_for_hangup(fds[0]);
        (void) close(fds[0]);
        if (pid < 0)
                return NULL;

        a = g_new0(PolkitAgent, 1);
        a->pid = pid;
        return a;
}

PolkitAgent *polkit_agent_close(PolkitAgent *a) {
        if (!a)
                return NULL;
        (void) kill(a->pid, SIGTERM);
        while (waitpid(a->pid, NULL, 0) < 0 && errno == EINTR)
                ;
        g_free(a);
        return NULL;
}
