/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A server on a private message bus: see bus-fixture.h. */
#include "bus-fixture.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#define CLIENTS_MAX 20000

static void on_ready(const GError *error, void *userdata) {
        bool *ready = userdata;

        g_assert_no_error(error);
        *ready = true;
}

void fixture_start_server(Fixture *f) {
        g_autoptr(GError) error = NULL;
        Server *s = &f->server;
        bool ready = false;

        server_make(s, f->loop, f->directory, CLIENTS_MAX, false, &error);
        g_assert_no_error(error);
        s->fingerprint = g_strdup("SHA256:00ff");
        s->advertise_url = g_strdup("wss://fleet.example:8443/ws/monitoring/");
        s->listen_addresses = g_strsplit("wss://[::]:8443", " ", 0);
        server_load(s, on_ready, &ready);
        run_until(f->loop, ready);
        f->bus = bus_new(s, &error);
        g_assert_no_error(error);
}

static void on_idle(void *userdata) {
        *(bool *) userdata = true;
}

void fixture_stop_server(Fixture *f) {
        Server *s = &f->server;
        bool idle = false;

        dispatcher_stop(s->dispatcher, on_idle, &idle);
        run_until(f->loop, idle);
        f->bus = bus_free(f->bus);
        server_clear(s);
}

static bool two_users_possible(void) {
        uid_t self = geteuid();

        return self == 0 && seteuid(other_uid()) == 0 && seteuid(self) == 0;
}

void fixture_up(Fixture *f, const void *data) {
        g_autoptr(GError) error = NULL;

        if (!two_users_possible()) {
                g_print("Bail out! These tests play root and another user: run them as root\n");
                exit(1);
        }
        f->loop = loop_new(&error);
        g_assert_no_error(error);
        f->directory = g_dir_make_tmp("mserver-state-XXXXXX", &error);
        g_assert_no_error(error);
        f->private_bus = private_bus_new(f->loop);
        f->polkit = fake_polkit_new(f->loop, f->private_bus);
        fixture_start_server(f);
        f->root = private_bus_connect(f->private_bus, geteuid());
        f->user = private_bus_connect(f->private_bus, other_uid());
}

static void remove_directory(const char *path) {
        g_autoptr(GDir) d = g_dir_open(path, 0, NULL);
        const char *name;

        while ((name = g_dir_read_name(d))) {
                g_autofree char *file = g_build_filename(path, name, NULL);

                if (g_file_test(file, G_FILE_TEST_IS_DIR))
                        remove_directory(file);
                else
                        g_assert_cmpint(g_unlink(file), ==, 0);
        }
        g_assert_cmpint(g_rmdir(path), ==, 0);
}

void fixture_down(Fixture *f, const void *data) {
        private_bus_disconnect(f->user);
        private_bus_disconnect(f->root);
        fixture_stop_server(f);
        fake_polkit_free(f->polkit);
        private_bus_free(f->private_bus);
        loop_free(f->loop);
        remove_directory(f->directory);
        g_free(f->directory);
}

static void append_entry(sd_bus_message *m, const char *entry) {
        const char type[] = { entry[0], '\0' };
        const char *equals = strchr(entry, '=');
        g_autofree char *key = g_strndup(entry + 2, (size_t) (equals - entry) - 2);
        uint64_t number = g_ascii_strtoull(equals + 1, NULL, 10);
        int flag = strcmp(equals + 1, "true") == 0;
        const void *value = type[0] == 's' ? equals + 1 : type[0] == 'b' ? (const void *) &flag : &number;

        g_assert_cmpint(sd_bus_message_open_container(m, 'e', "sv"), >=, 0);
        g_assert_cmpint(sd_bus_message_append(m, "s", key), >=, 0);
        g_assert_cmpint(sd_bus_message_open_container(m, 'v', type), >=, 0);
        g_assert_cmpint(sd_bus_message_append_basic(m, type[0], value), >=, 0); /* little endian for u */
        g_assert_cmpint(sd_bus_message_close_container(m), >=, 0);
        g_assert_cmpint(sd_bus_message_close_container(m), >=, 0);
}

void fixture_append_dict(sd_bus_message *m, const char *text) {
        g_auto(GStrv) entries = g_strsplit(text ?: "", " ", 0);

        g_assert_cmpint(sd_bus_message_open_container(m, 'a', "{sv}"), >=, 0);
        for (unsigned i = 0; entries[i]; i++)
                append_entry(m, entries[i]);
        g_assert_cmpint(sd_bus_message_close_container(m), >=, 0);
}

Pending *fixture_command_begin(Fixture *f, sd_bus *from, bool interactive, const char *member,
                               const char *target, const char *command, const char *params,
                               const char *options) {
        g_autoptr(sd_bus_message) m = NULL;

        g_assert_cmpint(sd_bus_message_new_method_call(from, &m, MSERVER_BUS_NAME, MSERVER_ROOT,
                                                       MSERVER_IFACE_MANAGER, member),
                        >=, 0);
        g_assert_cmpint(sd_bus_message_set_allow_interactive_authorization(m, interactive), >=, 0);
        g_assert_cmpint(sd_bus_message_append(m, "ss", target, command), >=, 0);
        fixture_append_dict(m, params);
        fixture_append_dict(m, options);
        return message_begin(f->loop, from, m);
}

sd_bus_message *fixture_command(Fixture *f, sd_bus *from, const char *member, const char *target,
                                const char *command, const char *params, const char *options) {
        return call_end(fixture_command_begin(f, from, false, member, target, command, params, options));
}

sd_bus_message *fixture_list(Fixture *f, const char *filter) {
        g_autoptr(sd_bus_message) m = NULL;

        g_assert_cmpint(sd_bus_message_new_method_call(f->root, &m, MSERVER_BUS_NAME, MSERVER_ROOT,
                                                       MSERVER_IFACE_MANAGER, "ListCommands"),
                        >=, 0);
        fixture_append_dict(m, filter);
        return call_end(message_begin(f->loop, f->root, m));
}

char *fixture_send(Fixture *f, const char *client) {
        g_autoptr(sd_bus_message) m = fixture_command(f, f->root, "SendCommand", client, "restart",
                                                      "s:container=3node0", NULL);
        const char *id, *path;

        assert_reply_error(m, NULL, NULL);
        g_assert_cmpint(sd_bus_message_read(m, "so", &id, &path), >, 0);
        return g_strdup(id);
}

sd_bus_message *fixture_get(Fixture *f, const char *path, const char *interface, const char *name) {
        sd_bus_message *m = call(f->loop, f->user, path, "org.freedesktop.DBus.Properties", "Get", "ss",
                                 interface, name);
        const char *contents;

        assert_reply_error(m, NULL, NULL);
        g_assert_cmpint(sd_bus_message_peek_type(m, NULL, &contents), >, 0);
        g_assert_cmpint(sd_bus_message_enter_container(m, 'v', contents), >, 0);
        return m;
}

char *fixture_get_string(Fixture *f, const char *path, const char *interface, const char *name) {
        g_autoptr(sd_bus_message) m = fixture_get(f, path, interface, name);
        const char *s;

        g_assert_cmpint(sd_bus_message_read(m, "s", &s), >, 0);
        return g_strdup(s);
}

struct Listener {
        Fixture *fixture;
        sd_bus_slot *slot;
        GPtrArray *lines;
};

static void append_value(GString *line, sd_bus_message *m) {
        const char *s, *contents;
        uint64_t t;
        uint32_t u;
        char type;
        int b;

        g_assert_cmpint(sd_bus_message_peek_type(m, &type, &contents), >, 0);
        switch (type) {
        case 's':
        case 'o':
                g_assert_cmpint(sd_bus_message_read_basic(m, type, &s), >, 0);
                g_string_append_printf(line, " %s", s);
                return;
        case 't':
                g_assert_cmpint(sd_bus_message_read_basic(m, type, &t), >, 0);
                g_string_append_printf(line, " %" G_GUINT64_FORMAT, t);
                return;
        case 'b':
                g_assert_cmpint(sd_bus_message_read_basic(m, type, &b), >, 0);
                g_string_append(line, b ? " true" : " false");
                return;
        case 'u':
                g_assert_cmpint(sd_bus_message_read_basic(m, type, &u), >, 0);
                g_string_append_printf(line, " %u", u);
                return;
        case 'a':
                if (strcmp(contents, "y") == 0) {
                        const void *data;
                        size_t size;

                        g_assert_cmpint(sd_bus_message_read_array(m, 'y', &data, &size), >, 0);
                        g_string_append_printf(line, " %.*s", (int) size, (const char *) data);
                        return;
                }
                break;
        case 'v':
                break;
        }
        if (strcmp(contents, "as") == 0 || strcmp(contents, "{ss}") == 0) {
                g_assert_cmpint(sd_bus_message_skip(m, NULL), >=, 0);
                return;
        }
        g_assert_cmpint(sd_bus_message_enter_container(m, type, contents), >, 0);
        while (sd_bus_message_at_end(m, false) == 0)
                append_value(line, m);
        g_assert_cmpint(sd_bus_message_exit_container(m), >=, 0);
}

static int on_signal(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        Listener *l = userdata;
        g_autoptr(GString) line = g_string_new(sd_bus_message_get_member(m));

        if (!g_str_has_prefix(sd_bus_message_get_path(m), MSERVER_ROOT))
                return 0;
        while (sd_bus_message_at_end(m, false) == 0)
                append_value(line, m);
        g_ptr_array_add(l->lines, g_string_free(g_steal_pointer(&line), false));
        something_happened(l->fixture->loop);
        return 0;
}

Listener *listener_new(Fixture *f, sd_bus *bus) {
        Listener *l = g_new0(Listener, 1);

        l->fixture = f;
        l->lines = g_ptr_array_new_with_free_func(g_free);
        g_assert_cmpint(sd_bus_add_match(bus, &l->slot, "type='signal',sender='org.mserver1'", on_signal, l),
                        >=, 0);
        return l;
}

Listener *listener_free(Listener *l) {
        sd_bus_slot_unref(l->slot);
        g_ptr_array_unref(l->lines);
        g_free(l);
        return NULL;
}

static const char *find_line(const Listener *l, const char *beginning) {
        for (guint i = 0; i < l->lines->len; i++)
                if (g_str_has_prefix(g_ptr_array_index(l->lines, i), beginning))
                        return g_ptr_array_index(l->lines, i);
        return NULL;
}

const char *listener_wait(Listener *l, const char *beginning) {
        const char *line;

        run_until(l->fixture->loop, (line = find_line(l, beginning)));
        return line;
}

unsigned listener_count(const Listener *l, const char *beginning) {
        unsigned n = 0;

        for (guint i = 0; i < l->lines->len; i++)
                n += g_str_has_prefix(g_ptr_array_index(l->lines, i), beginning);
        return n;
}
