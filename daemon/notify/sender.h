/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Delivers what the server asks for, over HTTP: the part of it that has a network and the secrets, and nothing else. */
#pragma once

#include <glib.h>

#include "loop.h"

typedef struct Sender Sender;

/* listen_fd: where the server connects; the sender's. config: mserver.conf(5); what is wrong with it is each request's answer, as a
 * process that ends would be started again for ever. The loop ends when there is nothing more to do. */
Sender *sender_new(Loop *l, int listen_fd, const char *config, const char *instance, GError **error);
Sender *sender_free(Sender *s);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Sender, sender_free)
