/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The audit trail against a journald of our own: what arrives, in which order, and what is said when it does
 * not. The real journald is the lab's. */
#include "audit-fixture.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>

#include "limits.h"
#include "mount-namespace.h"
#include "names.h"

/* A value with line breaks travels with its length in front. */
static void assert_binary_field(Fixture *f, unsigned datagram, const char *field, const char *value) {
        g_autoptr(GString) encoded = g_string_new(field);
        guint64 length = GUINT64_TO_LE(strlen(value));
        gsize size;
        const char *data = g_bytes_get_data(g_ptr_array_index(f->received, datagram), &size);

        g_string_append_c(encoded, '\n');
        g_string_append_len(encoded, (const char *) &length, sizeof(length));
        g_string_append(encoded, value);
        g_string_append_c(encoded, '\n');
        g_assert_nonnull(memmem(data, size, encoded->str, encoded->len));
}

static void test_fields(Fixture *f, gconstpointer data) {
        AuditEntry *e;

        if (skip_without_namespace())
                return;
        start_reading(f);
        e = audit_entry_new("command-finished", MESSAGE_ID_COMMAND_FINISHED, LOG_NOTICE);
        audit_entry_add(e, "MSERVER_CLIENT", "seoul-1");
        audit_entry_add(e, "MSERVER_CONTAINER", NULL);
        audit_entry_add(e, "MSERVER_ERROR", "one\ntwo");
        audit_entry_add_number(e, "MSERVER_DURATION_USEC", 42);
        audit_entry_message(e, "%s: it is %s", "seoul-1", "done");
        audit_submit(f->audit, e, on_done, f);
        g_assert_cmpuint(f->finished, ==, 0);
        run_until(f, 1, FIRST + 1);

        g_assert_cmpuint(f->finished, ==, 1);
        g_assert_true(has_field(f, FIRST, "SYSLOG_IDENTIFIER=mserver\n"));
        g_assert_true(has_field(f, FIRST, "\nMSERVER_EVENT=command-finished\n"));
        g_assert_true(has_field(f, FIRST, "\nMESSAGE_ID=" MESSAGE_ID_COMMAND_FINISHED "\n"));
        g_assert_true(has_field(f, FIRST, "\nPRIORITY=5\n"));
        g_assert_true(has_field(f, FIRST, "\nMSERVER_CLIENT=seoul-1\n"));
        g_assert_true(has_field(f, FIRST, "\nMSERVER_DURATION_USEC=42\n"));
        g_assert_true(has_field(f, FIRST, "\nMESSAGE=seoul-1: it is done\n"));
        assert_binary_field(f, FIRST, "MSERVER_ERROR", "one\ntwo");
        g_assert_false(has_field(f, FIRST, "MSERVER_CONTAINER"));
        g_assert_false(has_field(f, FIRST, "CODE_FILE"));
}

/* A value beyond the bound is cut between two characters, and says so. */
static void test_long_value(Fixture *f, gconstpointer data) {
        g_autofree char *start = g_strnfill(AUDIT_VALUE_MAX - 1, 'x');
        g_autofree char *fits = g_strconcat(start, "y", NULL), *too_long = g_strconcat(start, "서울", NULL);
        g_autofree char *expected = g_strconcat("\nMSERVER_PARAMS=", start, " [cut]\n", NULL);
        g_autofree char *whole = g_strconcat("\nMSERVER_ERROR=", fits, "\n", NULL);
        g_autofree char *formatted = g_strconcat("\nMSERVER_REASON=", fits, "\n", NULL);
        AuditEntry *e = audit_entry_new("command-requested", MESSAGE_ID_COMMAND_REQUESTED, LOG_INFO);

        audit_entry_add(e, "MSERVER_PARAMS", too_long);
        audit_entry_add(e, "MSERVER_ERROR", fits);
        audit_entry_addf(e, "MSERVER_REASON", "%s", fits);
        audit_entry_add(e, "MSERVER_STATUS", "after");
        if (skip_without_namespace()) {
                audit_entry_free(e);
                return;
        }
        start_reading(f);
        audit_submit(f->audit, e, NULL, NULL);
        run_until(f, 0, FIRST + 1);
        g_assert_true(has_field(f, FIRST, expected));
        g_assert_true(has_field(f, FIRST, whole));
        g_assert_true(has_field(f, FIRST, formatted));
        g_assert_true(has_field(f, FIRST, "\nMSERVER_STATUS=after\n"));
}

static void on_done_in_order(bool handed_over, void *userdata) {
        static unsigned next;
        unsigned *number = userdata;

        g_assert_true(handed_over);
        g_assert_cmpuint(*number, ==, next++);
}

static void test_order(Fixture *f, gconstpointer data) {
        unsigned numbers[1000];

        if (skip_without_namespace())
                return;
        start_reading(f);
        for (unsigned i = 0; i < G_N_ELEMENTS(numbers); i++) {
                numbers[i] = i;
                audit_submit(f->audit, numbered_entry(i), on_done_in_order, &numbers[i]);
        }
        audit_submit(f->audit, numbered_entry(1000), on_done, f);
        run_until(f, 1, FIRST + 1001);
        for (unsigned i = 0; i <= 1000; i++) {
                g_autofree char *field = g_strdup_printf("\nMSERVER_CLIENT=client-%u\n", i);

                g_assert_true(has_field(f, FIRST + i, field));
        }
        g_assert_cmpuint(audit_count(f->audit), ==, 1001);
}

/* journald is behind: the loop goes on, what exceeds the bound is refused at once, and all that was taken
 * arrives when journald is back. */
static void test_back_pressure(Fixture *f, gconstpointer data) {
        const unsigned surplus = 3;

        if (skip_without_namespace())
                return;
        for (unsigned i = 0; i < AUDIT_QUEUE_MAX - FIRST + surplus; i++)
                audit_submit(f->audit, numbered_entry(i), on_done, f);
        g_assert_cmpuint(f->refused, ==, 0);
        g_assert_cmpuint(audit_queue_depth(f->audit), ==, AUDIT_QUEUE_MAX);
        while (f->refused < surplus)
                uv_run(loop_uv(f->loop), UV_RUN_ONCE);

        start_reading(f);
        run_until(f, AUDIT_QUEUE_MAX - FIRST + surplus, AUDIT_QUEUE_MAX);
        g_assert_cmpuint(f->refused, ==, surplus);
        g_assert_cmpuint(audit_count(f->audit), ==, AUDIT_QUEUE_MAX - FIRST);
        g_assert_cmpuint(audit_queue_depth(f->audit), ==, 0);
}

/* Freed while entries wait: they arrive, and the callbacks come from audit_free(). */
static void test_free(Fixture *f, gconstpointer data) {
        if (skip_without_namespace())
                return;
        for (unsigned i = 0; i < 5; i++) /* few enough for the socket to hold */
                audit_submit(f->audit, numbered_entry(i), on_done, f);
        f->audit = audit_free(f->audit);
        g_assert_cmpuint(f->finished, ==, 5);
        start_reading(f);
        f->expected = 5;
        f->expected_received = FIRST + 5;
        loop_run(f->loop);
}

/* There are no journal files to look into: it is written. The lab has a journald that writes some. */
static void test_once(Fixture *f, gconstpointer data) {
        AuditEntry *e;

        if (skip_without_namespace())
                return;
        start_reading(f);
        e = audit_entry_new("command-finished", MESSAGE_ID_COMMAND_FINISHED, LOG_NOTICE);
        audit_entry_add(e, "MSERVER_CLIENT", "seoul-1");
        audit_entry_add(e, "MSERVER_COMMAND_ID", "cmd_1795406712331_4821");
        audit_entry_once(e);
        audit_submit(f->audit, e, on_done, f);
        run_until(f, 1, FIRST + 1);
        g_assert_cmpuint(f->finished, ==, 1);
        g_assert_true(has_field(f, FIRST, "\nMSERVER_COMMAND_ID=cmd_1795406712331_4821\n"));
}

static void test_no_journal(Fixture *f, gconstpointer data) {
        if (skip_without_namespace())
                return;
        audit_submit(f->audit, numbered_entry(1), on_done, f);
        run_until(f, 1, 0);
        g_assert_cmpuint(f->refused, ==, 1);
}

/* A socket file with nobody behind it. */
static void test_dead_journal(Fixture *f, gconstpointer data) {
        if (skip_without_namespace())
                return;
        close(listen_as_journald());
        audit_submit(f->audit, numbered_entry(1), on_done, f);
        run_until(f, 1, 0);
        g_assert_cmpuint(f->refused, ==, 1);
        unlink(JOURNAL_SOCKET);
}

static void test_echo(Fixture *f, gconstpointer data) {
        AuditEntry *quiet;
        int pipe_fds[2], old_stderr;
        char text[256];
        ssize_t n;

        if (skip_without_namespace())
                return;
        audit_free(f->audit);
        f->audit = audit_new(f->loop, true, NULL);
        fixture_resume(f, 0, true);
        g_assert_cmpint(pipe2(pipe_fds, O_CLOEXEC), ==, 0);
        old_stderr = dup(STDERR_FILENO);
        g_assert_cmpint(dup2(pipe_fds[1], STDERR_FILENO), ==, STDERR_FILENO);

        audit_submit(f->audit, numbered_entry(1), on_done, f);
        quiet = audit_entry_new("client-online", MESSAGE_ID_CLIENT_ONLINE, LOG_INFO);
        audit_entry_add(quiet, "MSERVER_CLIENT", "no message");
        audit_submit(f->audit, quiet, on_done, f);
        audit_submit(f->audit, numbered_entry(2), on_done, f);
        run_until(f, 3, 0);

        g_assert_cmpint(dup2(old_stderr, STDERR_FILENO), ==, STDERR_FILENO);
        close(old_stderr);
        close(pipe_fds[1]);
        n = read(pipe_fds[0], text, sizeof(text) - 1);
        g_assert_cmpint(n, >, 0);
        text[n] = '\0';
        close(pipe_fds[0]);
        g_assert_cmpstr(text, ==, "client-1 is online\nclient-2 is online\n");
        g_assert_cmpuint(f->finished, ==, 2);
        g_assert_cmpuint(f->refused, ==, 1);
}

static pid_t start_reader_process(int fd) {
        char buffer[4096];
        pid_t pid = fork();

        g_assert_cmpint(pid, >=, 0);
        if (pid == 0)
                for (;;)
                        (void) !recv(fd, buffer, sizeof(buffer), 0);
        return pid;
}

static void submit_like_a_command(Audit *a, AuditDone done, void *userdata) {
        AuditEntry *e = audit_entry_new("command-requested", MESSAGE_ID_COMMAND_REQUESTED, LOG_INFO);

        audit_entry_add(e, "MSERVER_CLIENT", "seoul-1");
        audit_entry_add(e, "MSERVER_COMMAND", "restart");
        audit_entry_add(e, "MSERVER_COMMAND_ID", "cmd_1795406712331_4821");
        audit_entry_add(e, "MSERVER_CONTAINER", "3node0");
        audit_entry_add(e, "MSERVER_PARAMS", "{\"container\":\"3node0\",\"timeout\":300}");
        audit_entry_add_number(e, "MSERVER_CALLER_UID", 1000);
        audit_entry_add_number(e, "MSERVER_CALLER_OWNER_UID", 1000);
        audit_entry_add_number(e, "MSERVER_CALLER_PID", 4711);
        audit_entry_add(e, "MSERVER_CALLER_EXE", "/usr/bin/mserverctl");
        audit_entry_message(e, "%s: %s %s requested by uid %u", "seoul-1", "restart", "3node0", 1000u);
        audit_submit(a, e, done, userdata);
}

static void test_cost(Fixture *f, gconstpointer data) {
        const unsigned count = 20000;
        struct timespec start, end;
        pid_t reader;
        double cpu;

        if (skip_without_namespace())
                return;
        reader = start_reader_process(f->journal);
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &start);
        for (unsigned i = 0; i < count; i++)
                submit_like_a_command(f->audit, on_done, f);
        run_until(f, count, 0);
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
        cpu = (double) (end.tv_sec - start.tv_sec) * 1e6 + (double) (end.tv_nsec - start.tv_nsec) / 1e3;
        g_test_minimized_result(cpu / count, "%.1f us of CPU an entry", cpu / count);

        kill(reader, SIGKILL);
        waitpid(reader, NULL, 0);
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        audit_fixture_prepare();
        ADD("fields", JOURNAL, test_fields);
        ADD("long-value", JOURNAL, test_long_value);
        ADD("order", JOURNAL, test_order);
        ADD("back-pressure", JOURNAL, test_back_pressure);
        ADD("free", JOURNAL, test_free);
        ADD("once", JOURNAL, test_once);
        ADD("no-journal", NO_JOURNAL, test_no_journal);
        ADD("dead-journal", NO_JOURNAL, test_dead_journal);
        ADD("echo", NO_JOURNAL, test_echo);
        if (g_test_perf())
                ADD("cost", JOURNAL, test_cost);
        return g_test_run();
}
