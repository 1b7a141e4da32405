/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The interfaces' XML says what the running service says, and documents every member and every argument. */
#include <string.h>

#include "bus-fixture.h"
#include "fake-systemd.h"

/* What of an interface matters: a line for each member and argument, sorted. Of documented XML also what its comments
 * do not mention. */
typedef struct Interface {
        const char *wanted;
        bool inside;
        char *member;  /* the present one */
        char *comment; /* the latest */
        GPtrArray *lines;
        GString *undocumented;
} Interface;

static const char *attribute(const char **names, const char **values, const char *name) {
        for (unsigned i = 0; names[i]; i++)
                if (strcmp(names[i], name) == 0)
                        return values[i];
        return "";
}

static void expect_comment(Interface *p, const char *prefix, const char *name) {
        g_autofree char *text = g_strconcat(prefix, name, ":", NULL);

        if (!p->comment || !strstr(p->comment, text))
                g_string_append_printf(p->undocumented, "%s of %s\n", text, p->member);
}

static void add_argument(Interface *p, const char **names, const char **values) {
        const char *name = attribute(names, values, "name");

        /* Signals' arguments have no direction; the order among them matters. */
        g_ptr_array_add(p->lines, g_strdup_printf("%s %02u %s %s %s", p->member, p->lines->len,
                                                  attribute(names, values, "direction"),
                                                  attribute(names, values, "type"), name));
        expect_comment(p, "@", name);
}

static void on_start(GMarkupParseContext *c, const char *element, const char **names, const char **values,
                     void *userdata, GError **error) {
        Interface *p = userdata;
        const char *name = attribute(names, values, "name");

        if (strcmp(element, "interface") == 0)
                p->inside = strcmp(name, p->wanted) == 0;
        else if (!p->inside || strcmp(element, "annotation") == 0)
                return;
        else if (strcmp(element, "arg") == 0)
                add_argument(p, names, values);
        else {
                g_free(p->member);
                p->member = g_strdup_printf("%s %s", element, name);
                g_ptr_array_add(p->lines,
                                g_strdup_printf("%s: %s %s", p->member, attribute(names, values, "type"),
                                                attribute(names, values, "access")));
                expect_comment(p, "", name);
        }
}

static void on_end(GMarkupParseContext *c, const char *element, void *userdata, GError **error) {
        if (strcmp(element, "interface") == 0)
                ((Interface *) userdata)->inside = false;
}

static void on_comment(GMarkupParseContext *c, const char *text, size_t size, void *userdata,
                       GError **error) {
        Interface *p = userdata;

        g_free(p->comment);
        p->comment = g_strndup(text, size);
}

static int by_text(const void *a, const void *b) {
        return strcmp(*(char *const *) a, *(char *const *) b);
}

/* An argument's line has its place in the file, which says nothing once sorted by member. */
static void drop_places(GPtrArray *lines) {
        for (guint i = 0; i < lines->len; i++) {
                char *line = g_ptr_array_index(lines, i), *name = strchr(line, ' ') + 1,
                     *place = strchr(name, ' ');

                if (place && g_ascii_isdigit(place[1]))
                        memmove(place, place + 3, strlen(place + 3) + 1);
        }
}

static GPtrArray *parse(const char *xml, const char *interface, GString *undocumented) {
        static const GMarkupParser parser = { .start_element = on_start,
                                              .end_element = on_end,
                                              .passthrough = on_comment };
        Interface p = { .wanted = interface, .undocumented = undocumented };
        g_autoptr(GMarkupParseContext) c = g_markup_parse_context_new(&parser, 0, &p, NULL);
        g_autoptr(GError) error = NULL;

        p.lines = g_ptr_array_new_with_free_func(g_free);
        (void) g_markup_parse_context_parse(c, xml, -1, &error);
        g_assert_no_error(error);
        g_ptr_array_sort(p.lines, by_text);
        drop_places(p.lines);
        g_ptr_array_add(p.lines, NULL);
        g_free(p.member);
        g_free(p.comment);
        return p.lines;
}

static char *introspect(Fixture *f, const char *path) {
        g_autoptr(sd_bus_message) m = call(f->loop, f->user, path, "org.freedesktop.DBus.Introspectable",
                                           "Introspect", NULL);
        const char *xml;

        assert_reply_error(m, NULL, NULL);
        g_assert_cmpint(sd_bus_message_read(m, "s", &xml), >, 0);
        return g_strdup(xml);
}

static void check(Fixture *f, const char *path, const char *interface) {
        g_autofree char *name = g_strconcat(interface, ".xml", NULL);
        g_autofree char *file = g_test_build_filename(G_TEST_DIST, "..", "..", "dbus", name, NULL);
        g_autofree char *said = introspect(f, path), *written = NULL, *a = NULL, *b = NULL;
        g_autoptr(GString) undocumented = g_string_new(NULL), ignored = g_string_new(NULL);
        g_autoptr(GPtrArray) from_file = NULL, from_service = NULL;
        g_autoptr(GError) error = NULL;

        (void) g_file_get_contents(file, &written, NULL, &error);
        g_assert_no_error(error);
        from_file = parse(written, interface, undocumented);
        from_service = parse(said, interface, ignored);
        a = g_strjoinv("\n", (char **) from_file->pdata);
        b = g_strjoinv("\n", (char **) from_service->pdata);
        g_assert_cmpstr(a, !=, "");
        g_assert_cmpstr(a, ==, b);
        g_assert_cmpstr(undocumented->str, ==, "");
}

static void check_schedule(Fixture *f) {
        FakeSystemd *s = fake_systemd_new(f->loop, f->private_bus);
        g_autoptr(sd_bus_message) m = NULL, made = NULL;

        g_assert_cmpint(sd_bus_message_new_method_call(f->root, &m, MSERVER_BUS_NAME, MSERVER_ROOT,
                                                       MSERVER_IFACE_MANAGER, "CreateSchedule"),
                        >=, 0);
        g_assert_cmpint(sd_bus_message_append(m, "ssssa{sv}a{sv}", "x", "daily", "all", "status", 0, 0), >=,
                        0);
        made = call_end(message_begin(f->loop, f->root, m));
        assert_reply_error(made, NULL, NULL);
        check(f, MSERVER_SCHEDULE_ROOT "/x", MSERVER_IFACE_SCHEDULE);
        fake_systemd_free(s);
}

static void test_equal(Fixture *f, const void *data) {
        FakeAgent *agent = fake_agent_new(&f->server, "a.b");
        g_autofree char *id = fixture_send(f, "a.b");
        g_autofree char *path = g_strconcat(MSERVER_COMMAND_ROOT "/", id, NULL);
        g_autoptr(sd_bus_message) m = fixture_command(f, f->root, "Broadcast", "all", "status", NULL, NULL);
        const char *batch, *batch_path;

        assert_reply_error(m, NULL, NULL);
        g_assert_cmpint(sd_bus_message_read(m, "so", &batch, &batch_path), >, 0);
        check(f, MSERVER_ROOT, MSERVER_IFACE_MANAGER);
        check(f, MSERVER_CLIENT_ROOT "/a_2eb", MSERVER_IFACE_CLIENT);
        check_schedule(f);
        check(f, path, MSERVER_IFACE_COMMAND);
        check(f, batch_path, MSERVER_IFACE_BATCH);
        fake_agent_free(agent);
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        fixture_add("/bus/xml/equal", test_equal);
        return g_test_run();
}
