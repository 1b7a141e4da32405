/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The host's certificate, renewed over its connection before it ends. */
#pragma once

#include <glib.h>

#include "client-identity.h"
#include "server-link.h"

typedef struct Renewal Renewal;

/* The renewed one is kept in the state directory. FLEET_ERROR_CONFIG for a key that is none. */
Renewal *renewal_new(const char *state_directory, const ServerLink *link, void *userdata, GError **error);
Renewal *renewal_free(Renewal *r);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Renewal, renewal_free)

ClientIdentity *renewal_identity(Renewal *r); /* borrowed */

/* To be called while the server, with these features, is there: asks it for a certificate where it is time for another. */
void renewal_look(Renewal *r, unsigned features);

/* It came; PEM. */
void renewal_take(Renewal *r, const char *certificate);
