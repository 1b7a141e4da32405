/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* mclient backup: what backups there are, whether one is good, and its keys back into a container. No secret is ever
 * printed. */
#include "verb-backup.h"

#include <glib/gi18n.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "agent-config.h"
#include "backup-files.h"
#include "backup-open.h"
#include "command-line.h"
#include "error.h"
#include "keystore.h"
#include "loop.h"
#include "restore.h"
#include "text.h"

typedef struct Options {
        const char *config, *key, *cert;
        bool yes;
} Options;

static void help(void) {
        printf(_("mclient backup list [CONTAINER]\n"
                 "mclient backup verify FILE [--key=KEY [--cert=CERT]]\n"
                 "mclient backup restore FILE CONTAINER [--key=KEY [--cert=CERT]] [--yes]\n\n"
                 "Lists the backups of keys on this host, checks one, or puts its keys back into a stopped container.\n\n"
                 "     --key=KEY    The private key (PEM) for a backup that is encrypted\n"
                 "     --cert=CERT  The certificate (PEM) that belongs to it, where there are many\n"
                 "  -y --yes        Do not ask whether the keys run nowhere else\n"
                 "  -h --help       Show this help\n\n"
                 "FILE is a path, or the name of a file in the directory of backups.\n"));
}

static void print_error(const char *message) {
        (void) fflush(stdout);
        (void) fprintf(stderr, "mclient: %s\n", message);
}

static char *time_text(uint64_t ms) {
        g_autoptr(GDateTime) t = g_date_time_new_from_unix_utc((gint64) (ms / 1000));

        return t ? g_date_time_format(t, "%Y-%m-%d %H:%M:%S UTC") : g_strdup("?");
}

/* Of "keystore/6772616e…"; false for what is no key. */
static bool parse_key(const char *path, KeystoreName *ret) {
        return g_str_has_prefix(path, KEY_BUNDLE_KEYSTORE) &&
               keystore_name_parse(path + strlen(KEY_BUNDLE_KEYSTORE), ret);
}

static unsigned count_keys(char *const *content) {
        unsigned n = 0;
        KeystoreName name;

        for (; *content; content++)
                n += parse_key(key_content_path(*content), &name);
        return n;
}

static AgentConfig *read_config(const Options *o, GError **error) {
        return agent_config_read(o->config, NULL, NULL, error);
}

/* list */

static int later_first(const void *a, const void *b) {
        const BackupRecord *x = *(BackupRecord *const *) a, *y = *(BackupRecord *const *) b;

        return x->created != y->created ? (x->created < y->created ? 1 : -1) : strcmp(y->file, x->file);
}

static void print_record(const BackupRecord *r, int width) {
        g_autofree char *when = time_text(r->created), *size = text_size(r->size);
        unsigned keys = count_keys(r->content);
        g_autofree char *count = g_strdup_printf(ngettext("%u key", "%u keys", keys), keys);

        printf("%-*s  %s  %8s  %s%s\n", width, r->file, when, size, count,
               r->encrypted ? _(", encrypted") : "");
}

static bool list(const Options *o, char *const *words, GError **error) {
        g_autoptr(AgentConfig) config = read_config(o, error);
        g_autoptr(GPtrArray) records = NULL;
        int width = 0;

        if (!config)
                return false;
        records = backup_files_list(config->backup_directory, words[0], error);
        if (!records)
                return false;
        g_ptr_array_sort(records, later_first);
        for (unsigned i = 0; i < records->len; i++)
                width = MAX(width, (int) strlen(((BackupRecord *) records->pdata[i])->file));
        for (unsigned i = 0; i < records->len; i++)
                print_record(records->pdata[i], width);
        if (records->len == 0)
                (void) fprintf(stderr, _("There is no backup in %s\n"), config->backup_directory);
        return true;
}

/* verify */

/* New string. */
static char *path_of(const Options *o, const char *file, GError **error) {
        g_autoptr(AgentConfig) config = NULL;

        if (strchr(file, '/') || access(file, F_OK) == 0)
                return g_strdup(file);
        config = read_config(o, error);
        return config ? g_build_filename(config->backup_directory, file, NULL) : NULL;
}

static OpenedBackup *open_backup(const Options *o, const char *file, GError **error) {
        g_autofree char *path = path_of(o, file, error);

        return path ? backup_open(path, o->key, o->cert, error) : NULL;
}

static char **content_of(const OpenedBackup *b) {
        if (b->bundle)
                return key_bundle_content(b->bundle);
        return b->record ? g_strdupv(b->record->content) : NULL;
}

static void print_content(const OpenedBackup *b) {
        g_auto(GStrv) content = content_of(b);
        unsigned keys, others = 0;
        KeystoreName name;

        if (!content) {
                printf("%s", _("What is in it cannot be seen: it is encrypted; see --key\n"));
                return;
        }
        keys = count_keys(content);
        printf(ngettext("%u key:\n", "%u keys:\n", keys), keys);
        for (char **line = content; *line; line++)
                if (parse_key(key_content_path(*line), &name))
                        printf("  %s 0x%s\n", name.type, name.public_key);
                else if (g_str_equal(key_content_path(*line), KEY_BUNDLE_IDENTITY))
                        printf("%s", _("The network identity\n"));
                else
                        others++;
        if (others > 0)
                printf(ngettext("%u other file of the keystore\n", "%u other files of the keystore\n",
                                others),
                       others);
}

static void print_backup(const OpenedBackup *b) {
        g_autofree char *size = text_size(b->size), *when = NULL;

        if (b->record) {
                when = time_text(b->record->created);
                printf(_("Backup of %s, %s, %s%s\n"), b->record->container, when, size,
                       b->encrypted ? _(", encrypted") : "");
                printf(_("SHA-256 %s, as its record says\n"), b->sha256);
        } else {
                printf(_("Backup, %s%s\n"), size, b->encrypted ? _(", encrypted") : "");
                printf(_("SHA-256 %s; there is no record beside it to compare with\n"), b->sha256);
        }
        print_content(b);
        if (!b->bundle && b->record)
                printf("%s",
                       _("Not decrypted: this is what its record says; with --key it is looked into\n"));
}

static bool verify(const Options *o, char *const *words, GError **error) {
        g_autoptr(OpenedBackup) b = open_backup(o, words[0], error);

        if (b)
                print_backup(b);
        return b;
}

/* restore */

typedef struct Restoring {
        Loop *loop;
        Docker *docker;
        Restore *restore;
        bool planned;
        unsigned missing;
        char *keystore;
        GError *error;
} Restoring;

static void restoring_clear(Restoring *r) {
        (void) restore_free(r->restore);
        (void) docker_free(r->docker);
        (void) loop_free(r->loop);
        g_free(r->keystore);
        g_clear_error(&r->error);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Restoring, restoring_clear)

static void planned(const RestorePlan *plan, const GError *error, void *userdata) {
        Restoring *r = userdata;

        loop_quit(r->loop, 0);
        if (error) {
                r->error = g_error_copy(error);
                return;
        }
        r->planned = true;
        r->missing = plan->missing;
        r->keystore = g_strdup(plan->keystore);
        if (plan->there > 0)
                printf(ngettext("%u file of it is there already\n", "%u files of it are there already\n",
                                plan->there),
                       plan->there);
        for (char *const *c = plan->idle; *c; c++)
                printf(_("Another container has the same keys and does not run; never start it again. %s\n"),
                       *c);
}

static void done(const GError *error, void *userdata) {
        Restoring *r = userdata;

        r->error = error ? g_error_copy(error) : NULL;
        loop_quit(r->loop, 0);
}

static bool confirm(const Options *o, const Restoring *r, const char *container, GError **error) {
        char answer[16];

        printf(ngettext("%u file goes into %s of %s\n", "%u files go into %s of %s\n", r->missing),
               r->missing, r->keystore, container);
        printf("%s",
               _("These keys must run nowhere else: two nodes with the same keys are slashed. Other hosts "
                 "cannot be asked from\n"
                 "here; on the server, \"mserverctl keys\" shows which node reported which session keys "
                 "last.\n"));
        if (o->yes)
                return true;
        if (!isatty(STDIN_FILENO))
                return fleet_fail(error, FLEET_ERROR_REJECTED, "%s",
                                  _("Nothing was restored: there is nobody to ask; --yes answers for you"));
        printf("%s", _("Do they run nowhere else? [y/N] "));
        (void) fflush(stdout);
        if (fgets(answer, sizeof(answer), stdin) && rpmatch(answer) == 1)
                return true;
        return fleet_fail(error, FLEET_ERROR_REJECTED, "%s", _("Nothing was restored"));
}

static bool write_keys(Restoring *r, const char *container, GError **error) {
        restore_go(r->restore, done);
        (void) loop_run(r->loop);
        if (r->error) {
                g_propagate_error(error, g_steal_pointer(&r->error));
                return false;
        }
        printf(_("Restored to %s, and read back. Start it when you are sure: docker start %s\n"), container,
               container);
        return true;
}

static bool restore(const Options *o, char *const *words, GError **error) {
        const char *container = words[1];
        g_autoptr(OpenedBackup) b = open_backup(o, words[0], error);
        g_autoptr(AgentConfig) config = b ? read_config(o, error) : NULL;
        g_auto(Restoring) r = {};

        if (!config)
                return false;
        if (!b->bundle)
                return fleet_fail(error, FLEET_ERROR_INVALID_PARAMETER,
                                  _("%s is encrypted: give the private key with --key"), words[0]);
        print_backup(b);
        if (key_bundle_find(b->bundle, KEY_BUNDLE_IDENTITY))
                printf("%s", _("The network identity stays out: the node has its own\n"));
        r.loop = loop_new(error);
        r.docker = r.loop ? docker_new(r.loop, config->docker_socket, error) : NULL;
        if (!r.docker)
                return false;
        r.restore = restore_new(r.docker, config, container, b->bundle, planned, &r);
        (void) loop_run(r.loop);
        if (!r.planned) {
                g_propagate_error(error, g_steal_pointer(&r.error));
                return false;
        }
        if (r.missing == 0) {
                printf(_("Nothing to do: all of it is in %s of %s\n"), r.keystore, container);
                return true;
        }
        return confirm(o, &r, container, error) && write_keys(&r, container, error);
}

/* The command line */

typedef struct Action {
        const char *name;
        int words_min, words_max;
        bool (*run)(const Options *o, char *const *words, GError **error);
} Action;

static const Action actions[] = {
        { "list", 0, 1, list },
        { "verify", 1, 1, verify },
        { "restore", 2, 2, restore },
};

static const Action *find_action(const char *name) {
        for (size_t i = 0; name && i < G_N_ELEMENTS(actions); i++)
                if (g_str_equal(actions[i].name, name))
                        return &actions[i];
        return NULL;
}

/* text: taken. */
static int usage(char *text) {
        print_error(text);
        g_free(text);
        return EX_USAGE;
}

int verb_backup(int argc, char *argv[], const char *config) {
        Options o = { .config = config };
        const CommandOption options[] = {
                { "key", 0, NULL, &o.key },
                { "cert", 0, NULL, &o.cert },
                { "yes", 'y', &o.yes, NULL },
                {},
        };
        const CommandLine line = { .options = options, .help = help };
        g_autoptr(GError) error = NULL;
        const Action *action;
        int code, words, first = command_line_read(&line, argc, argv, &code);

        if (first < 0)
                return code;
        action = find_action(argv[first]);
        if (!action)
                return usage(g_strdup_printf(
                                _("backup: expected list, verify or restore, got \"%s\"; see mclient backup --help"),
                                argv[first] ?: ""));
        words = argc - first - 1;
        if (words < action->words_min || words > action->words_max)
                return usage(g_strdup_printf(
                                _("backup %s: too few or too many words; see mclient backup --help"),
                                action->name));
        if (action->run(&o, argv + first + 1, &error))
                return EXIT_SUCCESS;
        print_error(error->message);
        return EXIT_FAILURE;
}
