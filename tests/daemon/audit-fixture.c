/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The audit trail against a journald of our own: see audit-fixture.h. */
#include "audit-fixture.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>

#include "audit-chain.h"
#include "mount-namespace.h"
#include "names.h"

#define DEADLINE_MS 60000

bool audit_fixture_private; /* /run/systemd/journal is ours: no journald of the host is near */

void audit_fixture_prepare(void) {
        audit_fixture_private = enter_mount_namespace() && mount_tmpfs("/run", 0) &&
                                mount_tmpfs("/var/log", 0) && mkdir("/run/systemd", 0755) == 0 &&
                                mkdir("/run/systemd/journal", 0755) == 0;
}

static void too_late(void *userdata) {
        g_error("not finished in time");
}

static void maybe_quit(Fixture *f) {
        if (f->finished + f->refused == f->expected && f->received->len >= f->expected_received)
                loop_quit(f->loop, 0);
}

static void journal_handler(uv_poll_t *h, int status, int events) {
        static char buffer[1024 * 1024];
        Fixture *f = h->data;
        ssize_t n;

        while ((n = recv(f->journal, buffer, sizeof(buffer), MSG_DONTWAIT)) >= 0)
                g_ptr_array_add(f->received, g_bytes_new(buffer, (size_t) n));
        maybe_quit(f);
}

static void free_handle(uv_handle_t *h) {
        g_free(h);
}

int listen_as_journald(void) {
        struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = JOURNAL_SOCKET };
        int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

        g_assert_cmpint(bind(fd, (struct sockaddr *) &address, sizeof(address)), ==, 0);
        return fd;
}

void start_reading(Fixture *f) {
        f->poll = g_new0(uv_poll_t, 1);
        f->poll->data = f;
        uv_poll_init(loop_uv(f->loop), f->poll, f->journal);
        uv_poll_start(f->poll, UV_READABLE, journal_handler);
}

void fixture_resume(Fixture *f, uint64_t seq, bool exact) {
        AuditStart start = { .head = { .seq = seq }, .exact = exact };

        memcpy(start.head.instance, INSTANCE, sizeof(INSTANCE));
        memcpy(start.head.hash, audit_genesis, sizeof(start.head.hash));
        audit_resume(f->audit, &start);
}

void fixture_setup(Fixture *f, gconstpointer with_journal) {
        f->loop = loop_new(NULL);
        f->deadline = loop_timer_new(f->loop, DEADLINE_MS, 0, too_late, NULL);
        f->received = g_ptr_array_new_with_free_func((GDestroyNotify) g_bytes_unref);
        f->journal = audit_fixture_private && with_journal ? listen_as_journald() : -1;
        f->audit = audit_new(f->loop, false, NULL);
        g_assert_nonnull(f->audit);
        fixture_resume(f, 0, true);
}

void fixture_teardown(Fixture *f, gconstpointer data) {
        audit_free(f->audit);
        if (f->poll)
                uv_close((uv_handle_t *) f->poll, free_handle);
        loop_timer_free(f->deadline);
        loop_free(f->loop);
        if (f->journal >= 0) {
                close(f->journal);
                unlink(JOURNAL_SOCKET);
        }
        g_ptr_array_unref(f->received);
}

bool skip_without_namespace(void) {
        if (!audit_fixture_private)
                g_test_skip("no mount namespace to be had here");
        return !audit_fixture_private;
}

void on_done(bool handed_over, void *userdata) {
        Fixture *f = userdata;

        if (handed_over)
                f->finished++;
        else
                f->refused++;
        maybe_quit(f);
}

/* Waits for count answers, and for received datagrams. */
void run_until(Fixture *f, unsigned count, unsigned received) {
        f->expected = count;
        f->expected_received = received;
        if (f->finished + f->refused < count || f->received->len < received)
                loop_run(f->loop);
        g_assert_cmpuint(f->finished + f->refused, ==, count);
}

AuditEntry *numbered_entry(unsigned number) {
        AuditEntry *e = audit_entry_new("client-online", MESSAGE_ID_CLIENT_ONLINE, LOG_INFO);

        audit_entry_addf(e, "MSERVER_CLIENT", "client-%u", number);
        audit_entry_message(e, "client-%u is online", number);
        return e;
}

bool has_field(Fixture *f, unsigned datagram, const char *field_line) {
        gsize size;
        const char *data = g_bytes_get_data(g_ptr_array_index(f->received, datagram), &size);

        return memmem(data, size, field_line, strlen(field_line)) != NULL;
}
