/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* POST /enroll: a one-time token is traded for one's own, docs/PROTOCOL.md section 12. */
#pragma once

#include "endpoint.h"
#include "enroll-message.h"
#include "server-trust.h"

/* Blocks, for up to ENROLL_TIMEOUT_SEC. Where the server's answer is lost it is asked again, ENROLL_TRIES times in
 * all. FLEET_ERROR_ACCESS_DENIED: the token is not accepted, or the server is not the one that trust means;
 * FLEET_ERROR_UNAVAILABLE: it cannot be reached or cannot do it now; FLEET_ERROR_NOT_SUPPORTED: it does not know
 * enrolment. Fills ret on success. */
bool enroll_call(const Endpoint *server, ServerTrust *trust, const char *token, const EnrollRequest *request,
                 EnrollAnswer *ret, GError **error);
