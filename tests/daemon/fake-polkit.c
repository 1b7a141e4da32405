/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A polkit authority that answers what the test wants. */
#include "fake-polkit.h"

#include <string.h>

struct FakePolkit {
        Loop *loop;
        sd_bus *bus;
        GHashTable *answers; /* action to answer; "": all others */
        GPtrArray *held;     /* messages */
        GPtrArray *held_ids; /* their cancellation ids */
        GString *log;
};

static void answer_call(sd_bus_message *m, const char *answer) {
        if (strcmp(answer, "fail") == 0)
                g_assert_cmpint(sd_bus_reply_method_errorf(m, "org.freedesktop.PolicyKit1.Error.Failed",
                                                           "out of order"),
                                >=, 0);
        else if (strcmp(answer, "dismissed") == 0)
                g_assert_cmpint(sd_bus_reply_method_return(m, "(bba{ss})", false, true, 1,
                                                           "polkit.dismissed", "true"),
                                >=, 0);
        else
                g_assert_cmpint(sd_bus_reply_method_return(m, "(bba{ss})", strcmp(answer, "yes") == 0,
                                                           strcmp(answer, "challenge") == 0, 0),
                                >=, 0);
}

static int on_check(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        FakePolkit *p = userdata;
        const char *kind, *key, *name, *action, *value, *answer, *id;
        uint32_t flags;

        g_assert_cmpint(sd_bus_message_read(m, "(sa{sv})s", &kind, 1, &key, "s", &name, &action), >, 0);
        g_assert_cmpstr(kind, ==, "system-bus-name");
        g_assert_cmpstr(key, ==, "name");
        g_assert_cmpint(name[0], ==, ':');
        g_string_append(p->log, action);
        g_assert_cmpint(sd_bus_message_enter_container(m, 'a', "{ss}"), >, 0);
        while (sd_bus_message_read(m, "{ss}", &key, &value) > 0)
                g_string_append_printf(p->log, " %s=%s", key, value);
        g_assert_cmpint(sd_bus_message_exit_container(m), >=, 0);
        g_assert_cmpint(sd_bus_message_read(m, "us", &flags, &id), >, 0);
        g_string_append(p->log, flags & 1 ? " interactive\n" : "\n");

        answer = g_hash_table_lookup(p->answers, action) ?: g_hash_table_lookup(p->answers, "");
        if (strcmp(answer, "hold") == 0) {
                g_ptr_array_add(p->held, sd_bus_message_ref(m));
                g_ptr_array_add(p->held_ids, g_strdup(id));
                something_happened(p->loop);
        } else
                answer_call(m, answer);
        return 1;
}

static int on_cancel(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        FakePolkit *p = userdata;
        const char *id;
        unsigned i;

        g_assert_cmpint(sd_bus_message_read(m, "s", &id), >, 0);
        g_assert_true(g_ptr_array_find_with_equal_func(p->held_ids, id, g_str_equal, &i));
        (void) sd_bus_reply_method_errorf(g_ptr_array_index(p->held, i),
                                          "org.freedesktop.PolicyKit1.Error.Cancelled", "cancelled");
        g_ptr_array_remove_index(p->held, i);
        g_ptr_array_remove_index(p->held_ids, i);
        g_string_append(p->log, "cancelled\n");
        something_happened(p->loop);
        return sd_bus_reply_method_return(m, NULL);
}

static const sd_bus_vtable vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD("CheckAuthorization", "(sa{sv})sa{ss}us", "(bba{ss})", on_check,
                      SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("CancelCheckAuthorization", "s", NULL, on_cancel, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_SIGNAL("Changed", NULL, 0),
        SD_BUS_VTABLE_END,
};

FakePolkit *fake_polkit_new(Loop *l, PrivateBus *b) {
        FakePolkit *p = g_new0(FakePolkit, 1);

        p->loop = l;
        p->bus = private_bus_connect(b, geteuid());
        p->answers = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
        p->held = g_ptr_array_new_with_free_func((GDestroyNotify) sd_bus_message_unref);
        p->held_ids = g_ptr_array_new_with_free_func(g_free);
        p->log = g_string_new(NULL);
        fake_polkit_say(p, NULL, "no");
        g_assert_cmpint(sd_bus_add_object_vtable(p->bus, NULL, "/org/freedesktop/PolicyKit1/Authority",
                                                 "org.freedesktop.PolicyKit1.Authority", vtable, p),
                        >=, 0);
        g_assert_cmpint(sd_bus_request_name(p->bus, "org.freedesktop.PolicyKit1", 0), >=, 0);
        return p;
}

FakePolkit *fake_polkit_free(FakePolkit *p) {
        if (!p)
                return NULL;
        g_ptr_array_unref(p->held);
        g_ptr_array_unref(p->held_ids);
        g_hash_table_unref(p->answers);
        g_string_free(p->log, true);
        private_bus_disconnect(p->bus);
        g_free(p);
        return NULL;
}

void fake_polkit_say(FakePolkit *p, const char *action, const char *answer) {
        g_hash_table_insert(p->answers, g_strdup(action ?: ""), g_strdup(answer));
}

void fake_polkit_release(FakePolkit *p, const char *answer) {
        for (guint i = 0; i < p->held->len; i++)
                answer_call(g_ptr_array_index(p->held, i), answer);
        g_ptr_array_set_size(p->held, 0);
        g_ptr_array_set_size(p->held_ids, 0);
}

unsigned fake_polkit_held(const FakePolkit *p) {
        return p->held->len;
}

void fake_polkit_changed(FakePolkit *p) {
        g_assert_cmpint(sd_bus_emit_signal(p->bus, "/org/freedesktop/PolicyKit1/Authority",
                                           "org.freedesktop.PolicyKit1.Authority", "Changed", NULL),
                        >=, 0);
}

char *fake_polkit_take_log(FakePolkit *p) {
        char *text = g_strdup(p->log->str);

        g_string_truncate(p->log, 0);
        return text;
}
