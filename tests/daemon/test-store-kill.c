/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the store has acknowledged is there after a kill -9 at any moment. */
#include <errno.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store.h"

#define ROUNDS 8
#define IN_FLIGHT 100
#define REPORTS_MAX 3000 /* before the kill */

/* What the victim says of a command, once it has been told so itself. */
typedef struct Report {
        unsigned round, number;
        bool advanced;
} Report;

typedef struct Victim {
        Loop *loop;
        Store *store;
        int report_fd;
        unsigned round, next;
} Victim;

typedef struct Job {
        Victim *victim;
        CommandRecord *record;
        Report report;
} Job;

static char *id_of(const Report *r) {
        return g_strdup_printf("cmd_%u_%04u", r->round, r->number);
}

static void report(const Job *j) {
        /* Less than PIPE_BUF: whole or not at all. */
        if (write(j->victim->report_fd, &j->report, sizeof(j->report)) != sizeof(j->report))
                _exit(1);
}

static void start_job(Victim *v);

static void on_advanced(StoreStatus status, void *userdata) {
        Job *j = userdata;

        if (status != STORE_OK)
                _exit(2);
        j->report.advanced = true;
        report(j);
        start_job(j->victim);
        command_record_free(j->record);
        g_free(j);
}

static void on_submitted(StoreStatus status, void *userdata) {
        Job *j = userdata;

        if (status != STORE_OK)
                _exit(3);
        report(j);
        command_record_advance(j->record, COMMAND_SUCCEEDED, "{}", NULL, 2);
        j->victim->store->ops->advance_command(j->victim->store->engine, j->record, on_advanced, j);
}

static void start_job(Victim *v) {
        Job *j = g_new0(Job, 1);
        g_autofree char *id = NULL;

        j->victim = v;
        j->report = (Report){ .round = v->round, .number = v->next++ };
        id = id_of(&j->report);
        j->record = command_record_new(id, "seoul-1", "restart");
        j->record->state = COMMAND_SENT;
        j->record->requested = 1;
        v->store->ops->submit_command(v->store->engine, j->record, on_submitted, j);
}

/* Works until it is killed. */
static G_NORETURN void be_the_victim(const char *path, unsigned round, int report_fd) {
        Victim v = { .round = round, .report_fd = report_fd };

        v.loop = loop_new(NULL);
        v.store = store_open_sqlite(v.loop, path, NULL);
        if (!v.store)
                _exit(4);
        for (unsigned i = 0; i < IN_FLIGHT; i++)
                start_job(&v);
        loop_run(v.loop);
        _exit(5);
}

static bool read_report(int fd, Report *ret) {
        ssize_t n;

        do
                n = read(fd, ret, sizeof(*ret));
        while (n < 0 && errno == EINTR);
        g_assert_true(n == 0 || n == sizeof(*ret));
        return n > 0;
}

/* Lets a victim work, kills it after some reports, and adds all that it got out. */
static void run_round(const char *path, unsigned round, GArray *reports) {
        int fds[2], status, wanted = g_test_rand_int_range(1, REPORTS_MAX);
        Report r;
        pid_t pid;

        g_assert_cmpint(pipe(fds), ==, 0);
        pid = fork();
        g_assert_cmpint(pid, >=, 0);
        if (pid == 0)
                be_the_victim(path, round, fds[1]);
        close(fds[1]);

        for (int i = 0; i < wanted && read_report(fds[0], &r); i++)
                g_array_append_val(reports, r);
        g_assert_cmpint(kill(pid, SIGKILL), ==, 0);
        while (read_report(fds[0], &r))
                g_array_append_val(reports, r);
        close(fds[0]);
        g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
        g_assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

typedef struct Check {
        const Report *report;
        unsigned *checked;
} Check;

static void check_row(StoreStatus status, GPtrArray *rows, void *userdata) {
        Check *c = userdata;
        const CommandRecord *r;

        g_assert_cmpint(status, ==, STORE_OK);
        g_assert_cmpuint(rows->len, ==, 1);
        r = g_ptr_array_index(rows, 0);
        if (c->report->advanced)
                g_assert_cmpint(r->state, ==, COMMAND_SUCCEEDED);
        (*c->checked)++;
        g_free(c);
}

static void check_all(const char *path, const GArray *reports) {
        g_autoptr(GError) error = NULL;
        g_autoptr(Loop) l = loop_new(NULL);
        Store *s = store_open_sqlite(l, path, &error);
        unsigned checked = 0;

        g_assert_no_error(error);
        for (unsigned i = 0; i < reports->len; i++) {
                Check *c = g_new0(Check, 1);
                g_autofree char *id = NULL;

                *c = (Check){ &g_array_index(reports, Report, i), &checked };
                id = id_of(c->report);
                s->ops->get_command(s->engine, id, check_row, c);
        }
        store_close(s);
        g_assert_cmpuint(checked, ==, reports->len);
}

static void test_kill(void) {
        g_autofree char *dir = g_dir_make_tmp("test-store-kill-XXXXXX", NULL);
        g_autofree char *path = g_build_filename(dir, "mserver.db", NULL);
        g_autoptr(GArray) reports = g_array_new(false, false, sizeof(Report));

        for (unsigned round = 0; round < ROUNDS; round++) {
                run_round(path, round, reports);
                check_all(path, reports);
        }
        g_test_message("%u acknowledgements in %u lives", reports->len, ROUNDS);

        g_assert_cmpint(g_remove(path), ==, 0);
        g_assert_cmpint(g_rmdir(dir), ==, 0);
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        g_test_add_func("/store/kill", test_kill);
        return g_test_run();
}
