/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From the start of a script to its end. */
#include "script-relay.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "clock.h"
#include "limits.h"
#include "text.h"

typedef struct Relay {
        const Script *script;
        const ScriptChild *child;
        ScriptPeer *peer;
        int signals;
        int sources[2]; /* standard output and error; -1: at its end */
        Output *output;
        uint64_t passed; /* bytes */
        bool cut;

        uint64_t timeout_usec;
        uint64_t next_usec;      /* when to signal it next */
        CommandState stopped_as; /* why it was told to end; COMMAND_RUNNING: it was not */
        bool killed;
} Relay;

enum { POLL_PEER, POLL_CHILD, POLL_SIGNALS, POLL_OUTPUT, POLL_ERRORS, _POLL_MAX };

static void pass_on(Relay *r, unsigned source, const void *data, size_t size) {
        output_append(r->output, source, data, size);
        script_peer_send(r->peer, source == 0 ? SCRIPT_OUTPUT : SCRIPT_ERRORS, data, size);
}

/* What is beyond the limit is read all the same: a script that is chatty is not one to be stopped in the middle. */
static void limit(Relay *r, unsigned source, const void *data, size_t size) {
        size_t n = (size_t) MIN(size, r->script->output_max - r->passed);

        if (n > 0)
                pass_on(r, source, data, n);
        r->passed += n;
        if (n < size && !r->cut) {
                g_autofree char *note = g_strdup_printf("\n[beyond %" G_GUINT64_FORMAT
                                                        " bytes output is left out]\n",
                                                        r->script->output_max);

                r->cut = true;
                pass_on(r, 1, note, strlen(note));
        }
}

/* False when there is nothing more for now. */
static bool read_source(Relay *r, unsigned source) {
        char buffer[OUTPUT_CHUNK_BYTES];
        ssize_t n;

        if (r->sources[source] < 0)
                return false;
        n = read(r->sources[source], buffer, sizeof buffer);
        if (n > 0) {
                limit(r, source, buffer, (size_t) n);
                return true;
        }
        if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
                (void) close(r->sources[source]);
                r->sources[source] = -1;
        }
        return false;
}

static void stop(Relay *r, CommandState as) {
        if (r->stopped_as != COMMAND_RUNNING)
                return;
        r->stopped_as = as;
        r->next_usec = now_monotonic() + SCRIPT_GRACE_SEC * USEC_PER_SEC;
        script_child_signal(r->child, SIGTERM);
        script_child_signal(r->child, SIGCONT);
}

static void time_passed(Relay *r) {
        if (now_monotonic() < r->next_usec)
                return;
        if (r->stopped_as == COMMAND_RUNNING)
                stop(r, COMMAND_TIMED_OUT);
        else if (!r->killed) {
                r->killed = true;
                script_child_signal(r->child, SIGKILL);
        }
}

static void read_signals(Relay *r) {
        struct signalfd_siginfo info;

        while (read(r->signals, &info, sizeof info) == sizeof info)
                stop(r, info.ssi_signo == SIGUSR1 ? COMMAND_CANCELLED : COMMAND_INTERRUPTED);
}

static int time_left(const Relay *r) {
        uint64_t now = now_monotonic();

        if (r->killed) /* nothing more can be done about it */
                return -1;
        return r->next_usec <= now ? 0 : (int) MIN((r->next_usec - now) / USEC_PER_MSEC + 1, 3600u * 1000);
}

/* True when it has exited. An agent that takes no more holds the script up, but not its end. */
static bool turn(Relay *r) {
        struct pollfd polled[_POLL_MAX] = {
                [POLL_CHILD] = { .fd = r->child->pidfd, .events = POLLIN },
                [POLL_SIGNALS] = { .fd = r->signals, .events = POLLIN },
                [POLL_OUTPUT] = { .fd = -1, .events = POLLIN },
                [POLL_ERRORS] = { .fd = -1, .events = POLLIN },
        };

        /* Before the wait: what came with an earlier frame wakes nobody. */
        if (script_peer_cancels(r->peer))
                stop(r, COMMAND_CANCELLED);
        if (script_peer_unsent(r->peer) < SCRIPT_UNSENT_BYTES_MAX || r->stopped_as != COMMAND_RUNNING) {
                polled[POLL_OUTPUT].fd = r->sources[0];
                polled[POLL_ERRORS].fd = r->sources[1];
        }
        script_peer_prepare(r->peer, &polled[POLL_PEER]);
        if (poll(polled, _POLL_MAX, time_left(r)) > 0) {
                script_peer_dispatch(r->peer, &polled[POLL_PEER]);
                if (polled[POLL_SIGNALS].revents)
                        read_signals(r);
                if (polled[POLL_OUTPUT].revents)
                        (void) read_source(r, 0);
                if (polled[POLL_ERRORS].revents)
                        (void) read_source(r, 1);
                if (polled[POLL_CHILD].revents)
                        return true;
        }
        time_passed(r);
        return false;
}

static char *explain(const Relay *r, int code, int signum) {
        g_autofree char *how = signum ? g_strdup_printf("killed by signal %d (%s)", signum,
                                                        strsignal(signum))
                                      : g_strdup_printf("exited with code %d", code),
                        *duration = text_duration(r->timeout_usec);

        switch (r->stopped_as) {
        case COMMAND_TIMED_OUT:
                return g_strdup_printf("timed out after %s; %s", duration, how);
        case COMMAND_CANCELLED:
                return g_strdup_printf("cancelled; %s", how);
        case COMMAND_INTERRUPTED:
                return g_strdup_printf("the service or the host stopped in the middle; %s", how);
        default:
                return g_steal_pointer(&how);
        }
}

void script_relay(const Script *s, const ScriptChild *c, ScriptPeer *peer, int signals,
                  uint64_t timeout_usec, Output *output, ScriptEnd *ret) {
        Relay r = {
                .script = s,
                .child = c,
                .peer = peer,
                .signals = signals,
                .sources = { c->output, c->errors },
                .output = output,
                .timeout_usec = timeout_usec,
                .next_usec = now_monotonic() + timeout_usec,
                .stopped_as = COMMAND_RUNNING,
        };
        int code, signum;
        bool good, left;

        while (!turn(&r))
                ;
        code = script_child_reap(c, &signum);
        left = !script_child_sweep();
        /* All who wrote are gone: what is in the pipes is all there will be. */
        for (unsigned i = 0; i < G_N_ELEMENTS(r.sources); i++) {
                while (read_source(&r, i))
                        ;
                if (r.sources[i] >= 0)
                        (void) close(r.sources[i]);
        }
        (void) close(c->pidfd);

        good = r.stopped_as == COMMAND_RUNNING && !signum && script_is_success(s, code);
        *ret = (ScriptEnd){ .state = good                              ? COMMAND_SUCCEEDED
                                     : r.stopped_as == COMMAND_RUNNING ? COMMAND_FAILED
                                                                       : r.stopped_as,
                            .exit_code = code,
                            .error = good ? NULL : explain(&r, code, signum),
                            .cut = r.cut };
        if (left && ret->error) {
                char *more = g_strconcat(ret->error, "; processes that it started do not end", NULL);

                g_free(ret->error);
                ret->error = more;
        }
}
