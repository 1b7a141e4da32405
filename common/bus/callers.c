/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who calls: the user and the process behind a unique name. */
#include "callers.h"

#include <inttypes.h>
#include <stdint.h>
#include <string.h>
#include <systemd/sd-login.h>
#include <unistd.h>

#include "error.h"
#include "limits.h"

typedef struct Waiter {
        CallerFound found;
        void *userdata;
} Waiter;

typedef struct Entry {
        Callers *callers;
        char *sender;
        Caller caller;
        bool known;
        GArray *waiters;   /* Waiter, until the caller is known */
        sd_bus_slot *slot; /* the question to the bus driver */
        GList link;        /* in order, once known */
} Entry;

struct Callers {
        sd_bus *bus;
        GHashTable *entries; /* sender to Entry */
        GQueue order;        /* known ones, latest used first */
};

static void entry_free(void *p) {
        Entry *e = p;

        if (e->known)
                g_queue_unlink(&e->callers->order, &e->link);
        g_clear_pointer(&e->waiters, g_array_unref);
        sd_bus_slot_unref(e->slot);
        caller_clear(&e->caller);
        g_free(e->sender);
        g_free(e);
}

Callers *callers_new(sd_bus *bus) {
        Callers *c = g_new0(Callers, 1);

        c->bus = sd_bus_ref(bus);
        c->entries = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, entry_free);
        g_queue_init(&c->order);
        return c;
}

static void tell(GArray *waiters, const Caller *caller, const GError *error) {
        for (guint i = 0; i < waiters->len; i++) {
                Waiter w = g_array_index(waiters, Waiter, i);

                w.found(caller, error, w.userdata);
        }
}

Callers *callers_free(Callers *c) {
        g_autoptr(GError) error = NULL;
        GHashTableIter i;
        void *p;

        if (!c)
                return NULL;
        (void) fleet_fail(&error, FLEET_ERROR_UNAVAILABLE, "The connection to the bus has ended");
        g_hash_table_iter_init(&i, c->entries);
        while (g_hash_table_iter_next(&i, NULL, &p)) {
                Entry *e = p;

                if (e->waiters)
                        tell(e->waiters, NULL, error);
        }
        g_hash_table_unref(c->entries);
        sd_bus_unref(c->bus);
        g_free(c);
        return NULL;
}

/* The program behind a process: its path, or its name where the path may not be read (proc(5): that takes
 * the right to trace it). New string, NULL where the process has gone. */
static char *read_exe(int32_t pid) {
        g_autofree char *link = g_strdup_printf("/proc/%" PRIi32 "/exe", pid),
                        *comm = g_strdup_printf("/proc/%" PRIi32 "/comm", pid);
        char *name = g_file_read_link(link, NULL);

        if (name)
                return name;
        if (!g_file_get_contents(comm, &name, NULL, NULL))
                return NULL;
        return g_strchomp(name);
}

/* The answer's a{sv}; keys we do not know are skipped. */
static int read_credentials(sd_bus_message *m, Caller *ret) {
        const char *key;
        int r;

        r = sd_bus_message_enter_container(m, 'a', "{sv}");
        if (r < 0)
                return r;
        while ((r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
                uint32_t pid;

                r = sd_bus_message_read(m, "s", &key);
                if (r < 0)
                        return r;
                if (strcmp(key, "UnixUserID") == 0)
                        r = sd_bus_message_read(m, "v", "u", &ret->uid);
                else if (strcmp(key, "ProcessID") == 0) {
                        r = sd_bus_message_read(m, "v", "u", &pid);
                        if (r >= 0 && pid <= INT32_MAX)
                                ret->pid = (int32_t) pid;
                } else
                        r = sd_bus_message_skip(m, "v");
                if (r < 0)
                        return r;
                r = sd_bus_message_exit_container(m);
                if (r < 0)
                        return r;
        }
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

static bool identify(sd_bus_message *m, Caller *ret, GError **error) {
        const sd_bus_error *failed = sd_bus_message_get_error(m);
        Caller caller = { .uid = UINT32_MAX, .owner_uid = UINT32_MAX };
        uid_t owner;
        int r;

        if (failed)
                return fleet_fail(error, FLEET_ERROR_ACCESS_DENIED, "The bus does not say who calls: %s",
                                  failed->message ?: failed->name);
        r = read_credentials(m, &caller);
        if (r < 0)
                return fleet_fail_errno(error, FLEET_ERROR_ACCESS_DENIED, r,
                                        "The bus does not say who calls");
        if (caller.uid == UINT32_MAX)
                return fleet_fail(error, FLEET_ERROR_ACCESS_DENIED,
                                  "The bus does not know the caller's user id");
        if (caller.pid > 0) {
                if (sd_pid_get_owner_uid(caller.pid, &owner) >= 0)
                        caller.owner_uid = owner;
                caller.exe = read_exe(caller.pid);
        }
        *ret = caller;
        return true;
}

static void remember(Callers *c, Entry *e) {
        e->known = true;
        e->link.data = e;
        g_queue_push_head_link(&c->order, &e->link);
        while (c->order.length > CALLERS_REMEMBERED_MAX) {
                Entry *oldest = g_queue_peek_tail(&c->order);

                g_hash_table_remove(c->entries, oldest->sender);
        }
}

static int on_credentials(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        Entry *e = userdata;
        g_autoptr(GArray) waiters = g_steal_pointer(&e->waiters);
        g_autoptr(GError) error = NULL;

        e->slot = sd_bus_slot_unref(e->slot);
        if (identify(m, &e->caller, &error)) {
                remember(e->callers, e);
                tell(waiters, &e->caller, NULL);
        } else {
                g_hash_table_remove(e->callers->entries, e->sender);
                tell(waiters, NULL, error);
        }
        return 0;
}

static int ask(Callers *c, Entry *e) {
        return sd_bus_call_method_async(c->bus, &e->slot, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                                        "org.freedesktop.DBus", "GetConnectionCredentials", on_credentials,
                                        e, "s", e->sender);
}

void callers_find(Callers *c, const char *sender, CallerFound found, void *userdata) {
        Entry *e = g_hash_table_lookup(c->entries, sender);
        Waiter w = { found, userdata };
        int r;

        if (e && e->known) {
                g_queue_unlink(&c->order, &e->link);
                g_queue_push_head_link(&c->order, &e->link);
                found(&e->caller, NULL, userdata);
                return;
        }
        if (!e) {
                e = g_new0(Entry, 1);
                e->callers = c;
                e->sender = g_strdup(sender);
                e->waiters = g_array_new(false, false, sizeof(Waiter));
                g_hash_table_insert(c->entries, e->sender, e);
                r = ask(c, e);
                if (r < 0) {
                        g_autoptr(GError) error = NULL;

                        (void) fleet_fail_errno(&error, FLEET_ERROR_ACCESS_DENIED, r,
                                                "Cannot ask the bus who calls");
                        g_hash_table_remove(c->entries, sender);
                        found(NULL, error, userdata);
                        return;
                }
        }
        g_array_append_val(e->waiters, w);
}

bool caller_charge(UidCount *waiting, const Caller *caller, unsigned max, GError **error) {
        unsigned n = uid_count_of(waiting, caller->uid);

        if (n >= max && caller->uid != 0)
                return fleet_fail(error, FLEET_ERROR_LIMIT_EXCEEDED,
                                  "%u calls of user %u wait for their answers: expected fewer, try later", n,
                                  caller->uid);
        uid_count_change(waiting, caller->uid, 1);
        return true;
}
