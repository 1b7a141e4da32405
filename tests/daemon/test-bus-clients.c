/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Clients on the bus: lists, objects, tokens, and the signals of their coming and going. */
#include <string.h>

#include "bus-fixture.h"
#include "clock.h"
#include "error.h"
#include "fleet-internal.h"
#include "limits.h"
#include "message.h"

#define OBJECT_A MSERVER_CLIENT_ROOT "/a_2e1"

static void test_list(Fixture *f, const void *data) {
        FakeAgent *a = fake_agent_new(&f->server, "a.1"), *b = fake_agent_new(&f->server, "b");
        g_autoptr(sd_bus_message) m = NULL;
        const char *id, *host, *state, *path;
        uint64_t since;

        b = fake_agent_free(b);
        m = manager_call(f, f->root, "ListClients", NULL);
        assert_reply_error(m, NULL, NULL);
        g_assert_cmpint(sd_bus_message_enter_container(m, 'a', "(sssto)"), >, 0);
        g_assert_cmpint(sd_bus_message_read(m, "(sssto)", &id, &host, &state, &since, &path), >, 0);
        g_assert_cmpstr(id, ==, "a.1");
        g_assert_cmpstr(host, ==, "host.example");
        g_assert_cmpstr(state, ==, "online");
        g_assert_cmpuint(since, >, now_realtime() - 60 * USEC_PER_SEC);
        g_assert_cmpstr(path, ==, OBJECT_A);
        g_assert_cmpint(sd_bus_message_read(m, "(sssto)", &id, &host, &state, &since, &path), >, 0);
        g_assert_cmpstr(id, ==, "b");
        g_assert_cmpstr(state, ==, "offline");
        g_assert_cmpint(sd_bus_message_at_end(m, false), >, 0);
        fake_agent_free(a);
}

static void test_get(Fixture *f, const void *data) {
        FakeAgent *a = fake_agent_new(&f->server, "a.1");
        g_autoptr(sd_bus_message) found = manager_call(f, f->root, "GetClient", "s", "a.1"),
                                  unknown = manager_call(f, f->root, "GetClient", "s", "zebra"),
                                  wrong = manager_call(f, f->root, "GetClient", "s", "a/b");
        const char *path;

        assert_reply_error(found, NULL, NULL);
        g_assert_cmpint(sd_bus_message_read(found, "o", &path), >, 0);
        g_assert_cmpstr(path, ==, OBJECT_A);
        assert_reply_error(unknown, MSERVER_ERROR_PREFIX "NoSuchClient", "\"zebra\"");
        assert_reply_error(wrong, MSERVER_ERROR_PREFIX "InvalidParameter", "\"a/b\"");
        fake_agent_free(a);
}

static void assert_property(Fixture *f, const char *name, const char *expected) {
        g_autofree char *value = fixture_get_string(f, OBJECT_A, MSERVER_IFACE_CLIENT, name);

        g_assert_cmpstr(value, ==, expected);
}

static void test_object(Fixture *f, const void *data) {
        FakeAgent *a = fake_agent_new(&f->server, "a.1");
        g_autoptr(sd_bus_message) labels = NULL, since = NULL, commands = NULL, unknown = NULL;
        const char *key, *value, *command;
        uint64_t t;

        assert_property(f, "Id", "a.1");
        assert_property(f, "Host", "host.example");
        assert_property(f, "State", "online");
        assert_property(f, "Address", "192.0.2.1");
        assert_property(f, "Version", "1.2.3");
        since = fixture_get(f, OBJECT_A, MSERVER_IFACE_CLIENT, "Since");
        g_assert_cmpint(sd_bus_message_read(since, "t", &t), >, 0);
        g_assert_cmpuint(t, >, 0);
        labels = fixture_get(f, OBJECT_A, MSERVER_IFACE_CLIENT, "Labels");
        g_assert_cmpint(sd_bus_message_read(labels, "a{ss}", 1, &key, &value), >, 0);
        g_assert_cmpstr(key, ==, "role");
        g_assert_cmpstr(value, ==, "test");
        commands = fixture_get(f, OBJECT_A, MSERVER_IFACE_CLIENT, "Commands");
        g_assert_cmpint(sd_bus_message_enter_container(commands, 'a', "s"), >, 0);
        g_assert_cmpint(sd_bus_message_read(commands, "s", &command), >, 0);

        unknown = call(f->loop, f->user, MSERVER_CLIENT_ROOT "/zebra", "org.freedesktop.DBus.Properties",
                       "GetAll", "s", MSERVER_IFACE_CLIENT);
        assert_reply_error(unknown, SD_BUS_ERROR_UNKNOWN_OBJECT, "zebra");
        fake_agent_free(a);
}

static void test_signals(Fixture *f, const void *data) {
        Listener *l = listener_new(f, f->user);
        FakeAgent *a = fake_agent_new(&f->server, "a.1");
        g_autoptr(sd_bus_message) forgotten = NULL;

        (void) listener_wait(l, "InterfacesAdded " OBJECT_A " org.freedesktop.DBus.Peer");
        g_assert_cmpstr(listener_wait(l, "ClientOnline"), ==, "ClientOnline a.1 " OBJECT_A);
        (void) listener_wait(l, "PropertiesChanged org.mserver1.Client Host host.example State online");
        (void) listener_wait(l, "PropertiesChanged org.mserver1.Manager Clients 1 ClientsOnline 1");
        a = fake_agent_free(a);
        g_assert_cmpstr(listener_wait(l, "ClientOffline"), ==,
                        "ClientOffline a.1 closed by the client (1000)");
        (void) listener_wait(l, "PropertiesChanged org.mserver1.Client State offline");
        (void) listener_wait(l, "PropertiesChanged org.mserver1.Manager Clients 1 ClientsOnline 0");
        forgotten = manager_call(f, f->root, "ForgetClient", "s", "a.1");
        assert_reply_error(forgotten, NULL, NULL);
        (void) listener_wait(l, "InterfacesRemoved " OBJECT_A);
        listener_free(l);
}

static void test_managed_objects(Fixture *f, const void *data) {
        FakeAgent *a = fake_agent_new(&f->server, "a.1"), *b = fake_agent_new(&f->server, "b");
        g_autofree char *id = fixture_send(f, "b");
        g_autoptr(sd_bus_message) m = call(f->loop, f->user, MSERVER_ROOT,
                                           "org.freedesktop.DBus.ObjectManager", "GetManagedObjects", NULL);
        g_autoptr(GString) paths = g_string_new(NULL);
        const char *path;

        assert_reply_error(m, NULL, NULL);
        g_assert_cmpint(sd_bus_message_enter_container(m, 'a', "{oa{sa{sv}}}"), >, 0);
        while (sd_bus_message_enter_container(m, 'e', "oa{sa{sv}}") > 0) {
                g_assert_cmpint(sd_bus_message_read(m, "o", &path), >, 0);
                g_string_append_printf(paths, "%s\n", path);
                g_assert_cmpint(sd_bus_message_skip(m, "a{sa{sv}}"), >, 0);
                g_assert_cmpint(sd_bus_message_exit_container(m), >=, 0);
        }
        g_assert_nonnull(strstr(paths->str, OBJECT_A "\n"));
        g_assert_nonnull(strstr(paths->str, MSERVER_CLIENT_ROOT "/b\n"));
        g_assert_null(strstr(paths->str, id)); /* commands are too many */
        fake_agent_free(a);
        fake_agent_free(b);
}

static char *create_token(Fixture *f, const char *client, bool replace) {
        g_autoptr(sd_bus_message) m = manager_call(f, f->root, "CreateToken", "sa{sv}", client, 1, "replace",
                                                   "b", replace);
        const char *token;

        assert_reply_error(m, NULL, NULL);
        g_assert_cmpint(sd_bus_message_read(m, "s", &token), >, 0);
        return g_strdup(token);
}

static char *identity_of(Fixture *f, const char *token) {
        return fleet_authenticate(f->server.fleet, token, now_realtime());
}

static void test_token(Fixture *f, const void *data) {
        g_autofree char *token = create_token(f, "new", false), *replaced = NULL,
                        *identity = identity_of(f, token);
        g_autoptr(sd_bus_message) again = manager_call(f, f->root, "CreateToken", "sa{sv}", "new", 0),
                                  past = manager_call(f, f->root, "CreateToken", "sa{sv}", "new", 1,
                                                      "expires", "t", UINT64_C(5)),
                                  unknown = manager_call(f, f->root, "CreateToken", "sa{sv}", "new", 1,
                                                         "expiry", "t", UINT64_C(5));

        g_assert_cmpstr(identity, ==, "new");
        assert_reply_error(again, MSERVER_ERROR_PREFIX "AlreadyExists", "new");
        assert_reply_error(past, MSERVER_ERROR_PREFIX "InvalidParameter", "5");
        assert_reply_error(unknown, MSERVER_ERROR_PREFIX "InvalidParameter",
                           "Unknown option \"expiry\": expected expires, replace");
        replaced = create_token(f, "new", true);
        g_assert_cmpstr(token, !=, replaced);
        g_assert_null(identity_of(f, token));
}

#define FIRST "1111111111111111111111111111111111111111111111111111111111111111"
#define OTHER "2222222222222222222222222222222222222222222222222222222222222222"

/* Returns the one-time token of the line. */
static char *create_enrollment(Fixture *f, const char *client, bool replace) {
        g_autoptr(sd_bus_message) m = manager_call(f, f->root, "CreateEnrollment", "sa{sv}", client, 1,
                                                   "replace", "b", replace);
        g_auto(GStrv) words = NULL;
        const char *line;

        assert_reply_error(m, NULL, NULL);
        g_assert_cmpint(sd_bus_message_read(m, "s", &line), >, 0);
        words = g_strsplit(line, " ", 0);
        g_assert_cmpuint(g_strv_length(words), ==, 3);
        g_assert_cmpstr(words[0], ==, "wss://fleet.example:8443/ws/monitoring/");
        g_assert_cmpstr(words[1], ==, "SHA256:00ff");
        return g_strdup(words[2]);
}

static unsigned enroll(Fixture *f, const char *token, const char *hash) {
        g_autofree char *body = g_strdup_printf("{\"credential\":\"%s\"}", hash), *json = NULL;
        unsigned status = fake_enroll(&f->server, token, body, &json);

        if (status == 200)
                g_assert_cmpstr(json, ==, "{\"serverId\":\"new\"}");
        return status;
}

static bool has_credential(Fixture *f, uint8_t byte) {
        uint8_t hash[32];

        memset(hash, byte, sizeof(hash));
        return g_hash_table_contains(f->server.fleet->tokens, hash);
}

static void test_enroll(Fixture *f, const void *data) {
        g_autofree char *first = create_enrollment(f, "new", false),
                        *token = create_enrollment(f, "new", false), *next = NULL;
        g_autoptr(sd_bus_message) again = NULL, far = NULL;
        FakeAgent *a;

        g_assert_cmpuint(enroll(f, first, FIRST), ==, 401); /* the newer line took its place */
        g_assert_cmpuint(enroll(f, NULL, FIRST), ==, 401);
        g_assert_cmpuint(enroll(f, "wrong", FIRST), ==, 401);
        g_assert_cmpuint(fake_enroll(&f->server, token, "{}", NULL), ==, 400);
        g_assert_cmpuint(enroll(f, token, FIRST), ==, 200);
        g_assert_true(has_credential(f, 0x11));
        /* An answer that was lost, and somebody who has found the line; a restart forgets neither. */
        g_assert_cmpuint(enroll(f, token, FIRST), ==, 200);
        g_assert_cmpuint(enroll(f, token, OTHER), ==, 401);
        fixture_stop_server(f);
        fixture_start_server(f);
        g_assert_true(has_credential(f, 0x11));
        g_assert_cmpuint(enroll(f, token, OTHER), ==, 401);
        g_assert_cmpuint(enroll(f, token, FIRST), ==, 200);

        again = manager_call(f, f->root, "CreateEnrollment", "sa{sv}", "new", 0);
        assert_reply_error(again, MSERVER_ERROR_PREFIX "AlreadyExists", "new");
        far = manager_call(f, f->root, "CreateEnrollment", "sa{sv}", "late", 1, "expires", "t",
                           now_realtime() + 30ull * 24 * 3600 * USEC_PER_SEC);
        assert_reply_error(far, MSERVER_ERROR_PREFIX "InvalidParameter", "7 days");

        /* Another host takes its place: the first one stays until then, and no longer. */
        a = fake_agent_new(&f->server, "new");
        next = create_enrollment(f, "new", true);
        g_assert_true(has_credential(f, 0x11));
        g_assert_false(fake_agent_is_closed(a));
        g_assert_cmpuint(enroll(f, token, FIRST), ==, 401);
        g_assert_cmpuint(enroll(f, next, OTHER), ==, 200);
        g_assert_false(has_credential(f, 0x11));
        g_assert_true(has_credential(f, 0x22));
        g_assert_true(fake_agent_is_closed(a));
        fake_agent_free(a);
}

static void on_enrolled(const char *client, const GError *error, void *userdata) {
        g_assert_null(client);
        g_assert_error(error, FLEET_ERROR, FLEET_ERROR_ACCESS_DENIED);
        *(bool *) userdata = true;
}

static void test_enroll_expired(Fixture *f, const void *data) {
        static const uint8_t credential[32] = { 1 };
        g_autofree char *token = create_enrollment(f, "new", false);
        bool denied = false;

        fleet_enroll(f->server.fleet, token, credential, "192.0.2.7",
                     now_realtime() + ENROLLMENT_LIFE_DEFAULT_USEC, on_enrolled, &denied);
        g_assert_true(denied);
        g_assert_cmpuint(enroll(f, token, FIRST), ==, 200); /* it was for nobody's clock but that one */
}

/* Whoever revokes, or makes a token, wants no host to come in by an older line. */
static void test_enroll_ended(Fixture *f, const void *data) {
        g_autofree char *revoked = create_enrollment(f, "new", false), *replaced = NULL, *token = NULL;
        g_autoptr(sd_bus_message) m = manager_call(f, f->root, "RevokeClient", "s", "new");

        assert_reply_error(m, NULL, NULL);
        g_assert_cmpuint(enroll(f, revoked, FIRST), ==, 401);
        replaced = create_enrollment(f, "new", false);
        token = create_token(f, "new", false);
        g_assert_cmpuint(enroll(f, replaced, FIRST), ==, 401);
        fixture_stop_server(f);
        fixture_start_server(f);
        g_assert_cmpuint(enroll(f, revoked, FIRST), ==, 401);
        g_assert_cmpuint(enroll(f, replaced, FIRST), ==, 401);
}

/* Guessing is as slow as it is with tokens. */
static void test_enroll_guessing(Fixture *f, const void *data) {
        g_autofree char *token = create_enrollment(f, "new", false);
        unsigned tries = 0;

        while (enroll(f, "wrong", FIRST) == 401)
                g_assert_cmpuint(++tries, <=, AUTH_FAILURES_PER_MINUTE + 1);
        g_assert_cmpuint(tries, >=, AUTH_FAILURES_PER_MINUTE - 1);
        g_assert_cmpuint(enroll(f, token, FIRST), ==, 429);
}

/* Of a key that nobody has any more. */
#define REQUEST                                                              \
        "-----BEGIN CERTIFICATE REQUEST-----\n"                              \
        "MIHFMG4CAQAwDDEKMAgGA1UEAwwBeDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IA\n" \
        "BHqPQi1uuA9IrlVAhBbCcri1N/WP3mZVGIk+JSybs0qhc4Nt7CCeMEwDMC7A1AzO\n" \
        "aLY/9qjPDXwB/UUgLWG69r+gADAKBggqhkjOPQQDAgNHADBEAiAQ1k/hd2NhTzxm\n" \
        "TBT6gkSYUkWeZ83xZAO6y26P7TVwEgIgIYagwXOEArm2F+SCU/CgQyoZ0UCJfY6h\n" \
        "S151pA73lgI=\n"                                                     \
        "-----END CERTIFICATE REQUEST-----\n"

static void assert_issued(const char *client, const char *address, const char *reason, unsigned n) {
        const char *entry = fake_audit_latest("client-certificate-issued");
        g_autofree char *who = g_strdup_printf("MSERVER_CLIENT=%s\nMSERVER_ADDRESS=%s\nMSERVER_REASON=%s\n",
                                               client, address, reason);

        g_assert_cmpuint(fake_audit_count_of("client-certificate-issued"), ==, n);
        g_assert_nonnull(strstr(entry, who));
        g_assert_true(g_regex_match_simple("^MSERVER_CERTIFICATE_SERIAL=[0-9A-F]{32}\n"
                                           "MSERVER_CERTIFICATE_FINGERPRINT=SHA256:[0-9a-f]{64}\n"
                                           "MSERVER_UNTIL_USEC=[0-9]{16}$",
                                           entry, G_REGEX_MULTILINE, 0));
}

/* Who gets which certificate is in the audit trail, at the enrolment and whenever the agent asks for the next. */
static void test_certificates_are_audited(Fixture *f, const void *data) {
        static const char credential[] = "{\"credential\":\"" FIRST "\",\"certificateRequest\":\"%s\"}";
        g_autofree char *token = create_enrollment(f, "new", false),
                        *tls = g_build_filename(f->directory, "tls", NULL),
                        *request = g_strescape(REQUEST, NULL), *body = g_strdup_printf(credential, request),
                        *json = NULL;
        g_autoptr(GError) error = NULL;
        g_autoptr(ClientCa) ca = client_ca_open(tls, "h", now_realtime(), &error);
        FakeAgent *a;

        g_assert_no_error(error);
        sessions_set_certificates(f->server.sessions, CLIENT_CERTIFICATES_OPTIONAL, ca);
        g_assert_cmpuint(fake_enroll(&f->server, token, body, &json), ==, 200);
        g_assert_nonnull(strstr(json, "BEGIN CERTIFICATE"));
        assert_issued("new", "192.0.2.7", "enrolled", 1);

        a = fake_agent_new(&f->server, "new");
        fake_agent_says(a, message_certificate_request(REQUEST));
        assert_issued("new", "192.0.2.1", "renewed", 2);
        fake_agent_says(a, message_certificate_request(REQUEST)); /* a moment later: it gets none */
        g_assert_cmpuint(fake_audit_count_of("client-certificate-issued"), ==, 2);
        fake_agent_free(a);
        a = fake_agent_new(&f->server, "new");
        fake_agent_says(a, message_certificate_request("no request"));
        g_assert_cmpuint(fake_audit_count_of("client-certificate-issued"), ==, 2);
        fake_agent_free(a);
        sessions_set_certificates(f->server.sessions, CLIENT_CERTIFICATES_OFF, NULL);
}

static void test_revoke(Fixture *f, const void *data) {
        g_autofree char *token = create_token(f, "a", false);
        FakeAgent *a = fake_agent_new(&f->server, "a");
        g_autoptr(sd_bus_message) revoked = manager_call(f, f->root, "RevokeClient", "s", "a"),
                                  unknown = manager_call(f, f->root, "RevokeClient", "s", "zebra");

        assert_reply_error(revoked, NULL, NULL);
        g_assert_null(identity_of(f, token));
        g_assert_true(fake_agent_is_closed(a));
        assert_reply_error(unknown, MSERVER_ERROR_PREFIX "NoSuchClient", "zebra");
        fake_agent_free(a);
}

static void test_manager_properties(Fixture *f, const void *data) {
        g_autofree char *version = fixture_get_string(f, MSERVER_ROOT, MSERVER_IFACE_MANAGER, "Version"),
                        *fingerprint = fixture_get_string(f, MSERVER_ROOT, MSERVER_IFACE_MANAGER,
                                                          "Fingerprint");
        g_autoptr(sd_bus_message) addresses =
                        fixture_get(f, MSERVER_ROOT, MSERVER_IFACE_MANAGER, "ListenAddresses");
        g_autoptr(sd_bus_message) head = fixture_get(f, MSERVER_ROOT, MSERVER_IFACE_MANAGER, "AuditHead");
        const char *instance, *hash;
        uint64_t seq, usec;
        g_auto(GStrv) list = NULL;

        g_assert_cmpint(sd_bus_message_read(head, "(stts)", &instance, &seq, &usec, &hash), >, 0);
        g_assert_cmpuint(strlen(instance), ==, AUDIT_INSTANCE_LENGTH);
        g_assert_cmpuint(seq, ==, 0); /* the audit is played */
        g_assert_cmpstr(hash, ==, audit_genesis);
        g_assert_cmpstr(version, ==, PROJECT_VERSION);
        g_assert_cmpstr(fingerprint, ==, "SHA256:00ff");
        g_assert_cmpint(sd_bus_message_read_strv(addresses, &list), >, 0);
        g_assert_cmpstr(list[0], ==, "wss://[::]:8443");
}

int main(int argc, char *argv[]) {
        g_test_init(&argc, &argv, NULL);
        fixture_add("/bus/clients/list", test_list);
        fixture_add("/bus/clients/get", test_get);
        fixture_add("/bus/clients/object", test_object);
        fixture_add("/bus/clients/signals", test_signals);
        fixture_add("/bus/clients/managed-objects", test_managed_objects);
        fixture_add("/bus/clients/token", test_token);
        fixture_add("/bus/clients/enroll", test_enroll);
        fixture_add("/bus/clients/certificates-are-audited", test_certificates_are_audited);
        fixture_add("/bus/clients/enroll-expired", test_enroll_expired);
        fixture_add("/bus/clients/enroll-ended", test_enroll_ended);
        fixture_add("/bus/clients/enroll-guessing", test_enroll_guessing);
        fixture_add("/bus/clients/revoke", test_revoke);
        fixture_add("/bus/clients/manager-properties", test_manager_properties);
        return g_test_run();
}
