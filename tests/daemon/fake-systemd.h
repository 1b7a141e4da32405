/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A systemd that writes down what it was asked, and knows of one time only. */
#pragma once

#include <glib.h>

#include "private-bus.h"

#define FAKE_SYSTEMD_NEXT 1800000000000000ull /* when every timer elapses next */

typedef struct FakeSystemd FakeSystemd;

FakeSystemd *fake_systemd_new(Loop *l, PrivateBus *b);
FakeSystemd *fake_systemd_free(FakeSystemd *s);

/* It refuses this member from now on; NULL: none. */
void fake_systemd_refuse(FakeSystemd *s, const char *member);
/* What ActiveState is from now on; "inactive" at first. */
void fake_systemd_state(FakeSystemd *s, const char *state);

/* "MEMBER [UNIT]" of each call since the last time, a line each; new string. */
char *fake_systemd_take_log(FakeSystemd *s);
