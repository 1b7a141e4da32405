/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The HTTP request that asks for a WebSocket (RFC 6455 section 4.2) or, with POST /enroll, for a token, and the answers
 * to it. There is no other HTTP here: one request, one answer, and where the answer is not 101 the connection ends. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define WS_ACCEPT_SIZE 29   /* base64 of a SHA-1, and NUL */
#define WS_RESPONSE_MAX 512 /* any of our answers */

typedef struct WsUpgrade {
        const char *token; /* of "Authorization: Token T" or "Bearer T"; NULL without one; borrowed */
        char accept[WS_ACCEPT_SIZE]; /* 101: Sec-WebSocket-Accept of the answer */
        size_t body_size;            /* 100: what follows the head, at most ENROLLMENT_BODY_MAX */
} WsUpgrade;

/* The size of the request's head (up to and with its empty line), 0 while it is incomplete. */
size_t ws_upgrade_head_size(const char *data, size_t size);

/* Takes a complete head apart, in place. Returns 101 where it may be upgraded, 100 where it is a POST /enroll whose
 * body is to come, else the HTTP status to refuse it with. */
unsigned ws_upgrade_parse(char *head, size_t size, WsUpgrade *ret);

/* Writes the whole answer; accept is that of the request where status is 101. Returns its size. */
size_t ws_upgrade_response(char buffer[static WS_RESPONSE_MAX], unsigned status, const char *accept);

/* The whole answer of 200 with this body; new string. */
char *ws_json_response(const char *json);
