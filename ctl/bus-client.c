/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The connection to mserver: calls that wait for their answer, signals, and Ctrl-C while waiting. */
#include "bus-client.h"

#include <errno.h>
#include <glib/gi18n.h>
#include <poll.h>
#include <signal.h>

#include "bus-error.h"
#include "bus-json.h"
#include "error.h"
#include "limits.h"
#include "names.h"
#include "polkit-agent.h"

/* Longer than a person may take to type a password: the service gives up first, and says so. */
#define CALL_TIMEOUT_USEC (POLKIT_TIMEOUT_USEC + 30ull * 1000000)
#define TOGETHER 32 /* calls under way at a time: more gain nothing */

struct BusClient {
        sd_event *event;
        sd_bus *bus;
        PolkitAgent *agent;
        BusClientFlags flags;
        unsigned catching, interrupts, patience;
        sd_event_source *signals[3];
};

BusClient *bus_client_free(BusClient *c) {
        if (!c)
                return NULL;
        for (unsigned i = 0; i < G_N_ELEMENTS(c->signals); i++)
                (void) sd_event_source_disable_unref(c->signals[i]);
        (void) polkit_agent_close(c->agent);
        if (c->bus)
                (void) sd_bus_detach_event(c->bus);
        (void) sd_bus_flush_close_unref(c->bus);
        (void) sd_event_unref(c->event);
        g_free(c);
        return NULL;
}

static int open_bus(const BusPlace *place, sd_bus **ret) {
        if (place->host)
                return sd_bus_open_system_remote(ret, place->host);
        if (place->machine)
                return sd_bus_open_system_machine(ret, place->machine);
        return sd_bus_open_system(ret);
}

BusClient *bus_client_open(const BusPlace *place, BusClientFlags flags, GError **error) {
        g_autoptr(BusClient) c = g_new0(BusClient, 1);
        const char *name;
        int r;

        c->flags = flags;
        r = open_bus(place, &c->bus);
        /* The bus gives out the name: with it, it is sure to be there, at the other end of ssh too. */
        if (r >= 0)
                r = sd_bus_get_unique_name(c->bus, &name);
        if (r >= 0)
                r = sd_event_new(&c->event);
        if (r >= 0)
                r = sd_bus_attach_event(c->bus, c->event, SD_EVENT_PRIORITY_NORMAL);
        if (r >= 0)
                r = sd_bus_set_method_call_timeout(c->bus, CALL_TIMEOUT_USEC);
        if (r < 0) {
                (void) bus_fail_open(error, r, place->host, place->machine);
                return NULL;
        }
        if ((flags & BUS_CLIENT_ASK_PASSWORD) && !place->host && !place->machine)
                c->agent = polkit_agent_open();
        return g_steal_pointer(&c);
}

sd_bus *bus_client_bus(BusClient *c) {
        return c->bus;
}

sd_event *bus_client_event(BusClient *c) {
        return c->event;
}

bool bus_client_is_open(BusClient *c) {
        return sd_bus_is_open(c->bus) > 0;
}

char *bus_client_path(const char *client) {
        char *path = NULL; /* malloc()'s and GLib's memory are the same since GLib 2.46 */

        if (sd_bus_path_encode(MSERVER_CLIENT_ROOT, client, &path) < 0)
                g_error("no memory for an object path");
        return path;
}

sd_bus_message *bus_client_message(BusClient *c, const char *path, const char *interface, const char *member,
                                   GError **error) {
        sd_bus_message *m = NULL;
        int r = sd_bus_message_new_method_call(c->bus, &m, MSERVER_BUS_NAME, path, interface, member);

        if (r >= 0)
                r = sd_bus_message_set_allow_interactive_authorization(
                                m, (c->flags & BUS_CLIENT_ASK_PASSWORD) != 0);
        if (r >= 0)
                r = sd_bus_message_set_auto_start(m, (c->flags & BUS_CLIENT_AUTO_START) != 0);
        if (r < 0) {
                sd_bus_message_unref(m);
                (void) bus_fail_errno(error, r);
                return NULL;
        }
        return m;
}

static int on_reply(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        sd_bus_message **reply = userdata;

        *reply = sd_bus_message_ref(m);
        return 0;
}

static bool wait_turn(BusClient *c, GError **error) {
        if (c->interrupts > c->patience)
                return fleet_fail(error, FLEET_ERROR_FAILED, _("interrupted"));
        return bus_client_turn(c, error);
}

static bool wait_for(BusClient *c, sd_bus_message *const *reply, GError **error) {
        while (!*reply)
                if (!wait_turn(c, error))
                        return false;
        return true;
}

bool bus_client_check_answer(sd_bus_message *reply, GError **error) {
        const sd_bus_error *e = sd_bus_message_get_error(reply);

        return e ? bus_fail(error, e->name, e->message) : true;
}

sd_bus_message *bus_client_send(BusClient *c, sd_bus_message *request, GError **error) {
        g_autoptr(sd_bus_message) m = request, reply = NULL;
        g_autoptr(sd_bus_slot) slot = NULL;
        bool answered = false;
        int r;

        if (c->flags & BUS_CLIENT_SURVIVE)
                bus_client_catch_interrupts(c, 0, false);
        r = sd_bus_call_async(c->bus, &slot, m, on_reply, &reply, 0);
        if (r >= 0)
                answered = wait_for(c, &reply, error);
        else
                (void) bus_fail_errno(error, r);
        if (c->flags & BUS_CLIENT_SURVIVE)
                bus_client_release_interrupts(c);

        return answered && bus_client_check_answer(reply, error) ? g_steal_pointer(&reply) : NULL;
}

sd_bus_message *bus_client_send_for_id(BusClient *c, sd_bus_message *request, const char **ret_id,
                                       const char **ret_path, GError **error) {
        g_autoptr(sd_bus_message) reply = bus_client_send(c, request, error);
        const char *id, *path;
        int r;

        if (!reply)
                return NULL;
        r = sd_bus_message_read(reply, "so", &id, &path);
        if (r < 0) {
                (void) bus_fail_errno(error, r);
                return NULL;
        }
        *ret_id = id;
        *ret_path = path;
        return g_steal_pointer(&reply);
}

/* One of many calls that are under way together. */
typedef struct Answer {
        sd_bus_slot *slot;
        sd_bus_message *reply; /* NULL until it is there */
        unsigned *answered;    /* how many are */
} Answer;

static int on_answer(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Answer *a = userdata;

        a->reply = sd_bus_message_ref(m);
        ++*a->answered;
        return 0;
}

static bool send_together(BusClient *c, GPtrArray *requests, Answer *answers, unsigned *answered,
                          GError **error) {
        unsigned sent = 0;

        while (*answered < requests->len) {
                int r;

                if (sent == requests->len || sent - *answered >= TOGETHER) {
                        if (!wait_turn(c, error))
                                return false;
                        continue;
                }
                answers[sent].answered = answered;
                r = sd_bus_call_async(c->bus, &answers[sent].slot, requests->pdata[sent], on_answer,
                                      &answers[sent], 0);
                if (r < 0)
                        return bus_fail_errno(error, r);
                sent++;
        }
        return true;
}

static void unref_message(gpointer m) {
        sd_bus_message_unref(m);
}

GPtrArray *bus_client_send_all(BusClient *c, GPtrArray *requests, GError **error) {
        g_autoptr(GPtrArray) replies = g_ptr_array_new_with_free_func(unref_message);
        g_autofree Answer *answers = g_new0(Answer, requests->len);
        unsigned answered = 0;
        bool ok;

        if (c->flags & BUS_CLIENT_SURVIVE)
                bus_client_catch_interrupts(c, 0, false);
        ok = send_together(c, requests, answers, &answered, error);
        if (c->flags & BUS_CLIENT_SURVIVE)
                bus_client_release_interrupts(c);
        for (unsigned i = 0; i < requests->len; i++) {
                sd_bus_slot_unref(answers[i].slot);
                g_ptr_array_add(replies, answers[i].reply);
        }
        return ok ? g_steal_pointer(&replies) : NULL;
}

static sd_bus_message *make_request(BusClient *c, const char *member, json_object *const *dicts, unsigned n,
                                    GError **error, const char *types, va_list ap) {
        g_autoptr(sd_bus_message) m =
                        bus_client_message(c, MSERVER_ROOT, MSERVER_IFACE_MANAGER, member, error);
        int r = 0;

        if (!m)
                return NULL;
        if (types)
                r = sd_bus_message_appendv(m, types, ap);
        for (unsigned i = 0; r >= 0 && i < n; i++)
                r = bus_append_dict(m, dicts[i]);
        if (r < 0) {
                (void) bus_fail_errno(error, r);
                return NULL;
        }
        return g_steal_pointer(&m);
}

sd_bus_message *bus_client_request(BusClient *c, const char *member, json_object *const *dicts, unsigned n,
                                   GError **error, const char *types, ...) {
        sd_bus_message *m;
        va_list ap;

        va_start(ap, types);
        m = make_request(c, member, dicts, n, error, types, ap);
        va_end(ap);
        return m;
}

sd_bus_message *bus_client_call(BusClient *c, const char *member, GError **error, const char *types, ...) {
        sd_bus_message *m;
        va_list ap;

        va_start(ap, types);
        m = make_request(c, member, NULL, 0, error, types, ap);
        va_end(ap);
        return m ? bus_client_send(c, m, error) : NULL;
}

sd_bus_message *bus_client_peek(BusClient *c, const char *member, const char *types, ...) {
        sd_bus_message *m;
        va_list ap;

        va_start(ap, types);
        m = make_request(c, member, NULL, 0, NULL, types, ap);
        va_end(ap);
        if (m)
                (void) sd_bus_message_set_allow_interactive_authorization(m, false);
        return m ? bus_client_send(c, m, NULL) : NULL;
}

sd_bus_message *bus_client_properties_request(BusClient *c, const char *path, const char *interface,
                                              GError **error) {
        g_autoptr(sd_bus_message) m =
                        bus_client_message(c, path, "org.freedesktop.DBus.Properties", "GetAll", error);
        int r;

        if (!m)
                return NULL;
        r = sd_bus_message_append(m, "s", interface);
        if (r < 0) {
                (void) bus_fail_errno(error, r);
                return NULL;
        }
        return g_steal_pointer(&m);
}

json_object *bus_client_properties_read(sd_bus_message *reply, GError **error) {
        json_object *properties = NULL;
        int r;

        if (!bus_client_check_answer(reply, error))
                return NULL;
        r = bus_read_json(reply, &properties);
        if (r < 0)
                (void) bus_fail_errno(error, r);
        return properties;
}

json_object *bus_client_properties(BusClient *c, const char *path, const char *interface, GError **error) {
        sd_bus_message *m = bus_client_properties_request(c, path, interface, error);
        g_autoptr(sd_bus_message) reply = m ? bus_client_send(c, m, error) : NULL;

        return reply ? bus_client_properties_read(reply, error) : NULL;
}

bool bus_client_turn(BusClient *c, GError **error) {
        int r;

        if (!bus_client_is_open(c))
                return bus_fail_errno(error, -ENOTCONN);
        r = sd_event_run(c->event, UINT64_MAX);
        return r < 0 ? bus_fail_errno(error, r) : true;
}

static int on_writable(sd_event_source *s, int fd, uint32_t revents, void *userdata) {
        *(bool *) userdata = true;
        return 0;
}

static int wait_writable(BusClient *c, int fd, uint64_t usec, bool *ret) {
        sd_event_source *source = NULL;
        int r;

        r = sd_event_add_io(c->event, &source, fd, EPOLLOUT, on_writable, ret);
        if (r >= 0)
                r = sd_event_run(c->event, usec);
        (void) sd_event_source_disable_unref(source);
        return r;
}

bool bus_client_wait_writable(BusClient *c, int fd, uint64_t usec) {
        struct pollfd poll_fd = { .fd = fd, .events = POLLOUT };
        bool ready = false;
        int r;

        if (poll(&poll_fd, 1, 0) != 0)
                return true;
        r = sd_bus_detach_event(c->bus);
        if (r >= 0)
                r = wait_writable(c, fd, usec, &ready);
        if (sd_bus_attach_event(c->bus, c->event, SD_EVENT_PRIORITY_NORMAL) < 0)
                g_error("no memory to go on");
        return ready || r < 0; /* where one cannot wait, writing does */
}

static int on_interrupt(sd_event_source *s, const struct signalfd_siginfo *info, void *userdata) {
        BusClient *c = userdata;

        c->interrupts++;
        return 0;
}

void bus_client_catch_interrupts(BusClient *c, unsigned patience, bool also_hangups) {
        static const int numbers[] = { SIGINT, SIGHUP, SIGTERM };
        unsigned n = also_hangups ? G_N_ELEMENTS(numbers) : 1;

        if (c->catching++ > 0)
                return;
        c->interrupts = 0;
        c->patience = patience;
        /* Where this fails the signal ends the program, as it does by default. */
        for (unsigned i = 0; i < n; i++)
                (void) sd_event_add_signal(c->event, &c->signals[i], numbers[i] | SD_EVENT_SIGNAL_PROCMASK,
                                           on_interrupt, c);
}

void bus_client_release_interrupts(BusClient *c) {
        g_assert(c->catching > 0);
        if (--c->catching > 0)
                return;
        for (unsigned i = 0; i < G_N_ELEMENTS(c->signals); i++)
                c->signals[i] = sd_event_source_disable_unref(c->signals[i]);
}

unsigned bus_client_interrupts(const BusClient *c) {
        return c->interrupts;
}
