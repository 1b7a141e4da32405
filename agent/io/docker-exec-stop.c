/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ends a command that runs inside a container. The engine's API has no way to do that, and a process that does
 * not run as root may not signal another user's. So:
 *
 *   1. the engine tells the command's process id on the host,
 *   2. /proc tells what that is inside the container, and whether it leads a process group there,
 *   3. a second command in the container, its shell's kill or else its kill program, sends the signal.
 *
 * SIGTERM first, and SIGKILL when the command is still there after a while. */
#include "docker-exec-stop.h"

#include <signal.h>

#include "docker-api.h"
#include "docker-exec.h"
#include "error.h"
#include "file.h"
#include "json-path.h"
#include "limits.h"
#include "procfs.h"

#define STATUS_BYTES_MAX 16384 /* of a /proc/PID/status; one has some 1,500 */
#define POLLS_MAX 20           /* for its process id */

struct DockerExecStop {
        Loop *loop;
        Docker *docker;
        char *container, *exec_id;
        uint64_t grace_ms;
        DockerExecStopFailed failed;
        void *userdata;

        DockerCall *call;
        DockerExec *kill;
        LoopTimer *timer;
        unsigned polls;
        int target;      /* process, or negative process group, inside the container */
        int signal;      /* that is sent now */
        bool by_program; /* the shell could not */
};

static void give_up(DockerExecStop *s, const char *why) {
        g_autoptr(GError) error = NULL;

        (void) fleet_fail(&error, FLEET_ERROR_FAILED, "the process may still run in %s: %s", s->container,
                          why);
        s->failed(error, s->userdata);
}

static void send_signal(DockerExecStop *s);

static void grace_over(void *userdata) {
        DockerExecStop *s = userdata;

        s->timer = loop_timer_free(s->timer);
        if (s->signal == SIGKILL) {
                give_up(s, "it did not end after SIGKILL");
                return;
        }
        s->signal = SIGKILL;
        send_signal(s);
}

static void kill_output(DockerStreamId stream, const void *data, size_t size, void *userdata) {
}

static void kill_ended(int exit_code, const GError *error, void *userdata) {
        DockerExecStop *s = userdata;

        s->kill = docker_exec_free(s->kill);
        if (error)
                give_up(s, error->message);
        else if (exit_code >= 126 && s->by_program)
                give_up(s, "its image has neither a shell nor kill");
        else if (exit_code >= 126) {
                s->by_program = true;
                send_signal(s);
        } else
                /* Where kill itself failed the process has most likely just ended: that shows soon. */
                s->timer = loop_timer_new(s->loop, s->grace_ms, 0, grace_over, s);
}

static json_object *strings_to_json(const char *const *strings) {
        json_object *a = json_object_new_array();

        for (; *strings; strings++)
                (void) json_object_array_add(a, json_object_new_string(*strings));
        return a;
}

static void send_signal(DockerExecStop *s) {
        static const DockerExecHandler handler = { kill_output, kill_ended };
        g_autofree char *target = g_strdup_printf("%d", s->target),
                        *name = g_strdup(s->signal == SIGKILL ? "KILL" : "TERM"),
                        *line = g_strdup_printf("kill -s %s -- %s", name, target);
        const char *const by_shell[] = { "/bin/sh", "-c", line, NULL }, *const by_program[] = {
                "kill", "-s", name, "--", target, NULL
        };
        json_object *argv = strings_to_json(s->by_program ? by_program : by_shell);

        s->kill = docker_exec_new(s->loop, s->docker, s->container, argv, &handler, s);
        json_object_put(argv);
}

/* The command's process inside the container, from its id on the host; its whole group where it leads one. */
static bool find_target(uint64_t host_pid, int *ret, GError **error) {
        g_autofree char *path = g_strdup_printf("/proc/%" G_GUINT64_FORMAT "/status", host_pid),
                        *text = NULL;
        size_t size;
        int pid, pgid;

        if (!file_read(path, STATUS_BYTES_MAX, &text, &size, error))
                return false;
        if (!procfs_parse_ns_pid(text, &pid, &pgid))
                return fleet_fail(error, FLEET_ERROR_FAILED, "%s has no NSpid", path);
        *ret = pid == pgid ? -pid : pid;
        return true;
}

static void ask(void *userdata);

/* The command is just being started, or has just ended: the first passes, the second frees us. */
static void ask_again(DockerExecStop *s, const char *why) {
        if (++s->polls < POLLS_MAX)
                s->timer = loop_timer_new(s->loop, EXEC_ENDED_POLL_MSEC, 0, ask, s);
        else
                give_up(s, why);
}

static void inspect_reply(unsigned status, json_object *body, const GError *error, void *userdata) {
        DockerExecStop *s = userdata;
        g_autoptr(GError) unknown = NULL;
        uint64_t pid = 0;

        s->call = NULL;
        if (error)
                give_up(s, error->message);
        else if (!json_bool_at(body, "Running") || !json_uint_at(body, "Pid", &pid) || pid == 0)
                ask_again(s, "docker does not tell its process id");
        else if (!find_target(pid, &s->target, &unknown))
                ask_again(s, unknown->message);
        else
                send_signal(s);
}

static void ask(void *userdata) {
        DockerExecStop *s = userdata;

        s->timer = loop_timer_free(s->timer);
        s->call = docker_exec_inspect(s->docker, s->exec_id, inspect_reply, s);
}

DockerExecStop *docker_exec_stop_new(Loop *l, Docker *d, const char *container, const char *exec_id,
                                     uint64_t grace_ms, DockerExecStopFailed failed, void *userdata) {
        DockerExecStop *s = g_new0(DockerExecStop, 1);

        s->loop = l;
        s->docker = d;
        s->container = g_strdup(container);
        s->exec_id = g_strdup(exec_id);
        s->grace_ms = grace_ms;
        s->failed = failed;
        s->userdata = userdata;
        s->signal = SIGTERM;
        ask(s);
        return s;
}

DockerExecStop *docker_exec_stop_free(DockerExecStop *s) {
        if (!s)
                return NULL;
        (void) docker_call_free(s->call);
        (void) docker_exec_free(s->kill);
        (void) loop_timer_free(s->timer);
        g_free(s->container);
        g_free(s->exec_id);
        g_free(s);
        return NULL;
}
