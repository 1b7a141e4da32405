/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What an enrolment leaves on the host: the token, and a drop-in of mclient.conf(5). */
#pragma once

#include <glib.h>
#include <stdbool.h>

#define ENROLL_DROP_IN "mclient.conf.d/50-enrolled.conf"

typedef struct Enrolment {
        const char *client, *server;
        const char *fingerprint; /* NULL: the system's CAs vouch for the server */
        const char *token;
        const char *key, *certificate; /* PEM; the certificate is NULL where the server gives none */
} Enrolment;

/* Is there a token in this directory (/etc/mclient)? */
bool enroll_files_exist(const char *directory);

/* Makes the directories (0755) where they are missing. */
bool enroll_files_prepare(const char *directory, GError **error);

/* Writes client.key (0600), client.pem (0644; without a certificate it is removed), token (0600) and the drop-in (0644), each
 * whole or not at all, the drop-in last: until the drop-in is there too,
 * the agent would only be turned away. What the operator has written stays as it is. */
bool enroll_files_write(const char *directory, const Enrolment *e, GError **error);

/* Does what the agent will read say the same, with all that the operator has written? An operator's later drop-in
 * wins: the error (FLEET_ERROR_CONFIG) names the key. */
bool enroll_files_check(const char *directory, const Enrolment *e, GError **error);
