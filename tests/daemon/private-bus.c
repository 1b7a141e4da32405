/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A message bus of the test's own: see private-bus.h. */
#include "private-bus.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "names.h"

#define DEADLINE_MSEC 20000
#define NOBODY 65534

struct PrivateBus {
        Loop *loop;
        char *directory, *config, *address;
        pid_t pid;
};

static const char config_text[] =
                "<busconfig>\n"
                "  <type>system</type>\n"
                "  <listen>%s</listen>\n"
                "  <auth>EXTERNAL</auth>\n"
                "  <policy context='default'>\n"
                "    <allow user='*'/><allow own='*'/>\n"
                "    <allow send_type='method_call'/><allow send_type='signal'/>\n"
                "    <allow send_requested_reply='true' send_type='method_return'/>\n"
                "    <allow send_requested_reply='true' send_type='error'/>\n"
                "    <allow receive_type='method_call'/><allow receive_type='method_return'/>\n"
                "    <allow receive_type='error'/><allow receive_type='signal'/>\n"
                "  </policy>\n"
                "</busconfig>\n";

bool tests_run_as_root(void) {
        return getuid() == 0;
}

uid_t other_uid(void) {
        return tests_run_as_root() ? NOBODY : getuid();
}

static void die_with_parent(void *userdata) {
        (void) prctl(PR_SET_PDEATHSIG, SIGKILL);
}

void private_bus_restart(PrivateBus *b) {
        g_autofree char *option = g_strconcat("--config-file=", b->config, NULL);
        char *argv[] = { "dbus-daemon", option, "--nofork", "--print-address", NULL };
        g_autoptr(GError) error = NULL;
        char line[512];
        int out;

        (void) g_spawn_async_with_pipes(NULL, argv, NULL,
                                        G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD |
                                                        G_SPAWN_STDERR_TO_DEV_NULL,
                                        die_with_parent, NULL, &b->pid, NULL, &out, NULL, &error);
        g_assert_no_error(error);
        /* It prints its address when it listens. */
        g_assert_cmpint(read(out, line, sizeof(line)), >, 0);
        close(out);
}

PrivateBus *private_bus_new(Loop *l) {
        PrivateBus *b = g_new0(PrivateBus, 1);
        g_autofree char *text = NULL;
        g_autoptr(GError) error = NULL;

        b->loop = l;
        b->directory = g_dir_make_tmp("mserver-bus-XXXXXX", &error);
        g_assert_no_error(error);
        g_assert_cmpint(chmod(b->directory, 0711), ==, 0); /* the other user connects, too */
        b->config = g_build_filename(b->directory, "bus.conf", NULL);
        b->address = g_strdup_printf("unix:path=%s/bus", b->directory);
        text = g_strdup_printf(config_text, b->address);
        g_assert_true(g_file_set_contents(b->config, text, -1, NULL));
        g_setenv("DBUS_SYSTEM_BUS_ADDRESS", b->address, true);
        private_bus_restart(b);
        return b;
}

void private_bus_kill(PrivateBus *b) {
        g_assert_cmpint(kill(b->pid, SIGKILL), ==, 0);
        g_assert_cmpint(waitpid(b->pid, NULL, 0), ==, b->pid);
}

PrivateBus *private_bus_free(PrivateBus *b) {
        g_autofree char *path = g_build_filename(b->directory, "bus", NULL);

        private_bus_kill(b);
        (void) g_unlink(path);
        (void) g_unlink(b->config);
        g_assert_cmpint(g_rmdir(b->directory), ==, 0);
        g_unsetenv("DBUS_SYSTEM_BUS_ADDRESS");
        g_free(b->directory);
        g_free(b->config);
        g_free(b->address);
        g_free(b);
        return NULL;
}

sd_bus *private_bus_connect(PrivateBus *b, uid_t uid) {
        uid_t self = geteuid();
        sd_bus *bus;

        g_assert_cmpint(sd_bus_new(&bus), >=, 0);
        g_assert_cmpint(sd_bus_set_address(bus, b->address), >=, 0);
        g_assert_cmpint(sd_bus_set_bus_client(bus, true), >=, 0);
        /* What counts is who one is at connect() (SO_PEERCRED in socket(7)). */
        g_assert_cmpint(seteuid(uid), ==, 0);
        g_assert_cmpint(sd_bus_start(bus), >=, 0);
        g_assert_cmpint(seteuid(self), ==, 0);
        g_assert_cmpint(sd_bus_attach_event(bus, loop_event(b->loop), 0), >=, 0);
        return bus;
}

void private_bus_disconnect(sd_bus *bus) {
        sd_bus_close(bus);
        sd_bus_unref(bus);
}

static void too_late(void *userdata) {
        g_error("What the test waits for did not come in %i s", DEADLINE_MSEC / 1000);
}

LoopTimer *deadline_new(Loop *l) {
        return loop_timer_new(l, DEADLINE_MSEC, 0, too_late, NULL);
}

static int on_reply(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        Pending *p = userdata;

        p->reply = sd_bus_message_ref(m);
        p->done = true;
        something_happened(p->loop);
        return 0;
}

Pending *message_begin(Loop *l, sd_bus *from, sd_bus_message *m) {
        Pending *p = g_new0(Pending, 1);

        p->loop = l;
        g_assert_cmpint(sd_bus_call_async(from, NULL, m, on_reply, p, UINT64_MAX), >=, 0);
        return p;
}

static Pending *begin(Loop *l, sd_bus *from, const char *path, const char *interface, const char *member,
                      const char *types, va_list ap) {
        g_autoptr(sd_bus_message) m = NULL;

        g_assert_cmpint(sd_bus_message_new_method_call(from, &m, MSERVER_BUS_NAME, path, interface, member),
                        >=, 0);
        if (types)
                g_assert_cmpint(sd_bus_message_appendv(m, types, ap), >=, 0);
        return message_begin(l, from, m);
}

Pending *call_begin(Loop *l, sd_bus *from, const char *path, const char *interface, const char *member,
                    const char *types, ...) {
        Pending *p;
        va_list ap;

        va_start(ap, types);
        p = begin(l, from, path, interface, member, types, ap);
        va_end(ap);
        return p;
}

sd_bus_message *call_end(Pending *p) {
        sd_bus_message *reply;

        run_until(p->loop, p->done);
        reply = p->reply;
        g_free(p);
        return reply;
}

sd_bus_message *call(Loop *l, sd_bus *from, const char *path, const char *interface, const char *member,
                     const char *types, ...) {
        Pending *p;
        va_list ap;

        va_start(ap, types);
        p = begin(l, from, path, interface, member, types, ap);
        va_end(ap);
        return call_end(p);
}

void settle(Loop *l, sd_bus *bus) {
        /* The bus keeps the order: what was sent before has arrived when the server has answered this. */
        for (unsigned i = 0; i < 2; i++) {
                g_autoptr(sd_bus_message) m =
                                call(l, bus, MSERVER_ROOT, "org.freedesktop.DBus.Peer", "Ping", NULL);

                g_assert_false(sd_bus_message_is_method_error(m, NULL));
        }
}

void assert_reply(const char *file, int line, sd_bus_message *m, const char *name, const char *text) {
        const sd_bus_error *e = sd_bus_message_get_error(m);

        if (g_strcmp0(e ? e->name : NULL, name) != 0)
                g_error("%s:%i: the reply is %s (%s), expected %s", file, line, e ? e->name : "none",
                        e ? e->message : "", name ?: "no error");
        if (e && !strstr(e->message, text))
                g_error("%s:%i: the error says \"%s\", expected \"%s\" in it", file, line, e->message, text);
}
