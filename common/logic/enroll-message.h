/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a host and the server say to each other at its enrolment, docs/PROTOCOL.md section 12: the bodies of
 * POST /enroll and of its answer. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#define CREDENTIAL_HASH_SIZE 32

typedef struct EnrollRequest {
        uint8_t credential
                        [CREDENTIAL_HASH_SIZE]; /* SHA-256 of the token that the host has made for itself */
        char *host_name;                        /* for people; NULL where it is not told */
        char *version;                          /* likewise */
        char *certificate_request; /* PKCS #10, PEM, for a certificate of the host's own; NULL: none */
} EnrollRequest;

/* JSON; new string. */
char *enroll_request_format(const EnrollRequest *r);
/* size bytes, not NUL-terminated. FLEET_ERROR_PROTOCOL names the field and what was expected. Fills ret, which
 * enroll_request_clear() empties. */
bool enroll_request_parse(const char *text, size_t size, EnrollRequest *ret, GError **error);
void enroll_request_clear(EnrollRequest *r);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(EnrollRequest, enroll_request_clear)

typedef struct EnrollAnswer {
        char *client;      /* the client id that the host is now */
        char *certificate; /* its own, PEM; NULL: the server gives none */
} EnrollAnswer;

char *enroll_answer_format(const EnrollAnswer *a);
bool enroll_answer_parse(const char *text, size_t size, EnrollAnswer *ret, GError **error);
void enroll_answer_clear(EnrollAnswer *a);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(EnrollAnswer, enroll_answer_clear)
