/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether the server is the one that was meant. OpenSSL's own verification decides in every case; a pin only
 * replaces what it trusts: the one pinned certificate, wherever in the presented chain it is. That it merely
 * appears there proves nothing, as anybody can present a certificate that is public. */
#include "server-trust.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "error.h"
#include "fingerprint.h"
#include "openssl-error.h"
#include "text.h"

struct ServerTrust {
        SSL_CTX *context;
        char *host, *pin;
        char *refusal;
        STACK_OF(X509) * chain; /* that a pin has vouched for last */
        bool pin_is_leaf;       /* it is the server's own certificate, and no CA's */
};

static char *fingerprint_of(X509 *cert) {
        unsigned char hash[EVP_MAX_MD_SIZE];
        g_autofree char *hex = NULL;
        unsigned size = 0;

        if (X509_digest(cert, EVP_sha256(), hash, &size) != 1)
                return g_strdup("(unknown)");
        hex = text_hex(hash, size);
        return g_strconcat("SHA256:", hex, NULL);
}

static char *subject_of(X509 *cert) {
        char text[256];

        return g_strdup(X509_NAME_oneline(X509_get_subject_name(cert), text, sizeof(text)) ?: "(unknown)");
}

/* "SHA256:… (/CN=a), SHA256:… (/CN=b)" */
static char *describe_chain(STACK_OF(X509) * chain) {
        GString *s = g_string_new(NULL);

        for (int i = 0; i < sk_X509_num(chain); i++) {
                g_autofree char *fingerprint = fingerprint_of(sk_X509_value(chain, i)),
                                *subject = subject_of(sk_X509_value(chain, i));

                g_string_append_printf(s, "%s%s (%s)", i > 0 ? ", " : "", fingerprint, subject);
        }
        return g_string_free(s, false);
}

static X509 *find_pinned(const ServerTrust *t, STACK_OF(X509) * chain) {
        for (int i = 0; i < sk_X509_num(chain); i++) {
                g_autofree char *fingerprint = fingerprint_of(sk_X509_value(chain, i));

                if (g_str_equal(fingerprint, t->pin))
                        return sk_X509_value(chain, i);
        }
        return NULL;
}

static bool verify_pinned(ServerTrust *t, X509_STORE_CTX *x) {
        STACK_OF(X509) *chain = X509_STORE_CTX_get0_untrusted(x), *anchors;
        X509 *pinned = find_pinned(t, chain);
        bool valid;

        if (!pinned) {
                g_autofree char *seen = describe_chain(chain);

                t->refusal = g_strdup_printf("the server is not the pinned one: expected %s, it showed %s",
                                             t->pin, seen);
                X509_STORE_CTX_set_error(x, X509_V_ERR_CERT_UNTRUSTED);
                return false;
        }
        anchors = sk_X509_new_null();
        if (!anchors || sk_X509_push(anchors, pinned) == 0)
                g_error("Out of memory");
        t->pin_is_leaf = pinned == X509_STORE_CTX_get0_cert(x);
        sk_X509_pop_free(t->chain, X509_free);
        t->chain = X509_chain_up_ref(chain);
        X509_STORE_CTX_set0_trusted_stack(x, anchors);
        X509_VERIFY_PARAM_set_flags(X509_STORE_CTX_get0_param(x), X509_V_FLAG_PARTIAL_CHAIN);
        valid = X509_verify_cert(x) == 1;
        sk_X509_free(anchors);
        if (!valid) {
                g_autofree char *seen = describe_chain(chain);

                t->refusal = g_strdup_printf(
                                "the pinned certificate %s does not vouch for the server: %s; it showed %s",
                                t->pin, X509_verify_cert_error_string(X509_STORE_CTX_get_error(x)), seen);
        }
        return valid;
}

static void expect_name(const ServerTrust *t, X509_STORE_CTX *x) {
        X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(x);

        X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
        if (X509_VERIFY_PARAM_set1_ip_asc(param, t->host) != 1 &&
            X509_VERIFY_PARAM_set1_host(param, t->host, 0) != 1)
                g_error("Out of memory");
}

static bool verify_named(ServerTrust *t, X509_STORE_CTX *x) {
        g_autofree char *seen = NULL;

        expect_name(t, x);
        if (X509_verify_cert(x) == 1)
                return true;
        seen = describe_chain(X509_STORE_CTX_get0_untrusted(x));
        t->refusal = g_strdup_printf("the certificate for %s is not to be trusted: %s; the server showed %s",
                                     t->host, X509_verify_cert_error_string(X509_STORE_CTX_get_error(x)),
                                     seen);
        return false;
}

/* SSL_CTX_set_cert_verify_callback(3) */
static int verify_handler(X509_STORE_CTX *x, void *userdata) {
        ServerTrust *t = userdata;

        g_clear_pointer(&t->refusal, g_free);
        return t->pin ? verify_pinned(t, x) : verify_named(t, x);
}

void server_trust_apply(ServerTrust *t, SSL_CTX *context) {
        if (SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) != 1)
                g_error("OpenSSL does not start: %s", openssl_reason());
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
        SSL_CTX_set_cert_verify_callback(context, verify_handler, t);
}

bool server_trust_holds_without_pin(const ServerTrust *t) {
        X509_STORE *store;
        X509_STORE_CTX *x;
        bool holds;

        if (!t->chain)
                return false;
        store = X509_STORE_new();
        x = X509_STORE_CTX_new();
        if (!store || !x || X509_STORE_set_default_paths(store) != 1 ||
            X509_STORE_CTX_init(x, store, sk_X509_value(t->chain, 0), t->chain) != 1 ||
            X509_STORE_CTX_set_default(x, "ssl_server") != 1)
                holds = false;
        else {
                expect_name(t, x);
                holds = X509_verify_cert(x) == 1;
        }
        X509_STORE_CTX_free(x);
        X509_STORE_free(store);
        ERR_clear_error();
        return holds;
}

bool server_trust_pin_is_ca(const ServerTrust *t) {
        return t->chain && !t->pin_is_leaf;
}

ServerTrust *server_trust_new(const char *host, const char *ca_file, const char *pin, GError **error) {
        g_autoptr(ServerTrust) t = g_new0(ServerTrust, 1);

        t->host = g_strdup(host);
        t->pin = g_strdup(pin);
        t->context = SSL_CTX_new(TLS_client_method());
        if (!t->context)
                g_error("OpenSSL does not start: %s", openssl_reason());
        server_trust_apply(t, t->context);
        if (pin)
                return g_steal_pointer(&t);
        ERR_clear_error();
        if (ca_file && SSL_CTX_load_verify_file(t->context, ca_file) != 1) {
                fleet_fail(error, FLEET_ERROR_CONFIG, "%s is no CA certificate in PEM: %s", ca_file,
                           ERR_reason_error_string(ERR_get_error()) ?: "nothing in it");
                return NULL;
        }
        if (!ca_file && SSL_CTX_set_default_verify_paths(t->context) != 1) {
                fleet_fail(error, FLEET_ERROR_CONFIG, "The system's CA certificates cannot be read: %s",
                           openssl_reason());
                return NULL;
        }
        return g_steal_pointer(&t);
}

ServerTrust *server_trust_free(ServerTrust *t) {
        if (!t)
                return NULL;
        SSL_CTX_free(t->context);
        g_free(t->host);
        g_free(t->pin);
        g_free(t->refusal);
        sk_X509_pop_free(t->chain, X509_free);
        g_free(t);
        return NULL;
}

SSL_CTX *server_trust_context(ServerTrust *t) {
        return t->context;
}

char *server_trust_take_refusal(ServerTrust *t) {
        return g_steal_pointer(&t->refusal);
}
