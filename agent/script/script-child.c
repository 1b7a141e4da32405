/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A script as a process. */
#include "script-child.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "error.h"
#include "file.h"
#include "limits.h"
#include "script-secrets.h"

#define PATH_OF_SCRIPTS "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

void script_user_clear(ScriptUser *u) {
        g_free(u->name);
        g_free(u->home);
        g_free(u->shell);
        *u = (ScriptUser){};
}

bool script_user_find(const Script *s, const char *fallback, ScriptUser *ret, GError **error) {
        const char *name = s->user ?: fallback;
        const struct passwd *p;

        errno = 0;
        p = name ? getpwnam(name) : getpwuid(geteuid());
        if (!p)
                return fleet_fail(error, FLEET_ERROR_FAILED, "%s is not run: there is no user %s%s%s",
                                  s->name, name ?: "of ours", errno ? ": " : "",
                                  errno ? g_strerror(errno) : "");
        if (p->pw_uid != geteuid() && geteuid() != 0)
                return fleet_fail(
                                error, FLEET_ERROR_FAILED,
                                "%s is not run: it is declared for user %s, and the agent cannot be another than "
                                "its own here; mclient-script.socket can",
                                s->name, name);
        *ret = (ScriptUser){
                g_strdup(p->pw_name),  g_strdup(p->pw_dir), g_strdup(p->pw_shell), p->pw_uid, p->pw_gid,
                p->pw_uid != geteuid()
        };
        return true;
}

bool script_child_check(const Script *s, const ScriptUser *u, GError **error) {
        const char *path = s->argv[0];
        struct stat st;

        if (stat(path, &st) < 0)
                return fleet_fail_errno(error, FLEET_ERROR_FAILED, -errno, "%s is not run: %s", s->name,
                                        path);
        if (!S_ISREG(st.st_mode))
                return fleet_fail(error, FLEET_ERROR_FAILED, "%s is not run: %s is no file", s->name, path);
        if (st.st_uid != 0 && st.st_uid != u->uid)
                return fleet_fail(error, FLEET_ERROR_FAILED,
                                  "%s is not run: %s belongs to uid %u, expected root or %s", s->name, path,
                                  st.st_uid, u->name);
        if (st.st_mode & (S_IWGRP | S_IWOTH))
                return fleet_fail(error, FLEET_ERROR_FAILED,
                                  "%s is not run: others than its owner may write %s (mode %04o)", s->name,
                                  path, st.st_mode & 07777);
        return true;
}

static char **full_environment(const ScriptUser *u, char **environment, const ScriptSecrets *secrets) {
        g_autoptr(GPtrArray) list = g_ptr_array_new();

        g_ptr_array_add(list, g_strdup("PATH=" PATH_OF_SCRIPTS));
        g_ptr_array_add(list, g_strdup("LANG=C.UTF-8"));
        g_ptr_array_add(list, g_strconcat("HOME=", u->home, NULL));
        g_ptr_array_add(list, g_strconcat("USER=", u->name, NULL));
        g_ptr_array_add(list, g_strconcat("LOGNAME=", u->name, NULL));
        g_ptr_array_add(list, g_strconcat("SHELL=", u->shell, NULL));
        if (!script_secrets_is_empty(secrets))
                g_ptr_array_add(list, g_strconcat("CREDENTIALS_DIRECTORY=",
                                                  u->switches ? SCRIPT_SECRETS_DIR
                                                              : g_getenv("CREDENTIALS_DIRECTORY"),
                                                  NULL));
        for (char **e = environment; *e; e++)
                g_ptr_array_add(list, g_strdup(*e));
        g_ptr_array_add(list, NULL);
        return (char **) g_ptr_array_free(g_steal_pointer(&list), false);
}

/* In the child. Returns where it failed, with errno. */
static const char *become(const ScriptUser *u, const ScriptSecrets *secrets) {
        static const struct rlimit no_core = { 0, 0 };

        if (setsid() < 0)
                return "setsid";
        (void) setrlimit(RLIMIT_CORE, &no_core);
        if (!u->switches)
                return NULL;
        if (initgroups(u->name, u->gid) < 0)
                return "initgroups";
        if (setresgid(u->gid, u->gid, u->gid) < 0)
                return "setresgid";
        if (setresuid(u->uid, u->uid, u->uid) < 0)
                return "setresuid";
        if (!script_secrets_is_empty(secrets) && !script_secrets_write(secrets))
                return SCRIPT_SECRETS_DIR;
        return NULL;
}

static const char *take_streams(int output, int errors) {
        int null = open("/dev/null", O_RDONLY);

        if (null < 0 || dup2(null, STDIN_FILENO) < 0)
                return "open /dev/null";
        if (dup2(output, STDOUT_FILENO) < 0 || dup2(errors, STDERR_FILENO) < 0)
                return "dup2";
        (void) close(null);
        return NULL;
}

/* What is to be run. */
typedef struct Task {
        const ScriptUser *user;
        const ScriptSecrets *secrets;
        char **argv, **environment;
        int lock;
} Task;

/* What the child says before it becomes the script, where it cannot. */
typedef struct Failure {
        char step[64];
        int error;
} Failure;

static void __attribute__((noreturn)) child(const Task *t, int output, int errors, int report) {
        Failure f = {};
        const char *step = take_streams(output, errors);
        sigset_t none;

        if (!step)
                step = become(t->user, t->secrets);
        if (!step) {
                (void) signal(SIGPIPE, SIG_DFL);
                (void) sigemptyset(&none);
                (void) sigprocmask(SIG_SETMASK, &none, NULL);
                (void) !chdir("/");
                (void) close_range(STDERR_FILENO + 1, ~0u, CLOSE_RANGE_CLOEXEC);
                (void) fcntl(t->lock, F_SETFD, 0);
                (void) execve(t->argv[0], t->argv, t->environment);
                step = t->argv[0];
        }
        f.error = errno;
        (void) g_strlcpy(f.step, step, sizeof f.step);
        (void) !write(report, &f, sizeof f);
        _exit(127);
}

static void close_pair(int pair[2]) {
        (void) close(pair[0]);
        (void) close(pair[1]);
}

static bool fork_child(const Task *t, int pipes[3][2], ScriptChild *ret, GError **error) {
        Failure f;
        pid_t pid = fork();

        if (pid < 0)
                return fleet_fail_errno(error, FLEET_ERROR_FAILED, -errno, "Cannot make a process");
        if (pid == 0)
                child(t, pipes[0][1], pipes[1][1], pipes[2][1]);
        for (int i = 0; i < 3; i++) {
                (void) close(pipes[i][1]);
                pipes[i][1] = -1;
        }
        if (read(pipes[2][0], &f, sizeof f) == sizeof f) { /* its end closes with a successful execve() */
                (void) waitpid(pid, NULL, 0);
                return fleet_fail_errno(error, FLEET_ERROR_FAILED, -f.error, "Cannot run %s: %.*s",
                                        t->argv[0], (int) sizeof f.step, f.step);
        }
        *ret = (ScriptChild){ pid, pidfd_open(pid, 0), pipes[0][0], pipes[1][0] };
        return true;
}

bool script_child_start(const ScriptUser *u, char **argv, char **environment, int lock, ScriptChild *ret,
                        GError **error) {
        g_autoptr(ScriptSecrets) secrets = script_secrets_read(error);
        g_auto(GStrv) all = secrets ? full_environment(u, environment, secrets) : NULL;
        const Task task = { u, secrets, argv, all, lock };
        int pipes[3][2];
        bool started;

        if (!secrets)
                return false;

        for (int i = 0; i < 3; i++)
                if (pipe2(pipes[i], O_CLOEXEC) < 0) {
                        int e = errno;

                        while (i-- > 0)
                                close_pair(pipes[i]);
                        return fleet_fail_errno(error, FLEET_ERROR_FAILED, -e, "Cannot make a pipe");
                }
        started = fork_child(&task, pipes, ret, error);
        (void) close(pipes[2][0]);
        if (!started) {
                (void) close(pipes[0][0]);
                (void) close(pipes[1][0]);
                return false;
        }
        (void) fcntl(ret->output, F_SETFL, O_NONBLOCK);
        (void) fcntl(ret->errors, F_SETFL, O_NONBLOCK);
        return true;
}

void script_child_signal(const ScriptChild *c, int signum) {
        (void) kill(-c->pid, signum);
}

int script_child_reap(const ScriptChild *c, int *ret_signal) {
        int status = 0;

        while (waitpid(c->pid, &status, 0) < 0 && errno == EINTR)
                ;
        (void) kill(-c->pid,
                    SIGKILL); /* what is left of its group; it is nobody else's while one is there */
        *ret_signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
        return *ret_signal ? 128 + *ret_signal : WEXITSTATUS(status);
}

/* proc(5): the children of our one thread. */
static bool kill_children(void) {
        g_autofree char *path = g_strdup_printf("/proc/self/task/%d/children", getpid()), *text = NULL;
        g_auto(GStrv) pids = NULL;

        if (!file_read(path, 65536, &text, NULL, NULL))
                return false;
        pids = g_strsplit(text, " ", -1);
        for (char **pid = pids; *pid; pid++)
                if (**pid)
                        (void) kill((pid_t) g_ascii_strtoll(*pid, NULL, 10), SIGKILL);
        return true;
}

/* Their own children come to us as they die, so it takes some rounds. */
bool script_child_sweep(void) {
        uint64_t until = now_monotonic() + SCRIPT_GRACE_SEC * USEC_PER_SEC;

        for (;;) {
                pid_t r = waitpid(-1, NULL, WNOHANG);

                if (r < 0 && errno == ECHILD)
                        return true;
                if (r > 0)
                        continue;
                if (!kill_children() || now_monotonic() >= until)
                        return false;
                (void) poll(NULL, 0, 10);
        }
}
