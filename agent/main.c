/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* mclient(8): reads the configuration, puts the parts together, tells systemd how it goes. */
#include <errno.h>
#include <glib/gi18n.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <systemd/sd-daemon.h>

#include "agent-bus.h"
#include "agent-config.h"
#include "agent-db.h"
#include "command-line.h"
#include "error.h"
#include "file.h"
#include "limits.h"
#include "log.h"
#include "names.h"
#include "no-core.h"
#include "node-watch.h"
#include "sampler.h"
#include "uplink.h"
#include "verb-backup.h"
#include "verb-enroll.h"
#include "verb-run.h"

typedef struct Options {
        const char *config, *script_socket;
        bool debug;
} Options;

typedef struct Agent {
        Loop *loop;
        AgentConfig *config;
        NodeWatch *nodes;
        Uplink *uplink;
        Sampler *sampler;
        AgentBus *bus;
        UplinkState logged;     /* the last state that made a line in the log */
        char *status, *problem; /* what systemd is told */
} Agent;

static void help(void) {
        printf(_("mclient [OPTIONS...] [VERB ...]\n\n"
                 "Connects this host to its mserver, carries out commands on its containers and reports on them.\n\n"
                 "Verbs, instead of that:\n"
                 "  enroll [LINE]               Make this host a client of a server; see mclient enroll --help\n"
                 "  backup list|verify|restore  The backups of keys on this host; see mclient backup --help\n"
                 "  run COMMAND                 Have the agent of this host run a command; see mclient run --help\n\n"
                 "  -c --config=FILE  Read FILE and FILE.d/*.conf instead of %s\n"
                 "     --script-socket=PATH\n"
                 "                    Have commands of the operator's run by mclient-script.socket\n"
                 "     --debug        Say more\n"
                 "  -h --help         Show this help\n"
                 "     --version      Show the version\n\n"
                 "The token is read from %s or, under systemd, from the credential \"token\".\n"),
               MCLIENT_CONFIG_FILE, MCLIENT_TOKEN_FILE);
}

/* False: *ret_code is what to exit with. */
static bool parse_options(int argc, char *argv[], Options *ret, int *ret_code) {
        const CommandOption options[] = {
                { "config", 'c', NULL, &ret->config },
                { "script-socket", 0, NULL, &ret->script_socket },
                { "debug", 0, &ret->debug, NULL },
                {},
        };
        const CommandLine line = { options, true, help, "mclient " PROJECT_VERSION };
        int first;

        *ret = (Options){ .config = MCLIENT_CONFIG_FILE };
        first = command_line_read(&line, argc, argv, ret_code);
        if (first < 0)
                return false;
        if (first == argc)
                return true;
        if (g_str_equal(argv[first], "backup"))
                *ret_code = verb_backup(argc - first, argv + first, ret->config);
        else if (g_str_equal(argv[first], "enroll"))
                *ret_code = verb_enroll(argc - first, argv + first);
        else if (g_str_equal(argv[first], "run"))
                *ret_code = verb_run(argc - first, argv + first);
        else {
                fprintf(stderr, _("mclient: there is no verb \"%s\"; expected backup, enroll or run\n"),
                        argv[first]);
                *ret_code = EX_USAGE;
        }
        return false;
}

static void warn(const char *message, void *userdata) {
        log_warning("%s", message);
}

/* While the server is away the tries repeat for ever: their first failure is news, the others are detail. */
static void log_state(Agent *a, UplinkState state, const char *text) {
        bool news = state != a->logged;

        switch (state) {
        case UPLINK_CONNECTING:
                log_debug("%s", text);
                return;
        case UPLINK_ONLINE:
        case UPLINK_STOPPED:
                log_info("%s", text);
                break;
        case UPLINK_WAITING:
                (news ? log_warning : log_debug)("%s", text);
                break;
        case UPLINK_REFUSED: /* somebody must do something: this goes on being said, about once a minute */
                log_error("%s", text);
                break;
        }
        a->logged = state;
}

static void tell_status(const Agent *a) {
        (void) sd_notifyf(false, "STATUS=%s%s%s", a->status ?: "", a->problem ? "; " : "", a->problem ?: "");
}

static void uplink_alarmed(const char *problem, void *userdata) {
        Agent *a = userdata;

        g_free(a->problem);
        a->problem = g_strdup(problem);
        tell_status(a);
}

static void uplink_pending_changed(void *userdata) {
        Agent *a = userdata;

        if (a->bus)
                agent_bus_pending_changed(a->bus);
}

static void uplink_changed(UplinkState state, const char *text, void *userdata) {
        Agent *a = userdata;

        log_state(a, state, text);
        g_free(a->status);
        a->status = g_strdup(text);
        tell_status(a);
        if (a->bus)
                agent_bus_state_changed(a->bus);
        if (state == UPLINK_STOPPED)
                loop_quit(a->loop, EXIT_SUCCESS);
}

/* All of them mean the end: a new configuration takes a restart, and systemd makes one of SIGHUP. */
static void signalled(int signum, void *userdata) {
        Agent *a = userdata;

        (void) sd_notify(false, "STOPPING=1");
        uplink_stop(a->uplink);
}

static void sampled(json_object *data, void *userdata) {
        Agent *a = userdata;

        uplink_sample(a->uplink, data);
}

static bool start(Agent *a, GError **error) {
        static const UplinkEvents events = { uplink_changed, uplink_alarmed, uplink_pending_changed };
        g_autofree char *token = credential_read("token", MCLIENT_TOKEN_FILE, error), *path = NULL;
        AgentDb *db;

        if (!token)
                return false;
        if (!*token)
                return fleet_fail(error, FLEET_ERROR_CONFIG,
                                  "There is no token: put it into " MCLIENT_TOKEN_FILE
                                  ", owned by root, mode 0600");
        if (strlen(token) > TOKEN_LENGTH_MAX || strpbrk(token, " \t\r\n"))
                return fleet_fail(error, FLEET_ERROR_CONFIG,
                                  "The token is not one: expected one word of at most %d bytes",
                                  TOKEN_LENGTH_MAX);
        if (g_mkdir_with_parents(a->config->state_directory, 0700) < 0)
                return fleet_fail_errno(error, FLEET_ERROR_FAILED, -errno, "Cannot make %s",
                                        a->config->state_directory);
        path = g_build_filename(a->config->state_directory, "agent.db", NULL);
        a->nodes = node_watch_new(a->loop, a->config, error);
        if (!a->nodes)
                return false;
        db = agent_db_open(a->loop, path, error);
        if (!db)
                return false;
        a->uplink = uplink_new(a->loop, a->config, token, db, a->nodes, &events, a, error);
        explicit_bzero(token, strlen(token));
        if (!a->uplink)
                return false;
        a->sampler = sampler_new(a->loop, a->config, a->nodes, sampled, a, error);
        if (!a->sampler)
                return false;
        a->bus = agent_bus_new(a->loop, a->config, a->uplink);
        loop_on_signal(a->loop, signalled, a);
        return loop_watchdog(a->loop, error);
}

/* In the order in which they use each other. */
static void agent_clear(Agent *a) {
        sampler_free(a->sampler);
        uplink_free(a->uplink);
        agent_bus_free(a->bus); /* what the uplink ends is still answered */
        node_watch_free(a->nodes);
        agent_config_free(a->config);
        loop_free(a->loop);
        g_free(a->status);
        g_free(a->problem);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Agent, agent_clear)

static int run(const Options *o, GError **error) {
        g_auto(Agent) a = { .logged = UPLINK_CONNECTING };

        a.config = agent_config_read(o->config, warn, NULL, error);
        if (!a.config)
                return EXIT_FAILURE;
        a.config->script_socket = g_strdup(o->script_socket);
        a.loop = loop_new(error);
        if (!a.loop || !start(&a, error))
                return EXIT_FAILURE;
        /* From here on the server may be away as long as it likes: we are up. */
        (void) sd_notify(false, "READY=1");
        return loop_run(a.loop);
}

int main(int argc, char *argv[]) {
        g_autoptr(GError) error = NULL;
        Options options;
        int code;

        process_no_core();
        (void) setlocale(LC_CTYPE, ""); /* not LC_NUMERIC: JSON is written with printf(3) */
        (void) setlocale(LC_MESSAGES, "");
        (void) bindtextdomain("mclient", LOCALEDIR);
        (void) bind_textdomain_codeset("mclient", "UTF-8");
        (void) textdomain("mclient");
        (void) umask(0077);
        if (!parse_options(argc, argv, &options, &code))
                return code;
        log_init(options.debug);
        (void) signal(SIGPIPE, SIG_IGN); /* OpenSSL writes to sockets with write(2) */
        code = run(&options, &error);
        if (error) {
                log_error("%s", error->message);
                (void) sd_notifyf(false, "STATUS=%s", error->message);
        }
        /* The unit does not start it again after this one: nothing will change by itself. */
        return g_error_matches(error, FLEET_ERROR, FLEET_ERROR_CONFIG) ? EX_CONFIG : code;
}
