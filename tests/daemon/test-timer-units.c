/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The generator of timers, given what an attacker with the server's rights could leave for it. */
#include <fcntl.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "limits.h"
#include "timer-units.h"

#define GOOD "[Schedule]\nCalendar=daily\n"

typedef struct Fixture {
        char *top, *state, *definitions, *units;
} Fixture;

static void up(Fixture *f, const void *data) {
        f->top = g_dir_make_tmp("generator-XXXXXX", NULL);
        f->state = g_build_filename(f->top, "state", NULL);
        f->definitions = g_build_filename(f->state, "schedules", NULL);
        f->units = g_build_filename(f->top, "units", NULL);
        g_assert_cmpint(g_mkdir_with_parents(f->definitions, 0750), ==, 0);
        g_assert_cmpint(g_mkdir(f->units, 0755), ==, 0);
}

static void remove_tree(const char *path) {
        g_autoptr(GDir) d = g_file_test(path, G_FILE_TEST_IS_SYMLINK) ? NULL : g_dir_open(path, 0, NULL);
        const char *name;

        while (d && (name = g_dir_read_name(d))) {
                g_autofree char *inside = g_build_filename(path, name, NULL);

                remove_tree(inside);
        }
        (void) g_remove(path);
}

static void down(Fixture *f, const void *data) {
        remove_tree(f->top);
        g_free(f->top);
        g_free(f->state);
        g_free(f->definitions);
        g_free(f->units);
}

static void define(Fixture *f, const char *entry, const char *text) {
        g_autofree char *path = g_build_filename(f->definitions, entry, NULL);

        g_assert_true(g_file_set_contents(path, text, -1, NULL));
}

static int by_text(const void *a, const void *b) {
        return strcmp(*(char *const *) a, *(char *const *) b);
}

static void list(const char *top, const char *below, GPtrArray *ret) {
        g_autofree char *path = g_build_filename(top, below, NULL);
        g_autoptr(GDir) d = g_dir_open(path, 0, NULL);
        const char *name;

        while ((name = g_dir_read_name(d))) {
                g_autofree char *inside = g_build_filename(below, name, NULL),
                                *full = g_build_filename(top, inside, NULL);

                if (g_file_test(full, G_FILE_TEST_IS_DIR) && !g_file_test(full, G_FILE_TEST_IS_SYMLINK))
                        list(top, inside, ret);
                else
                        g_ptr_array_add(ret, g_strdup(inside));
        }
}

/* All files below the units' directory, in one text. */
static char *made(Fixture *f) {
        g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func(g_free);

        list(f->units, "", all);
        g_ptr_array_sort(all, by_text);
        g_ptr_array_add(all, NULL);
        return g_strjoinv("\n", (char **) all->pdata);
}

#define assert_made(f, expected)                      \
        do {                                          \
                g_autofree char *_made = made(f);     \
                g_assert_cmpstr(_made, ==, expected); \
        } while (0)

#define UNITS_OF(name)                                      \
        "mserver-schedule@" name ".timer.d/schedule.conf\n" \
        "timers.target.wants/mserver-schedule@" name ".timer"

static void test_one(Fixture *f, const void *data) {
        g_autofree char *drop_in = NULL, *text = NULL, *wants = NULL, *target = NULL;

        define(f, "nightly.conf",
               "[Schedule]\nCalendar=Mon *-*-* 04:00 Asia/Seoul\nPersistent=yes\n"
               "RandomizedDelayUSec=1000000\nCommand=exec\nParameters={\"command\":\"rm\"}\n");
        g_assert_cmpint(timer_units_generate(f->state, f->units), ==, 0);
        assert_made(f, UNITS_OF("nightly"));
        drop_in = g_build_filename(f->units, "mserver-schedule@nightly.timer.d", "schedule.conf", NULL);
        g_assert_true(g_file_get_contents(drop_in, &text, NULL, NULL));
        g_assert_cmpstr(text, ==,
                        "# Made by mserver-schedule-generator(8) from the schedule's definition.\n"
                        "[Timer]\n"
                        "OnCalendar=Mon *-*-* 04:00 Asia/Seoul\n"
                        "Persistent=yes\n"
                        "RandomizedDelaySec=1000000us\n");
        wants = g_build_filename(f->units, "timers.target.wants", "mserver-schedule@nightly.timer", NULL);
        target = g_file_read_link(wants, NULL);
        g_assert_true(g_str_has_suffix(target, "/mserver-schedule@.timer"));
}

static void test_disabled(Fixture *f, const void *data) {
        define(f, "off.conf", GOOD "Enabled=no\n");
        g_assert_cmpint(timer_units_generate(f->state, f->units), ==, 0);
        assert_made(f, "");
}

static void test_no_definitions(Fixture *f, const void *data) {
        g_assert_cmpint(g_rmdir(f->definitions), ==, 0);
        g_assert_cmpint(timer_units_generate(f->state, f->units), ==, 0);
        g_assert_cmpint(g_rmdir(f->state), ==, 0);
        g_assert_cmpint(timer_units_generate(f->state, f->units), ==, 0);
        assert_made(f, "");
        g_assert_cmpint(timer_units_generate(f->state, f->state), ==, -1);
}

/* Names that would be other units, other directories, or no names. */
static void test_names(Fixture *f, const void *data) {
        static const char *const entries[] = { ".hidden.conf",   ".conf",      "-x.conf",  "a b.conf",
                                               "a\nb.conf",      "a@b.conf",   "a%i.conf", "a\\x2fb.conf",
                                               "x.timer",        "x.conf.bak", "ü.conf",   "a;b.conf",
                                               "x.service.conf~" };
        g_autofree char *long_name = g_strnfill(65, 'a'), *too_long = g_strconcat(long_name, ".conf", NULL);

        for (size_t i = 0; i < G_N_ELEMENTS(entries); i++)
                define(f, entries[i], GOOD);
        define(f, too_long, GOOD);
        define(f, "x.service.conf", GOOD); /* harmless: mserver-schedule@x.service.timer */
        g_assert_cmpint(timer_units_generate(f->state, f->units), ==, 0);
        assert_made(f, UNITS_OF("x.service"));
}

/* Values that would be other lines. */
static void test_values(Fixture *f, const void *data) {
        static const char *const texts[] = {
                "[Schedule]\nCalendar=daily\\\n[Service]\nExecStart=/bin/sh\n",
                "[Schedule]\nCalendar=daily\rUnit=docker.service\n",
                "[Schedule]\nCalendar=daily%n\n",
                "[Schedule]\nCalendar=daily\nPersistent=yes\\nUnit=docker.service\n",
                "[Schedule]\nCalendar=daily\nRandomizedDelayUSec=1\\\nUnit=docker.service\n",
                "[Timer]\nOnCalendar=daily\nUnit=docker.service\n",
        };

        for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
                g_autofree char *entry = g_strdup_printf("x%zu.conf", i);

                define(f, entry, texts[i]);
        }
        /* Of this only what is ours counts. */
        define(f, "ours.conf",
               "[Timer]\nUnit=docker.service\n[Schedule]\nCalendar=daily\nUnit=docker.service\n");
        g_assert_cmpint(timer_units_generate(f->state, f->units), ==, 0);
        assert_made(f, UNITS_OF("ours"));
}

static void test_links(Fixture *f, const void *data) {
        g_autofree char *outside = g_build_filename(f->top, "outside.conf", NULL),
                        *link_path = g_build_filename(f->definitions, "link.conf", NULL),
                        *elsewhere = g_build_filename(f->top, "elsewhere", NULL),
                        *state_link = g_build_filename(f->top, "state-link", NULL);

        g_assert_true(g_file_set_contents(outside, GOOD, -1, NULL));
        g_assert_cmpint(symlink(outside, link_path), ==, 0);
        g_assert_cmpint(timer_units_generate(f->state, f->units), ==, 0);
        assert_made(f, "");

        /* Nor for the directory, nor for that above it. */
        g_assert_cmpint(g_unlink(link_path), ==, 0);
        define(f, "real.conf", GOOD);
        g_assert_cmpint(g_rename(f->definitions, elsewhere), ==, 0);
        g_assert_cmpint(symlink(elsewhere, f->definitions), ==, 0);
        g_assert_cmpint(timer_units_generate(f->state, f->units), ==, -1);
        g_assert_cmpint(symlink(f->state, state_link), ==, 0);
        g_assert_cmpint(timer_units_generate(state_link, f->units), ==, -1);
        assert_made(f, "");
}

/* Would block, or have no end. */
static void test_no_files(Fixture *f, const void *data) {
        g_autofree char *fifo = g_build_filename(f->definitions, "fifo.conf", NULL),
                        *directory = g_build_filename(f->definitions, "directory.conf", NULL),
                        *large = g_strnfill(SCHEDULE_FILE_BYTES_MAX, '#'),
                        *too_large = g_strconcat("#", large, NULL);

        g_assert_cmpint(mkfifo(fifo, 0600), ==, 0);
        g_assert_cmpint(g_mkdir(directory, 0700), ==, 0);
        memcpy(large, GOOD, strlen(GOOD));
        define(f, "largest.conf", large);
        define(f, "too-large.conf", too_large);
        g_assert_cmpint(timer_units_generate(f->state, f->units), ==, 0);
        assert_made(f, UNITS_OF("largest"));
}

static void test_too_many(Fixture *f, const void *data) {
        g_autofree char *all = NULL;
        g_auto(GStrv) lines = NULL;

        for (unsigned i = 0; i < SCHEDULES_MAX + 10; i++) {
                g_autofree char *entry = g_strdup_printf("s%u.conf", i);

                define(f, entry, GOOD);
        }
        g_assert_cmpint(timer_units_generate(f->state, f->units), ==, 0);
        all = made(f);
        lines = g_strsplit(all, "\n", 0);
        g_assert_cmpuint(g_strv_length(lines), ==, 2 * SCHEDULES_MAX);
}

#define add(path, function) g_test_add(path, Fixture, NULL, up, function, down)

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        add("/timer-units/one", test_one);
        add("/timer-units/disabled", test_disabled);
        add("/timer-units/no-definitions", test_no_definitions);
        add("/timer-units/names", test_names);
        add("/timer-units/values", test_values);
        add("/timer-units/links", test_links);
        add("/timer-units/no-files", test_no_files);
        add("/timer-units/too-many", test_too_many);
        return g_test_run();
}
