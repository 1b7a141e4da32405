/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* audit verify: is the audit trail in the journal what the server wrote? */
#pragma once

#include "ctl.h"

/* Of what was found: 0, or EXIT_FAILURE (also with error set), or this one. */
#define AUDIT_EXIT_LOOK_ALIKES 3

int audit_verify(Ctl *ctl, const Args *args, GError **error);
