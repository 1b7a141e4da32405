/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* "mclient enroll": from the line that an operator pastes to a host that its server sees. Each step can be repeated: the
 * same line, given again, takes up where the last try ended. */
#include "verb-enroll.h"

#include <glib/gi18n.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client-identity.h"
#include "clock.h"
#include "command-line.h"
#include "endpoint.h"
#include "enroll-call.h"
#include "enroll-files.h"
#include "enroll-line.h"
#include "enroll-pending.h"
#include "error.h"
#include "limits.h"
#include "names.h"
#include "server-trust.h"
#include "unit.h"
#include "uplink.h"

typedef struct Enroll {
        bool force, no_start;
        char *text; /* the line as it was given */
        EnrollLine *line;
        Endpoint *server;
        ServerTrust *trust;
        char *token, *key;
        EnrollAnswer answer;
} Enroll;

static void enroll_clear(Enroll *e) {
        if (e->text)
                explicit_bzero(e->text, strlen(e->text));
        g_free(e->text);
        if (e->token)
                explicit_bzero(e->token, strlen(e->token));
        g_free(e->token);
        if (e->key)
                explicit_bzero(e->key, strlen(e->key));
        g_free(e->key);
        enroll_line_free(e->line);
        endpoint_free(e->server);
        server_trust_free(e->trust);
        enroll_answer_clear(&e->answer);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Enroll, enroll_clear)

static void help(void) {
        printf(_("mclient enroll [OPTIONS...] [LINE]\n\n"
                 "Makes this host a client of the server where \"mserverctl enroll CLIENT\" printed LINE: checks that it is\n"
                 "that server, gets a token from it, writes the configuration, enables and starts mclient.service, and waits\n"
                 "until the server sees it. Without LINE it is read from standard input, where no list of processes shows\n"
                 "it. After a failure the same line can be given again, as long as it is valid.\n\n"
                 "     --force     Also where this host is enrolled already\n"
                 "     --no-start  Only write the files\n"
                 "  -h --help      Show this help\n"));
}

/* Argument words together are the line; in the list of processes they are seen no longer than needed. */
static char *take_words(int argc, char *argv[]) {
        GString *s = g_string_new(NULL);

        for (int i = 0; i < argc; i++) {
                g_string_append_printf(s, "%s%s", i > 0 ? " " : "", argv[i]);
                explicit_bzero(argv[i], strlen(argv[i]));
        }
        return g_string_free(s, false);
}

static char *read_line(void) {
        g_autofree char *line = NULL;
        char *text;
        size_t size = 0;

        if (isatty(STDIN_FILENO)) {
                fputs(_("The line that \"mserverctl enroll\" printed: "), stderr);
                fflush(stderr);
        }
        line = g_malloc0(ENROLLMENT_LINE_MAX + 2);
        while (size <= ENROLLMENT_LINE_MAX) {
                ssize_t n = read(STDIN_FILENO, line + size, ENROLLMENT_LINE_MAX + 1 - size);

                if (n <= 0)
                        break;
                size += (size_t) n;
                if (memchr(line, '\n', size))
                        break;
        }
        text = g_strdup(line);
        explicit_bzero(line, ENROLLMENT_LINE_MAX + 2);
        return text;
}

static bool ask(const char *question) {
        char answer[16] = "";

        fprintf(stderr, "%s", question);
        fflush(stderr);
        return fgets(answer, sizeof(answer), stdin) && rpmatch(answer) == 1;
}

/* Where there is a token already it is somebody's line to this host. */
static bool may_replace(const Enroll *e, GError **error) {
        if (e->force || !enroll_files_exist(MCLIENT_CONFIG_DIR))
                return true;
        if (isatty(STDIN_FILENO) && isatty(STDERR_FILENO) &&
            ask(_("This host is enrolled already. Give that up for the new enrolment? [y/N] ")))
                return true;
        return fleet_fail(
                        error, FLEET_ERROR_ALREADY_EXISTS, "%s",
                        _("This host is enrolled already (/etc/mclient/token is there); --force gives that up for "
                          "the new enrolment"));
}

static bool prepare(Enroll *e, GError **error) {
        if (geteuid() != 0)
                return fleet_fail(error, FLEET_ERROR_ACCESS_DENIED, "%s",
                                  _("Only root can enrol a host: run this as root"));
        if (!e->text)
                e->text = read_line();
        e->line = enroll_line_parse(e->text, error);
        if (!e->line)
                return false;
        e->server = endpoint_parse(e->line->server, error);
        if (!e->server)
                return false;
        e->trust = server_trust_new(e->server->host, NULL, e->line->fingerprint, error);
        if (!e->trust || !enroll_files_prepare(MCLIENT_CONFIG_DIR, error))
                return false;
        if (!enroll_pending_has(MCLIENT_CONFIG_DIR, e->line->token) && !may_replace(e, error))
                return false;
        e->token = enroll_pending_token(MCLIENT_CONFIG_DIR, e->line->token, error);
        e->key = e->token ? client_key_new(error) : NULL;
        return e->key != NULL;
}

static bool trade(Enroll *e, GError **error) {
        char host[HOST_NAME_MAX_BYTES + 1] = "";
        g_autofree char *csr = client_request_new(e->key, error);
        EnrollRequest request = { .host_name = host,
                                  .version = (char *) PROJECT_VERSION,
                                  .certificate_request = csr };

        if (!csr)
                return false;
        (void) gethostname(host, sizeof(host) - 1);
        if (EVP_Digest(e->token, strlen(e->token), request.credential, NULL, EVP_sha256(), NULL) != 1)
                return fleet_fail(error, FLEET_ERROR_FAILED, "OpenSSL has no SHA-256");
        if (!enroll_call(e->server, e->trust, e->line->token, &request, &e->answer, error))
                return false;
        printf(_("%s is the server with the fingerprint %s, and has let this host in as %s.\n"),
               e->server->authority, e->line->fingerprint, e->answer.client);
        return true;
}

/* The pin stays where it goes on to hold: it is a CA's, or nothing else vouches for the server. A certificate that the
 * system's CAs vouch for is replaced every few weeks. */
static const char *lasting_pin(const Enroll *e) {
        if (!server_trust_pin_is_ca(e->trust) && server_trust_holds_without_pin(e->trust))
                return NULL;
        return e->line->fingerprint;
}

static bool write_files(Enroll *e, GError **error) {
        const Enrolment enrolment = {
                .client = e->answer.client,
                .server = e->line->server,
                .fingerprint = lasting_pin(e),
                .token = e->token,
                .key = e->key,
                .certificate = e->answer.certificate,
        };

        if (!enroll_files_write(MCLIENT_CONFIG_DIR, &enrolment, error))
                return false;
        printf(_("Written: %s and %s.\n"), MCLIENT_TOKEN_FILE, MCLIENT_CONFIG_DIR "/" ENROLL_DROP_IN);
        return enroll_files_check(MCLIENT_CONFIG_DIR, &enrolment, error);
}

static bool is_online(const char *status, void *userdata) {
        return g_str_has_prefix(status, UPLINK_STATUS_ONLINE);
}

static bool start(Enroll *e, GError **error) {
        g_autoptr(Unit) unit = unit_open(MCLIENT_UNIT, error);
        g_autofree char *status = NULL;

        if (!unit || !unit_enable(unit, error) ||
            !unit_restart(unit, ENROLL_ONLINE_SEC * USEC_PER_SEC, error))
                return false;
        printf(_("%s is enabled and started.\n"), MCLIENT_UNIT);
        if (unit_wait_status(unit, is_online, NULL, ENROLL_ONLINE_SEC * USEC_PER_SEC, &status, error)) {
                printf(_("The server sees this host: %s is online.\n"), e->answer.client);
                return true;
        }
        if (error && !*error)
                return fleet_fail(
                                error, FLEET_ERROR_NOT_CONNECTED,
                                _("%s runs, but is not connected after %d s. It goes on trying; it says: %s"),
                                MCLIENT_UNIT, ENROLL_ONLINE_SEC, status);
        return false;
}

/* Until the end the same line can be given again: whatever is in the way then, the token is kept for it. */
static bool run(Enroll *e, GError **error) {
        if (!prepare(e, error) || !trade(e, error) || !write_files(e, error))
                return false;
        fflush(stdout);
        if (e->no_start)
                printf(_("To start it: systemctl enable --now %s\n"), MCLIENT_UNIT);
        else if (!start(e, error))
                return false;
        enroll_pending_end(MCLIENT_CONFIG_DIR);
        return true;
}

int verb_enroll(int argc, char *argv[]) {
        g_autoptr(GError) error = NULL;
        g_auto(Enroll) e = {};
        const CommandOption options[] = {
                { "force", 0, &e.force, NULL },
                { "no-start", 0, &e.no_start, NULL },
                {},
        };
        const CommandLine line = { .options = options, .help = help };
        int code, first = command_line_read(&line, argc, argv, &code);

        if (first < 0)
                return code;
        if (first < argc)
                e.text = take_words(argc - first, argv + first);
        if (run(&e, &error))
                return EXIT_SUCCESS;
        fflush(stdout);
        fprintf(stderr, "mclient: %s\n", error->message);
        return EXIT_FAILURE;
}
